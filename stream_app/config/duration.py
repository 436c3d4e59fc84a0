"""Durations as they are written: spans of time, targets of clocks, thresholds of warnings."""

from __future__ import annotations

import re
from typing import Final

from stream_app.config.mistake import Unreadable, shown, suggestion
from stream_app.config.reader import Form
from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND, Micros
from stream_app.sla.policy import BusinessDays, EndOfBusinessDay, Span, Target, Threshold

LONGEST: Final = Micros(100 * 366 * DAY)
"""A hundred years: what is longer is a slip of the pen, and sums of it would leave the calendar."""
_MOST_DAYS: Final = 36_600
_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION: Final = re.compile(r"([0-9]{1,12})([smhd])")
_BUSINESS_DAYS: Final = re.compile(r"([0-9]{1,12}) business days?")
_PERCENT: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,6}))?%")
_END_OF_DAY: Final = "end of business day"


def _span(text: str) -> Micros:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Unreadable(f"{shown(text)} is no duration")
    length = Micros(int(match[1]) * _UNITS[match[2]])
    if length > LONGEST:
        raise Unreadable(f"{text} is more than a hundred years")
    return length


def _positive(text: str) -> Micros:
    length = _span(text)
    if not length:
        raise Unreadable(f"{text} is no time at all")
    return length


def _target(text: str) -> Target:
    if text == _END_OF_DAY:
        return EndOfBusinessDay()
    days = _BUSINESS_DAYS.fullmatch(text)
    if days is None:
        if not _DURATION.fullmatch(text):
            raise Unreadable(f"{shown(text)} is no target", suggestion(text, ("1 business day", _END_OF_DAY)))
        return Span(_positive(text))
    count = int(days[1])
    if not count:
        raise Unreadable(f"{text} is no time at all")
    if count > _MOST_DAYS:
        raise Unreadable(f"{text} are more than a hundred years")
    return BusinessDays(count)


def _threshold(text: str) -> Threshold:
    match = _PERCENT.fullmatch(text)
    if match is None:
        if not _DURATION.fullmatch(text):
            raise Unreadable(f"{shown(text)} is no threshold")
        return Threshold(text, before=_span(text))
    decimals = match[2] or ""
    share = int(match[1] + decimals)
    whole = 100 * 10 ** len(decimals)
    if not 0 < share <= whole:
        raise Unreadable(f"{text} of the target", "; a warning comes after the start and not after the deadline")
    return Threshold(text, share=(share, whole))


DURATION: Final = Form("a number and a unit such as 90s, 15m, 2h or 3d", _span)
"""Any length up to a hundred years, nothing too."""
POSITIVE: Final = Form("a number and a unit such as 90s, 15m, 2h or 3d", _positive)
TARGET: Final = Form('90s, 15m, 2h, 3d, "1 business day" or "end of business day"', _target)
THRESHOLD: Final = Form("a share of the target such as 75%, or a time before the deadline such as 5m", _threshold)
