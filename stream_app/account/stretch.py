"""Stretches: when a calendar is open between two moments, asked of the calendar itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from stream_app.sla.instant import Micros
from stream_app.sla.policy import Calendar


def stretches(calendar: Calendar, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The open stretches in [begin, end), in order, apart from each other; their lengths add up to `between`."""
    at = begin
    while at < end:
        opens = calendar.add(Micros(at), Micros(1)) - 1
        if opens >= end:
            return
        closes = _closes(calendar, opens, end)
        yield opens, closes
        at = closes


def _closes(calendar: Calendar, opens: int, end: int) -> int:
    """The last moment up to `end` until which all time since `opens`, when it is open, is working time."""
    if calendar.between(Micros(opens), Micros(end)) == end - opens:
        return end
    ends = range(opens + 1, end + 1)
    return opens + bisect_left(
        ends, x=True, key=lambda close: calendar.between(Micros(opens), Micros(close)) < close - opens
    )
