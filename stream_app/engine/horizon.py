"""The horizon: up to which moment the log has been read, so that deadlines before it may be said."""

from __future__ import annotations

from typing import Final

from stream_app.engine.batch import Standing
from stream_app.engine.ports import Clock
from stream_app.sla.instant import MINUTE, SECOND, text

FRESH: Final = 2.0
"""Seconds after which the broker's word on the log's end is too old to go by."""
STALLED: Final = 2 * MINUTE
"""How long without progress until deadlines are said all the same."""


class Horizon:
    """What one partition knows of its log. Moments in microseconds since the epoch, but for the monotonic ones."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is read yet."""
        self._clock = clock
        self._read_to: int | None = None
        self._progressed_at = clock()
        self.caught_up = False
        self.stalled = False

    def read(self, timestamp: int) -> None:
        """A record of this log timestamp was read."""
        self._read_to = max(timestamp, timestamp if self._read_to is None else self._read_to)
        self._progressed_at = self._clock()

    def see(self, position: int | None, standing: Standing | None, monotonic: float) -> None:
        """Compare the position of what was applied with the end of the log as the broker last told it."""
        at_end = standing is not None and (position or 0) >= standing.end
        self.caught_up = at_end and standing is not None and monotonic - standing.polled_at < FRESH
        if self.caught_up:
            self._progressed_at = self._clock()
        self.stalled = not self.caught_up and self._clock() - self._progressed_at > STALLED

    def reaches(self) -> int | None:
        """Deadlines up to this moment may be said; None: none."""
        if self.caught_up or self.stalled:
            return self._clock()
        return None if self._read_to is None else self._read_to - 1

    @property
    def as_of(self) -> str | None:
        """The sentence for what is said without knowing the log's end, else None."""
        if not self.stalled:
            return None
        moment = "nothing read yet" if self._read_to is None else text(self._read_to)
        return f"based on data as of {moment}: the log could not be read further for {STALLED // SECOND} s"
