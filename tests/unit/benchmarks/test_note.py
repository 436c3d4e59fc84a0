from __future__ import annotations

import pytest

from benchmarks.deadlines import Delays
from benchmarks.note import BEGIN, END, Goal, Row, placed, table


@pytest.mark.parametrize(
    ("goal", "value", "verdict"),
    [
        (Goal("≥ 60 000", least=60_000), 60_000, "met"),
        (Goal("≥ 60 000", least=60_000), 20_000, "missed by a factor of 3.00"),
        (Goal("< 250 ms", most=250), 12, "met"),
        (Goal("< 250 ms", most=250), 500, "missed by a factor of 2.00"),
    ],
)
def test_a_goal_is_met_or_missed_by_so_much(goal: Goal, value: float, verdict: str) -> None:
    assert Row("figure", "text", value, goal).cells() == ["figure", "text", goal.text, verdict]


def test_what_was_measured_on_too_little_is_not_judged() -> None:
    assert Row("figure", "text", 3, Goal("< 5", most=5), "too few").cells()[-1] == "too few"


def test_a_figure_without_a_goal_has_no_verdict() -> None:
    assert table(["figure", "measured", "goal", ""], [Row("size", "3 B").cells()]).splitlines() == [
        "| figure | measured | goal |  |",
        "| --- | --- | --- | --- |",
        "| size | 3 B |  |  |",
    ]


def test_what_is_measured_replaces_what_was_and_leaves_the_rest_of_the_page() -> None:
    page = placed("# Benchmarks\n\nHow they are made.\n", "first")
    assert page == f"# Benchmarks\n\nHow they are made.\n\n{BEGIN}\n\nfirst\n\n{END}\n"
    assert placed(f"{page}\nAfter.\n", "second") == f"{page}\nAfter.\n".replace("first", "second")


def test_a_percentile_is_one_of_the_delays() -> None:
    delays = Delays([float(number) for number in range(1, 101)])
    assert (delays.at(0.5), delays.at(0.99), delays.at(1)) == (50, 99, 100)
    assert Delays([7.0]).at(0.5) == 7
