"""`tenggat simulate`: a realistic file of events, the same bytes for the same arguments."""

from __future__ import annotations

import gzip
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import click

from stream_app.commands.arguments import MOMENT, SPAN
from stream_app.commands.progress import bar
from stream_app.simulation.arrivals import simulate as events_of
from stream_app.sla.instant import EARLIEST, Micros

if TYPE_CHECKING:
    from collections.abc import Iterator

UNTIL: Final = "2026-06-30T10:00:00Z"
"""The end of an office day in Jakarta. Fixed, so that equal arguments give equal bytes."""
SHOWN_EVERY: Final = 1000


@click.command(
    short_help="Write a realistic file of events.",
    epilog="\b\nExample:\n"
    "  tenggat simulate --events 10000 --seed 7 --span 3d --out events.jsonl\n"
    "  tenggat replay events.jsonl",
)
@click.option("--events", type=click.IntRange(min=0), required=True, metavar="N", help="How many, exactly.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="Another seed, another day.")
@click.option("--until", type=MOMENT, default=UNTIL, show_default=True, metavar="TIME", help="When the span ends.")
@click.option("--span", type=SPAN, default="8h", show_default=True, metavar="SPAN", help="Such as 90s, 15m, 8h, 3d.")
@click.option("--out", metavar="FILE", help="Written instead of standard output; packed if it ends in .gz.")
def simulate(events: int, seed: int, until: Micros, span: Micros, out: str | None) -> None:
    """Write a realistic file of events: tickets, security incidents, measurements.

    One JSON text a line, by time, over the span that ends at --until. Equal arguments give equal bytes.
    """
    if until - span < EARLIEST:
        raise click.UsageError("the span begins before the year 1")
    with writable(out) as file, bar(beside_output=out is None) as shown:
        task = shown.add_task("events", total=events)
        for number, line in enumerate(events_of(events, seed, until, span), 1):
            file.write(line + b"\n")
            if number % SHOWN_EVERY == 0:
                shown.update(task, completed=number)


@contextmanager
def writable(out: str | None) -> Iterator[BinaryIO]:
    """The file to write to. The time in a gzip header is left out, for it would differ from run to run."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        file = Path(out).open("wb")  # noqa: SIM115 -- closed below, and only opening it may be the caller's mistake
    except OSError as problem:
        raise click.ClickException(f"{out}: {problem.strerror}") from problem
    with file:
        if out.endswith(".gz"):
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                yield cast("BinaryIO", packed)
        else:
            yield file
