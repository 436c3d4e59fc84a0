"""What a reopen does to the clocks of the resolution, in each of its three modes."""

from __future__ import annotations

import pytest

from stream_app.sla.clock import State
from stream_app.sla.era import Era
from tests.unit.sla.build import at, comment, created, due, era, event, policy, rule, seen, status, updated

MODES = ("new_cycle", "continue", "continue_counting")


def desk(mode: str, warn: str = "50% 75%") -> Era:
    return era(policy(reopen=mode, first_response="1h", resolution=rule("4h", warn), ola_net=rule("3h")))


BACK = [created("09:00", team="net"), status("10:00", "resolved"), status("11:30", "open")]


def test_new_cycle_leaves_the_earlier_one_as_it_ended_and_starts_another() -> None:
    told = seen(BACK, desk("new_cycle"), "16:00")
    assert told.clock("resolution", 1) == ("met", "09:00", "13:00", "10:00", 60, 240, None)
    assert told.clock("resolution", 2) == ("breached", "11:30", "15:30", None, 270, 240, "15:30")
    assert told.clock("ola:net", 2)[:3] == ("breached", "11:30", "14:30")
    assert told.said("resolution", 1) == ["10:00 met"]
    assert told.said("resolution", 2) == ["13:30 warning 50%", "14:30 warning 75%", "15:30 breached"]


def test_continue_goes_on_with_the_same_clock_and_does_not_count_solved_time() -> None:
    #  09:00 |--60--| 10:00 solved 11:30 |-----180-----| 14:30
    told = seen(BACK, desk("continue"), "13:00")
    assert told.clock("resolution") == ("running", "09:00", "14:30", None, 150, 240, None)
    assert told.clock("ola:net") == ("running", "09:00", "13:30", None, 150, 180, None)
    assert told.clocks == ["first_response/1", "ola:net/1", "resolution/1"]
    assert told.said("resolution") == ["12:30 warning 50%"]  # sla.met is taken back


def test_continue_counting_counts_solved_time() -> None:
    told = seen(BACK, desk("continue_counting"), "12:30")
    assert told.clock("resolution") == ("running", "09:00", "13:00", None, 210, 240, None)
    # 50 % at 11:00 was passed while it was solved, and is said at the reopen
    assert told.said("resolution") == ["11:30 warning 50%", "12:00 warning 75%"]


def test_continue_counting_breaches_at_the_reopen_if_the_deadline_passed_meanwhile() -> None:
    told = seen([*BACK[:2], status("14:00", "open")], desk("continue_counting"), "15:00")
    assert told.clock("resolution") == ("breached", "09:00", "13:00", None, 360, 240, "14:00")
    assert told.said("resolution") == ["14:00 breached"]
    assert told.clock("ola:net")[2:7:4] == ("12:00", "14:00")


def test_continue_counting_says_the_last_of_the_thresholds_passed_meanwhile() -> None:
    told = seen([*BACK[:2], status("12:30", "open")], desk("continue_counting"), "12:30")
    assert told.said("resolution") == ["12:30 warning 75%"]


@pytest.mark.parametrize("mode", ["continue", "continue_counting"])
def test_a_clock_that_goes_on_keeps_the_warnings_and_the_breach_it_had(mode: str) -> None:
    late = [created("09:00"), status("14:00", "resolved"), status("15:00", "open")]
    told = seen(late, desk(mode), "16:00")
    assert told.clock("resolution")[:4] == ("breached", "09:00", "13:00", None)
    assert told.said("resolution") == ["11:00 warning 50%", "12:00 warning 75%", "13:00 breached"]
    warned = seen([created("09:00"), status("11:30", "resolved"), status("11:45", "open")], desk(mode), "11:50")
    assert warned.said("resolution") == ["11:00 warning 50%"]


@pytest.mark.parametrize("mode", MODES)
def test_a_reopen_into_a_pausing_status_starts_paused(mode: str) -> None:
    told = seen([*BACK[:2], status("11:30", "pending")], desk(mode), "20:00")
    assert told.clock("resolution", 2 if mode == "new_cycle" else 1).state == "paused"
    assert told.row["reopens"] == 1
    on = seen([*BACK[:2], status("11:30", "pending"), status("12:30", "open")], desk(mode), "12:30")
    left = {"new_cycle": "16:30", "continue": "15:30", "continue_counting": "14:00"}
    assert on.clock("resolution", 2 if mode == "new_cycle" else 1).due == left[mode]


def test_over_when_reopened_into_a_pausing_status_counting_solved_time_it_is_breached_then() -> None:
    told = seen([*BACK[:2], status("14:00", "pending")], desk("continue_counting"), "15:00")
    assert told.clock("resolution") == ("breached", "09:00", "13:00", None, 300, 240, "14:00")


@pytest.mark.parametrize("mode", ["continue", "continue_counting"])
def test_a_breach_of_before_stays_where_it_was_when_it_is_reopened_into_a_pausing_status(mode: str) -> None:
    told = seen([created("09:00"), status("14:00", "resolved"), status("15:00", "pending")], desk(mode), "16:00")
    assert told.said("resolution") == ["11:00 warning 50%", "12:00 warning 75%", "13:00 breached"]
    assert told.clock("resolution").breached == "13:00"


