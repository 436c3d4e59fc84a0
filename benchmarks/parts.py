"""Where a worker's microseconds go, part by part: `PYTHONPATH=. .venv/bin/python benchmarks/parts.py [--events N]`.

A worker applies a backlog as in `benchmarks/worker.py`, on its own core, real Kafka and Redis, and is sampled by its
own processor time (`benchmarks/sampled.py`). The part is that of the innermost function of ours on the stack: what the
standard library and C do for it is its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click
from msgspec import Struct

from benchmarks.course import Leg, Sample, leg
from benchmarks.load import Load
from benchmarks.rig import MINE, TOPIC, WITHIN, Rig, applied, now, pinned, rig
from tests.acceptance.system import TENGGAT, Worker

HERE: Final = Path(__file__).parent

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "decode": ("sla/decode", "sla/events", "engine/intake", "engine/letters"),
    "derive": (
        "sla/fact", "sla/signals", "sla/news", "sla/life.py:facts", "sla/entity.py:facts", "sla/ticket.py:facts",
        "sla/life.py:dues", "engine/kept.py:shown", "engine/assembly.py:differences",
    ),
    "encode": ("engine/assembly", "sla/instant.py:text"),
    "windows": ("kpi/", "engine/drawers", "engine/judge.py:needed"),
    "publish": ("engine/post", "engine/outlet"),
    "Redis": (
        "engine/write", "engine/store", "engine/channel", "engine/connection", "engine/pen", "engine/shelf",
        "engine/stock", "engine/keys",
    ),
    "fold": ("sla/", "engine/fold"),
    "count": ("telemetry",),
    "fetch": ("engine/poll", "engine/consumer", "engine/lane", "engine/batch", "engine/transport", "engine/horizon"),
    "steer": ("engine/",),
}  # fmt: skip
"""Parts by the beginnings of their functions' places; the first that fits has it."""
MEANING: Final = {
    "fetch": "Kafka's client and Faust, most of it in a thread of its own",
    "decode": "records to events, told apart by entity",
    "fold": "what is received into history and state, with calendars and policies",
    "derive": "facts and signals that stand, and the difference",
    "windows": "facts into cells",
    "encode": "states and history into bytes",
    "Redis": "the write put together, sent and answered; what is not at hand",
    "publish": "signals to Kafka",
    "count": "the worker's own metrics",
    "steer": "what holds it together",
    "collector": "Python's garbage collector",
    "rest": "asyncio and what is no function of ours",
}


class Profile(Struct):
    """What was used, by part and by place, of a leg."""

    leg: Leg
    parts: Mapping[str, float]
    """Seconds."""
    places: Mapping[str, float]
    """The main thread's, without the collector's."""

    def each(self, part: str) -> float:
        """Microseconds an event in a part."""
        return self._cost(self.parts.get(part, 0.0))

    @property
    def most(self) -> list[tuple[str, float]]:
        """Functions and their microseconds an event, the most first."""
        ordered = sorted(self.places.items(), key=lambda found: -found[1])
        return [(place, self._cost(seconds)) for place, seconds in ordered]

    @property
    def ordered(self) -> list[str]:
        """The parts, the most expensive first."""
        return sorted(MEANING, key=lambda part: -self.each(part))

    def _cost(self, seconds: float) -> float:
        return self.leg.cost * seconds / sum(self.parts.values())  # the kernel's sum, in the samples' shares


def part_of(place: str) -> str:
    """The part that a function belongs to."""
    if not place.startswith("stream_app/"):
        return "rest"
    within = place.removeprefix("stream_app/")
    return next((part for part, starts in PARTS.items() if within.startswith(starts)), "rest")


def profiled(lines: Iterable[str], samples: list[Sample], after: int) -> Profile:
    """The notes of a sampled worker, those of the leg that begins after so many events."""
    found = leg(samples, after)
    end = next(sample.at for sample in samples if sample.done == samples[-1].done)
    parts: defaultdict[str, float] = defaultdict(float)
    places: defaultdict[str, float] = defaultdict(float)
    for line in lines:
        at, place, mine, others, collector = line.split("\t")
        if end - found.seconds <= float(at) <= end:
            parts[part_of(place)] += float(mine)
            parts["fetch"] += float(others)
            parts["collector"] += float(collector)
            places[place] += float(mine)
    return Profile(found, parts, places)


class Sampled(Worker):
    """A worker that notes where its time goes."""

    def __init__(self, environment: dict[str, str], file: Path) -> None:
        super().__init__(environment)
        self._file: Final = file

    def command(self) -> list[str]:
        at = (line := super().command()).index(str(TENGGAT))
        return [
            *line[:at],
            str(TENGGAT.with_name("python")),
            str(HERE / "sampled.py"),
            str(self._file),
            *line[at + 1 :],
        ]


def measure(its: Rig, *, events: int, places: int, partitions: int, seed: int) -> Profile:
    """One run."""
    load = Load(places, events, seed, now())
    with its.system(partitions) as system:
        sent = its.send(system.prefix + TOPIC, load)
        file = system.folder / "samples.tsv"
        worker = Sampled(system.environment, file)
        system.workers.append(worker)
        with pinned(MINE):
            worker.launch()
        samples = its.follow(worker.pid, applied(system), sent.records, WITHIN)
        worker.ended(60)
        return profiled(file.read_text().splitlines(), samples, load.standing)


@click.command(help=__doc__)
@click.option("--events", default=100_000, show_default=True, help="Events that are measured.")
@click.option("--open", "places", default=10_000, show_default=True, help="Tickets that are open all the while.")
@click.option("--partitions", default=2, show_default=True, help="Of the topic of tickets.")
@click.option("--seed", default=1, show_default=True, help="Equal seeds give equal loads, but for their moment.")
@click.option("--top", default=25, show_default=True, help="Functions to list.")
def main(*, events: int, places: int, partitions: int, seed: int, top: int) -> None:
    with rig() as its:
        profile = measure(its, events=events, places=places, partitions=partitions, seed=seed)
    total = profile.leg.cost
    print(f"{profile.leg.events} events, {total:.2f} µs each, and {profile.leg.redis_cost:.2f} in Redis itself")
    for part in profile.ordered:
        print(f"{profile.each(part):8.2f} µs  {profile.each(part) / total:5.1%}  {part:10} {MEANING[part]}")
    print("\nby function:")
    for place, cost in profile.most[:top]:
        print(f"{cost:8.2f} µs  {part_of(place):10} {place}")


if __name__ == "__main__":
    main()
