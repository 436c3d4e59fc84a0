"""Shifts: weekly hours as they are written in a place's own time, and the stretches of UTC that they make."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from stream_app.sla.instant import DAY, MINUTE, SECOND, Micros, micros, moment

Shifts = Mapping[int, tuple[tuple[int, int], ...]]
"""By weekday (0 is Monday): (start, end) in minutes after that day's local midnight. An end past midnight is > 1440."""

Holidays = Callable[[int], Collection[date]]
"""The holidays of a year, asked for when the year is first needed, and perhaps again: keep what is costly to make."""

Stretch = tuple[Micros, Micros]
"""A half-open stretch of time, [start, end)."""

_DAY_MINUTES: Final = 24 * 60
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_EDGE: Final = 4
"""So many days at either end of the years 1 to 9999 stay closed, as their shifts might end where dates do."""
_NEAR: Final = 3
"""How many dates a shift may be away from the UTC day that it reaches into: one for the offset, one for an end past
midnight, one for a jump of a whole day (Apia, 2011)."""
_MET: Final = (-2, -1, 0)
"""Where one midnight's offset differs from the next one's: the dates, from the former on, whose shifts may meet the
jump. (A midnight that is shown twice, or not at all, is read with the offset before the jump.)"""
_LEVEL: Final = timedelta(0)
_TICK: Final = timedelta(microseconds=1)

ROUND_THE_CLOCK: Final[Shifts] = dict.fromkeys(range(7), ((0, _DAY_MINUTES),))


def no_holidays(_year: int) -> Collection[date]:
    """No holidays in any year."""
    return frozenset()


class Hours(Struct, frozen=True, kw_only=True):
    """What a calendar says: weekly shifts in one IANA zone, less those that begin on a holiday."""

    name: str
    timezone: str = "UTC"
    shifts: Shifts
    holidays: Holidays = no_holidays


def working_days(hours: Hours, zone: ZoneInfo, start: Micros, end: Micros) -> Iterator[list[Stretch]]:
    """The shifts of each working day that may reach into [start, end), as UTC, in order; no list is empty, no shift.

    They are not merged: where clocks are set back at midnight, one may end after the next begins.
    """
    first = max(start // DAY + _EPOCH_DAY - _NEAR, _EDGE)
    last = min(end // DAY + _EPOCH_DAY + _NEAR, date.max.toordinal() - _EDGE)
    # Asking the zone is what costs: once a date is enough, but for the dates whose shifts could meet a jump.
    offsets = [zone.utcoffset(datetime.fromordinal(day)) or _LEVEL for day in range(first, last + 4)]
    jumps = {day + near for day, (was, now) in enumerate(pairwise(offsets), first) if was != now for near in _MET}
    holidays: dict[int, Collection[date]] = {}
    for day in range(first, last + 1):
        shifts = hours.shifts.get((day - 1) % 7)
        if not shifts:
            continue
        on = date.fromordinal(day)
        if on.year not in holidays:
            holidays[on.year] = hours.holidays(on.year)
        if on in holidays[on.year]:
            continue
        if day in jumps:
            stretches = [
                (_instant(zone, day, opens), _instant(zone, day, closes, last=True)) for opens, closes in shifts
            ]
            stretches = [(opens, closes) for opens, closes in stretches if opens < closes]
        else:
            midnight = (day - _EPOCH_DAY) * DAY - offsets[day - first] // _TICK
            stretches = [
                (Micros(midnight + opens * MINUTE), Micros(midnight + closes * MINUTE)) for opens, closes in shifts
            ]
        if stretches:
            yield sorted(stretches)


def _instant(zone: ZoneInfo, day: int, minute: int, *, last: bool = False) -> Micros:
    """The moment at which a place's clocks show a time; the jump, if they skip it; the last, if they show it twice."""
    local = datetime.fromordinal(day) + timedelta(minutes=minute)
    first, second = (micros(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if first <= second:
        return second if last else first
    # Of a skipped time, fold 0 reads with the offset before the jump, which lands after it; fold 1 the other way round.
    around = range(second // SECOND, first // SECOND + 1)

    def offset(at: int) -> timedelta:
        return moment(at * SECOND).astimezone(zone).utcoffset() or _LEVEL

    return Micros(around[bisect_right(around, offset(around[0]), key=offset)] * SECOND)
