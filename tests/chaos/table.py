"""The table of docs/reliability.md: what `make chaos` found, where, when and with what."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.chaos.row import Result, Row, counts
from tests.services.kafka import JARS

BEGIN: Final = "<!-- make chaos writes from here -->"
END: Final = "<!-- to here -->"
HEADINGS: Final = (
    "fault",
    "runs",
    "counted",
    "seen in them",
    "events",
    "signals",
    "corrections",
    "right again within",
    "verdict",
)
LIBRARIES: Final = ("faust-streaming", "aiokafka", "redis")


@dataclass(frozen=True)
class Played:
    """A row and what became of it; `broke` says why it did not get to its end."""

    row: Row
    result: Result | None
    broke: str = ""

    @property
    def wrong(self) -> list[str]:
        """What speaks against it."""
        return [self.broke] if self.result is None else self.result.wrong


def table(played: Iterable[Played]) -> list[str]:
    """The rows in Markdown."""
    return [_line(HEADINGS), _line(["---"] * len(HEADINGS)), *(_line(_cells(one)) for one in played)]


def _cells(one: Played) -> Sequence[str]:
    verdict = "right" if not one.wrong else "**wrong**"
    if one.result is None:
        return [one.row.fault, *["-"] * (len(HEADINGS) - 2), verdict]
    seen, endings = one.result.seen, one.result.endings
    sums: dict[str, int] = {"in flight": sum(its.in_flight for its in seen)}
    for its in seen:
        for name, count in counts(its).items():
            sums[name] = sums.get(name, 0) + count
    said = [", ".join(f"{name} {count}" for name, count in sums.items() if count)]
    said += [its.else_seen for its in seen if its.else_seen]
    return [
        one.row.fault,
        str(len(seen)),
        str(one.result.counted),
        "; ".join(_gathered(said)),
        str(max(ending.events for ending in endings)),
        str(max(ending.signals for ending in endings)),
        str(max(ending.corrected for ending in endings)),
        f"{max(its.seconds for its in seen):.1f} s",
        verdict,
    ]


def _gathered(said: Iterable[str]) -> list[str]:
    """Each once, with how often it was said where that was more than once."""
    found: dict[str, int] = {}
    for one in said:
        if one:
            found[one] = found.get(one, 0) + 1
    return [text if count == 1 else f"{count} x {text}" for text, count in found.items()]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def surroundings(today: str, seconds: float) -> str:
    """Machine, date and versions, in a sentence."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    said = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    redis = re.search(r"v=([\d.]+)", said)
    kafka = next((re.search(r"-([\d.]+)\.jar", jar.name) for jar in JARS.glob("kafka_*.jar")), None)
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{today}, in {seconds / 60:.0f} min, on {os.cpu_count()} cores ({platform.machine()}, {_processor()}, "
        f"{memory:.0f} GB, {platform.system()} {platform.release().split('-')[0]}); load {os.getloadavg()[2]:.1f}: "
        f"Apache Kafka {kafka[1] if kafka else '?'}, Redis {redis[1] if redis else '?'}, "
        f"Python {platform.python_version()}, {libraries}."
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor() or "unknown processor"


def put(file: Path, text: str) -> None:
    """Puts the text between the markers."""
    before, rest = file.read_text().split(BEGIN)
    after = rest.split(END)[1]
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
