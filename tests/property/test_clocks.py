"""Clocks against a stopwatch that looks every minute, and against the laws of pauses and re-targets."""

from __future__ import annotations

from typing import Final, NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from stream_app.sla.clock import Clock
from stream_app.sla.era import Era
from stream_app.sla.history import as_of
from stream_app.sla.instant import MINUTE, Micros
from stream_app.sla.policy import ClockRule, Span, Threshold
from tests.unit.sla.build import OFFICE, at, created, entries, era, policy, shown, status, updated

START: Final = at("07:00")
"""An hour before the office opens."""
LONG: Final = 30 * 60
"""Minutes that are looked at: until the next day's early afternoon."""

minutes = st.integers(0, LONG)
spans = st.integers(1, 12 * 60)
turns = st.lists(st.tuples(minutes, st.sampled_from(("open", "pending", "on_hold"))), max_size=6)


def clock(turned: list[tuple[int, str]], desk: Era, until: int, stop: int | None = None) -> Clock:
    """The resolution clock of a ticket that was turned so, at minutes after its creation."""
    story = [created(shown(START)), *(status(shown(START + minute * MINUTE), to) for minute, to in sorted(turned))]
    if stop is not None:
        story.append(status(shown(START + stop * MINUTE), "resolved"))
    state = as_of(entries(story, [desk]), [desk], START + until * MINUTE)
    assert state is not None
    found = state.find("resolution")
    assert found is not None
    return found


def desk(target: int | None, *warn: int, calendar: str = "office", change: str = "recompute") -> Era:
    """Spans in minutes; warnings are at shares of the target."""
    thresholds = tuple(Threshold(f"{share}%", share=(share, 100)) for share in warn)
    goal = None if target is None else Span(Micros(target * MINUTE))
    return era(policy(calendar=calendar, change=change, resolution=ClockRule(goal, thresholds)), lateness="30d")


class Looked(NamedTuple):
    """What the stopwatch shows, in minutes after the creation."""

    elapsed: int
    due: int | None
    breached: int | None
    warned: list[tuple[str, int]]


def stopwatch(turned: list[tuple[int, str]], target: int, warn: tuple[int, ...], until: int) -> Looked:
    """What one sees who looks every minute whether the office is open and the clock runs."""
    elapsed, running = 0, True
    due, breached = None, None
    left = sorted((share * target, f"{share}%") for share in warn)  # in hundredths of a minute
    warned: list[tuple[str, int]] = []
    at_minute = dict(sorted(turned))  # of one minute the last one counts
    for minute in range(until + 1):
        if running and due is not None and due < minute and breached is None:
            breached = due
        if minute in at_minute:
            running = at_minute[minute] == "open"
        if breached is None:
            if not running:
                due = None  # a deadline that a pause met is no deadline any more
            while running and left and elapsed * 100 >= left[0][0]:
                warned.append((left.pop(0)[1], minute))
            if running and due is None and elapsed >= target:
                due = minute
        now = Micros(START + minute * MINUTE)
        if running and minute < until:
            elapsed += OFFICE.between(now, Micros(now + MINUTE)) // MINUTE
    return Looked(elapsed, due, breached, warned)


