"""The course of a run: how far it was at which moment, and the figures that follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple


class Sample(NamedTuple):
    """One look at a run."""

    at: float
    """Seconds of the monotonic clock."""
    done: int
    """Events that the result contains, durably."""
    cpu: float
    """Seconds of processor time that the process has used so far, all its threads."""
    redis: float
    """The same of Redis."""


class Leg(NamedTuple):
    """What lies between two samples."""

    events: int
    seconds: float
    cpu: float
    redis: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of processor time an event, in the process itself: says the same on a busy machine."""
        return 1e6 * self.cpu / self.events

    @property
    def redis_cost(self) -> float:
        """The same in Redis."""
        return 1e6 * self.redis / self.events


def leg(samples: Sequence[Sample], after: int = 0) -> Leg:
    """From the first sample with events done beyond `after` to the first of those that have as many as the last.

    Raises ValueError where nothing lies between.
    """
    last = samples[-1].done
    begin = next((sample for sample in samples if sample.done > after), samples[-1])
    end = next(sample for sample in samples if sample.done == last)
    if end.done == begin.done:
        raise ValueError(f"nothing was measured between {after} and {last} events: too few of them")
    return Leg(end.done - begin.done, end.at - begin.at, end.cpu - begin.cpu, end.redis - begin.redis)


def middle(legs: Sequence[Leg], figure: Callable[[Leg], float]) -> float:
    """The median of a figure."""
    return median(map(figure, legs))
