"""Chance with a memory: all that is drawn comes from one seeded generator, so equal seeds give equal lives."""

from __future__ import annotations

import math
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from stream_app.sla.instant import Micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

TICK: Final = 1000
"""Events are stamped to the millisecond."""


class Odds(Generic[T]):
    """Things and how likely each is, ready to be drawn from."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.things: Final = list(weights)
        self.running: Final = list(accumulate(weights.values()))

    @classmethod
    def zipf(cls, things: Sequence[T], exponent: float = 1.0) -> Odds[T]:
        """The k-th thing is as likely as 1 / k**exponent: a few are seen all the time, most hardly ever."""
        return cls({thing: 1 / rank**exponent for rank, thing in enumerate(things, 1)})


class Chance:
    """Draws. No method but these is used, for what they give is the same on every Python that is supported."""

    def __init__(self, seed: int) -> None:
        self._random: Final = Random(seed)  # noqa: S311 -- a simulation, not a secret

    def share(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()

    def happens(self, probability: float) -> bool:
        """Whether something this likely comes to pass."""
        return self._random.random() < probability

    def draw(self, odds: Odds[T]) -> T:
        """One thing, by its odds."""
        return self._random.choices(odds.things, cum_weights=odds.running)[0]

    def any_of(self, things: Sequence[T]) -> T:
        """One thing, all being as likely."""
        return things[int(self._random.random() * len(things))]

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def about(self, median: float, spread: float = 0.7) -> float:
        """A positive quantity, log-normal as waiting and working times are: half the draws are below the median."""
        turn = math.sqrt(-2 * math.log(1 - self._random.random())) * math.cos(math.tau * self._random.random())
        return median * math.exp(spread * turn)

    def wait(self, median: float) -> Micros:
        """A time span around so many microseconds, in whole ticks and at least one."""
        return Micros(max(1, round(self.about(median) / TICK)) * TICK)

    def name(self) -> str:
        """An id nobody else has: 64 bits in hexadecimal."""
        return f"{self._random.getrandbits(64):016x}"
