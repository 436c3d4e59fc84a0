"""The account of a life, held to the report of the same life."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream_app.account.account import Account, account
from stream_app.account.course import What
from stream_app.account.tally import legs, total
from stream_app.sla import report
from stream_app.sla.era import Era
from stream_app.sla.history import as_of
from stream_app.sla.instant import DAY, HOUR, MINUTE, text
from stream_app.sla.signals import standing
from tests.property.stories import Story, dated, stories
from tests.unit.sla.build import entries

whenever = st.sampled_from((0, 0, 0, 20 * MINUTE, HOUR, HOUR + 1, 3 * HOUR))
later = st.sampled_from((0, HOUR, 3 * HOUR, 2 * DAY))


def told(story: Story, eras: Sequence[Era], after: int) -> Account:
    arrived = [one.event for one in story.arrivals()]
    history = entries(arrived, eras)
    until = max(entry.at for entry in history) + after
    found = account(history, eras, until)
    assert found is not None
    state = as_of(history, eras, until)
    assert state is not None
    assert replace(found.state, rung_at=None) == replace(state, rung_at=None), "it is the fold that all others make"
    return found


@given(stories(whenever), dated(), later)
def test_the_spans_of_every_clock_add_up_to_the_elapsed_time_of_the_report(
    story: Story, eras: tuple[Era, ...], after: int
) -> None:
    found = told(story, eras, after)
    rows = {(row["clock"], row["cycle"]): row for row in report.entity(found.state, eras, found.until)["clocks"]}
    for clock in found.state.clocks:
        spans = found.spans(clock)
        assert total(spans) / 1_000_000 == rows[clock.name, clock.cycle]["elapsed_seconds"]


@given(stories(whenever), dated(), later)
def test_every_turn_of_the_report_is_told(story: Story, eras: tuple[Era, ...], after: int) -> None:
    found = told(story, eras, after)
    turns = [(turn.clock, turn.what, text(turn.at), step) for step in found.steps for turn in step.turns]
    for row in report.entity(found.state, eras, found.until)["clocks"]:
        its = {(what, at) for clock, what, at, _ in turns if clock == (row["clock"], row["cycle"])}
        starts = {at for what, at in its if what in {What.STARTED, What.RETARGETED}}
        assert row["started_at"] in starts
        if row["breached_at"] is not None:
            assert (What.BREACHED, row["breached_at"]) in its
        if row["stopped_at"] is not None:
            end = {"met": What.MET, "breached": What.STOPPED, "cancelled": What.CANCELLED}[row["state"]]
            assert (end, row["stopped_at"]) in its


@given(stories(whenever), dated(), later)
def test_what_was_said_less_what_was_withdrawn_is_what_stands(story: Story, eras: tuple[Era, ...], after: int) -> None:
    found = told(story, eras, after)
    stands: set[tuple[object, ...]] = set()
    for step in found.steps:
        for turn in step.turns:
            said = (
                *turn.clock,
                turn.warned.threshold if turn.warned else None,
                turn.warned.at if turn.warned else turn.breached_at,
            )
            if turn.what is What.WITHDRAWN:
                stands.remove(said)
            elif turn.what in {What.WARNED, What.BREACHED}:
                assert said not in stands
                stands.add(said)
    assert stands >= {
        (one.clock, one.cycle, one.threshold, one.at)
        for one in standing(found.state.id, found.state.clocks)
        if one.type in {"sla.warning", "sla.breached"}
    }
    assert len(stands) == sum(len(clock.warned) + (clock.breached_at is not None) for clock in found.state.clocks)


@given(stories(whenever), dated(), later)
def test_the_policy_that_was_chosen_is_the_one_that_judges(story: Story, eras: tuple[Era, ...], after: int) -> None:
    found = told(story, eras, after)
    choices = [step.choice for step in found.steps if step.choice is not None]
    assert (choices[-1].era, choices[-1].policy) == (found.state.era, found.state.policy)
    for choice in choices:
        assert all(tried.failed for tried in choice.tried[:-1])


@given(stories(whenever), dated(), later)
def test_the_way_to_every_deadline_adds_up_to_the_target(story: Story, eras: tuple[Era, ...], after: int) -> None:
    found = told(story, eras, after)
    for clock in found.state.clocks:
        if clock.target is None or clock.due is None or clock.fixed is not None:
            continue
        reckoning = found.reckonings[clock.name, clock.cycle]
        then = reckoning.clock
        way = legs(reckoning.known, then, found.calendar(then))
        assert then.due == clock.due
        assert total(way) == then.base + (then.target or 0), (then, way)
