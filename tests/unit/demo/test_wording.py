from __future__ import annotations

from collections.abc import Callable

import pytest

from stream_app.config.configuration import built_in
from stream_app.config.kpis import catalogue
from stream_app.demo import wording
from stream_app.kpi.kpi import Kpi
from stream_app.kpi.table import Row
from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (-1, "now"),
        (0, "now"),
        (SECOND - 1, "00:00"),
        (4 * MINUTE + 12 * SECOND, "04:12"),
        (HOUR, "1:00:00"),
        (9 * HOUR + 59 * MINUTE + 59 * SECOND, "9:59:59"),
        (10 * HOUR, "10h 00m"),
        (DAY - 1, "23h 59m"),
        (2 * DAY + 3 * HOUR, "2d 03h"),
    ],
)
def test_a_countdown_shows_what_matters_and_fits_its_column(span: int, shown: str) -> None:
    assert wording.countdown(span) == shown
    assert len(shown) <= 7


@pytest.mark.parametrize(
    ("span", "shown"),
    [(0, "0s"), (59 * SECOND, "59s"), (2 * HOUR, "2h"), (2 * HOUR + 30 * MINUTE + 5 * SECOND, "2h 30m"), (DAY, "1d")],
)
def test_a_span_is_spelled_in_its_two_largest_units(span: int, shown: str) -> None:
    assert wording.spelled(span) == shown


def test_the_office_is_in_jakarta() -> None:
    assert wording.local(20 * HOUR, "%d %H:%M") == "02 03:00"


def of(unit: str, judged: Callable[[Kpi], bool] = lambda _: True) -> Kpi:
    return next(kpi for kpi in catalogue(built_in()).kpis if kpi.unit == unit and judged(kpi))


def row(value: float, target: str | None) -> Row:
    return Row(kpi="", window="24h", labels={}, value=value, count=1, target=target, met=None)


def test_values_and_targets_are_in_their_kpis_unit() -> None:
    ratio, seconds = of("ratio"), of("seconds")
    assert wording.value(ratio, row(0.9514, None)) == "95.1%"
    assert wording.target(ratio, row(0.9514, ">= 0.95")) == "≥ 95.0%"
    assert wording.value(seconds, row(5400.4, None)) == "1h 30m"
    assert wording.target(seconds, row(1, "< 900")) == "< 15m"


def test_where_targets_differ_by_priority_that_is_said() -> None:
    each = of("seconds", lambda kpi: kpi.goal.dimension == "priority")
    assert wording.target(each, row(1, None)) == "by priority"
    assert not wording.target(of("seconds", lambda kpi: not kpi.goal.each), row(1, None))
