"""Tickets: status, assignment, pauses, first contact, and the rest of the fine print."""

from __future__ import annotations

from typing import Any

import pytest

from stream_app.sla.instant import HOUR
from tests.unit.sla.build import (
    at,
    comment,
    created,
    due,
    era,
    event,
    policy,
    rule,
    seen,
    shown,
    status,
    updated,
    working,
)

DESK = era(policy(first_response="1h", resolution="4h", ola_net="2h", ola_os=rule("1h")))

# status


def test_a_ticket_without_a_status_is_new_and_a_partial_one_open() -> None:
    assert seen([created("09:00")], DESK, "09:00").row["status"] == "new"
    assert seen([updated("09:00", team="net")], DESK, "09:00").row["status"] == "open"


@pytest.mark.parametrize("waiting", ["pending", "on_hold"])
def test_a_ticket_opened_paused_is_paused_from_its_first_moment(waiting: str) -> None:
    told = seen([created("09:00", status=waiting), status("10:00", "open")], DESK, "11:00")
    assert told.clock("resolution") == ("running", "09:00", "14:00", None, 60, 240, None)
    assert told.clock("first_response").breached == "10:00"
    assert told.row["paused_seconds"] == 3600


@pytest.mark.parametrize("done", ["resolved", "closed"])
def test_a_ticket_created_already_done_has_met_its_clocks_at_once(done: str) -> None:
    told = seen([created("09:00", status=done, team="net")], DESK, "20:00")
    assert [told.clock(name)[:5] for name in ("first_response", "ola:net", "resolution")] == [
        ("met", "09:00", "10:00", "09:00", 0),
        ("met", "09:00", "11:00", "09:00", 0),
        ("met", "09:00", "13:00", "09:00", 0),
    ]
    assert told.moment("resolved_at") == "09:00"
    assert told.moment("closed_at") == ("09:00" if done == "closed" else None)
    assert told.row["first_contact_resolution"] is True


def test_a_ticket_created_cancelled_is_that() -> None:
    told = seen([created("09:00", status="cancelled")], DESK, "20:00")
    assert told.row["status"] == "cancelled"
    assert told.clock("resolution")[:4] == ("cancelled", "09:00", "13:00", "09:00")


def test_resolved_at_is_the_last_step_from_open_and_closing_does_not_move_it() -> None:
    story = [created("09:00"), status("10:00", "resolved"), status("11:00", "closed"), status("12:00", "resolved")]
    told = seen([*story, status("13:00", "closed")], DESK, "14:00")
    assert (told.moment("resolved_at"), told.moment("closed_at")) == ("10:00", "13:00")
    assert told.row["reopens"] == 0
    assert told.clock("resolution").stopped == "10:00"


def test_closed_without_resolved_counts_as_resolved_then() -> None:
    told = seen([created("09:00"), status("10:00", "closed")], DESK, "14:00")
    assert (told.moment("resolved_at"), told.moment("closed_at")) == ("10:00", "10:00")
    assert told.clock("resolution").stopped == "10:00"


def test_a_reopen_sets_both_to_null_until_they_happen_anew() -> None:
    story = [created("09:00"), status("10:00", "closed"), status("11:00", "open")]
    told = seen(story, DESK, "11:30")
    assert (told.moment("resolved_at"), told.moment("closed_at"), told.row["reopens"]) == (None, None, 1)
    assert told.row["first_contact_resolution"] is None
    again = seen([*story, status("12:00", "resolved")], DESK, "13:00")
    assert (again.moment("resolved_at"), again.moment("closed_at")) == ("12:00", None)


@pytest.mark.parametrize("same", ["new", "pending", "resolved", "closed", "cancelled"])
def test_the_status_it_already_has_changes_nothing(same: str) -> None:
    story = [created("09:00"), status("10:00", same)]
    once, twice = seen(story, DESK, "12:00"), seen([*story, status("11:00", same)], DESK, "12:00")
    assert once.row == twice.row
    assert once.state.facts() == twice.state.facts()


