"""The scaled clock: one for all processes of the demo, standing still until the show begins, then running fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from stream_app.sla.instant import Micros

_NANOSECONDS: Final = 1_000
"""In a microsecond."""


class ScaledClock:
    """The time of day in the demo. Processes share it by sharing `began`, `speed` and what `start` was given."""

    def __init__(self, began: Micros, speed: float, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        """It stands at `began`. `speed`: its seconds in a real one. `monotonic`: nanoseconds, the same everywhere."""
        self.began: Final = began
        self.speed: Final = speed
        self._monotonic: Final = monotonic
        self._since: int | None = None

    def start(self, since: int | None = None) -> int:
        """Let it run since this monotonic nanosecond, or from now on; that nanosecond is given back."""
        self._since = self._monotonic() if since is None else since
        return self._since

    def __call__(self) -> Micros:
        """What time it is."""
        if self._since is None:
            return self.began
        passed = max(0, self._monotonic() - self._since)
        return Micros(self.began + int(passed * self.speed / _NANOSECONDS))

    @property
    def passed(self) -> Micros:
        """How long it has run, in its own time."""
        return Micros(self() - self.began)
