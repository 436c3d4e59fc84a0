"""Windows and the grains they are made of: which buckets a rolling window reads, and how long they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND, Micros

UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
"""Letters of durations, as configurations write them."""

_GRAINS: Final = ((Micros(2 * HOUR), MINUTE), (Micros(2 * DAY), Micros(15 * MINUTE)), (Micros(35 * DAY), HOUR))
"""Windows up to so long are made of buckets so long, longer ones of days; each grain is a multiple of the finer."""

GRAINS: Final = (*(grain for _, grain in _GRAINS), DAY)
"""All there are, the finest first."""

_DURATION: Final = re.compile(r"([0-9]{1,9})([smhd])")


class Window(Struct, frozen=True, order=True):
    """A rolling window: the last so many buckets of its grain."""

    length: Micros
    label: str
    """As written in the configuration: `24h` stays `24h`."""

    @property
    def grain(self) -> Micros:
        """The length of its buckets."""
        return next((grain for most, grain in _GRAINS if self.length <= most), DAY)

    def span(self, at: int) -> tuple[Micros, Micros]:
        """The starts of its first and last bucket at a moment: the last is the one that the moment lies in.

        A length that is no multiple of the grain is rounded up to the next one.
        """
        last = start(at, self.grain)
        return Micros(last - (_buckets(self) - 1) * self.grain), last


def window(text: str) -> Window | None:
    """The window of a duration like `90s`, `15m`, `2h` or `30d`; None if it is none, or of no length."""
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        return None
    return Window(Micros(int(match[1]) * UNITS[match[2]]), text)


def start(at: int, grain: int) -> Micros:
    """The start of the bucket that a moment lies in: a multiple of the grain since the epoch, before it too."""
    return Micros(at - at % grain)


def grains(windows: Iterable[Window]) -> tuple[Micros, ...]:
    """The grains that windows are made of, the finest first."""
    return tuple(sorted({window.grain for window in windows}))


def oldest(grain: Micros, windows: Iterable[Window], at: int) -> Micros:
    """The start of the oldest bucket of a grain that is still read at a moment.

    Enough for the longest window of that grain and the one before it; earlier buckets can go.
    """
    most = max((_buckets(window) for window in windows if window.grain == grain), default=1)
    return Micros(start(at, grain) - (2 * most - 1) * grain)


def _buckets(window: Window) -> int:
    return -(-window.length // window.grain)