@pytest.mark.parametrize("to", ["new", "open", "pending", "on_hold"])
def test_a_step_back_to_any_open_status_is_a_reopen(to: str) -> None:
    told = seen([created("09:00"), status("10:00", "resolved"), status("11:00", to)], DESK, "11:30")
    assert told.row["reopens"] == 1
    assert told.clock("resolution", 2).state == ("paused" if to in {"pending", "on_hold"} else "running")


def test_two_events_in_one_second_keep_their_order() -> None:
    story = [created("09:00"), status("10:00:00.2", "resolved"), status("10:00:00.5", "closed")]
    told = seen([*story, status("10:00:00.9", "open")], DESK, "10:30")
    assert (told.row["status"], told.row["reopens"]) == ("open", 1)
    assert told.clock("resolution", 2).started == "10:00:00.900000"


def test_what_was_resolved_can_still_be_cancelled_and_what_had_stopped_stays() -> None:
    told = seen([created("09:00"), status("10:00", "resolved"), status("11:00", "cancelled")], DESK, "20:00")
    assert told.row["status"] == "cancelled"
    assert told.clock("resolution")[:4] == ("met", "09:00", "13:00", "10:00")
    assert told.said("resolution") == ["10:00 met"]


# cancelled, merged, deleted


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("ticket.status_changed", {"status": "cancelled"}),
        ("ticket.merged", {"into": "T-2"}),
        ("ticket.deleted", {}),
        ("ticket.deleted", None),
    ],
)
def test_an_end_without_a_resolution_cancels_unfinished_clocks_and_withdraws_what_they_said(
    kind: str, data: dict[str, Any] | None
) -> None:
    desk = era(policy(first_response="1h", resolution=rule("2h", "50%")))
    story = [created("09:00"), comment("09:30"), event(kind, "12:00", data)]
    told = seen(story, desk, "20:00")
    assert told.row["status"] == "cancelled"
    assert told.clock("resolution") == ("cancelled", "09:00", "11:00", "12:00", 180, 120, None)
    assert told.said("resolution") == ["12:00 cancelled"]
    assert told.said("first_response") == ["09:30 met"]
    assert told.moment("resolved_at") is None
    # out of compliance, but for what had stopped before
    assert (told.facts("clock"), told.labels("clock")["clock"]) == ([("09:30", 1)], "first_response")
    assert told.facts("open") == []


def test_a_reply_on_a_merged_ticket_changes_no_clock() -> None:
    story = [created("09:00"), event("ticket.merged", "09:30", {"into": "T-2"}), comment("09:40")]
    told = seen([*story, comment("09:50", "requester")], DESK, "20:00")
    assert told.clocks == ["first_response/1", "resolution/1"]
    assert {told.clock(name).state for name in ("first_response", "resolution")} == {"cancelled"}


def test_a_paused_clock_is_cancelled_with_what_it_had_counted() -> None:
    story = [created("09:00"), status("10:00", "pending"), status("11:00", "cancelled")]
    assert seen(story, DESK, "20:00").clock("resolution") == ("cancelled", "09:00", None, "11:00", 60, 240, None)


# assignment


def test_agent_and_team_change_where_an_event_names_them() -> None:
    told = seen(
        [created("09:00", team="net", agent="ani"), status("10:00", "open", agent="budi")], DESK, "10:00"
    ).ticket
    assert (told.team, told.agent, told.reassignments) == ("net", "budi", 1)


def test_an_explicit_null_clears_and_a_missing_key_does_not() -> None:
    told = seen([created("09:00", team="net", customer="acme"), updated("10:00", customer=None)], DESK, "10:00").ticket
    assert (told.team, told.customer) == ("net", None)


def test_a_cleared_priority_is_an_unknown_one() -> None:
    assert seen([created("09:00", "high"), updated("10:00", priority=None)], DESK, "10:00").row["priority"] == "medium"


def test_reassignments_count_against_the_last_known_value() -> None:
    # A → null → B is one; the first assignment and the same again are none
    story = [created("09:00"), updated("09:10", agent="a"), updated("09:20", agent=None), updated("09:30", agent="b")]
    assert seen(story, DESK, "10:00").row["reassignments"] == 1
    back = [*story, updated("09:40", agent=None), updated("09:50", agent="b")]
    assert seen(back, DESK, "10:00").row["reassignments"] == 1


