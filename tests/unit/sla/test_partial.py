"""Entities that the stream meets in the middle of their life, or before it."""

from __future__ import annotations

import pytest

from stream_app.sla.events import Event
from tests.unit.sla.build import comment, created, detected, due, era, event, policy, seen, status, turn, updated

DESK = era(
    policy("high", match={"priority": "high"}, first_response="15m", resolution="2h"),
    policy("rest", first_response="1h", next_response="30m", resolution="4h"),
    incidents=[policy(acknowledge="10m", resolve="8h", regulations="gdpr")],
)


@pytest.mark.parametrize(
    "first",
    [
        updated("09:00", team=None),
        comment("09:00", "requester"),
        event("ticket.escalated", "09:00"),
        event("ticket.worked", "09:00", {"agent": "ani", "seconds": 60}),
        event("ticket.rated", "09:00", {"score": 5}),
        event("ticket.diagnosed", "09:00", {"category": "net"}),
        due("09:00", "next_response", "12:00"),
        status("09:00", "open"),
    ],
    ids=lambda first: type(first).__name__,
)
def test_any_event_may_be_the_first_and_the_clocks_run_from_it(first: Event) -> None:
    told = seen([first], DESK, "09:30")
    assert told.row["partial"] is True
    assert (told.row["priority"], told.row["status"], told.moment("created_at")) == ("medium", "open", "09:00")
    assert told.clock("first_response")[:3] == ("running", "09:00", "10:00")
    assert told.clock("resolution")[:3] == ("running", "09:00", "13:00")
    assert told.facts("created") == []


def test_a_first_event_sets_no_field_that_it_would_not_set_later() -> None:
    story = event("ticket.diagnosed", "09:00", {"category": "net"})
    assert seen([story], DESK, "09:00").ticket.category is None
    assert seen([event("ticket.worked", "09:00", {"agent": "ani", "seconds": 5})], DESK, "09:00").ticket.agent is None
    assert seen([event("ticket.escalated", "09:00", {"tier": 2, "team": "os"})], DESK, "09:00").ticket.tier == 2


def test_what_is_known_is_known() -> None:
    told = seen([updated("09:00", priority="high", team="net", agent="ani")], DESK, "09:00")
    assert (told.row["priority"], told.row["policy"]) == ("high", "high")
    assert told.clocks == ["first_response/1", "ola:net/1", "resolution/1"]
    assert told.row["reassignments"] == 0


def test_the_first_event_acts_on_the_clocks_that_it_starts() -> None:
    told = seen([comment("09:00")], DESK, "09:30")
    assert told.clock("first_response") == ("met", "09:00", "10:00", "09:00", 0, 60, None)
    assert told.moment("first_response_at") == "09:00"
    assert told.facts("first_response") == []


@pytest.mark.parametrize("done", ["resolved", "closed"])
def test_first_seen_done_it_has_met_its_clocks(done: str) -> None:
    told = seen([status("09:00", done)], DESK, "20:00")
    assert told.clock("resolution")[:5] == ("met", "09:00", "13:00", "09:00", 0)
    assert told.facts("resolution") == []
    assert told.facts("resolved") == [("09:00", 1)]


def test_first_seen_paused_it_is_paused() -> None:
    assert seen([status("09:00", "pending")], DESK, "20:00").clock("resolution").state == "paused"


def test_first_seen_merged_it_is_cancelled() -> None:
    told = seen([event("ticket.merged", "09:00", {"into": "T-2"})], DESK, "20:00")
    assert (told.row["status"], told.clock("resolution").state) == ("cancelled", "cancelled")


def test_first_seen_at_a_due_it_has_that_due() -> None:
    assert seen([due("09:00", "resolution", "10:00")], DESK, "09:30").clock("resolution").due == "10:00"


def test_durations_of_a_partial_ticket_stay_out_of_means() -> None:
    told = seen([updated("09:00", team="net"), comment("09:30"), status("10:00", "resolved")], DESK, "12:00")
    assert (told.facts("first_response"), told.facts("resolution"), told.facts("resolved")) == ([], [], [("10:00", 1)])
    assert told.clock("first_response").state == "met"


def test_the_creating_event_within_lateness_makes_it_whole_again() -> None:
    story = [comment("10:00"), created("09:30", "high")]
    told = seen(story, DESK, "12:00")
    assert "partial" not in told.row
    assert told.moment("created_at") == "09:30"
    assert told.clock("first_response") == ("breached", "09:30", "09:45", "10:00", 30, 15, "09:45")
    assert told.facts("created") == [("09:30", 1)]
    assert told.facts("first_response") == [("10:00", 30)]


def test_a_creating_event_beyond_lateness_is_an_update() -> None:
    told = seen([comment("11:00"), created("09:30", "high", customer="acme")], DESK, "12:00")
    assert (told.row["partial"], told.moment("created_at"), told.row["priority"]) == (True, "11:00", "high")
    assert told.ticket.customer == "acme"


# before the creating event's own time


def test_a_reply_before_the_creation_counts_as_happening_at_the_start() -> None:
    story = [created("09:00"), comment("08:30"), status("10:00", "resolved")]
    told = seen(story, DESK, "12:00")
    assert "partial" not in told.row
    assert told.clock("first_response")[:5] == ("met", "09:00", "10:00", "09:00", 0)
    assert told.moment("first_response_at") == "09:00"
    # its durations stay out of means
    assert (told.facts("first_response"), told.facts("resolution")) == ([], [])
    assert told.facts("created") == [("09:00", 1)]


def test_a_stage_before_the_detection_counts_as_happening_at_the_start() -> None:
    told = seen([turn("08:30", "acknowledged"), detected("09:00"), turn("10:00", "resolved")], DESK, "12:00")
    assert "partial" not in told.row
    assert told.clock("acknowledge")[:5] == ("met", "09:00", "09:10", "09:00", 0)
    assert (told.moment("detected_at"), told.moment("acknowledged_at")) == ("09:00", "09:00")
    assert (told.facts("acknowledge_time"), told.facts("resolve_time")) == ([], [])


def test_a_resolution_before_the_creation_counts_as_happening_at_the_start() -> None:
    told = seen([status("08:30", "closed"), created("09:00")], DESK, "12:00")
    assert (told.moment("resolved_at"), told.moment("closed_at")) == ("09:00", "09:00")
    assert told.clock("resolution")[:5] == ("met", "09:00", "13:00", "09:00", 0)
    assert told.row["paused_seconds"] == 0


def test_a_change_of_policy_before_the_creation_is_no_re_target() -> None:
    # the policy right after the creating event judges it
    told = seen([updated("08:30", priority="low"), created("09:00", "high")], DESK, "09:05")
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert clock.started_at == told.ticket.created_at


@pytest.mark.parametrize("kind", ["incident.updated", "incident.resolved", "ticket.updated", "ticket.deleted"])
def test_a_first_event_may_come_without_data(kind: str) -> None:
    told = seen([event(kind, "09:00")], DESK, "09:30")
    assert told.row["partial"] is True
