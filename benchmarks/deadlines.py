"""How long after a deadline its signal is there: `PYTHONPATH=. .venv/bin/python benchmarks/deadlines.py`.

A worker that has caught up, with other tickets open; the deadlines of some thousand more fall due, spread over some
seconds. From each deadline to the moment when a consumer of `sla-signals` has it: through Redis and Kafka.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
from msgspec import Struct

from benchmarks.load import Load, Message
from benchmarks.rig import MINE, TOPIC, Rig, now, pinned, rig
from tests.acceptance.system import System, until

CONFIG: Final = """\
policies:
  - name: measured
    match: {category: measured}
    clocks: {resolution: {target: 60s, warn: []}}
  - name: others
    clocks: {first_response: {target: 1h}, resolution: {target: 1d}}
"""
TARGET: Final = 60_000
"""Of those that are measured, in milliseconds."""
HEAD_START: Final = 20_000
"""Between their creation's being written and the first deadline: time to read them and to come to rest."""
SETTLED: Final = 300.0


class Delays(Struct):
    """Milliseconds from deadline to signal, ascending."""

    delays: list[float]

    def at(self, share: float) -> float:
        """The least that so large a share of them does not exceed."""
        return self.delays[max(0, min(len(self.delays), round(share * len(self.delays))) - 1)]


def created(count: int, spread: float, first_due: int) -> list[Message]:
    """So many tickets whose deadlines fall due from a moment on (milliseconds), over `spread` seconds."""
    made = []
    for number in range(count):
        at = first_due - TARGET + int(number * spread * 1000 / count)
        subject = f"DUE-{number}"
        event = {
            "specversion": "1.0",
            "id": subject,
            "source": "benchmark",
            "type": "ticket.created",
            "subject": subject,
            "time": datetime.fromtimestamp(at / 1000, UTC).isoformat(),
            "data": {"priority": "medium", "category": "measured"},
        }
        made.append(Message(at, subject.encode(), json.dumps(event).encode()))
    return made


def listen(system: System, came: list[tuple[float, dict[str, Any]]], over: threading.Event) -> None:
    """Notes when each signal came, until it is over."""
    for value in system.log.tail("sla-signals", over):
        came.append((time.time(), json.loads(value)))  # noqa: TID251, PERF401 -- when it came


def measure(its: Rig, *, count: int, spread: float, places: int, seed: int) -> Delays:
    """One run."""
    with its.system(2) as system:
        its.send(system.prefix + TOPIC, Load(places, places // 10, seed, now()))
        with pinned(MINE):
            system.worker(system.file("tenggat.yaml", CONFIG))
        system.settle(SETTLED)
        came: list[tuple[float, dict[str, Any]]] = []
        over = threading.Event()
        thread = threading.Thread(target=listen, args=(system, came, over))
        thread.start()
        try:
            its.send(system.prefix + TOPIC, created(count, spread, now() + HEAD_START))
            until(lambda: breaches(came) >= count, "every deadline is said", within=HEAD_START / 1000 + spread + 60)
        finally:
            over.set()
            thread.join()
    return delays(came, count)


def breaches(came: Sequence[tuple[float, dict[str, Any]]]) -> int:
    """How many of those that are measured have been said."""
    return sum(one["type"] == "sla.breached" and one["subject"].startswith("DUE-") for _, one in tuple(came))


def delays(came: Sequence[tuple[float, dict[str, Any]]], count: int) -> Delays:
    """From the moment that each signal names to its coming; ends the program unless each deadline was said once."""
    found = {}
    for at, one in came:
        if one["subject"].startswith("DUE-"):
            if one["type"] != "sla.breached" or one["subject"] in found:
                raise SystemExit(f"not to be said, or twice: {one}")
            found[one["subject"]] = 1000 * (at - datetime.fromisoformat(one["time"]).timestamp())
    if len(found) != count or min(found.values()) < 0:
        raise SystemExit(f"{len(found)} of {count} deadlines were said, the earliest after {min(found.values())} ms")
    return Delays(sorted(found.values()))


@click.command(help=__doc__)
@click.option("--count", default=4000, show_default=True, help="Deadlines.")
@click.option("--spread", default=20.0, show_default=True, metavar="SECONDS", help="Over which they fall due.")
@click.option("--open", "places", default=10_000, show_default=True, help="Other tickets that are open.")
@click.option("--seed", default=1, show_default=True, help="Of the others.")
def main(*, count: int, spread: float, places: int, seed: int) -> None:
    with rig() as its:
        found = measure(its, count=count, spread=spread, places=places, seed=seed)
    shares = ", ".join(f"p{100 * share:g} {found.at(share):.0f} ms" for share in (0.5, 0.9, 0.99, 1))
    print(f"deadline to signal, {count} over {spread:g} s: {shares}")


if __name__ == "__main__":
    main()
