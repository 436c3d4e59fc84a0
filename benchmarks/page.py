"""The page: what all benchmarks found, as the part of docs/benchmarks.md that `make bench` writes."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from benchmarks.course import middle
from benchmarks.deadlines import Delays
from benchmarks.note import Goal, Row, commit, machine, table
from benchmarks.parts import MEANING, Profile, part_of
from benchmarks.standing import Standing
from benchmarks.worker import Figures
from tests.acceptance.system import ROOT

FUNCTIONS: Final = 12
"""How many functions of the profile are listed."""

MILLION: Final = 1_000_000
"""Open tickets: what some goals are set for."""

PAGE: Final = """\
{at}, {commit}. {machine}. Load averages before the first run: {busy}. Above 0.5 others were at work here too, and only
processor times and ratios say something.

Checked: a run of {compared:,} events whose `report` equals a `replay` of them; of each timed run that every record was
counted as applied or as a duplicate, as it was sent, that each ticket is there and that nothing was rewound.

{figures}

Medians of {repeat} (runs of {events:,} events each, {places:,} tickets open, {partitions} partitions).

By how many tickets are open:

{standing}

Where the {cost:.1f} µs of an event go, by part and by function:

{parts}

{functions}

Single functions, and `tenggat replay` as a whole:

{small}
"""


class Sizes(Struct, frozen=True):
    """How much is measured."""

    events: int
    repeat: int
    open: tuple[int, ...]
    deadlines: int
    places: int = 10_000
    partitions: int = 2


class Found(Struct):
    """All that was found."""

    compared: int
    worker: Figures
    profile: Profile
    standing: list[Standing]
    delays: Delays
    small: list[str]
    busy: tuple[float, float, float]
    """The machine's load averages before the first run."""


def rows(found: Found) -> list[Row]:
    """The figures that goals are set for, and those beside them."""
    return [*_speed(found.worker), *_size(found.standing), *_delay(found.delays)]


def _speed(figures: Figures) -> list[Row]:
    ours, peer, ceiling = figures.ours, figures.peer, figures.ceiling
    rate, cost = middle(ours, lambda run: run.rate), middle(ours, lambda run: run.cost)
    peers_rate, peers_cost = middle(peer, lambda run: run.rate), middle(peer, lambda run: run.cost)
    ceiling_rate, ceiling_cost = middle(ceiling, lambda run: run.rate), middle(ceiling, lambda run: run.cost)
    times, by_processor = rate / peers_rate, peers_cost / cost
    return [
        Row("durable events/s of one worker on one core", f"{rate:,.0f}", rate, Goal("≥ 60 000", least=60_000)),
        Row("processor time of an event in the worker", f"{cost:.1f} µs: a core is worth {1e6 / cost:,.0f} events/s"),
        Row("processor time of an event in Redis", f"{middle(ours, lambda run: run.redis_cost):.1f} µs"),
        Row("fetch and decode alone (the ceiling)", f"{ceiling_rate:,.0f} events/s, {ceiling_cost:.1f} µs"),
        Row("plain Faust, a thinner job", f"{peers_rate:,.0f} events/s, {peers_cost:.0f} µs"),
        Row("worker : plain Faust", f"{times:.1f} (by processor time {by_processor:.1f})", times, Goal("≥ 15", 15)),
    ]


def _size(standing: list[Standing]) -> list[Row]:
    rates, most = [one.leg.rate for one in standing], standing[-1]
    share, count = min(rates) / max(rates), f"{most.places:,}"
    few = "" if most.places >= MILLION else "to be judged with BENCH=--full"
    return [
        Row(
            f"slowest : fastest, {standing[0].places:,} to {count} tickets open",
            f"{share:.0%}",
            share,
            Goal("≥ 80 %, to 1 000 000", least=0.8),
            few,
        ),
        Row(
            f"an open ticket in the worker, of {count}", f"{most.worker:,.0f} B", most.worker, Goal("< 1 KB", most=1024)
        ),
        Row(f"an open ticket in Redis, of {count}", f"{most.redis:,.0f} B"),
        Row(
            f"start to ready, {count} tickets open",
            f"{most.ready:.1f} s",
            most.ready,
            Goal("< 20 s, 1 000 000", most=20),
            few,
        ),
        Row(f"start to the first event applied, {count} tickets open", f"{most.first:.1f} s"),
    ]


def _delay(delays: Delays) -> list[Row]:
    late = delays.at(0.99)
    return [
        Row("deadline to signal, p50", f"{delays.at(0.5):.0f} ms"),
        Row("deadline to signal, p99", f"{late:.0f} ms", late, Goal("< 250 ms", most=250)),
    ]


def written(found: Found, sizes: Sizes, at: str) -> str:
    """The part of the page; `at` says when it was measured."""
    profile = found.profile
    return PAGE.format(
        at=at,
        commit=commit(ROOT),
        machine=machine(),
        busy=", ".join(f"{load:.1f}" for load in found.busy),
        compared=found.compared,
        figures=table(["figure", "measured", "goal", ""], [row.cells() for row in rows(found)]),
        repeat=sizes.repeat,
        events=sizes.events,
        places=sizes.places,
        partitions=sizes.partitions,
        standing=table(Standing.HEAD, [one.cells() for one in found.standing]),
        cost=profile.leg.cost,
        parts=table(
            ["part", "µs", "", "what"],
            [
                [part, f"{profile.each(part):.2f}", f"{profile.each(part) / profile.leg.cost:.0%}", MEANING[part]]
                for part in profile.ordered
            ],
        ),
        functions=table(
            ["function", "part", "µs"],
            [[f"`{place}`", part_of(place), f"{cost:.2f}"] for place, cost in profile.most[:FUNCTIONS]],
        ),
        small="\n\n".join(f"```\n{text.rstrip()}\n```" for text in found.small),
    )
