"""Every benchmark, and what came of it written into docs/benchmarks.md: `make bench`, `make bench BENCH=--full`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import click

from benchmarks import deadlines, parts, standing, worker
from benchmarks.note import placed
from benchmarks.page import Found, Sizes, rows, written
from benchmarks.rig import Rig, rig
from tests.acceptance.system import ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"
SMALL: Final = ("calendars", "windows", "replay")
"""Programs that say themselves what they measure."""
USUAL: Final = Sizes(events=100_000, repeat=3, open=(10_000, 100_000), deadlines=4_000)
FULL: Final = Sizes(events=500_000, repeat=5, open=(10_000, 100_000, 1_000_000), deadlines=10_000)
QUICK: Final = Sizes(events=20_000, repeat=1, open=(1_000, 10_000), deadlines=1_000, places=2_000)
SPREAD: Final = 20.0
SEED: Final = 1


def measured(its: Rig, sizes: Sizes) -> Found:
    """Runs everything, one after the other."""
    busy = os.getloadavg()
    common = {"events": sizes.events, "places": sizes.places, "partitions": sizes.partitions, "seed": SEED}
    say("a small run's report beside a replay of it")
    compared = worker.compared(its, SEED)
    say("the worker, the ceiling, plain Faust")
    figures = worker.measure(its, **common, repeat=sizes.repeat, peers=True)
    say("where the microseconds go")
    profile = parts.measure(its, **common)
    held = []
    for places in sizes.open:
        say(f"{places} open tickets")
        held.append(standing.measure(its, **(common | {"places": places, "events": sizes.events // 2})))
        print(held[-1].line(), flush=True)
    say("from deadline to signal")
    delays = deadlines.measure(its, count=sizes.deadlines, spread=SPREAD, places=sizes.places, seed=SEED)
    return Found(compared, figures, profile, held, delays, [small(name) for name in SMALL], busy)


def small(name: str) -> str:
    """What a program prints."""
    say(name)
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- our own program


def say(what: str) -> None:
    """Tells what is being measured."""
    print(f"== {what}", flush=True)


@click.command(help=__doc__)
@click.option("--full", is_flag=True, help="More events, and a million open tickets: takes an hour.")
@click.option("--quick", is_flag=True, help="As little as shows that all of it works.")
@click.option("--page", type=click.Path(path_type=Path), default=PAGE, show_default=True, help="What to write into.")
def main(*, full: bool, quick: bool, page: Path) -> None:
    sizes = FULL if full else QUICK if quick else USUAL
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    with rig() as its:
        found = measured(its, sizes)
    page.write_text(placed(page.read_text() if page.exists() else "# Benchmarks\n", written(found, sizes, at)))
    for row in rows(found):
        figure, text, goal, verdict = row.cells()
        print(f"{figure:56} {text:44} {goal:22} {verdict}")


if __name__ == "__main__":
    main()
