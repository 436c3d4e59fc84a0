"""What open tickets cost: throughput, memory and restart, by how many are open.

    PYTHONPATH=. .venv/bin/python benchmarks/standing.py --open 10000 --open 100000

A worker applies a log that opens so many tickets and goes on with them. Then: how fast it was in the second part; how
much more memory it has than it had at its start, and Redis; how long another one takes, started on that state, until
it says it is ready, and until it has applied the first of some events that wait for it. A million takes its time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final

import click
from msgspec import Struct

from benchmarks.course import Leg, leg
from benchmarks.load import PER_PLACE, Load
from benchmarks.rig import LOOK, MINE, TOPIC, WITHIN, Rig, applied, now, pinned, rig
from tests.acceptance.system import System, Worker

WAITING: Final = 1000
"""Events that wait for the one that is started on the state."""
READY: Final = 200
"""The status of a probe that says yes."""


class Standing(Struct):
    """What it came to with so many open."""

    places: int
    leg: Leg
    resident: float
    """Megabytes of the worker in memory, all in all."""
    worker: float
    """More in the worker, by open ticket."""
    redis: float
    """More in Redis, by open ticket."""
    ready: float
    """Seconds from the start of the process to ready."""
    first: float
    """Seconds from the start of the process to the first event applied."""

    HEAD: ClassVar[Sequence[str]] = (
        "open", "events/s", "µs an event", "µs in Redis",
        "worker, MB", "B a ticket", "B in Redis", "ready, s", "first event, s",
    )  # fmt: skip

    def cells(self) -> list[str]:
        """As a line under the head."""
        leg = self.leg
        return [
            f"{self.places:,}", f"{leg.rate:,.0f}", f"{leg.cost:.1f}", f"{leg.redis_cost:.1f}",
            f"{self.resident:,.0f}", f"{self.worker:,.0f}", f"{self.redis:,.0f}",
            f"{self.ready:.1f}", f"{self.first:.1f}",
        ]  # fmt: skip

    def line(self) -> str:
        """As a text."""
        return ", ".join(f"{name}: {cell}" for name, cell in zip(self.HEAD, self.cells(), strict=True))


def resident(pid: int) -> int:
    """Bytes of a process in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def measure(its: Rig, *, places: int, events: int, partitions: int, seed: int) -> Standing:
    """One run."""
    messages = iter(Load(places, events + WAITING, seed, now()))
    with its.system(partitions) as system:
        topic, done = system.prefix + TOPIC, applied(system)
        empty = its.redis.info("memory")["used_memory"]
        with pinned(MINE):
            worker = system.worker()
        before = resident(worker.pid)
        worker.ended(60)
        opening = its.send(topic, islice(messages, PER_PLACE * places))
        sent = its.send(topic, islice(messages, events))
        with pinned(MINE):
            worker = system.worker(wait=False)
        samples = its.follow(worker.pid, done, opening.records + sent.records, WITHIN)
        system.settle(WITHIN)
        after = resident(worker.pid)
        more = (its.redis.info("memory")["used_memory"] - empty) / places
        worker.ended(60)
        its.send(topic, messages)
        ready, first = restarted(system, done() + 1)
    rated = leg(samples, opening.records)
    return Standing(places, rated, after / 1e6, (after - before) / places, more, ready, first)


def restarted(system: System, upto: int) -> tuple[float, float]:
    """Seconds until a new worker is ready, and until the state contains so many records."""
    done = applied(system)
    with pinned(MINE):
        began = time.monotonic()
        worker = system.worker(wait=False)
    ready = first = 0.0
    while not (ready and first):
        time.sleep(LOOK)
        if not ready and is_ready(worker):
            ready = time.monotonic() - began
        if not first and done() >= upto:
            first = time.monotonic() - began
    return ready, first


def is_ready(worker: Worker) -> bool:
    """What its probe says."""
    return worker.get("/readyz")[0] == READY


@click.command(help=__doc__)
@click.option("--open", "sizes", default=[10_000, 100_000], show_default=True, multiple=True, help="How many are open.")
@click.option("--events", default=50_000, show_default=True, help="Events that are measured, of each size.")
@click.option("--partitions", default=2, show_default=True, help="Of the topic of tickets.")
@click.option("--seed", default=1, show_default=True, help="Equal seeds give equal loads, but for their moment.")
def main(*, sizes: Sequence[int], events: int, partitions: int, seed: int) -> None:
    with rig() as its:
        for places in sizes:
            found = measure(its, places=places, events=events, partitions=partitions, seed=seed)
            print(found.line(), flush=True)


if __name__ == "__main__":
    main()