def test_one_event_that_changes_both_is_one_reassignment() -> None:
    story = [created("09:00", team="net", agent="ani"), updated("10:00", team="os", agent="budi")]
    assert seen(story, DESK, "10:00").row["reassignments"] == 1


def test_a_team_changed_by_an_escalation_is_a_reassignment_too() -> None:
    story = [created("09:00", team="net", tier=1), event("ticket.escalated", "10:00", {"team": "os", "tier": 2})]
    told = seen(story, DESK, "10:00")
    assert (told.ticket.team, told.ticket.tier) == ("os", 2)
    assert (told.row["reassignments"], told.row["escalations"]) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("ticket.worked", {"agent": "budi", "seconds": 60}),
        ("ticket.diagnosed", {"category": "os"}),
        ("ticket.commented", {"author": {"role": "agent", "id": "budi"}}),
        ("ticket.rated", {"score": 5}),
    ],
)
def test_work_diagnosis_words_and_ratings_set_no_field(kind: str, data: dict[str, Any]) -> None:
    told = seen([created("09:00", agent="ani", category="net"), event(kind, "10:00", data)], DESK, "10:00").ticket
    assert (told.agent, told.category, told.reassignments) == ("ani", "net", 0)


def test_an_event_without_data_changes_nothing_but_what_its_type_says() -> None:
    story = [created("09:00", team="net"), event("ticket.updated", "09:10"), event("ticket.escalated", "09:20")]
    told = seen(story, DESK, "10:00")
    assert (told.ticket.team, told.row["escalations"]) == ("net", 1)


def test_hands_on_time_adds_up() -> None:
    story = [created("09:00")] + [
        event("ticket.worked", when, {"agent": "ani", "seconds": spent})
        for when, spent in (("09:10", 90.5), ("10:00", 60))
    ]
    assert seen(story, DESK, "10:00").row["handle_seconds"] == 150.5


# olas


def test_a_teams_clock_runs_while_it_has_the_ticket() -> None:
    #  09:00 |net-----| 10:00 |os----------| 11:30 resolved
    story = [created("09:00", team="net"), updated("10:00", team="os"), status("11:30", "resolved")]
    told = seen(story, DESK, "12:00")
    assert told.clock("ola:net") == ("met", "09:00", "11:00", "10:00", 60, 120, None)
    assert told.clock("ola:os") == ("breached", "10:00", "11:00", "11:30", 90, 60, "11:00")


def test_a_team_that_gets_the_ticket_back_has_another_cycle() -> None:
    story = [created("09:00", team="net"), updated("10:00", team="os"), updated("10:30", team="net")]
    told = seen(story, DESK, "11:00")
    assert told.clocks == ["first_response/1", "ola:net/1", "ola:net/2", "ola:os/1", "resolution/1"]
    assert told.clock("ola:net", 2)[:3] == ("running", "10:30", "12:30")


def test_the_same_team_again_changes_nothing() -> None:
    told = seen([created("09:00", team="net"), updated("10:00", team="net")], DESK, "10:30")
    assert told.clock("ola:net")[:4] == ("running", "09:00", "11:00", None)


def test_a_ticket_without_a_team_has_no_teams_clock() -> None:
    told = seen([created("09:00", team="net"), updated("10:00", team=None)], DESK, "10:30")
    assert told.clock("ola:net").stopped == "10:00"
    assert "ola:None/1" not in told.clocks


def test_a_teams_clock_waits_as_the_resolution_does_and_may_begin_waiting() -> None:
    story = [created("09:00", team="net"), status("09:30", "on_hold"), updated("10:00", team="os")]
    told = seen(story, DESK, "11:00")
    assert told.clock("ola:net") == ("met", "09:00", "11:30", "10:00", 30, 120, None)
    assert told.clock("ola:os") == ("paused", "10:00", None, None, 0, 60, None)


