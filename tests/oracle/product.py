"""The product under test, asked for its report of a scenario through its command, as a process or in this one."""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any, Protocol

import click

from tests.oracle.scenario import Scenario
from tests.oracle.workdays import moment

LIMIT = 120.0


class Failed(Exception):
    """The product gave no report; the message says what it gave."""


class Product(Protocol):
    """Whatever answers a scenario with a report."""

    def __call__(self, scenario: Scenario) -> dict[str, Any]: ...


class Command:
    """`tenggat replay` as a process of its own."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = [os.path.abspath(words[0]), *words[1:]]  # noqa: PTH100 -- a link into the environment must stay one

    def __call__(self, scenario: Scenario) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            done = subprocess.run(
                [*self.words, "replay", *lay_out(scenario, pathlib.Path(folder)), "--json"],
                capture_output=True,
                timeout=LIMIT,
                check=False,
            )
        if done.returncode:
            raise Failed(f"exit {done.returncode}: {done.stderr.decode(errors='replace')[-1500:]}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


class Here:
    """The same command called in this process: what a property test and a shrinking fuzzer need."""

    def __init__(self, command: click.Command) -> None:
        self.command = command

    def __call__(self, scenario: Scenario) -> dict[str, Any]:
        said = io.StringIO()
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, contextlib.redirect_stdout(said):
            try:
                self.command.main(
                    [*lay_out(scenario, pathlib.Path(folder)), "--json"], prog_name="replay", standalone_mode=False
                )
            except click.ClickException as refused:
                raise Failed(refused.format_message()) from refused
        answer: dict[str, Any] = json.loads(said.getvalue())
        return answer


def lay_out(scenario: Scenario, folder: pathlib.Path) -> list[str]:
    """Write the files of a scenario; the arguments that name them."""
    events = folder / "events.jsonl"
    events.write_bytes(b"".join(line + b"\n" for line in scenario.lines()))
    arguments = [str(events)]
    for n, (at, text) in enumerate(scenario.configurations):
        path = folder / f"c{n}.yaml"
        path.write_text(text, encoding="utf-8")
        arguments += ["--config", f"{path}" + (f"@{stamp(at)}" if n else "")]
    return [*arguments, "--until", stamp(scenario.until)]


def stamp(at: int) -> str:
    return moment(at).isoformat().replace("+00:00", "Z")
