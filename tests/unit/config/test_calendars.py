from __future__ import annotations

from datetime import date

import pytest

from stream_app.sla.calendar import Always, Working
from stream_app.sla.shift import ROUND_THE_CLOCK, Hours
from tests.unit.config.marked import assert_said, read


def said_hours(text: str) -> Hours:
    calendar = read(f"calendars:\n  c: {text}\n").rules.calendars["c"]
    assert isinstance(calendar, Working)
    return calendar.hours


@pytest.mark.parametrize(
    ("days", "weekdays"),
    [("mon", [0]), ("mon-fri", [0, 1, 2, 3, 4]), ("sat-mon", [0, 5, 6]), ("sun-sat", list(range(7))), ("wed-wed", [2])],
)
def test_a_range_of_days_goes_round_the_week(days: str, weekdays: list[int]) -> None:
    assert sorted(said_hours(f'{{hours: {{{days}: ["09:00-17:00"]}}}}').shifts) == weekdays


@pytest.mark.parametrize(
    ("interval", "minutes"),
    [
        ("09:00-17:30", (540, 1050)),
        ("16:00-24:00", (960, 1440)),
        ("16:00-00:00", (960, 1440)),
        ("22:00-06:00", (1320, 1800)),
        ("00:00-24:00", (0, 1440)),
    ],
)
def test_an_interval_may_end_at_or_past_midnight(interval: str, minutes: tuple[int, int]) -> None:
    assert said_hours(f"{{hours: {{mon: [{interval}]}}}}").shifts == {0: (minutes,)}


def test_touching_intervals_and_days_of_several_keys_are_fine() -> None:
    hours = said_hours(
        '{hours: {mon-tue: ["12:00-17:00"], tue: ["08:00-12:00", "22:00-24:00"], wed: ["00:00-06:00"], sun: []}}'
    )
    assert hours.shifts == {0: ((720, 1020),), 1: ((480, 720), (720, 1020), (1320, 1440)), 2: ((0, 360),)}


def test_round_the_clock_is_allowed_under_any_name() -> None:
    found = read(
        "calendars: {always: {hours: 24x7}, c: {hours: 24x7}, berlin: {timezone: Europe/Berlin, hours: 24x7}}\n"
    )
    calendars = found.rules.calendars
    assert isinstance(calendars["always"], Always)
    assert isinstance(calendars["c"], Always)
    assert calendars["c"].name == "c"
    berlin = calendars["berlin"]
    assert isinstance(berlin, Working)
    assert (berlin.hours.timezone, berlin.hours.shifts) == ("Europe/Berlin", ROUND_THE_CLOCK)


def test_always_stays_open() -> None:
    assert_said(
        'calendars:\n  «always: {hours: {mon: ["09:00-17:00"]}}\n', "expected only hours: 24x7 in it, or another name"
    )
    assert_said(
        "calendars:\n  «always: {hours: 24x7, holidays: {extra: [2026-01-01]}}\n", "always is open round the clock"
    )
    assert isinstance(
        read('calendars: {always: {hours: {mon-sun: ["00:00-24:00"]}}}\n').rules.calendars["always"], Always
    )


def test_holidays_are_the_countrys_with_some_added_and_some_taken_out() -> None:
    hours = said_hours(
        '{hours: {mon-sun: ["09:00-17:00"]}, holidays: {country: ID, extra: [2025-07-02], except: ["2025-05-01"]}}'
    )
    assert date(2025, 8, 17) in hours.holidays(2025)
    assert date(2025, 7, 2) in hours.holidays(2025)
    assert date(2025, 5, 1) not in hours.holidays(2025)
    assert date(2026, 5, 1) in hours.holidays(2026)
    assert date(1, 1, 1) not in hours.holidays(1)


def test_round_the_clock_may_have_holidays() -> None:
    assert said_hours("{hours: 24x7, holidays: {extra: [2026-01-05]}}").holidays(2026) == {date(2026, 1, 5)}


def test_holidays_need_no_country() -> None:
    hours = said_hours(
        "{hours: {mon: [09:00-17:00]}, holidays: {extra: [2026-01-05, 2027-01-04], except: [2027-01-04]}}"
    )
    assert hours.holidays(2026) == frozenset({date(2026, 1, 5)})


def test_a_part_of_a_country_has_its_own_holidays() -> None:
    whole = said_hours('{hours: {mon: ["09:00-17:00"]}, holidays: {country: DE}}').holidays(2026)
    bavaria = said_hours('{hours: {mon: ["09:00-17:00"]}, holidays: {country: DE, subdivision: BY}}').holidays(2026)
    assert date(2026, 1, 6) in bavaria
    assert date(2026, 1, 6) not in whole


