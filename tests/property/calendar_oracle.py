"""The oracle of calendars: a clock on the wall of a place, read minute by minute. Shares no code with the product."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

MINUTE = 60_000_000
DAY = 1440 * MINUTE

Week = dict[int, tuple[tuple[int, int], ...]]
"""Intervals in minutes of the day, by weekday."""

PLACES = [
    ("UTC", date(2024, 2, 29)),
    ("Asia/Jakarta", date(2026, 12, 31)),
    ("Asia/Kolkata", date(2025, 8, 15)),
    ("America/New_York", date(2025, 3, 9)),
    ("America/New_York", date(2025, 11, 2)),
    ("Europe/Berlin", date(2025, 3, 30)),
    ("Europe/Berlin", date(2025, 10, 26)),
    ("Europe/Berlin", date(2150, 3, 29)),  # by the zone's rule, beyond its list of jumps
    ("Australia/Lord_Howe", date(2025, 4, 6)),  # half an hour back
    ("Australia/Lord_Howe", date(2025, 10, 5)),  # half an hour on
    ("Asia/Kathmandu", date(1986, 1, 1)),  # a quarter of an hour, for ever
    ("America/St_Johns", date(2006, 4, 2)),  # from 00:01 to 01:01
    ("America/St_Johns", date(2006, 10, 29)),  # from 00:01 back into the day before
    ("Africa/Casablanca", date(2025, 2, 23)),  # back for Ramadan
    ("Africa/Casablanca", date(2025, 4, 6)),
    ("America/Havana", date(2025, 3, 9)),  # a day without its first hour
    ("America/Havana", date(2025, 11, 2)),  # a day with two first hours
    ("Africa/Cairo", date(2025, 10, 30)),  # a day with two last hours
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that never was
    ("Pacific/Kwajalein", date(1993, 8, 21)),  # likewise
]
REACH = 4
"""Dates before and after a place's own whose shifts the oracle knows. Questions are about the middle of them."""


class Wall:
    """The oracle: goes through the minutes of UTC, looks at the clock on the wall, and ticks off which are worked.

    A shift is on from the minute in which the clock has for the first time shown its start, or more, until it shows the
    end for the last time (or is past it, having skipped it).
    """

    def __init__(self, place: tuple[str, date], shifts: Week, holidays: frozenset[date]) -> None:
        self.first, highest, lowest = readings(*place)
        self.days: list[list[int]] = []
        for near in range(-REACH, REACH + 1):
            day = place[1] + timedelta(days=near)
            minutes: set[int] = set()
            for start, end in () if day in holidays else shifts.get(day.weekday(), ()):
                begins, ends = wall_minute(day) + start, wall_minute(day) + end
                minutes.update(
                    minute
                    for minute, (high, low, next_low) in enumerate(zip(highest, lowest, lowest[1:], strict=False))
                    if high >= begins and (low < ends or next_low <= ends)
                )
            if minutes:
                self.days.append(sorted(minutes))
        self.open = [self.first + minute * MINUTE for minute in sorted(set().union(*self.days))]

    def between(self, start: int, end: int) -> int:
        return sum(max(0, min(end, minute + MINUTE) - max(start, minute)) for minute in self.open)

    def add(self, start: int, span: int) -> int | None:
        """None where the oracle does not see so far."""
        for minute in self.open:
            if (worked := minute + MINUTE - max(start, minute)) > 0:
                if worked >= span:
                    return max(start, minute) + span
                span -= worked
        return None

    def spans(self) -> list[tuple[int, int]]:
        """Working days, from their first worked minute to their last, breaks included."""
        return [(self.first + day[0] * MINUTE, self.first + (day[-1] + 1) * MINUTE) for day in self.days]


def wall_minute(day: date) -> int:
    return day.toordinal() * 1440


@cache
def readings(zone: str, centre: date) -> tuple[int, list[int], list[int]]:
    """From which moment on; and for each minute since, the highest time shown so far, and the lowest from then on."""
    first = int(datetime.combine(centre, time(12), UTC).timestamp()) * 1_000_000 - (REACH + 2) * DAY
    shown = []
    for minute in range((2 * REACH + 4) * 1440):
        on_the_wall = datetime.fromtimestamp(first // 1_000_000 + minute * 60, ZoneInfo(zone))
        shown.append(wall_minute(on_the_wall.date()) + on_the_wall.hour * 60 + on_the_wall.minute)
    return first, list(accumulate(shown, max)), list(accumulate(reversed(shown), min))[::-1]


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    """Weekly hours without faults: up to two intervals a day, on any minute, the last perhaps past midnight."""
    times = st.integers(0, 47).map(lambda half: half * 30) | st.integers(0, 1439)
    week: dict[int, list[tuple[int, int]]] = {}
    for weekday in range(7):
        cuts = sorted(draw(st.lists(times, min_size=0, max_size=4, unique=True)))
        week[weekday] = list(zip(cuts[::2], cuts[1::2], strict=False))
        if len(cuts) % 2:
            week[weekday].append((cuts[-1], 1440))
    for weekday, shifts in week.items():
        past_midnight = draw(st.booleans())
        if shifts and past_midnight:
            start, _ = shifts.pop()
            room = min([start, *(after for after, _ in week[(weekday + 1) % 7])])
            shifts.append((start, 1440 + draw(st.integers(0, room))))
    return {weekday: tuple(shifts) for weekday, shifts in week.items()}
