"""The clocks that people's words start and stop: first response, next response, periodic update."""

from __future__ import annotations

import pytest

from tests.unit.sla.build import comment, created, era, event, policy, seen, status, updated

DESK = era(policy(first_response="1h", next_response="30m", periodic_update="2h", resolution="8h"))

# the first response


def test_the_first_public_comment_by_an_agent_stops_the_first_response() -> None:
    told = seen([created("09:00"), comment("09:30"), comment("09:45")], DESK, "12:00")
    assert told.clock("first_response") == ("met", "09:00", "10:00", "09:30", 30, 60, None)
    assert told.moment("first_response_at") == "09:30"
    assert told.facts("first_response") == [("09:30", 30)]


@pytest.mark.parametrize(
    ("role", "author", "visibility"),
    [
        ("bot", "b1", "public"),
        ("system", None, "public"),
        ("requester", "rina", "public"),
        ("agent", "rina", "public"),
        ("agent", "ani", "internal"),
    ],
)
def test_others_words_are_no_response(role: str, author: str | None, visibility: str) -> None:
    # bot reply first, an internal note, and the requester in whatever role
    told = seen([created("09:00", requester="rina"), comment("09:30", role, author, visibility)], DESK, "09:45")
    assert told.clock("first_response").state == "running"
    assert told.moment("first_response_at") is None


def test_a_bots_reply_leaves_the_response_to_the_agent() -> None:
    told = seen([created("09:00"), comment("09:01", "bot"), comment("09:20")], DESK, "09:45")
    assert told.clock("first_response").stopped == "09:20"


def test_the_requesters_words_before_the_response_are_no_question() -> None:
    assert "next_response/1" not in seen([created("09:00"), comment("09:30", "requester")], DESK, "10:00").clocks


def test_a_comment_without_a_known_visibility_is_public() -> None:
    for data in ({"author": {"role": "agent"}}, {"author": {"role": "agent"}, "visibility": None}):
        told = seen([created("09:00"), event("ticket.commented", "09:30", data)], DESK, "09:45")
        assert told.moment("first_response_at") == "09:30"


def test_an_agent_opens_the_ticket_with_a_public_comment_and_that_is_no_reply() -> None:
    told = seen([created("09:00"), comment("09:00"), comment("09:00", "requester")], DESK, "09:30")
    assert told.clocks == ["first_response/1", "resolution/1"]
    assert told.clock("first_response").state == "running"


def test_a_resolution_without_a_reply_meets_the_first_response_but_is_no_response_time() -> None:
    told = seen([created("09:00"), status("09:30", "resolved")], DESK, "12:00")
    assert told.clock("first_response")[:4] == ("met", "09:00", "10:00", "09:30")
    assert told.moment("first_response_at") is None
    assert told.facts("first_response") == []


def test_a_reopen_starts_no_second_first_response() -> None:
    story = [created("09:00"), status("09:30", "resolved"), status("10:00", "open"), comment("10:30")]
    told = seen(story, DESK, "11:00")
    assert [clock for clock in told.clocks if "first" in clock] == ["first_response/1"]
    # the reply after it is the first all the same, but it did not stop the clock
    assert told.moment("first_response_at") == "10:30"
    assert told.facts("first_response") == []


@pytest.mark.parametrize("done", ["resolved", "closed"])
def test_a_comment_on_a_done_ticket_starts_and_stops_nothing(done: str) -> None:
    story = [created("09:00"), comment("09:10"), status("10:00", done)]
    told = seen([*story, comment("10:30", "requester"), comment("11:00")], DESK, "12:00")
    assert told.clocks == ["first_response/1", "periodic_update/1", "resolution/1"]
    assert told.row["status"] == done


def test_a_requester_replies_to_a_resolved_ticket_without_reopening_it() -> None:
    story = [created("09:00"), comment("09:10"), status("10:00", "resolved"), comment("10:30", "requester")]
    told = seen(story, DESK, "20:00")
    assert (told.row["status"], told.row["reopens"], told.moment("resolved_at")) == ("resolved", 0, "10:00")
    assert "next_response/1" not in told.clocks


def test_a_reply_on_a_resolved_ticket_is_no_first_response() -> None:
    told = seen([created("09:00"), status("09:30", "resolved"), comment("09:40")], DESK, "10:00")
    assert told.moment("first_response_at") is None


