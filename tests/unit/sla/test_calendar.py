"""Calendars: cases worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest

from stream_app.sla.calendar import Always, Working
from stream_app.sla.instant import DAY, HOUR, MINUTE, NEVER, Micros, micros, text
from stream_app.sla.policy import Calendar
from stream_app.sla.shift import ROUND_THE_CLOCK, Hours, Shifts, no_holidays

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
WEEKDAYS = (MON, TUE, WED, THU, FRI)


def at(written: str) -> Micros:
    return micros(datetime.fromisoformat(written).replace(tzinfo=UTC))


def every(days: tuple[int, ...], *shifts: tuple[float, float]) -> Shifts:
    return {day: tuple((int(start * 60), int(end * 60)) for start, end in shifts) for day in days}


def calendar(shifts: Shifts, zone: str = "UTC", closed: str = "") -> Working:
    holidays = frozenset(date.fromisoformat(day) for day in closed.split())
    return Working(Hours(name="office", timezone=zone, shifts=shifts, holidays=lambda _: holidays))


OFFICE = every(WEEKDAYS, (8, 12), (13, 17))


def test_both_kinds_are_calendars() -> None:
    kinds: list[Calendar] = [Always(), calendar(OFFICE)]
    assert [kind.name for kind in kinds] == ["always", "office"]


def test_a_deadline_lies_before_the_lunch_break_not_after_it() -> None:
    assert text(calendar(OFFICE).add(at("2025-03-03 08:00"), Micros(4 * HOUR))) == "2025-03-03T12:00:00Z"


def test_no_time_at_all_has_passed_at_once_even_when_closed() -> None:
    assert calendar(OFFICE).add(at("2025-03-03 12:30"), Micros(0)) == at("2025-03-03 12:30")


def test_one_microsecond_is_counted() -> None:
    assert calendar(OFFICE).add(at("2025-03-03 12:30"), Micros(1)) == at("2025-03-03 13:00") + 1


def test_nothing_passes_backwards() -> None:
    assert calendar(OFFICE).between(at("2025-03-03 11:00"), at("2025-03-03 10:00")) == 0


def test_intervals_are_half_open() -> None:
    office = calendar(OFFICE)
    assert office.between(at("2025-03-03 11:59"), at("2025-03-03 12:00")) == MINUTE
    assert office.between(at("2025-03-03 12:00"), at("2025-03-03 13:00")) == 0
    assert office.between(at("2025-03-03 13:00"), Micros(at("2025-03-03 13:00") + 1)) == 1


def test_touching_intervals_are_one() -> None:
    plain = calendar(every(WEEKDAYS, (8, 12), (12, 17)))
    assert plain.add(at("2025-03-03 10:00"), Micros(4 * HOUR)) == at("2025-03-03 14:00")
    assert plain.end_of_business_day(at("2025-03-03 10:00")) == at("2025-03-03 17:00")


def test_24_00_is_the_next_midnight() -> None:
    assert calendar(every(WEEKDAYS, (0, 24))).add(at("2025-03-03 23:00"), Micros(2 * HOUR)) == at("2025-03-04 01:00")


def test_a_holiday_removes_whole_the_shifts_that_begin_on_it() -> None:
    # Wednesday 5 March is closed: Tuesday's night goes on until 06:00 of it, Wednesday's is missing into Thursday.
    nights = calendar(every(WEEKDAYS, (22, 30)), closed="2025-03-05")
    assert nights.between(at("2025-03-05 00:00"), at("2025-03-05 12:00")) == 6 * HOUR
    assert nights.between(at("2025-03-05 12:00"), at("2025-03-06 22:00")) == 0


def test_a_day_of_the_zone_may_have_23_hours_or_25() -> None:
    all_day = calendar(ROUND_THE_CLOCK, "Europe/Berlin")
    assert all_day.business_days(at("2025-03-29 23:00"), 1) - at("2025-03-29 23:00") == 23 * HOUR
    assert all_day.business_days(at("2025-10-25 22:00"), 1) - at("2025-10-25 22:00") == 25 * HOUR


@pytest.mark.parametrize(
    ("shift", "opens", "closes"),
    [
        ((0, 8), "2025-03-29 23:00", "2025-03-30 06:00"),
        ((2.5, 8), "2025-03-30 01:00", "2025-03-30 06:00"),  # begins in the gap: at the jump
        ((0, 2.5), "2025-03-29 23:00", "2025-03-30 01:00"),  # ends in the gap: at the jump
        ((0, 2), "2025-03-29 23:00", "2025-03-30 01:00"),
        ((3, 8), "2025-03-30 01:00", "2025-03-30 06:00"),
    ],
)
def test_a_time_that_the_clocks_skip_is_the_moment_of_the_jump(
    shift: tuple[float, float], opens: str, closes: str
) -> None:
    sunday = calendar(every((SUN,), shift), "Europe/Berlin")
    assert sunday.add(at("2025-03-28 00:00"), Micros(1)) == at(opens) + 1
    assert sunday.end_of_business_day(at("2025-03-28 00:00")) == at(closes)
    assert sunday.between(at("2025-03-28 00:00"), at("2025-04-01 00:00")) == at(closes) - at(opens)


@pytest.mark.parametrize(
    ("shift", "opens", "closes"),
    [
        ((0, 2.5), "2025-10-25 22:00", "2025-10-26 01:30"),  # ends at the second 02:30
        ((2.5, 8), "2025-10-26 00:30", "2025-10-26 07:00"),  # begins at the first 02:30
        ((0, 2), "2025-10-25 22:00", "2025-10-26 01:00"),  # 02:00 is shown twice as well
        ((0, 3), "2025-10-25 22:00", "2025-10-26 02:00"),
        ((3, 8), "2025-10-26 02:00", "2025-10-26 07:00"),
    ],
)
def test_a_time_that_the_clocks_show_twice_begins_at_the_first_and_ends_at_the_second(
    shift: tuple[float, float], opens: str, closes: str
) -> None:
    sunday = calendar(every((SUN,), shift), "Europe/Berlin")
    assert sunday.add(at("2025-10-24 00:00"), Micros(1)) == at(opens) + 1
    assert sunday.end_of_business_day(at("2025-10-24 00:00")) == at(closes)
    assert sunday.between(at("2025-10-24 00:00"), at("2025-10-28 00:00")) == at(closes) - at(opens)


def test_a_shift_that_lies_in_the_gap_does_not_exist() -> None:
    sunday = calendar(every((SUN,), (2, 3)), "Europe/Berlin")
    assert sunday.between(at("2025-03-28 00:00"), at("2025-04-04 00:00")) == 0
    assert sunday.business_days(at("2025-03-28 00:00"), 1) == at("2025-04-06 01:00")


def test_two_shifts_that_meet_in_an_hour_shown_twice_are_not_counted_twice() -> None:
    # 00:00 to the second 02:30 (01:30Z), and from the first 02:30 (00:30Z) to 04:00 (03:00Z)
    sunday = calendar(every((SUN,), (0, 2.5), (2.5, 4)), "Europe/Berlin")
    assert sunday.between(at("2025-10-25 00:00"), at("2025-10-27 00:00")) == 5 * HOUR


def test_a_date_that_a_place_skips_is_no_working_day() -> None:
    # Samoa went from Thursday 29 December 2011 to Saturday the 31st, at 10:00Z.
    samoa = calendar(every(WEEKDAYS, (9, 17)), "Pacific/Apia")
    assert samoa.business_days(at("2011-12-29 19:00"), 1) == at("2011-12-30 03:00")
    assert samoa.business_days(at("2011-12-29 19:00"), 2) == at("2012-01-02 03:00")
    assert samoa.between(at("2011-12-30 03:00"), at("2012-01-01 19:00")) == 0


def test_of_a_night_that_begins_on_a_skipped_date_the_morning_is_left() -> None:
    # Thursday's night is cut off at the jump, and Friday's, of which only 00:00 to 04:00 came, begins there.
    samoa = calendar(every(WEEKDAYS, (20, 28)), "Pacific/Apia")
    assert samoa.end_of_business_day(at("2011-12-30 06:00")) == at("2011-12-30 10:00")
    assert samoa.end_of_business_day(at("2011-12-30 10:00")) == at("2011-12-30 14:00")
    assert samoa.between(at("2011-12-30 00:00"), at("2012-01-01 00:00")) == 8 * HOUR


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2025-03-03 08:00", 1, "2025-03-03 17:00"),  # at the very start, the day is whole
        ("2025-03-03 08:01", 1, "2025-03-04 17:00"),
        ("2025-03-03 12:30", 2, "2025-03-05 17:00"),
        ("2025-03-07 12:00", 1, "2025-03-11 17:00"),  # Friday; Monday 10 March is closed
        ("2025-03-03 08:01", 0, "2025-03-03 08:01"),
        ("2025-03-03 08:00", 259, "2026-02-27 17:00"),
    ],
)
def test_business_days_begin_at_or_after_the_start(start: str, count: int, end: str) -> None:
    assert calendar(OFFICE, closed="2025-03-10").business_days(at(start), count) == at(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025-03-03 07:59", "2025-03-03 17:00"),
        ("2025-03-03 12:30", "2025-03-03 17:00"),  # the lunch break lies in the day
        ("2025-03-03 16:59", "2025-03-03 17:00"),
        ("2025-03-03 17:00", "2025-03-04 17:00"),  # the day is over
        ("2025-03-07 18:00", "2025-03-11 17:00"),
    ],
)
def test_the_end_of_the_business_day_is_of_this_day_or_of_the_next(start: str, end: str) -> None:
    assert calendar(OFFICE, closed="2025-03-10").end_of_business_day(at(start)) == at(end)


def test_a_night_shift_ends_its_working_day_in_the_morning() -> None:
    nights = calendar(every((FRI,), (20, 30)), "America/New_York")
    for start in ("2025-03-07 12:00", "2025-03-08 04:00", "2025-03-08 10:59"):
        assert nights.end_of_business_day(at(start)) == at("2025-03-08 11:00")


# What follows goes on for longer than a page of the calendar, so that it would show a seam between two.


@pytest.mark.parametrize(("opens", "closes"), [(20, 30), (0, 24), (8, 17)])
def test_a_shift_is_one_working_day_on_every_date(opens: int, closes: int) -> None:
    daily = calendar(every(tuple(range(7)), (opens, closes)))
    for day in range(200):
        midnight = Micros(at("2025-01-01 00:00") + day * DAY)
        assert daily.end_of_business_day(Micros(midnight + opens * HOUR)) == midnight + closes * HOUR
        assert daily.end_of_business_day(Micros(midnight + closes * HOUR - 1)) == midnight + closes * HOUR
        assert daily.business_days(Micros(midnight + opens * HOUR), 1) == midnight + closes * HOUR


def test_whole_days_of_work_end_with_the_working_day() -> None:
    office, start = calendar(OFFICE), at("2025-01-06 08:00")
    for days in range(1, 200):
        assert office.add(start, Micros(days * 8 * HOUR)) == office.business_days(start, days)


def test_shifts_of_24_hours_leave_no_hole_in_the_west() -> None:
    relay = calendar(every(tuple(range(7)), (23.5, 47.5)), "Pacific/Pago_Pago")
    assert relay.between(at("2025-01-01 00:00"), at("2025-12-31 00:00")) == 364 * DAY


def test_a_shift_of_24_hours_may_end_in_the_second_of_two_last_hours() -> None:
    # On 29 October 2006 at 00:01 the clocks of St. John's went back to 23:01 of the 28th.
    friday = calendar(every((FRI,), (23.5, 47.5)), "America/St_Johns")
    assert friday.between(at("2006-10-28 00:00"), at("2006-10-30 00:00")) == 25 * HOUR
    assert friday.end_of_business_day(at("2006-10-28 02:00")) == at("2006-10-29 03:00")


def test_the_order_in_which_intervals_are_written_does_not_matter() -> None:
    office, other = calendar(OFFICE), calendar(every(WEEKDAYS, (13, 17), (8, 12)))
    for hour in range(24 * 7):
        start = Micros(at("2025-03-03 00:00") + hour * HOUR)
        assert office.add(start, Micros(5 * HOUR)) == other.add(start, Micros(5 * HOUR))
        assert office.business_days(start, 1) == other.business_days(start, 1)


def test_always_counts_every_moment() -> None:
    always = Always()
    assert always.add(at("2025-03-09 01:00"), Micros(24 * HOUR)) == at("2025-03-10 01:00")
    assert always.between(at("2025-03-09 01:00"), at("2025-03-10 02:00")) == 25 * HOUR
    assert always.between(at("2025-03-10 02:00"), at("2025-03-09 01:00")) == 0
    assert always.add(at("2025-03-09 01:00"), Micros(0)) == at("2025-03-09 01:00")


def test_a_business_day_of_always_is_a_date_of_utc() -> None:
    always = Always()
    assert always.business_days(at("2025-03-03 00:00"), 1) == at("2025-03-04 00:00")
    assert always.business_days(at("2025-03-03 10:00"), 2) == at("2025-03-06 00:00")
    assert always.business_days(at("2025-03-03 10:00"), 0) == at("2025-03-03 10:00")
    assert always.end_of_business_day(at("2025-03-03 10:00")) == at("2025-03-04 00:00")
    assert always.end_of_business_day(at("2025-03-03 00:00")) == at("2025-03-04 00:00")


@pytest.mark.parametrize(
    "start", ["0001-01-01 00:00", "1970-01-01 00:00", "2026-07-01 12:00", "9998-12-31 00:00", "9999-12-31 23:59:59"]
)
def test_every_moment_that_can_be_written_down_has_an_answer(start: str) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        office = calendar(every(tuple(range(7)), (8, 32)), zone)
        assert at(start) < office.add(at(start), HOUR) <= NEVER or at(start) == NEVER
        assert 0 <= office.between(at(start), Micros(at(start) + 50 * DAY)) <= 50 * DAY
        assert at(start) < office.end_of_business_day(at(start)) <= NEVER or at(start) == NEVER


def test_what_lies_beyond_the_year_9999_is_never() -> None:
    for each in (Always(), calendar(OFFICE)):
        assert each.add(at("9999-12-01 00:00"), Micros(2000 * HOUR)) == NEVER
        assert each.business_days(at("9999-12-01 00:00"), 100) == NEVER
    assert calendar(OFFICE).end_of_business_day(at("9999-12-31 20:00")) == NEVER


def test_a_calendar_that_holidays_close_for_good_never_ends_a_clock() -> None:
    class AnyDay(frozenset[date]):
        def __contains__(self, _day: object) -> bool:
            return True

    def holidays(year: int) -> frozenset[date]:
        return AnyDay() if year > 9900 else frozenset()  # near the end, to be quick

    closed = Working(Hours(name="closed", timezone="UTC", shifts=OFFICE, holidays=holidays))
    assert closed.add(at("9901-06-01 00:00"), Micros(1)) == NEVER
    assert closed.end_of_business_day(at("9901-06-01 00:00")) == NEVER
    assert closed.between(at("9901-06-01 00:00"), NEVER) == 0


@pytest.mark.parametrize("holiday", ["2450-07-01", "2850-07-01"])
def test_holidays_far_ahead_are_not_forgotten(holiday: str) -> None:
    # Beyond 2800, a time without holidays is taken to be as it was 400 years before, had that none either.
    day = date.fromisoformat(holiday)

    def holidays(year: int) -> frozenset[date]:
        return frozenset({day}) if year == day.year else frozenset()

    office, never_closed = Working(Hours(name="office", shifts=OFFICE, holidays=holidays)), calendar(OFFICE)
    for each in (office, never_closed):
        each.add(at("2401-01-01 00:00"), HOUR)
    for year in (2440, 2840):
        span = Micros(micros(datetime(year, 1, 1, tzinfo=UTC))), Micros(micros(datetime(year + 20, 1, 1, tzinfo=UTC)))
        missing = 8 * HOUR if year < day.year < year + 20 else 0
        assert never_closed.between(*span) - office.between(*span) == missing


def test_the_last_days_are_the_last_however_they_are_come_by() -> None:
    def holidays(year: int) -> frozenset[date]:
        return frozenset({date(year, 1, 1)} - {date(year, 1, 1)})  # fails for a year that dates do not have

    hours = Hours(name="office", shifts=ROUND_THE_CLOCK, holidays=holidays)
    known, cold = Working(hours), Working(hours)
    known.add(at("9550-01-01 00:00"), HOUR)
    assert known.between(at("9990-01-01 00:00"), NEVER) == cold.between(at("9990-01-01 00:00"), NEVER)
    for calendar_ in (known, cold):
        assert calendar_.add(at("9999-12-20 00:00"), Micros(20 * DAY)) == NEVER


def test_centuries_alike_are_worked_out_once_though_other_years_have_holidays() -> None:
    asked = 0

    class Counted(dict[int, tuple[tuple[int, int], ...]]):
        def get(self, *weekday: Any) -> Any:  # noqa: ANN401 -- as the real one
            nonlocal asked
            asked += 1
            return super().get(*weekday)

    always_the_same = frozenset({date(2026, 12, 31)})
    office = Working(Hours(name="office", shifts=Counted(OFFICE), holidays=lambda _: always_the_same))
    office.between(at("2401-01-01 00:00"), at("2810-01-01 00:00"))
    before = asked
    office.between(at("2401-01-01 00:00"), at("3200-01-01 00:00"))
    assert asked - before < 500  # the dates of two pages: the one that the question begins in and the one it ends in


def test_pages_that_were_let_go_are_worked_out_again() -> None:
    office = calendar(OFFICE)
    first = office.add(at("1971-01-04 08:00"), Micros(8 * HOUR))
    far = office.between(at("1971-01-04 08:00"), at("2170-01-01 00:00"))
    assert office.add(at("1971-01-04 08:00"), Micros(8 * HOUR)) == first == at("1971-01-04 17:00")
    assert office.between(at("1971-01-04 08:00"), at("2170-01-01 00:00")) == far


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        calendar(OFFICE, "Europe/Atlantis")


def test_by_default_no_day_is_a_holiday() -> None:
    assert not no_holidays(2026)
    assert Hours(name="office", shifts=OFFICE).timezone == "UTC"