@pytest.mark.parametrize("mode", MODES)
def test_after_a_cancellation_there_is_only_a_new_cycle(mode: str) -> None:
    told = seen(
        [created("09:00", team="net"), status("10:00", "cancelled"), status("11:00", "open")], desk(mode), "11:30"
    )
    assert told.clock("resolution", 1)[:4] == ("cancelled", "09:00", "13:00", "10:00")
    assert told.clock("resolution", 2)[:3] == ("running", "11:00", "15:00")
    assert told.clock("ola:net", 2)[:3] == ("running", "11:00", "14:00")
    assert told.row["reopens"] == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_ticket_that_a_merge_had_ended_may_be_reopened(mode: str) -> None:
    story = [created("09:00"), event("ticket.merged", "10:00", {"into": "T-2"}), status("11:00", "open")]
    told = seen(story, desk(mode), "11:30")
    assert (told.row["status"], told.clocks) == ("open", ["first_response/1", "resolution/1", "resolution/2"])


def test_reopened_three_times_there_are_four_cycles() -> None:
    story = [created("09:00")]
    for hour in (10, 12, 14):
        story += [status(f"{hour}:00", "resolved"), status(f"{hour + 1}:00", "open")]
    told = seen(story, desk("new_cycle"), "15:30")
    assert [told.clock("resolution", cycle).started for cycle in (1, 2, 3, 4)] == ["09:00", "11:00", "13:00", "15:00"]
    assert told.row["reopens"] == 3


def test_a_reopen_and_a_close_that_are_swapped_are_set_right() -> None:
    # closed again at 11:01; the reopen of 11:00 arrives after it
    story = [created("09:00"), status("10:00", "resolved"), status("11:01", "closed"), status("11:00", "open")]
    told = seen(story, desk("new_cycle"), "12:00")
    assert (told.row["status"], told.row["reopens"], told.moment("resolved_at")) == ("closed", 1, "11:01")
    assert told.clock("resolution", 2)[:4] == ("met", "11:00", "15:00", "11:01")


def test_the_mode_is_that_of_the_policy_in_force_at_the_reopen() -> None:
    both = era(
        policy("high", match={"priority": "high"}, reopen="continue", resolution="2h"),
        policy("low", reopen="new_cycle", resolution="4h"),
    )
    story = [
        created("09:00", "low"),
        status("10:00", "resolved"),
        updated("10:30", priority="high"),
        status("11:00", "open"),
    ]
    told = seen(story, both, "11:00")
    # it goes on, and is re-targeted by the policy that judges it now: an hour counted, one left
    assert told.clock("resolution") == ("running", "09:00", "12:00", None, 60, 120, None)


def test_a_team_that_came_while_it_was_solved_has_a_first_cycle() -> None:
    story = [created("09:00"), status("10:00", "resolved"), updated("10:30", team="net"), status("11:00", "open")]
    assert seen(story, desk("continue"), "11:00").clock("ola:net")[:3] == ("running", "11:00", "14:00")


def test_a_clock_that_stopped_before_the_resolution_does_not_go_on() -> None:
    # net gave it away at 09:30 and has it again while it is solved: its clock of then is over
    story = [created("09:00", team="net"), updated("09:30", team="os"), status("10:00", "resolved")]
    story += [updated("10:30", team="net"), status("11:00", "open")]
    told = seen(story, desk("continue"), "11:00")
    assert told.clock("ola:net", 1)[:4] == ("met", "09:00", "12:00", "09:30")
    assert told.clock("ola:net", 2)[:3] == ("running", "11:00", "14:00")


@pytest.mark.parametrize("mode", ["continue", "continue_counting"])
def test_an_agreed_deadline_goes_on_with_its_clock(mode: str) -> None:
    story = [
        created("09:00"),
        due("09:30", "resolution", "12:00"),
        status("10:00", "resolved"),
        status("11:00", "open"),
    ]
    assert seen(story, desk(mode), "11:00").clock("resolution").due == "12:00"
    late = seen([*story[:3], status("12:30", "open")], desk(mode), "13:00").clock("resolution")
    assert (late.state, late.due) == ("breached", "12:00")


@pytest.mark.parametrize("mode", MODES)
def test_words_after_a_reopen_are_heard_again(mode: str) -> None:
    story = [created("09:00"), comment("09:30"), status("10:00", "resolved"), status("11:00", "open")]
    told = seen([*story, comment("11:10", "requester")], desk(mode), "11:30")
    assert told.clock("next_response").started == "11:10"


def test_met_once_more_after_going_on_it_is_met_at_the_last_stop() -> None:
    told = seen([*BACK, status("12:00", "resolved")], desk("continue"), "20:00")
    assert told.clock("resolution") == ("met", "09:00", "14:30", "12:00", 90, 240, None)
    assert told.said("resolution") == ["12:00 met"]
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert (clock.state, clock.stopped_at, clock.rings) == (State.STOPPED, at("12:00"), None)