def test_a_team_set_on_a_done_ticket_starts_its_clock_only_at_the_reopen() -> None:
    story = [created("09:00", team="net"), status("09:30", "resolved"), updated("10:00", team="os")]
    assert "ola:os/1" not in seen(story, DESK, "11:00").clocks
    told = seen([*story, status("11:00", "open")], DESK, "11:30")
    assert told.clock("ola:os")[:3] == ("running", "11:00", "12:00")
    assert "ola:net/2" not in told.clocks


def test_a_team_may_have_any_name() -> None:
    odd = "a:b / 'c' \"🔥\"" + "x" * 1000
    told = seen([created("09:00", team=odd), due("09:30", f"ola:{odd}", "10:00")], DESK, "11:00")
    assert told.clock(f"ola:{odd}").breached == "10:00"


# pauses


def test_two_pauses_in_one_day_are_both_credited() -> None:
    #  09:00 |--| 10 ~~ 11 |--| 12 ~~~~ 14 |--| due 16:00
    story = [created("09:00"), status("10:00", "pending"), status("11:00", "open")]
    story += [status("12:00", "on_hold"), status("14:00", "open")]
    told = seen(story, DESK, "14:30")
    assert told.clock("resolution") == ("running", "09:00", "16:00", None, 150, 240, None)
    assert told.row["paused_seconds"] == 3 * 3600


def test_a_pause_over_a_holiday_costs_no_working_time() -> None:
    # Tuesday the 4th is closed. Monday 16:00 to 17:00 counts, and Wednesday from 09:00 on
    desk = era(policy(calendar="shop", resolution="4h"), shop=working("08-17", closed="2025-03-04"))
    story = [created("16:00"), status("17:00", "pending"), status("05 09:00", "open")]
    told = seen(story, desk, "05 10:00")
    assert told.clock("resolution")[:6] == ("running", "16:00", "05 12:00", None, 120, 240)
    assert told.row["paused_seconds"] == 40 * 3600


def test_a_holiday_within_the_running_time_costs_nothing_either() -> None:
    desk = era(policy(calendar="shop", resolution="4h"), shop=working("08-17", closed="2025-03-04"))
    assert seen([created("16:00")], desk, "16:00").clock("resolution").due == "05 11:00"


@pytest.mark.parametrize(
    ("night", "due_at"),
    [
        # Berlin jumps at 01:00 UTC. 01-05 there is 00-03 UTC in spring: 30 minutes before the pause, 90 after it
        ("2025-03-30", "2025-03-30 03:00"),
        # and 23-04 UTC in autumn, when the hour from 02:00 comes twice: 90 minutes before the pause, 30 after it
        ("2025-10-26", "2025-10-26 02:00"),
    ],
)
def test_a_pause_over_a_gap_or_a_fold_of_the_clocks_takes_as_long_as_it_takes(night: str, due_at: str) -> None:
    nights = working("01-05", zone="Europe/Berlin", days=(6,))
    desk = era(policy(calendar="nights", resolution="2h"), nights=nights)
    before = shown(at(f"{night} 00:00") - 3 * HOUR)
    story = [created(before), status(f"{night} 00:30", "pending"), status(f"{night} 01:30", "open")]
    told = seen(story, desk, f"{night} 01:30")
    assert told.clock("resolution").due == shown(at(due_at))
    assert told.row["paused_seconds"] == 3600


def test_working_time_until_24_00_goes_on_at_midnight_where_the_next_day_opens() -> None:
    desk = era(policy(calendar="late", resolution="4h"), late=working("20-24"))
    told = seen([created("22:00")], desk, "04 21:00")
    assert told.clock("resolution")[2] == "04 22:00"
    assert told.clock("resolution").elapsed == 180


def test_time_spent_resolved_before_a_reopen_is_no_pause() -> None:
    story = [created("09:00"), status("10:00", "pending"), status("11:00", "resolved"), status("12:00", "pending")]
    told = seen([*story, status("12:30", "resolved")], DESK, "20:00")
    assert told.row["paused_seconds"] == 5400
    # 09:00 to 12:30 less the pauses of 60 and 30 minutes
    assert told.facts("resolution") == [("12:30", 120)]


