"""The board: all that the demo shows, gathered from the clock, Redis, the signals and the worker's metrics."""

from __future__ import annotations

from collections import deque
from typing import Final

from msgspec import Struct

from stream_app.demo.clock import ScaledClock
from stream_app.demo.figures import Figures
from stream_app.demo.signals import Spoken
from stream_app.demo.watch import Sight

OVER: Final = 3.0
"""Seconds that the rate of events is a mean of."""


class Loading(Struct, frozen=True):
    """How far the history is read."""

    applied: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.applied / self.total) if self.total else 1.0


class Board:
    """What is known at the moment; others fill it in."""

    def __init__(self, clock: ScaledClock) -> None:
        """Nothing is known yet."""
        self.clock: Final = clock
        self.spoken: Final = Spoken(clock.began)
        self.loading: Loading | None = Loading(0, 0)
        """None once the history is read."""
        self.history = 0
        """How many events that was."""
        self.ending = False
        """It is being taken down."""
        self.loaded_in = 0.0
        """How many seconds that took."""
        self.sight = Sight()
        self.figures = Figures()
        self._history = Figures()
        self._taken: deque[tuple[float, int]] = deque()
        self.doors = ""
        """Where Kafka and Redis can be reached."""

    def note(self, figures: Figures, at: float) -> None:
        """New figures of the worker, at this monotonic second."""
        self.figures = figures
        if self.loading is not None:
            self._history = figures
        self._taken.append((at, figures.applied))
        while self._taken[0][0] < at - OVER:
            self._taken.popleft()

    @property
    def rate(self) -> float:
        """Events a real second, lately."""
        if not self._taken:
            return 0.0
        (first, before), (last, now) = self._taken[0], self._taken[-1]
        return (now - before) / (last - first) if last > first else 0.0

    @property
    def delay(self) -> float | None:
        """Real seconds from a signal's becoming true to its writing, a mean since the show began; None before any."""
        said = self.figures.said - self._history.said
        return (self.figures.delay - self._history.delay) / said / self.clock.speed if said > 0 else None

    @property
    def live(self) -> int:
        """Events since the show began."""
        return self.figures.applied - self._history.applied
