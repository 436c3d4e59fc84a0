"""How many events a second one worker takes durably, beside what bounds it and what else there is.

    PYTHONPATH=. .venv/bin/python benchmarks/worker.py --events 100000

A backlog is written to a real Kafka; then one `tenggat worker`, alone on its core, applies it to a real Redis (append-
only file synced each second). The clock begins with the first record applied after those that open the standing
tickets, and ends when Redis's positions reach the end of the log. What came out is checked before its speed counts. On
the same topic and core, in turn: the ceiling (fetch and decode alone) and plain Faust (`benchmarks/peer.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

import click
from msgspec import Struct

from benchmarks.course import Leg, leg, middle
from benchmarks.load import Load
from benchmarks.peer import POSITION
from benchmarks.rig import MINE, TOPIC, WITHIN, Rig, Sent, applied, now, pinned, rig, tickets
from tests.acceptance.comparison import differences
from tests.acceptance.system import ROOT, System, Worker, until
from tests.services.server import Server

HERE: Final = Path(__file__).parent
PEER_EVENTS: Final = 15_000
"""Plain Faust is slow: the rate of its first events is measured."""
PEER_WARM: Final = 1_000
JUDGED: Final = (300, 5_000)
"""Open tickets and events of the run whose report is compared with a replay to the last value."""


class Figures(Struct):
    """The runs of each."""

    records: int
    ours: list[Leg] = []
    ceiling: list[Leg] = []
    peer: list[Leg] = []


class Peer(Server):
    """Plain Faust."""

    name: ClassVar[str] = "peer"
    patience: ClassVar[float] = 5

    def __init__(self, *arguments: str) -> None:
        super().__init__()
        self._arguments: Final = arguments

    def command(self) -> list[str]:
        return ["env", f"PYTHONPATH={ROOT}", sys.executable, str(HERE / "peer.py"), *self._arguments]

    def ready(self, said: str) -> bool:
        del said
        return self.running


def compared(its: Rig, seed: int) -> int:
    """Compares what a worker makes of a small load with a replay of the same events; how many there were."""
    load = list(Load(*JUDGED, seed, now()))
    with its.system(2) as system:
        its.send(system.prefix + TOPIC, load)
        system.worker()
        system.settle(120)
        file = system.file("events.jsonl", b"".join(message.value + b"\n" for message in load))
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(load[-1].timestamp / 1000 + 1))
        found = differences(system.replay(file, "--until", at), system.report("--until", at))
    if found:
        raise SystemExit(f"report and replay differ: no point in timing it\n{found}")
    return len(load)


def checked(system: System, worker: Worker, sent: Sent, repeated: int) -> None:
    """Ends the program unless each record was counted as what it is and each ticket is there."""
    until(lambda: worker.total("tenggat_events_total") >= sent.records, "all is counted")
    entities = sum(system.redis.hlen(system.names.of(tp).entity) for tp in tickets(system))
    new = worker.total("tenggat_events_total", outcome="applied")
    again = worker.total("tenggat_events_total", outcome="duplicate")
    rewinds = worker.total("tenggat_state_rewinds_total")
    found = (new, again, entities, rewinds)
    if found != (sent.records - repeated, repeated, sent.subjects, 0):
        raise SystemExit(f"applied, duplicates, tickets, rewinds: {found}; sent {sent}, repeated {repeated}")


def ours(its: Rig, system: System, load: Load, sent: Sent) -> Leg:
    """One worker."""
    done = applied(system)
    with pinned(MINE):
        worker = system.worker(wait=False)
    samples = its.follow(worker.pid, done, sent.records, WITHIN)
    checked(system, worker, sent, load.repeated)
    worker.kill()
    return leg(samples, load.standing)


def ceiling(its: Rig, topic: str, partitions: int, total: int) -> Leg:
    """Fetch and decode alone."""
    command = [sys.executable, str(HERE / "ceiling.py"), its.kafka.bootstrap, topic, str(partitions), str(total)]
    with pinned(MINE):
        done = subprocess.run(  # noqa: S603 -- our own program
            command, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=True, timeout=WITHIN
        )
    found = json.loads(done.stdout)
    return Leg(found["events"], found["seconds"], found["cpu"], 0.0)


def peer(its: Rig, topic: str, partitions: int, total: int) -> Leg:
    """Plain Faust on the first events of the topic."""
    fields = [POSITION.format(number) for number in range(partitions)]

    def done() -> int:
        return sum(int(found or 0) for found in its.redis.hmget("peer", fields))

    its.redis.delete("peer")
    with pinned(MINE):
        process = Peer(its.kafka.bootstrap, its.redis_server.url, topic, "peer")
        process.start()
    try:
        samples = its.follow(process.pid, done, min(PEER_EVENTS, total), WITHIN)
    except TimeoutError as error:
        raise SystemExit(f"{error}\n{process.log()}") from error
    finally:
        process.close()
    return leg(samples, PEER_WARM)


def measure(its: Rig, *, events: int, places: int, partitions: int, repeat: int, seed: int, peers: bool) -> Figures:
    """The runs."""
    figures = Figures(0)
    for turn in range(repeat):
        load = Load(places, events, seed + turn, now())
        with its.system(partitions) as system:
            topic = system.prefix + TOPIC
            sent = its.send(topic, load)
            figures.records = sent.records
            figures.ours.append(ours(its, system, load, sent))
            say("worker", figures.ours[-1])
            if peers:
                figures.ceiling.append(ceiling(its, topic, partitions, sent.records))
                say("ceiling", figures.ceiling[-1])
                figures.peer.append(peer(its, topic, partitions, sent.records))
                say("plain Faust", figures.peer[-1])
    return figures


def say(name: str, one: Leg) -> None:
    """Prints a run."""
    print(
        f"{name:12} {one.events:8} events {one.seconds:7.2f} s {one.rate:9.0f} events/s   "
        f"µs an event: {one.cost:6.2f} its own, {one.redis_cost:5.2f} Redis's",
        flush=True,
    )


def medians(name: str, runs: Sequence[Leg], of: Sequence[Leg]) -> str:
    """A line: the medians, and how many times ours goes into it."""
    rates = sorted(run.rate for run in runs)
    return (
        f"{name:12} {middle(runs, lambda run: run.rate):9.0f} events/s (of {rates[0]:.0f} to {rates[-1]:.0f}), "
        f"{middle(runs, lambda run: run.cost):6.2f} µs an event; "
        f"worker : {name} = {middle(of, lambda run: run.rate) / middle(runs, lambda run: run.rate):.2f} by time, "
        f"{middle(runs, lambda run: run.cost) / middle(of, lambda run: run.cost):.2f} by processor"
    )


@click.command(help=__doc__)
@click.option("--events", default=100_000, show_default=True, help="Events that are measured.")
@click.option("--open", "places", default=10_000, show_default=True, help="Tickets that are open all the while.")
@click.option("--partitions", default=2, show_default=True, help="Of the topic of tickets.")
@click.option("--repeat", default=3, show_default=True, help="Runs, each of its own load; medians are told.")
@click.option("--seed", default=1, show_default=True, help="Equal seeds give equal loads, but for their moment.")
@click.option("--peers/--no-peers", default=True, show_default=True, help="Measure the ceiling and plain Faust too.")
@click.option("--compare/--no-compare", default=True, show_default=True, help="Compare a small run with a replay.")
def main(*, events: int, places: int, partitions: int, repeat: int, seed: int, peers: bool, compare: bool) -> None:
    with rig() as its:
        if compare:
            print(f"report equals replay: {compared(its, seed)} events")
        figures = measure(
            its, events=events, places=places, partitions=partitions, repeat=repeat, seed=seed, peers=peers
        )
    print(f"\n{figures.records} records each, {places} tickets open, medians of {repeat}:")
    for name, runs in (("worker", figures.ours), ("ceiling", figures.ceiling), ("plain Faust", figures.peer)):
        if runs:
            print(medians(name, runs, figures.ours))


if __name__ == "__main__":
    main()