def test_a_reply_on_a_cancelled_ticket_is_the_first_response_but_no_fact() -> None:
    told = seen([created("09:00"), status("09:30", "cancelled"), comment("09:40")], DESK, "10:00")
    assert told.moment("first_response_at") == "09:40"
    assert (told.clock("first_response").state, told.facts("first_response")) == ("cancelled", [])


# the next response


def test_a_question_after_the_first_response_starts_the_next() -> None:
    #  09:10 reply   09:20 question |------| 09:40 reply   10:00 question |------------| due 10:30
    story = [created("09:00"), comment("09:10"), comment("09:20", "requester"), comment("09:40")]
    told = seen([*story, comment("10:00", "requester")], DESK, "11:00")
    assert told.clock("next_response", 1) == ("met", "09:20", "09:50", "09:40", 20, 30, None)
    assert told.clock("next_response", 2) == ("breached", "10:00", "10:30", None, 60, 30, "10:30")


def test_the_oldest_unanswered_question_counts() -> None:
    story = [created("09:00"), comment("09:10"), comment("09:20", "requester"), comment("09:30", "requester")]
    told = seen(story, DESK, "09:40")
    assert (told.clock("next_response").started, told.clock("next_response").due) == ("09:20", "09:50")
    assert "next_response/2" not in told.clocks


def test_the_requester_asks_whatever_role_is_stated() -> None:
    story = [created("09:00", requester="rina"), comment("09:10"), comment("09:20", "agent", "rina")]
    assert seen(story, DESK, "09:30").clock("next_response").started == "09:20"


def test_somebody_without_an_id_is_not_the_requester_whose_id_is_unknown() -> None:
    assert seen([created("09:00"), comment("09:10")], DESK, "09:30").moment("first_response_at") == "09:10"


def test_a_resolution_answers_the_question() -> None:
    story = [created("09:00"), comment("09:10"), comment("09:20", "requester"), status("09:30", "resolved")]
    assert seen(story, DESK, "10:00").clock("next_response")[:4] == ("met", "09:20", "09:50", "09:30")


def test_a_question_is_not_paused_by_default() -> None:
    story = [created("09:00"), comment("09:10"), status("09:15", "pending"), comment("09:20", "requester")]
    assert seen(story, DESK, "10:00").clock("next_response").breached == "09:50"


# the periodic update


def test_each_public_comment_by_an_agent_starts_a_new_period() -> None:
    told = seen([created("09:00"), comment("09:30"), comment("10:30")], DESK, "12:00")
    assert told.clock("periodic_update", 1) == ("met", "09:30", "11:30", "10:30", 60, 120, None)
    assert told.clock("periodic_update", 2)[:3] == ("running", "10:30", "12:30")


def test_a_resolution_ends_the_period_and_starts_none() -> None:
    told = seen([created("09:00"), comment("09:30"), status("10:00", "resolved")], DESK, "12:00")
    assert told.clock("periodic_update", 1)[:4] == ("met", "09:30", "11:30", "10:00")
    assert "periodic_update/2" not in told.clocks


def test_a_period_waits_while_the_ticket_is_pending_but_not_while_it_is_on_hold() -> None:
    story = [created("09:00"), comment("09:30"), status("10:00", "pending"), status("11:00", "on_hold")]
    assert seen(story, DESK, "11:00").clock("periodic_update").due == "12:30"
    assert seen(story[:3], DESK, "23:00").clock("periodic_update")[:3] == ("paused", "09:30", None)


def test_a_period_that_begins_on_a_pending_ticket_begins_paused() -> None:
    told = seen([created("09:00"), status("09:10", "pending"), comment("09:30")], DESK, "10:00")
    assert told.clock("periodic_update") == ("paused", "09:30", None, None, 0, 120, None)


def test_a_policy_that_lists_no_periodic_update_has_none() -> None:
    desk = era(policy("quiet", match={"priority": "low"}, resolution="8h"), policy("busy", periodic_update="2h"))
    told = seen([created("09:00", "low"), comment("09:30")], desk, "10:00")
    assert "periodic_update/1" not in told.clocks
    later = seen(
        [created("09:00", "low"), comment("09:30"), updated("10:00", priority="high"), comment("11:00")], desk, "12:00"
    )
    assert later.clock("periodic_update").started == "11:00"


def test_an_internal_note_is_no_update() -> None:
    told = seen([created("09:00"), comment("09:30"), comment("10:00", visibility="internal")], DESK, "12:00")
    assert told.clock("periodic_update").breached == "11:30"
