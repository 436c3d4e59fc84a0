"""Calendars: working time between two moments, and the moment by which so much of it has passed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from operator import sub
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from stream_app.sla.instant import DAY, NEVER, Micros, moment
from stream_app.sla.shift import Hours, working_days

_PAGE: Final = 27 * 7 * DAY
"""Time is worked out in pages of 27 weeks, because 773 of them are 400 years: see `Working._totals`."""
_CYCLE: Final = 773
_LAST: Final = NEVER // _PAGE
_SETTLED: Final = 430 * 366 * DAY // _PAGE
"""A page of about 2400: long after the last change of offset that a zone has by name and not by rule (2087)."""
_KEPT: Final = 200
"""Pages kept in full, some 20 kB each; others leave their totals and are worked out again when they are asked for."""


class Always:
    """Round the clock in UTC, where working time is time and a working day is a date."""

    __slots__ = ("name",)

    def __eq__(self, other: object) -> bool:
        """One is as good as another."""
        return isinstance(other, Always)

    def __hash__(self) -> int:
        return hash(Always)

    def __init__(self, name: str = "always") -> None:
        self.name: Final = name

    def add(self, start: Micros, span: Micros) -> Micros:
        """As `Calendar.add`; never later than `NEVER`."""
        return Micros(min(start + span, NEVER)) if span > 0 else start

    def between(self, start: Micros, end: Micros) -> Micros:
        """As `Calendar.between`."""
        return Micros(max(end - start, 0))

    def business_days(self, start: Micros, count: int) -> Micros:
        """As `Calendar.business_days`: a date that `start` lies inside of is no whole day."""
        return Micros(min((-(-start // DAY) + count) * DAY, NEVER)) if count > 0 else start

    def end_of_business_day(self, start: Micros) -> Micros:
        """As `Calendar.end_of_business_day`: the next midnight."""
        return Micros(min((start // DAY + 1) * DAY, NEVER))


class _Page(NamedTuple):
    """The working time of one stretch of time, as intervals apart from each other, and the days that begin in it."""

    opens: list[int]
    """The first is the page's start, with an interval that may be empty: so one is always found."""
    closes: list[int]
    passed: list[int]
    """Working time from the page's start to each of `closes`."""
    day_begins: list[Micros]
    day_ends: list[Micros]
    """Of the same days; the last may lie beyond the page."""


