"""Calendars against a clock on the wall, read minute by minute, and against the laws of adding and taking away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import businesstimedelta
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.sla.calendar import Always, Working
from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND, Micros, micros, moment
from stream_app.sla.shift import ROUND_THE_CLOCK, Hours, Shifts
from tests.property.calendar_oracle import PLACES, REACH, Wall, weeks

Desk = tuple[Working, Wall, list[Micros]]


@st.composite
def desks(draw: st.DrawFn) -> Desk:
    """A calendar, its oracle, and some moments near the middle of what the oracle sees, in order."""
    place = draw(st.sampled_from(PLACES))
    shifts = draw(weeks())
    days_off = draw(st.frozensets(st.integers(-REACH, REACH), max_size=2))
    holidays = frozenset(place[1] + timedelta(days=day) for day in days_off)
    calendar = Working(Hours(name="desk", timezone=place[0], shifts=shifts, holidays=lambda _: holidays))
    middle = micros(datetime.combine(place[1], time(12), UTC))
    near = st.integers(-36 * 60, 36 * 60).map(lambda minutes: minutes * MINUTE) | st.integers(-36 * HOUR, 36 * HOUR)
    moments = draw(st.lists(near.map(lambda away: Micros(middle + away)), min_size=4, max_size=4))
    return calendar, Wall(place, shifts, holidays), sorted(moments)


@given(desks())
@settings(max_examples=80, deadline=None)
def test_working_time_is_what_a_clock_on_the_wall_shows(desk: Desk) -> None:
    calendar, wall, moments = desk
    for start, end in [*pairwise(moments), (moments[0], moments[-1])]:
        assert calendar.between(start, end) == wall.between(start, end)
        assert calendar.between(end, start) == 0


@given(desks(), st.lists(st.integers(0, 8 * 60).map(lambda m: Micros(m * MINUTE)) | st.just(Micros(1)), min_size=3))
@settings(max_examples=80, deadline=None)
def test_a_deadline_is_the_first_moment_at_which_the_time_has_been_worked(desk: Desk, spans: list[Micros]) -> None:
    calendar, wall, moments = desk
    for start, span in zip(moments, spans, strict=False):
        expected = start if span == 0 else wall.add(start, span)
        if expected is not None:
            assert calendar.add(start, span) == expected


@given(desks(), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_business_days_are_whole_days_of_the_place(desk: Desk, count: int) -> None:
    calendar, wall, moments = desk
    spans = wall.spans()
    for start in [*moments, *(Micros(at) for span in spans for at in span)]:
        whole = [end for begin, end in spans if begin >= start]
        if len(whole) >= count:
            assert calendar.business_days(start, count) == whole[count - 1]
        under_way = [end for _, end in spans if end > start]
        if under_way:
            assert calendar.end_of_business_day(start) == under_way[0]


def office(zone: str, shifts: Shifts, *closed: tuple[int, int]) -> Working:
    def holidays(year: int) -> frozenset[date]:
        return frozenset(date(year, month, day) for month, day in closed)

    return Working(Hours(name=zone, timezone=zone, shifts=shifts, holidays=holidays))


DAY_SHIFT: Shifts = dict.fromkeys(range(5), ((480, 720), (780, 1020)))
NIGHT_SHIFT: Shifts = dict.fromkeys((0, 2, 4, 5, 6), ((1320, 1800),))
CALENDARS = [
    Always(),
    office("Asia/Jakarta", DAY_SHIFT, (1, 1), (8, 17)),
    office("America/New_York", NIGHT_SHIFT, (7, 4)),
    office("Europe/Berlin", ROUND_THE_CLOCK),
    office("Pacific/Apia", ROUND_THE_CLOCK, (12, 25)),
    office("Australia/Lord_Howe", {6: ((75, 135),)}),
]
calendars = st.sampled_from(CALENDARS)
moments = st.integers(0, micros(datetime(2060, 1, 1, tzinfo=UTC))).map(Micros)
spans = st.integers(0, 3000 * HOUR).map(Micros)


@given(calendars, moments, spans)
@settings(deadline=None)
def test_what_was_added_has_passed(calendar: Always | Working, start: Micros, span: Micros) -> None:
    end = calendar.add(start, span)
    assert calendar.between(start, end) == span
    assert span == 0 or calendar.between(start, Micros(end - 1)) == span - 1  # and no earlier moment would do


@given(calendars, moments, moments)
@settings(deadline=None)
def test_what_has_passed_leads_back_where_open(calendar: Always | Working, one: Micros, other: Micros) -> None:
    start, end = sorted((one, other))
    back = calendar.add(start, calendar.between(start, end))
    assert back <= end
    if start < end and calendar.between(Micros(end - 1), end):
        assert back == end
    else:
        assert calendar.between(back, end) == 0


@given(calendars, st.lists(moments, min_size=3, max_size=3), spans)
@settings(deadline=None)
def test_time_only_grows(calendar: Always | Working, at: list[Micros], span: Micros) -> None:
    first, second, third = sorted(at)
    assert calendar.between(first, second) + calendar.between(second, third) == calendar.between(first, third)
    assert calendar.between(first, second) <= second - first
    assert calendar.add(first, span) <= calendar.add(second, span)
    assert calendar.add(first, span) <= calendar.add(first, Micros(span + HOUR))
    assert calendar.business_days(first, 2) <= calendar.business_days(second, 2)
    assert calendar.end_of_business_day(first) <= calendar.end_of_business_day(second)
    assert calendar.end_of_business_day(first) > first


ASKS: list[Callable[[Working, Micros], Micros]] = [
    lambda calendar, at: calendar.add(at, Micros(500 * HOUR)),
    lambda calendar, at: calendar.between(at, Micros(at + 200 * DAY)),
    lambda calendar, at: calendar.business_days(at, 300),
    Working.end_of_business_day,
]


@given(st.lists(st.tuples(st.sampled_from(ASKS), moments), min_size=2, max_size=5))
@settings(max_examples=25, deadline=None)
def test_the_order_of_questions_changes_no_answer(
    questions: list[tuple[Callable[[Working, Micros], Micros], Micros]],
) -> None:
    asked = office("America/St_Johns", DAY_SHIFT, (7, 1))
    for ask, at in questions:
        assert ask(asked, at) == ask(office("America/St_Johns", DAY_SHIFT, (7, 1)), at)


@given(st.integers(0, 20 * 366 * DAY), st.integers(0, 3000 * HOUR).filter(bool))
@settings(deadline=None)
def test_the_far_future_is_as_if_worked_out(later: int, span: int) -> None:
    start = Micros(micros(datetime(2870, 1, 1, tzinfo=UTC)) + later)
    assert LONG_KNOWN.add(start, Micros(span)) == NEVER_KNOWN.add(start, Micros(span))
    long_before = micros(datetime(2820, 1, 1, tzinfo=UTC))
    assert LONG_KNOWN.between(long_before, start) == NEVER_KNOWN.between(long_before, start)
    assert LONG_KNOWN.business_days(long_before, span // DAY) == NEVER_KNOWN.business_days(long_before, span // DAY)


LONG_KNOWN = office("America/New_York", NIGHT_SHIFT)
LONG_KNOWN.add(micros(datetime(2401, 1, 1, tzinfo=UTC)), SECOND)
NEVER_KNOWN = office("America/New_York", NIGHT_SHIFT)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2022, 1, 1)),  # noqa: DTZ001 -- hypothesis wants naive bounds
    st.integers(0, 90 * 86_400),
    st.integers(1, 200 * 3600),
)
@settings(max_examples=60, deadline=None)
def test_where_no_clock_is_changed_businesstimedelta_agrees(when: datetime, later: int, span: int) -> None:
    when = when.replace(microsecond=0, tzinfo=UTC)
    week = dict.fromkeys(range(5), ((9 * 60, 17 * 60 + 30),))
    calendar = office("UTC", week)
    theirs = businesstimedelta.WorkDayRule(start_time=time(9), end_time=time(17, 30), working_days=list(range(5)))
    rules = businesstimedelta.Rules([theirs])
    until = when + timedelta(seconds=later)
    assert calendar.between(micros(when), micros(until)) == rules.difference(when, until).timedelta // timedelta(
        microseconds=1
    )
    due = when + businesstimedelta.BusinessTimeDelta(rules, seconds=span)
    assert moment(calendar.add(micros(when), Micros(span * SECOND))) == due


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_round_the_clock_is_round_the_clock_in_every_zone(place: tuple[str, date]) -> None:
    calendar = Working(Hours(name="all", timezone=place[0], shifts=ROUND_THE_CLOCK))
    middle = micros(datetime.combine(place[1], time(12), UTC))
    assert calendar.between(Micros(middle - 9 * DAY), Micros(middle + 9 * DAY)) == 18 * DAY