def test_a_pause_that_goes_on_counts_up_to_the_moment_of_the_report() -> None:
    story = [created("09:00"), status("10:00", "pending")]
    assert seen(story, DESK, "11:00").row["paused_seconds"] == 3600
    assert seen([*story, status("10:30", "cancelled")], DESK, "11:00").row["paused_seconds"] == 1800


# first contact


def test_a_ticket_solved_with_one_reply_was_solved_at_first_contact() -> None:
    assert seen([created("09:00"), status("10:00", "resolved")], DESK, "11:00").row["first_contact_resolution"] is True
    one = [created("09:00"), comment("09:30"), status("10:00", "resolved")]
    assert seen(one, DESK, "11:00").row["first_contact_resolution"] is True
    assert seen(one[:2], DESK, "11:00").row["first_contact_resolution"] is None


@pytest.mark.parametrize(
    "more",
    [
        [comment("09:40")],
        [event("ticket.escalated", "09:40", {"tier": 2})],
        [updated("09:40", team="os")],
        [status("09:40", "resolved"), status("09:50", "open")],
    ],
    ids=["a second reply", "an escalation", "a reassignment", "a reopen"],
)
def test_more_than_that_is_no_first_contact(more: list[Any]) -> None:
    story = [created("09:00", team="net"), comment("09:30"), *more, status("10:00", "resolved")]
    assert seen(story, DESK, "11:00").row["first_contact_resolution"] is False


def test_the_resolving_event_itself_may_reassign() -> None:
    story = [created("09:00", agent="ani"), status("10:00", "resolved", agent="budi")]
    assert seen(story, DESK, "11:00").row["first_contact_resolution"] is False


def test_what_comes_after_the_resolution_is_no_contact() -> None:
    story = [
        created("09:00"),
        comment("09:30"),
        status("10:00", "resolved"),
        comment("10:10"),
        updated("10:20", team="os"),
    ]
    story += [event("ticket.escalated", "10:30", {"tier": 2})]
    assert seen(story, DESK, "11:00").row["first_contact_resolution"] is True


# much, and odd


def test_ten_thousand_events_on_one_ticket() -> None:
    hours = [f"{day:02} {hour:02}:{minute:02}" for day in range(4, 11) for hour in range(24) for minute in range(60)]
    turns = ["pending", "open"]
    story = [created("09:00")] + [status(when, turns[number % 2]) for number, when in enumerate(hours[:10_000])]
    told = seen(story, era(policy(resolution=rule("30d", "1%"))), "12 00:00")
    # 15 h of Monday the 3rd; of the 10 000 minutes from Tuesday on each second one; then on to the 12th
    assert told.clock("resolution").elapsed == 15 * 60 + 5000 - 1 + 8 * 1440 - 10_000 + 1
    assert told.row["paused_seconds"] == 5000 * 60


@pytest.mark.parametrize("name", ["a b", 'it\'s "quoted"', "🔥" * 50, "x" * 1024, "a:b%3A"])
def test_ids_with_blanks_quotes_emoji_or_a_thousand_letters_are_ids(name: str) -> None:
    story = [event("ticket.created", "09:00", {"priority": "low"}, subject=name, id=name, source=name)]
    told = seen(story, DESK, "20:00")
    assert told.row["id"] == name
    assert told.said("resolution") == ["13:00 breached"]


def test_the_same_happening_under_two_ids_is_reconciled_by_what_the_later_one_says() -> None:
    # two feeds tell of one resolution a second apart, and of one team
    story = [created("09:00"), updated("09:30", team="net"), updated("09:30:01", team="net")]
    story += [status("10:00", "resolved"), status("10:00:01", "resolved")]
    told = seen(story, DESK, "11:00")
    assert (told.row["reassignments"], told.moment("resolved_at"), told.row["reopens"]) == (0, "10:00", 0)
    assert told.clocks == ["first_response/1", "ola:net/1", "resolution/1"]


def test_a_second_creating_event_is_an_update() -> None:
    story = [created("09:00", "low", team="net"), created("10:00", "high", customer="acme")]
    told = seen(story, DESK, "10:00")
    assert (told.row["priority"], told.moment("created_at"), told.ticket.team) == ("high", "09:00", "net")
    assert told.ticket.customer == "acme"
    assert told.row["status"] == "new"
