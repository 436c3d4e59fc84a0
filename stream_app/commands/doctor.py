"""`tenggat doctor`: what is examined of an installation, what is wrong with it by name, and how it is mended."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click
import msgspec

from stream_app.commands.running import placed
from stream_app.config.settings import Settings
from stream_app.config.source import read
from stream_app.sla.instant import Micros

if TYPE_CHECKING:
    from stream_app.diagnosis.finding import Finding

COLOURS: Final = {"ok": "green", "skipped": "bright_black", "warning": "yellow", "fault": "red"}
INDENT: Final = 24
NARROWEST: Final = 40


@click.command(
    short_help="Examine an installation: what is wrong, and how to mend it.",
    epilog="\b\nExample:\n  TENGGAT_BROKERS=localhost:9092 tenggat doctor --config tenggat.yaml",
)
@placed
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
def doctor(settings: Settings, *, as_json: bool) -> None:
    """Examine an installation: configuration, Kafka, topics, keys, Redis, clocks, workers, lag, outbox, dead letters.

    Nothing is changed. It takes the workers' settings, ends within some five seconds whatever is away, and prints what
    is ok, a warning or a fault, each of these by a name that stays and with its remedy. A fault makes the exit code 1.
    """
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # what it would say, the findings say
    from stream_app.diagnosis.examination import findings  # noqa: PLC0415 -- it takes a while, and --help need not wait
    from stream_app.diagnosis.finding import sick  # noqa: PLC0415 -- as above

    found = asyncio.run(findings(settings, read, _now))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(_object(found) if as_json else "\n".join([*(lines(finding, width) for finding in found), _sum(found)]))
    if sick(found):
        sys.exit(1)


def _now() -> Micros:
    return Micros(time.time_ns() // 1_000)  # noqa: TID251 -- the edge reads the clock


def _object(found: Sequence[Finding]) -> str:
    counts = Counter(finding.weight.value for finding in found)
    whole = {
        "faults": counts["fault"],
        "warnings": counts["warning"],
        "findings": [finding.row() for finding in found],
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=1).decode()


def lines(finding: Finding, width: int | None) -> str:
    """A finding for a person, in lines of that width; None: each sentence in one."""
    colour = COLOURS[finding.weight.value]
    head = click.style(f"{finding.weight.value:<8}", fg=colour, bold=finding.name is not None)
    name = "" if finding.name is None else f"{finding.name.value}: "
    text = _wrapped(finding.text, len(name), width)
    said = [f"{head} {finding.item:<14} {click.style(name, fg=colour, bold=True) if name else ''}{text}"]
    if finding.remedy is not None:
        said.append(" " * INDENT + "mend: " + _wrapped(finding.remedy, len("mend: "), width))
    return "\n".join(said)


def _wrapped(text: str, taken: int, width: int | None) -> str:
    """The text in lines, of the first of which so much is taken already."""
    if width is None:
        return text
    some = textwrap.wrap(
        "." * taken + text, max(NARROWEST, width - INDENT), break_on_hyphens=False, break_long_words=False
    )
    return ("\n" + " " * INDENT).join(some)[taken:]


def _sum(found: Sequence[Finding]) -> str:
    counts = Counter(finding.weight.value for finding in found)
    said = [f"{count} {word}{'s' * (count != 1)}" for word in ("fault", "warning") if (count := counts[word])]
    return ", ".join(said) if said else "nothing is wrong"
