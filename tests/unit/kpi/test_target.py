from fractions import Fraction

import pytest

from stream_app.kpi.target import Goal, target


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("< 900", "< 900"),
        ("<15m", "< 900"),
        ("<= 1.5h", "<= 5400"),
        ("< 1d", "< 86400"),
        ("> 40%", "> 0.4"),
        (">= 95%", ">= 0.95"),
        (">= 99.9 %", ">= 0.999"),
        (">= 4.5", ">= 4.5"),
        ("10..15", "10..15"),
        ("60..80%", "0.6..0.8"),
        ("-5% .. 5%", "-0.05..0.05"),
        ("1h..2h", "3600..7200"),
        ("<= -20% vs previous", "<= -0.2 vs previous"),
    ],
)
def test_a_target_is_shown_in_seconds_and_fractions(written: str, shown: str) -> None:
    found = target(written)
    assert found is not None
    assert found.text == shown
    assert target(shown) == found


@pytest.mark.parametrize(
    "written", ["", "15m", "= 3", "< ", "< x", "15..10", "10..", "< 15 min", "<< 3", "< 1 vs last"]
)
def test_what_is_no_target_is_none(written: str) -> None:
    assert target(written) is None


@pytest.mark.parametrize(
    ("written", "below", "at", "above"),
    [
        ("< 10", True, False, False),
        ("<= 10", True, True, False),
        ("> 10", False, False, True),
        (">= 10", False, True, True),
        ("10..10", False, True, False),
    ],
)
def test_bounds_are_compared_exactly(written: str, *, below: bool, at: bool, above: bool) -> None:
    found = target(written)
    assert found is not None
    hair = Fraction(1, 10**18)
    assert [found.met(10 - hair), found.met(Fraction(10)), found.met(10 + hair)] == [below, at, above]


def test_a_change_is_not_held_against_the_value_itself() -> None:
    found = target("<= -20% vs previous")
    assert found is not None
    assert found.met(Fraction(-1)) is None


def test_a_goal_goes_by_priority_in_every_grouping_that_has_it() -> None:
    high, low, agents = target("< 1"), target("< 2"), target("< 3")
    assert high is not None
    assert low is not None
    assert agents is not None
    goal = Goal(dimension="priority", each={"high": high, "low": low}, special={"agent": agents})
    assert goal.of({"priority": "high"}) is high
    assert goal.of({"priority": "low", "team": "net"}) is low
    assert goal.of({"priority": "medium"}) is None
    assert goal.of({}) is None
    assert goal.of({"team": "net"}) is None
    assert goal.of({"agent": "ani"}) is agents
    assert goal.of({"agent": "ani", "team": "net"}) is None


def test_one_target_holds_for_every_row() -> None:
    one = target(">= 90%")
    assert one is not None
    assert Goal(one).of({}) is one
    assert Goal(one).of({"team": "net", "priority": "high"}) is one