class Working:
    """Weekly hours in a time zone, less holidays. The hours must be without `faults`.

    Pages are worked out when first needed; of all between the earliest and the latest asked for the totals are kept, so
    that either question is two bisections. Raises `ZoneInfoNotFoundError` or `ValueError` where the zone is not known.
    """

    __slots__ = ("_days", "_first", "_pages", "_sums", "_zone", "hours", "name")

    def __init__(self, hours: Hours) -> None:
        self.name: Final = hours.name
        self.hours: Final = hours
        self._zone = ZoneInfo(hours.timezone)
        self._pages: dict[int, _Page] = {}
        self._first = 0
        # Working time, and working days begun, at the start of each page from the first on, and at the last one's end;
        # counted from the start of whichever page was the first to be asked for, so negative before it.
        self._sums: list[int] = []
        self._days: list[int] = []

    def __eq__(self, other: object) -> bool:
        """Equal hours make the same calendar: a configuration that is read again changes no clock."""
        return isinstance(other, Working) and self.hours == other.hours

    def __hash__(self) -> int:
        return hash(self.name)

    def add(self, start: Micros, span: Micros) -> Micros:
        """As `Calendar.add`; `NEVER` where not so much working time is left before the year 10000."""
        if span <= 0:
            return start
        goal = self._passed(start) + span
        if self._sums[-1] < goal and not self._grow(self._sums, goal):
            return NEVER
        at = bisect_left(self._sums, goal) - 1
        page = self._pages.get(self._first + at) or self._page(self._first + at)
        left = goal - self._sums[at]
        interval = bisect_left(page.passed, left)
        return Micros(page.closes[interval] - page.passed[interval] + left)

    def between(self, start: Micros, end: Micros) -> Micros:
        """As `Calendar.between`."""
        if end <= start:
            return Micros(0)
        before = self._passed(start)  # first, so that pages are worked out forwards: the cheaper way to a far end
        return Micros(self._passed(end) - before)

    def business_days(self, start: Micros, count: int) -> Micros:
        """As `Calendar.business_days`; `NEVER` where not so many are left, `start` for none."""
        if count <= 0:
            return start
        index = start // _PAGE
        begun = bisect_left(self._page(index).day_begins, start)
        return self._day_end(self._days[index - self._first] + begun + count)

    def end_of_business_day(self, start: Micros) -> Micros:
        """As `Calendar.end_of_business_day`; `NEVER` where no working day is left."""
        index = start // _PAGE
        over = bisect_right(self._page(index).day_ends, start)
        if not over:
            # The day that `start` lies in may have begun on the page before.
            index -= 1
            over = bisect_right(self._page(index).day_ends, start)
        return self._day_end(self._days[index - self._first] + over + 1)

    def _passed(self, at: Micros) -> int:
        """Working time up to `at`, counted as in `_sums`."""
        index = at // _PAGE
        page = self._pages.get(index) or self._page(index)  # ahead of the call, as nearly always it is kept
        interval = bisect_right(page.opens, at) - 1
        ahead = page.closes[interval] - at
        passed = self._sums[index - self._first] + page.passed[interval]
        return passed - ahead if ahead > 0 else passed

    def _day_end(self, rank: int) -> Micros:
        """The end of the working day with this rank, counted as in `_days`."""
        if self._days[-1] < rank and not self._grow(self._days, rank):
            return NEVER
        at = bisect_left(self._days, rank) - 1
        return self._page(self._first + at).day_ends[rank - self._days[at] - 1]

    def _grow(self, totals: list[int], goal: int) -> bool:
        """Appends pages until a total reaches the goal; False if the end of time comes first."""
        while totals[-1] < goal:
            following = self._first + len(self._sums) - 1
            if following > _LAST:
                return False
            self._append(following)
        return True

    def _page(self, index: int) -> _Page:
        """The page, kept or worked out anew; the totals are extended to it."""
        if not self._sums:
            self._first = index
            self._sums.append(0)
            self._days.append(0)
        for following in range(self._first + len(self._sums) - 1, index + 1):
            self._append(following)
        if index < self._first:
            self._prepend(index)
        return self._pages.get(index) or self._work_out(index)

    def _append(self, index: int) -> None:
        worked, begun = self._totals(index)
        self._sums.append(self._sums[-1] + worked)
        self._days.append(self._days[-1] + begun)

    def _prepend(self, index: int) -> None:
        sums, days = [self._sums[0]], [self._days[0]]
        for earlier in range(self._first - 1, index - 1, -1):
            worked, begun = self._totals(earlier)
            sums.append(sums[-1] - worked)
            days.append(days[-1] - begun)
        self._sums[:1] = reversed(sums)
        self._days[:1] = reversed(days)
        self._first = index

    def _totals(self, index: int) -> tuple[int, int]:
        """The working time of a page and how many working days begin in it.

        Dates, weekdays and the rules of zones come back every 400 years. So where there are no holidays either, the
        far future need not be worked out: a due of 9999-12-31, which some desks write for none, must not stall others.
        """
        before = index - _CYCLE
        known = max(self._first, _SETTLED) <= before and index < _LAST  # the last is cut off, and is like no other
        if known and not self._has_holidays(before) and not self._has_holidays(index):
            at = before - self._first
            return self._sums[at + 1] - self._sums[at], self._days[at + 1] - self._days[at]
        page = self._work_out(index)
        return page.passed[-1], len(page.day_begins)

    def _has_holidays(self, index: int) -> bool:
        year = moment(index * _PAGE).year
        return any(day.year == near for near in (year - 1, year, year + 1) for day in self.hours.holidays(near))

    def _work_out(self, index: int) -> _Page:
        start, end = Micros(index * _PAGE), Micros((index + 1) * _PAGE)
        page = _Page([start], [start], [], [], [])
        for shifts in working_days(self.hours, self._zone, start, end):
            if start <= shifts[0][0] < end:
                page.day_begins.append(shifts[0][0])
                page.day_ends.append(shifts[-1][1])
            for opens, closes in shifts:
                _join(page, max(opens, start), min(closes, end))
        page.passed.extend(accumulate(map(sub, page.closes, page.opens)))
        if len(self._pages) >= _KEPT:
            del self._pages[next(iter(self._pages))]
        self._pages[index] = page
        return page


def _join(page: _Page, opens: int, closes: int) -> None:
    """Adds an interval, none of which begins before an earlier one, to the page; touching ones become one."""
    if opens > page.closes[-1]:
        if opens < closes:
            page.opens.append(opens)
            page.closes.append(closes)
    elif closes > page.closes[-1]:
        page.closes[-1] = closes
