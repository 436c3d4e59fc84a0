"""Moments and spans as whole microseconds: the one unit that every comparison of the core is made in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NewType

Micros = NewType("Micros", int)
"""A span in microseconds, or a moment as microseconds since the Unix epoch (UTC)."""

SECOND: Final = Micros(1_000_000)
MINUTE: Final = Micros(60 * SECOND)
HOUR: Final = Micros(60 * MINUTE)
DAY: Final = Micros(24 * HOUR)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)

EARLIEST: Final = Micros(-62_135_596_800 * SECOND)
"""The beginning of the year 1."""
NEVER: Final = Micros(253_402_300_799 * SECOND)
"""The end of the year 9999: later than anything that can be written down."""


def micros(moment: datetime) -> Micros:
    """The moment (aware) in microseconds since the epoch."""
    return Micros((moment - EPOCH) // _TICK)


def moment(at: int) -> datetime:
    """The aware UTC moment of so many microseconds since the epoch."""
    return EPOCH + at * _TICK


def text(at: int) -> str:
    """RFC 3339 in UTC, with as many digits of a second as are needed: `2016-02-29T08:53:00Z`."""
    whole = (EPOCH + at * _TICK).isoformat()[:-6]  # without +00:00
    return f"{whole.rstrip('0')}Z" if "." in whole else f"{whole}Z"


def seconds(span: int) -> float:
    """The span in seconds, as reports show it."""
    return span / 1_000_000
