"""The turns of one clock: a table, and where it has no edge nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from stream_app.sla import turn
from stream_app.sla.calendar import Always
from stream_app.sla.clock import NEXT, Clock, State, Turn
from stream_app.sla.deadline import over, passed_due, ring, schedule, steps
from stream_app.sla.instant import HOUR
from tests.unit.sla.build import OFFICE, at, span, thresholds

ALWAYS = Always()
NOON = at("12:00")

TURNS: dict[Turn, Callable[[Clock], object]] = {
    Turn.PAUSE: lambda clock: turn.pause(clock, (), ALWAYS, NOON),
    Turn.RESUME: lambda clock: turn.resume(clock, (), ALWAYS, NOON),
    Turn.STOP: lambda clock: turn.stop(clock, ALWAYS, NOON),
    Turn.CANCEL: lambda clock: turn.cancel(clock, ALWAYS, NOON),
    Turn.REOPEN: lambda clock: turn.reopen(clock, (), ALWAYS, NOON, counting=False),
}


def started(target: str | None = "4h") -> Clock:
    clock = Clock(name="resolution", cycle=1, started_at=at("09:00"))
    turn.begin(clock, None if target is None else span(target), ALWAYS)
    return clock


def in_state(state: State) -> Clock:
    clock = started()
    if state is State.PAUSED:
        turn.pause(clock, (), ALWAYS, at("10:00"))
    elif state is State.STOPPED:
        turn.stop(clock, ALWAYS, at("10:00"))
    elif state is State.CANCELLED:
        turn.cancel(clock, ALWAYS, at("10:00"))
    assert clock.state is state
    return clock


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("turned", Turn)
def test_a_turn_leads_where_the_table_says_and_nowhere_else(state: State, turned: Turn) -> None:
    clock = in_state(state)
    before = replace(clock)
    TURNS[turned](clock)
    if (state, turned) in NEXT:
        assert clock.state is NEXT[state, turned]
    else:
        assert clock == before


def test_a_clock_that_has_ended_is_not_rewound() -> None:
    clock = in_state(State.STOPPED)
    before = replace(clock)
    turn.rewind(clock, ALWAYS, at("09:30"))
    assert clock == before


def test_a_rewound_clock_is_as_it_was_then() -> None:
    #  09:00 |----| 10:00 ~~~~ 11:00 |----| 12:00 ~~~~
    clock = started()
    turn.pause(clock, (), ALWAYS, at("10:00"))
    turn.resume(clock, (), ALWAYS, at("11:00"))
    turn.pause(clock, (), ALWAYS, at("12:00"))
    for when, state, done, due in (
        ("11:30", State.RUNNING, HOUR, at("14:00")),
        ("11:00", State.PAUSED, HOUR, None),
        ("10:30", State.PAUSED, HOUR, None),
        ("10:00", State.RUNNING, 0, at("13:00")),
        ("09:30", State.RUNNING, 0, at("13:00")),
    ):
        earlier = replace(clock)
        turn.rewind(earlier, ALWAYS, at(when))
        assert (earlier.state, earlier.done, earlier.due) == (state, done, due)


def test_a_clock_knows_its_deadline_from_the_start_and_keeps_it_as_the_original() -> None:
    clock = started()
    assert (clock.due, clock.original_due) == (at("13:00"), at("13:00"))
    assert started(None).due is None
    assert started(None).rings is None


def test_it_is_over_after_its_deadline_and_not_at_it() -> None:
    clock = started()
    assert not over(clock, ALWAYS, at("13:00"))
    assert over(clock, ALWAYS, at("13:00") + 1)
    assert passed_due(clock, ALWAYS, at("20:00")) == at("13:00")
    assert passed_due(started(None), ALWAYS, at("20:00")) is None


def test_what_was_counted_to_the_full_at_the_instant_of_a_pause_is_reached_at_the_resume() -> None:
    clock = started("1h")
    turn.pause(clock, (), ALWAYS, at("10:00"))
    assert passed_due(clock, ALWAYS, at("20:00")) is None
    turn.resume(clock, (), ALWAYS, at("11:00"))
    assert passed_due(clock, ALWAYS, at("11:00")) is None
    assert passed_due(clock, ALWAYS, at("11:00") + 1) == at("11:00")


def test_steps_are_ascending_and_of_one_instant_in_the_configurations_order() -> None:
    assert steps(thresholds("75% 1h 50% 2h 25%"), 0, 4 * HOUR) == (
        (HOUR, "25%"),
        (2 * HOUR, "50%"),
        (2 * HOUR, "2h"),
        (3 * HOUR, "75%"),
        (3 * HOUR, "1h"),
    )
    assert steps(thresholds("50% 4h 5h 0%"), HOUR, 4 * HOUR) == ((3 * HOUR, "50%"),)
    assert steps(thresholds("33.3%"), 0, 10) == ((4, "33.3%"),)  # the earliest that reaches 3.33


def test_a_clock_rings_until_nothing_is_left_to_say() -> None:
    warn = thresholds("50% 75%")
    clock = started()
    schedule(clock, warn, ALWAYS)
    assert not ring(clock, warn, ALWAYS, at("11:00"), at_end=False)
    assert not clock.warned
    assert not ring(clock, warn, ALWAYS, at("11:00"), at_end=True)
    assert [said.at for said in clock.warned] == [at("11:00")]
    assert not ring(clock, warn, ALWAYS, at("13:00"), at_end=True)
    assert ring(clock, warn, ALWAYS, at("13:00") + 1, at_end=True)
    assert (clock.breached_at, clock.rings) == (at("13:00"), None)
    assert not ring(clock, warn, ALWAYS, at("20:00"), at_end=True)


def test_elapsed_is_the_working_time_of_its_runs() -> None:
    clock = Clock(name="resolution", cycle=1, started_at=at("11:00"))
    turn.begin(clock, None, OFFICE)
    assert clock.elapsed(OFFICE, at("13:30")) == 1.5 * HOUR
    turn.pause(clock, (), OFFICE, at("14:00"))
    assert clock.elapsed(OFFICE, at("17:00")) == 2 * HOUR
