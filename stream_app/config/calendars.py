"""The `calendars:` of the configuration: working hours in a time zone, less holidays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from msgspec import Struct
from msgspec.structs import replace

from stream_app.config.holiday import holidays
from stream_app.config.mistake import Place, Unreadable, shown, suggestion
from stream_app.config.reader import TEXT, Entry, Form, Reader
from stream_app.config.tree import Node, Scalar
from stream_app.sla.calendar import Always, Working
from stream_app.sla.policy import Calendar
from stream_app.sla.shift import ROUND_THE_CLOCK, Hours, Shifts, no_holidays

ALWAYS: Final = "always"
_ROUND_THE_CLOCK: Final = "24x7"
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_INTERVAL: Final = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


class _Shift(Struct, frozen=True, order=True):
    """A shift of the week, in minutes since its Monday began, with the place it was written at."""

    start: int
    end: int
    text: str
    place: Place


def calendars(reader: Reader, node: Node | None) -> dict[str, Calendar]:
    """The calendars by name, `always` among them."""
    found: dict[str, Calendar] = {ALWAYS: Always(ALWAYS)}
    for entry in reader.entries(node, "calendars by name") if node else ():
        name = reader.part(entry.key.place, entry.key.text, TEXT, "")
        found[name] = _calendar(reader, name, entry)
    return found


def _calendar(reader: Reader, name: str, entry: Entry) -> Calendar:
    given = reader.table(entry.value, ("timezone", "hours", "holidays"), "a mapping with hours")
    timezone = reader.field(given, "timezone", ZONE, "UTC")
    free = holidays(reader, given["holidays"].value) if "holidays" in given else no_holidays
    if "hours" not in given:
        if not isinstance(entry.value, Scalar):
            reader.wrong(
                entry.key.place, f"the calendar {shown(name)} has no hours, expected hours: 24x7 or by weekday"
            )
        return Always(name)
    hours = given["hours"].value
    if isinstance(hours, Scalar) and hours.text == _ROUND_THE_CLOCK:
        shifts = ROUND_THE_CLOCK
    else:
        shifts = _shifts(reader, given["hours"])
    if name == ALWAYS and (shifts != ROUND_THE_CLOCK or "holidays" in given):
        what = "the calendar always is open round the clock, expected only hours: 24x7 in it, or another name"
        reader.wrong(entry.key.place, what)
    if shifts == ROUND_THE_CLOCK and timezone == "UTC" and free is no_holidays:
        return Always(name)
    return Working(Hours(name=name, timezone=timezone, shifts=shifts, holidays=free))


def _shifts(reader: Reader, hours: Entry) -> Shifts:
    """The shifts by weekday. Overlaps are mistakes of the shift that was written later; shifts that touch are not."""
    before = len(reader.mistakes)
    written = [
        _Shift(day * _DAY_MINUTES + start, day * _DAY_MINUTES + end, text, place)
        for entry in reader.entries(hours.value, '24x7, or intervals by weekday such as {mon-fri: ["09:00-17:00"]}')
        for days in [reader.part(entry.key.place, entry.key.text, _WEEKDAYS, ())]
        for text, place, (start, end) in _intervals(reader, entry.value)
        for day in days
    ]
    if not written and len(reader.mistakes) == before:
        reader.wrong(hours.value.place, "the calendar never opens, expected at least one interval")
    told: set[Place] = set()
    for one, other in _overlaps(sorted(written)):
        later, earlier = sorted((one, other), key=lambda shift: shift.place, reverse=True)
        if later.place not in told:
            told.add(later.place)
            on = _DAYS[later.start // _DAY_MINUTES % 7]
            what = f"{shown(later.text)} on {on} overlaps {shown(earlier.text)} of line {earlier.place.line}"
            reader.wrong(later.place, f"{what}, expected intervals apart from each other")
    by_day: dict[int, list[tuple[int, int]]] = {}
    for shift in written:
        day = shift.start // _DAY_MINUTES
        by_day.setdefault(day, []).append((shift.start - day * _DAY_MINUTES, shift.end - day * _DAY_MINUTES))
    return {day: tuple(sorted(intervals)) for day, intervals in by_day.items()}


def _intervals(reader: Reader, node: Node) -> Iterator[tuple[str, Place, tuple[int, int]]]:
    for item in reader.items(node, 'a list of intervals such as ["08:00-12:00", "13:00-17:00"]'):
        interval = reader.value(item, _HOURS, None)
        if interval is not None and isinstance(item, Scalar):
            yield item.text, item.place, interval


def _overlaps(shifts: list[_Shift]) -> Iterator[tuple[_Shift, _Shift]]:
    """Shifts, sorted, that begin before an earlier one ends; what runs past Sunday's midnight runs into Monday."""
    if not shifts:
        return
    last = max(shifts, key=lambda shift: shift.end)
    reach = replace(last, start=last.start - _WEEK_MINUTES, end=last.end - _WEEK_MINUTES)
    for shift in shifts:
        if shift.start < reach.end:
            yield reach, shift
        reach = max(reach, shift, key=lambda one: one.end)


def _weekdays(text: str) -> tuple[int, ...]:
    first, dash, last = text.partition("-")
    for day in (first, last) if dash else (first,):
        if day not in _DAYS:
            raise Unreadable(f"{shown(text)} is no weekday", suggestion(day[:3], _DAYS))
    begin, end = _DAYS.index(first), _DAYS.index(last if dash else first)
    return tuple((begin + more) % 7 for more in range((end - begin) % 7 + 1))


def _interval(text: str) -> tuple[int, int]:
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise Unreadable(f"{shown(text)} is no interval")
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if max(minute, end_minute) > 59 or start >= _DAY_MINUTES or end > _DAY_MINUTES:  # noqa: PLR2004 -- minutes
        raise Unreadable(f"{shown(text)} has no such time of day")
    if start == end:
        raise Unreadable(f"{shown(text)} is empty", "; a whole day is 00:00-24:00")
    return start, end if end > start else end + _DAY_MINUTES


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unreadable(f"{shown(text)} is no time zone", suggestion(text, available_timezones())) from None
    return text


ZONE: Final = Form("an IANA name such as Asia/Jakarta", _zone)
_WEEKDAYS: Final = Form("a day such as mon, or a range such as mon-fri", _weekdays)
_HOURS: Final = Form('times such as "08:00-17:00", past midnight "22:00-06:00"', _interval)
