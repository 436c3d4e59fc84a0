from __future__ import annotations

import pytest

from stream_app.account.stretch import stretches
from stream_app.account.sums import lines
from stream_app.account.tally import Span, counted
from stream_app.account.wording import Wall, about, hours, listed, plain, span, target
from stream_app.sla.calendar import Always
from stream_app.sla.instant import DAY, HOUR, MINUTE, NEVER, SECOND
from stream_app.sla.policy import BusinessDays, EndOfBusinessDay
from tests.unit.sla.build import OFFICE, at, working

UTC = Wall("UTC")


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (0, "0 min"),
        (3 * HOUR + 7 * MINUTE, "3 h 07 min"),
        (8 * HOUR, "8 h"),
        (45 * MINUTE, "45 min"),
        (HOUR + 5 * SECOND, "1 h 00 min 05 s"),
        (SECOND // 2, "0.5 s"),
        (MINUTE + 1, "1 min 00.000001 s"),
        (-HOUR, "-1 h"),
    ],
)
def test_a_span_is_told_in_full(length: int, said: str) -> None:
    assert span(length) == said


def test_about_is_round() -> None:
    assert [about(length) for length in (429_123_456, 45 * MINUTE + 1, 2 * HOUR + SECOND, 5)] == [
        "7 min 09 s",
        "45 min",
        "2 h",
        "0.000005 s",
    ]


def test_a_wall_shows_the_time_of_its_place_and_never_fails() -> None:
    jakarta = Wall("Asia/Jakarta")
    assert jakarta.moment(at("20:00")) == "2025-03-04 03:00"
    assert jakarta.day(at("20:00")) == "Tue 2025-03-04"
    assert jakarta.moment(NEVER) == "9999-12-31 23:59:59"
    assert UTC.time(at("09:00") + 1_500_000) == "09:00:01.5"
    assert UTC.stretch(at("22:00"), at("04 00:00")) == "Mon 2025-03-03 22:00-24:00"
    assert UTC.stretch(at("22:00"), at("04 06:00")) == "Mon 2025-03-03 22:00 to Tue 2025-03-04 06:00"


def test_what_a_terminal_would_obey_is_shown_as_text() -> None:
    assert plain("T-1\n\x1b[31mé") == "T-1\\n\\x1b[31mé"


def test_calendars_say_when_they_are_open() -> None:
    assert hours(Always()) == "always open"
    assert hours(OFFICE) == "mon-fri 08:00-12:00, 13:00-17:00 (UTC)"
    assert hours(working("22-30", zone="Asia/Jakarta", days=(0, 2))) == (
        "mon 22:00-06:00; wed 22:00-06:00 (Asia/Jakarta)"
    )


def test_targets_say_what_was_written_and_what_it_came_to() -> None:
    assert target(BusinessDays(5), 40 * HOUR, Always()) == "5 business days (40 h round the clock)"
    assert target(BusinessDays(1), 8 * HOUR, Always()) == "1 business day (8 h round the clock)"
    assert target(EndOfBusinessDay(), 2 * HOUR, Always()) == "end of business day (2 h round the clock)"
    assert target(None, None, Always()) == "no target"
    assert listed(["a"]) == "a"
    assert listed("abc", "and") == "a, b and c"


def test_stretches_are_the_open_time_and_add_up() -> None:
    begin, end = at("10:00"), at("04 09:00")
    found = list(stretches(OFFICE, begin, end))
    assert found == [(at("10:00"), at("12:00")), (at("13:00"), at("17:00")), (at("04 08:00"), end)]
    assert list(stretches(OFFICE, at("18:00"), at("20:00"))) == []


def test_a_sum_shows_days_alike_as_one_line() -> None:
    whole = counted(at("10:00"), at("07 10:30"), OFFICE)
    assert lines([whole], OFFICE, UTC) == [
        "Mon 2025-03-03 10:00-12:00, 13:00-17:00 = 6 h",
        "Tue 2025-03-04 to Thu 2025-03-06 08:00-12:00, 13:00-17:00 = 3 x 8 h = 24 h",
        "Fri 2025-03-07 08:00-10:30 = 2 h 30 min",
        "together 32 h 30 min",
    ]


def test_a_sum_shows_rests_closed_spans_and_other_calendars() -> None:
    spans = [
        Span(at("09:00"), at("10:00"), Always(), HOUR),
        counted(at("18:00"), at("19:00"), OFFICE),
        Span(at("19:00"), at("20:00"), None, HOUR),
    ]
    assert lines(spans, OFFICE, UTC) == [
        "Mon 2025-03-03 09:00-10:00 round the clock = 1 h",
        "  stands still until 2025-03-03 18:00",
        "Mon 2025-03-03 18:00-19:00, closed = 0 min",
        "Mon 2025-03-03 19:00-20:00 as several calendars counted it = 1 h",
        "together 2 h",
    ]


def test_long_sums_are_drawn_together_in_the_middle_and_still_add_up() -> None:
    start = at("08:00")
    spans = [counted(start + day * DAY, start + day * DAY + (day + 1) * MINUTE, Always()) for day in range(20)]
    said = lines(spans, Always(), UTC)
    assert len(said) == 13
    assert said[6].startswith("… ")
    assert said[-1] == "together 3 h 30 min"
    years = counted(start, start + 1000 * DAY, OFFICE)
    assert lines([years], OFFICE, UTC) == [
        f"{UTC.stretch(start, start + 1000 * DAY)}, when open = {span(years.counted)}"
    ]
