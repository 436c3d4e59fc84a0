from __future__ import annotations

import pytest

from benchmarks.course import Leg, Sample, leg, middle
from benchmarks.parts import part_of, profiled

#   s   0    1    2    3    4
#       0   10   40  100  100
COURSE = [
    Sample(0.0, 0, 5.0, 1.0),
    Sample(1.0, 10, 6.0, 1.5),
    Sample(2.0, 40, 6.5, 1.75),
    Sample(3.0, 100, 7.0, 2.0),
    Sample(4.0, 100, 9.0, 3.0),
]


def test_the_clock_begins_with_the_first_that_is_applied_and_ends_with_the_last() -> None:
    found = leg(COURSE)
    assert found == Leg(90, 2.0, 1.0, 0.5)
    assert found.rate == 45
    assert found.cost == pytest.approx(1e6 / 90)
    assert found.redis_cost == pytest.approx(0.5e6 / 90)


def test_what_opens_the_tickets_does_not_count() -> None:
    assert leg(COURSE, after=10) == Leg(60, 1.0, 0.5, 0.25)


def test_a_run_of_a_single_step_has_no_speed() -> None:
    with pytest.raises(ValueError, match="too few"):
        leg(COURSE[3:])
    with pytest.raises(ValueError, match="too few"):
        leg(COURSE, after=100)


def test_the_median_run_is_told() -> None:
    assert middle([Leg(10, 1, 0, 0), Leg(90, 1, 0, 0), Leg(20, 1, 0, 0)], lambda run: run.rate) == 20


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("stream_app/sla/decode.py:decode", "decode"),
        ("stream_app/sla/life.py:facts", "derive"),
        ("stream_app/sla/life.py:receive", "fold"),
        ("stream_app/engine/assembly.py:differences", "derive"),
        ("stream_app/engine/assembly.py:changed", "encode"),
        ("stream_app/engine/drawers.py:merged", "windows"),
        ("stream_app/engine/stock.py:fetch", "Redis"),
        ("stream_app/engine/outlet.py:said", "publish"),
        ("stream_app/engine/fold.py:fold_entries", "fold"),
        ("stream_app/engine/engine.py:watch", "steer"),
        ("asyncio/base_events.py:run_once", "rest"),
    ],
)
def test_a_function_belongs_to_one_part(place: str, part: str) -> None:
    assert part_of(place) == part


def test_only_what_is_used_between_the_first_and_the_last_event_is_told() -> None:
    lines = [
        "0.5\tstream_app/sla/life.py:receive\t9.0\t9.0\t9.0",
        "1.5\tstream_app/sla/life.py:receive\t0.3\t0.1\t0.1",
        "2.5\tstream_app/kpi/windows.py:add\t0.5\t0.0\t0.0",
        "3.5\tstream_app/kpi/windows.py:add\t9.0\t9.0\t9.0",
    ]
    profile = profiled(lines, COURSE, 0)
    cost = 1e6 / 90
    shares = {part: profile.each(part) / cost for part in ("fold", "windows", "fetch", "collector")}
    assert shares == pytest.approx({"fold": 0.3, "windows": 0.5, "fetch": 0.1, "collector": 0.1})
    assert profile.ordered[:2] == ["windows", "fold"]
    place, spent = profile.most[0]
    assert place == "stream_app/kpi/windows.py:add"
    assert spent == pytest.approx(cost / 2)