@given(turned=turns, target=spans, until=minutes)
def test_a_clock_shows_what_a_stopwatch_shows(turned: list[tuple[int, str]], target: int, until: int) -> None:
    # shares of a target that is a multiple of 4 are whole minutes
    target *= 4
    turned = list(dict(sorted(turned)).items())
    found = clock(turned, desk(target, 25, 50, 75), until)
    looked = stopwatch([turn for turn in turned if turn[0] <= until], target, (25, 50, 75), until)
    assert found.elapsed(OFFICE, START + until * MINUTE) == looked.elapsed * MINUTE
    assert [(said.threshold, (said.at - START) // MINUTE) for said in found.warned] == looked.warned
    assert found.breached_at == (None if looked.breached is None else START + looked.breached * MINUTE)
    if found.due is not None and looked.due is not None:
        assert found.due == START + looked.due * MINUTE


@given(worked=spans, waited=spans)
def test_waiting_for_the_customer_costs_nothing(worked: int, waited: int) -> None:
    #  07:00 |--worked--|~~waited~~|--left--| due
    target = worked + 60
    turned = [(worked, "pending"), (worked + waited, "open")]
    always = desk(target, calendar="always")
    assert clock(turned, always, worked + waited).due == START + (target + waited) * MINUTE


@given(turned=turns, target=spans, stop=minutes)
def test_met_if_and_only_if_it_stopped_at_or_before_its_due(
    turned: list[tuple[int, str]], target: int, stop: int
) -> None:
    found = clock([turn for turn in turned if turn[0] <= stop], desk(target), LONG + 1, stop)
    assert found.stopped_at is not None
    assert found.due is not None
    assert (found.breached_at is None) == (found.stopped_at <= found.due)
    assert found.breached_at in {None, found.due}


@given(turned=turns, target=spans, until=minutes, later=minutes)
def test_what_has_been_said_stays_said_as_time_goes_on(
    turned: list[tuple[int, str]], target: int, until: int, later: int
) -> None:
    assume(until <= later)
    first, second = (clock(turned, desk(target, 30, 60, 90), when) for when in (until, later))
    assert second.warned[: len(first.warned)] == first.warned
    assert first.breached_at in {None, second.breached_at}


def changed(old: int | None, new: int, mode: str, turned: list[tuple[int, str]], when: int, calendar: str) -> Clock:
    """The clock right after its target was changed at a minute."""
    rules = [ClockRule(None if goal is None else Span(Micros(goal * MINUTE))) for goal in (new, old)]
    both = era(
        policy("new", match={"priority": "high"}, calendar=calendar, change=mode, resolution=rules[0]),
        policy("old", calendar=calendar, resolution=rules[1]),
        lateness="30d",
    )
    story = [created(shown(START), "low")]
    story += [status(shown(START + minute * MINUTE), to) for minute, to in sorted(turned) if minute < when]
    story.append(updated(shown(START + when * MINUTE), priority="high"))
    state = as_of(entries(story, [both]), [both], START + when * MINUTE)
    assert state is not None
    found = state.find("resolution")
    assert found is not None
    return found


calendars = st.sampled_from(("always", "office"))
ends = st.integers(1, LONG)
distant = st.integers(LONG + 1, 2 * LONG)
"""Targets that nobody misses while it is looked at."""


@given(turned=turns, old=distant | st.none(), new=spans, when=ends, calendar=calendars)
def test_recomputed_it_is_as_if_it_had_always_had_the_new_target(
    turned: list[tuple[int, str]], old: int | None, new: int, when: int, calendar: str
) -> None:
    always = clock([turn for turn in turned if turn[0] < when], desk(new, calendar=calendar), when)
    found = changed(old, new, "recompute", turned, when, calendar)
    assert (found.state, found.done, found.since) == (always.state, always.done, always.since)
    if always.breached_at is None:
        assert (found.due, found.breached_at) == (always.due, None)
    elif found.since is not None:  # a paused one says so at its resume
        assert (found.due, found.breached_at) == (always.due, START + when * MINUTE)


@given(turned=turns, old=spans | st.none(), new=spans, when=ends, calendar=calendars)
def test_on_one_calendar_carrying_over_is_recomputing(
    turned: list[tuple[int, str]], old: int | None, new: int, when: int, calendar: str
) -> None:
    one, other = (changed(old, new, mode, turned, when, calendar) for mode in ("recompute", "carry"))
    assert (one.state, one.due, one.breached_at, one.on_attach) == (
        other.state,
        other.due,
        other.breached_at,
        other.on_attach,
    )


@given(old=spans, new=spans, when=ends, calendar=calendars, mode=st.sampled_from(("forward", "reset")))
def test_set_forward_or_reset_it_is_due_a_whole_target_from_now(
    old: int, new: int, when: int, calendar: str, mode: str
) -> None:
    assume(old != new)
    found = changed(old, new, mode, [], when, calendar)
    now = Micros(START + when * MINUTE)
    whole = Micros(new * MINUTE)
    assert found.due == (OFFICE.add(now, whole) if calendar == "office" else now + whole)
    assert found.breached_at is None
