"""What begins when: lives of all kinds over a span, in the rhythm of a week, told in order in exactly so many lines."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from heapq import heappop, heappush
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec

from stream_app.simulation import desk, meters, soc
from stream_app.simulation.chance import TICK, Chance, Odds
from stream_app.sla.instant import DAY, HOUR, MINUTE, Micros, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_app.simulation.life import Life, Step

NATURAL: Final = 12 * HOUR
"""Over a shorter span lives are quicker, so that most of them still end within it."""
KINDS: Final = Odds({"ticket": 60, "incident": 6, "reading": 28, "outage": 2, "patch": 4})

# A mean life has 1 + LONG lines, of which 1 + LONG * (1 - exp(-age / RIPE)) have come by an age: fitted to this very
# simulation, so that arrivals keep their rhythm up to the end of the span. If it is off, the end is fuller or emptier.
LONG: Final = 6.2
RIPE: Final = 100 * MINUTE

JAKARTA: Final = 7  # hours ahead of UTC, all year round
HOURS: Final = (1, 1, 1, 1, 1, 1, 2, 5, 9, 12, 12, 10, 7, 10, 11, 9, 7, 4, 3, 2, 2, 2, 1, 1)
"""How busy each hour of a working day is in Jakarta."""
WEEKEND: Final = 0.25
EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday
SATURDAY: Final = 5


def simulate(events: int, seed: int, until: Micros, span: Micros) -> Iterator[bytes]:
    """So many events of contract form, one JSON text each without a line end, by time, within (until - span, until].

    Equal arguments give equal bytes. Memory grows with what is open at a time, not with the number of events.
    """
    chance, rhythm = Chance(seed), Rhythm(Micros(until - span), until)
    world = World(chance, pace=min(1.0, span / NATURAL))
    waiting: list[tuple[Micros, int, bytes]] = []
    planned = 0
    passed = 0.0
    while planned < events:
        # The first of all that are still to come, were they scattered evenly over what is left of the rhythm.
        to_come = max(1.0, (events - planned) / mean_lines((until - rhythm.moment(passed)) / world.pace))
        passed += (1 - passed) * (1 - chance.share() ** (1 / to_come))
        begins = rhythm.moment(passed)
        while waiting and waiting[0][0] <= begins:
            yield heappop(waiting)[2]
        life = world.begin(begins)
        for number, step in enumerate(life.steps):
            if step.at > until or planned == events:
                break
            heappush(waiting, (step.at, planned, line(chance, life, number, step)))
            planned += 1
    while waiting:
        yield heappop(waiting)[2]


def mean_lines(left: float) -> float:
    """How many lines a life is good for that begins anywhere in the natural time left, in microseconds."""
    ages = max(left, TICK) / RIPE
    return 1 + LONG * (1 + math.expm1(-ages) / ages)


def line(chance: Chance, life: Life, number: int, step: Step) -> bytes:
    """The step in its envelope."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": chance.name(),
            "source": life.source,
            "type": step.type,
            "subject": life.subject,
            "time": text(step.at),
            "sequence": str(number),
            "data": step.data,
        }
    )


class World:
    """What goes on: it numbers what begins and knows what a newcomer may meet."""

    def __init__(self, chance: Chance, pace: float) -> None:
        self.pace: Final = pace
        self._chance: Final = chance
        self._tickets = 0
        self._incidents = 0
        self._recent: Final[deque[str]] = deque(maxlen=50)
        self._back: Final[dict[str, Micros]] = {}

    def begin(self, at: Micros) -> Life:
        """Something begins at this moment."""
        match self._chance.draw(KINDS):
            case "ticket":
                self._tickets += 1
                life = desk.ticket(self._chance, self._tickets, at, self.pace, self._recent)
                self._recent.append(life.subject)
                return life
            case "incident":
                self._incidents += 1
                return soc.incident(self._chance, self._incidents, at, self.pace)
            case "outage":
                life = meters.outage(self._chance, at, self.pace)
                if self._back.get(life.subject, at) > at:
                    return meters.reading(self._chance, at)  # down already
                self._back[life.subject] = life.at
                return life
            case "patch":
                return meters.patch(self._chance, at, self.pace)
            case _:
                return meters.reading(self._chance, at)


class Rhythm:
    """The span, hour by hour, as busy as each hour is: from a share of all that happens to the moment it is reached."""

    def __init__(self, start: Micros, until: Micros) -> None:
        starts = [start, *range((start // HOUR + 1) * HOUR, until, HOUR)]
        ends = [*starts[1:], until]
        self._starts: Final = starts
        self._lengths: Final = [end - begin for begin, end in zip(starts, ends, strict=True)]
        self._weights: Final = [busy(begin) * length for begin, length in zip(starts, self._lengths, strict=True)]
        self._before: Final = [0.0, *accumulate(self._weights)]
        self._until: Final = until

    def moment(self, share: float) -> Micros:
        """When so much (0 to 1) of all has happened, in whole ticks, within (start, until]."""
        reached = share * self._before[-1]
        hour = min(bisect_right(self._before, reached), len(self._starts)) - 1
        part = (reached - self._before[hour]) / self._weights[hour]
        at = self._starts[hour] + int(part * self._lengths[hour])
        return Micros(min(at // TICK * TICK + TICK, self._until))


def busy(at: int) -> float:
    """How busy the hour of this moment is."""
    local = at + JAKARTA * HOUR
    weekday = (local // DAY + EPOCH_WEEKDAY) % 7
    return HOURS[local % DAY // HOUR] * (WEEKEND if weekday >= SATURDAY else 1)
