"""Moments and spans as whole microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from stream_app.sla.instant import DAY, EARLIEST, HOUR, MINUTE, NEVER, SECOND, micros, moment, seconds, text


def test_the_units_are_what_they_are_called() -> None:
    assert (SECOND, MINUTE, HOUR, DAY) == (10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6)


def test_a_moment_is_counted_from_the_epoch_in_utc() -> None:
    assert micros(datetime(1970, 1, 1, 7, tzinfo=timezone(timedelta(hours=7)))) == 0
    assert micros(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


def test_the_ends_of_time_are_the_years_1_and_9999() -> None:
    assert text(EARLIEST) == "0001-01-01T00:00:00Z"
    assert text(NEVER) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize("at", [EARLIEST, -1, 0, 1, 1_740_992_400_123_456, NEVER])
def test_a_moment_goes_there_and_back(at: int) -> None:
    assert micros(moment(at)) == at
    assert micros(datetime.fromisoformat(text(at))) == at


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (500_000, "1970-01-01T00:00:00.5Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ],
)
def test_a_text_has_as_many_digits_of_a_second_as_it_needs(at: int, written: str) -> None:
    assert text(at) == written


def test_a_span_is_shown_in_seconds() -> None:
    assert seconds(26_400_000_000) == 26_400.0
    assert seconds(1) == 0.000001
