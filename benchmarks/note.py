"""The note: what was measured against what is aimed at, as a table in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.services.kafka import JARS

BEGIN: Final = "<!-- written by `make bench`: begin -->"
END: Final = "<!-- written by `make bench`: end -->"
PACKAGES: Final = ("faust-streaming", "aiokafka", "msgspec", "redis", "hiredis")


class Goal(Struct, frozen=True):
    """What a figure is to be, in words, and as bounds that it is to lie between."""

    text: str
    least: float = 0.0
    most: float = inf

    def verdict(self, value: float) -> str:
        """Whether it is so, else by how much it is missed."""
        if self.least <= value <= self.most:
            return "met"
        times = self.least / value if value < self.least else value / self.most
        return f"missed by a factor of {times:.2f}"


class Row(Struct, frozen=True):
    """A line of the table."""

    figure: str
    text: str
    value: float = 0.0
    goal: Goal | None = None
    unjudged: str = ""
    """Why the value says nothing on the goal, where it does not."""

    def cells(self) -> list[str]:
        """Figure, measured, goal, verdict."""
        if self.goal is None:
            return [self.figure, self.text, "", ""]
        return [self.figure, self.text, self.goal.text, self.unjudged or self.goal.verdict(self.value)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def placed(page: str, written: str) -> str:
    """The page with what was written in the place between the marks; where it has none, at its end."""
    part = f"{BEGIN}\n\n{written.strip()}\n\n{END}"
    if BEGIN not in page or END not in page:
        return f"{page.rstrip()}\n\n{part}\n".lstrip()
    before, _, rest = page.partition(BEGIN)
    return before + part + rest.partition(END)[2]


def machine() -> str:
    """What it ran on."""
    memory = int(_found(r"MemTotal:\s+(\d+)", "/proc/meminfo")) / 1024**2
    model = _found(r"model name\s*: (.*)", "/proc/cpuinfo")
    redis = shutil.which("redis-server") or ""
    said = subprocess.run([redis, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 -- found on the PATH
    kafka = next((jar.stem.partition("-")[2] for jar in JARS.glob("kafka_2*.jar")), "?")
    parts = [
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        f"Apache Kafka {kafka}",
        f"Redis {said.partition('v=')[2].split()[0]}",
        *(f"{name} {version(name)}" for name in PACKAGES),
    ]
    return ", ".join(parts)


def commit(root: Path) -> str:
    """Which sources."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 -- our own command
    return said.strip() or "not from git"


def _found(pattern: str, file: str) -> str:
    match = re.search(pattern, Path(file).read_text())
    return "0" if match is None else match[1]