def test_norway_is_a_country_and_no_truth_value() -> None:
    assert date(2026, 5, 17) in said_hours('{hours: {mon: ["09:00-17:00"]}, holidays: {country: NO}}').holidays(2026)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('hours: {«fryday: ["08:00-12:00"]}', 'did you mean "fri"?'),
        ('hours: {«mon-: ["08:00-12:00"]}', '"mon-" is no weekday, expected a day such as mon, or a range'),
        ('hours: {«Mon: ["08:00-12:00"]}', 'did you mean "mon"?'),
        ('hours: {mon: [«"8:00-12:00"]}', "is no interval, expected times"),
        ('hours: {mon: [«"08:00 - 12:00"]}', "is no interval"),
        ('hours: {mon: [«"08:60-12:00"]}', "has no such time of day"),
        ('hours: {mon: [«"24:00-06:00"]}', "has no such time of day"),
        ('hours: {mon: [«"08:00-24:01"]}', "has no such time of day"),
        ('hours: {mon: [«"08:00-08:00"]}', "is empty"),
        ('hours: {mon: [«"٠٨:00-12:00"]}', "is no interval"),
        ('hours: {mon: «"08:00-12:00"}', "expected a list of intervals"),
        ("hours: {«mon}", "no value, expected a list of intervals"),
        ("hours: «{}", "never opens, expected at least one interval"),
        ("hours: «{mon: []}", "never opens"),
        ("hours: «8x5", "expected 24x7, or intervals by weekday"),
        ("hours: {mon: [08:00-12:00, «11:59-13:00]}", '"11:59-13:00" on mon overlaps "08:00-12:00" of line 2'),
        ("hours: {mon: [08:00-12:00], sun-tue: [«06:00-12:00]}", 'on mon overlaps "08:00-12:00"'),
        ("hours: {sun: [22:00-06:00], mon: [«05:00-07:00]}", 'on mon overlaps "22:00-06:00"'),
        ("hours: {mon: [05:00-07:00], sun: [«22:00-06:00]}", 'on sun overlaps "05:00-07:00"'),
        ("hours: {mon: [00:00-24:00, «01:00-02:00, «03:00-04:00]}", "overlaps"),
        ("hours: {mon-tue: [08:00-12:00], tue-wed: [«07:00-09:00], mon: [«08:00-09:00]}", "overlaps"),
        ("hours: {mon-fri: [08:00-12:00, «11:00-13:00]}", "on mon overlaps"),
        ("hours: 24x7, timezone: «Jakarta", "is no time zone"),
        ("hours: 24x7, timezone: «~", "no value, expected an IANA name"),
        ("hours: 24x7, «time_zone: UTC", 'did you mean "timezone"?'),
        ("hours: 24x7, holidays: {country: «XQ}", '"XQ" is no country whose holidays are known, expected a code'),
        ("hours: 24x7, holidays: {country: «us, subdivision: XX}", 'did you mean "US"?'),
        ("hours: 24x7, holidays: {country: «ECB}", "is no country"),
        ("hours: 24x7, holidays: {country: DE, subdivision: «XX}", '"XX" is no part of DE'),
        ("hours: 24x7, holidays: {«subdivision: BY}", "a subdivision without a country"),
        ("hours: 24x7, holidays: {extra: [«2026-02-30]}", "there is no 2026-02-30, expected a date"),
        ("hours: 24x7, holidays: {extra: [«31.12.2026]}", '"31.12.2026" is no date'),
        ("hours: 24x7, holidays: {except: «2026-12-31}", "expected a list of dates"),
        ("hours: 24x7, holidays: {extra: [2026-12-31, «2026-12-31]}", "stands in the list already"),
        ("hours: 24x7, holidays: «ID", "expected a mapping with country, extra or except"),
    ],
)
def test_a_mistake_in_a_calendar_has_its_place(text: str, what: str) -> None:
    whole = f"calendars:\n  c: {{{text}}}\n"
    assert_said(whole, *[what] * whole.count("«"))


def test_a_calendar_has_hours() -> None:
    assert_said(
        "calendars:\n  «c: {timezone: UTC}\n  d: «24x7\n  «e:\n  f: {hours: 24x7}\n",
        "has no hours",
        '"24x7"',
        "no value",
    )
    assert_said("calendars: «[]\n", "a list, expected calendars by name")
