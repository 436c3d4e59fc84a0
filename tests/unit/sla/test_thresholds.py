"""Warnings, deadlines and what is said of them."""

from __future__ import annotations

import pytest

from tests.unit.sla.build import created, due, era, policy, rule, seen, status, updated

FOUR_HOURS = era(policy(resolution=rule("4h", "50% 75% 30m")))
IN_THE_OFFICE = era(policy(calendar="office", resolution=rule("4h", "50% 100%")))


def test_a_clock_warns_and_breaches_at_its_moments() -> None:
    #  09:00 |--------------------|----------|-----|-----|
    #        created        50% 11:00  75% 12:00  12:30  due 13:00
    late = seen([created("09:00")], FOUR_HOURS, "15:00")
    assert late.said("resolution") == ["11:00 warning 50%", "12:00 warning 75%", "12:30 warning 30m", "13:00 breached"]
    assert late.clock("resolution") == ("breached", "09:00", "13:00", None, 360, 240, "13:00")


def test_a_warning_is_true_from_its_very_instant_on() -> None:
    assert seen([created("09:00")], FOUR_HOURS, "10:59:59.999999").said("resolution") == []
    assert seen([created("09:00")], FOUR_HOURS, "11:00").said("resolution") == ["11:00 warning 50%"]


def test_events_of_a_warnings_very_instant_are_applied_before_it() -> None:
    assert seen([created("09:00"), status("11:00", "resolved")], FOUR_HOURS, "12:00").said("resolution") == [
        "11:00 met"
    ]


def test_exactly_at_the_deadline_is_met() -> None:
    done = seen([created("09:00"), status("13:00", "resolved")], FOUR_HOURS, "14:00")
    assert done.clock("resolution") == ("met", "09:00", "13:00", "13:00", 240, 240, None)
    assert done.said("resolution")[-1] == "13:00 met"


def test_exactly_at_the_deadline_and_pending_is_not_yet_breached() -> None:
    # paused at 13:00 with no time left: over only once it runs on
    waits = [created("09:00"), status("13:00", "pending")]
    assert seen(waits, FOUR_HOURS, "20:00").clock("resolution").state == "paused"
    assert seen([*waits, status("14:00", "open")], FOUR_HOURS, "14:00").clock("resolution").state == "running"
    late = seen([*waits, status("14:00", "open")], FOUR_HOURS, "14:00:00.000001")
    assert late.clock("resolution").breached == "14:00"


def test_at_the_deadline_nothing_is_missed_and_a_microsecond_later_it_is_stamped_with_it() -> None:
    assert seen([created("09:00")], FOUR_HOURS, "13:00").clock("resolution").state == "running"
    late = seen([created("09:00")], FOUR_HOURS, "13:00:00.000001")
    assert (late.clock("resolution").state, late.clock("resolution").breached) == ("breached", "13:00")


def test_a_microsecond_too_late_is_too_late() -> None:
    late = seen([created("09:00"), status("13:00:00.000001", "resolved")], FOUR_HOURS, "14:00")
    assert late.clock("resolution").state == "breached"
    assert late.said("resolution")[-1] == "13:00 breached"


def test_a_breached_clock_that_stops_says_nothing_more() -> None:
    late = seen([created("09:00"), status("15:00", "resolved")], FOUR_HOURS, "16:00")
    assert late.clock("resolution") == ("breached", "09:00", "13:00", "15:00", 360, 240, "13:00")
    assert late.said("resolution")[-1] == "13:00 breached"
    assert len(late.said("resolution")) == 4


def test_a_met_clock_keeps_its_warnings() -> None:
    done = seen([created("09:00"), status("12:15", "resolved")], FOUR_HOURS, "20:00")
    assert done.said("resolution") == ["11:00 warning 50%", "12:00 warning 75%", "12:15 met"]


def test_a_deadline_and_a_threshold_are_the_earliest_moments_that_reach_them() -> None:
    # 08-12 and 13-17: four hours from 08:00 end at 12:00, not at 13:00; so does the threshold of 100 %
    done = seen([created("08:00")], IN_THE_OFFICE, "12:30")
    assert done.said("resolution") == ["10:00 warning 50%", "12:00 breached", "12:00 warning 100%"]


def test_what_stops_after_the_deadline_is_late_even_if_no_working_time_has_passed() -> None:
    late = seen([created("08:00"), status("12:30", "resolved")], IN_THE_OFFICE, "13:00")
    assert late.clock("resolution") == ("breached", "08:00", "12:00", "12:30", 240, 240, "12:00")


def test_thresholds_before_the_deadline_are_in_working_time() -> None:
    # 5 h from 09:00 are over at 15:00; an hour and a half before is 13:30, three hours before 11:00
    desk = era(policy(calendar="office", resolution=rule("5h", "90m 3h")))
    assert seen([created("09:00")], desk, "14:00").said("resolution") == ["11:00 warning 3h", "13:30 warning 90m"]


def test_a_threshold_at_or_before_the_start_is_left_out() -> None:
    desk = era(policy(resolution=rule("1h", "60m 2h 59m 0%")))
    assert seen([created("09:00")], desk, "09:30").said("resolution") == ["09:01 warning 59m"]


def test_thresholds_of_one_instant_are_all_said() -> None:
    desk = era(policy(resolution=rule("1h", "30m 50% 1800s")))
    assert sorted(seen([created("09:00")], desk, "10:00").said("resolution")) == [
        "09:30 warning 1800s",
        "09:30 warning 30m",
        "09:30 warning 50%",
    ]


def test_no_thresholds_no_warnings() -> None:
    assert seen([created("09:00")], era(policy(resolution="1h")), "12:00").said("resolution") == ["10:00 breached"]


def test_a_breach_mutes_the_warnings_of_its_clock() -> None:
    desk = era(policy(resolution=rule("1h", "150%")))
    assert seen([created("09:00")], desk, "12:00").said("resolution") == ["10:00 breached"]


def test_shares_are_whole_microseconds_and_never_early() -> None:
    # 12.5 % of 1 s is 125 ms; a third part of a microsecond is rounded up: the earliest instant that reaches it
    desk = era(policy(resolution=rule("1s", "12.5% 33.3%")))
    assert seen([created("09:00")], desk, "09:00:01").said("resolution") == [
        "09:00:00.125000 warning 12.5%",
        "09:00:00.333000 warning 33.3%",
    ]


@pytest.mark.parametrize("stop", ["09:30", "10:00"])
def test_a_clock_without_a_target_ends_met_and_says_nothing(stop: str) -> None:
    done = seen([created("09:00"), status(stop, "resolved")], era(), "12:00")
    assert done.clock("resolution")[:4] == ("met", "09:00", None, stop)
    assert done.said("resolution") == []
    assert done.facts("clock") == []


def test_a_pause_neither_repeats_nor_skips_a_threshold() -> None:
    #  09:00 |----|~~~~~~|---------|--------|----|
    #           10:00  12:00  50% 13:00  75% 14:00  30m 14:30, due 15:00
    paused = [created("09:00"), status("10:00", "pending"), status("12:00", "open")]
    assert seen(paused, FOUR_HOURS, "15:00").said("resolution") == [
        "13:00 warning 50%",
        "14:00 warning 75%",
        "14:30 warning 30m",
    ]
    again = [created("09:00"), status("11:30", "pending"), status("12:00", "open")]
    assert seen(again, FOUR_HOURS, "12:15").said("resolution") == ["11:00 warning 50%"]


def test_what_would_have_become_true_at_the_instant_of_a_pause_becomes_true_at_the_resume() -> None:
    paused = [created("09:00"), status("11:00", "pending")]
    assert seen(paused, FOUR_HOURS, "12:00").said("resolution") == []
    assert seen([*paused, status("12:00", "open")], FOUR_HOURS, "12:00").said("resolution") == ["12:00 warning 50%"]


def test_while_paused_nothing_fires_and_no_deadline_is_shown() -> None:
    paused = seen([created("09:00"), status("10:00", "on_hold")], FOUR_HOURS, "23:00")
    assert paused.clock("resolution") == ("paused", "09:00", None, None, 60, 240, None)
    assert paused.said("resolution") == []


def test_a_breach_outranks_a_pause_and_keeps_the_deadline_it_missed() -> None:
    late = seen([created("09:00"), status("14:00", "pending")], FOUR_HOURS, "16:00")
    assert late.clock("resolution") == ("breached", "09:00", "13:00", None, 300, 240, "13:00")


def test_a_clock_stopped_while_paused_has_the_deadline_that_was_left() -> None:
    # one hour counted, three left at the stop at 12:00
    done = seen([created("09:00"), status("10:00", "pending"), status("12:00", "resolved")], FOUR_HOURS, "16:00")
    assert done.clock("resolution") == ("met", "09:00", "15:00", "12:00", 60, 240, None)


def test_a_paused_clock_that_missed_nothing_keeps_waiting_through_other_changes() -> None:
    waits = [created("09:00"), status("10:00", "pending"), updated("10:30", agent="ani"), status("11:00", "on_hold")]
    assert seen(waits, FOUR_HOURS, "20:00").clock("resolution").elapsed == 60


def test_a_second_status_that_pauses_goes_on_with_the_same_pause() -> None:
    waits = [created("09:00"), status("10:00", "pending"), status("11:00", "on_hold"), status("12:00", "new")]
    told = seen(waits, FOUR_HOURS, "13:00")
    assert (told.clock("resolution").elapsed, told.row["paused_seconds"]) == (120, 7200)
    assert told.clock("resolution").due == "15:00"


def test_a_clock_pauses_by_its_own_list_where_it_has_one() -> None:
    desk = era(policy(first_response=rule("1h", pause_on="on_hold"), resolution=rule("4h", pause_on="")))
    told = seen([created("09:00"), status("09:30", "on_hold")], desk, "12:00")
    assert told.clock("first_response")[:3] == ("paused", "09:00", None)
    assert told.clock("resolution")[:3] == ("running", "09:00", "13:00")
    assert told.row["paused_seconds"] == 0


def test_a_first_response_is_never_paused_by_default() -> None:
    desk = era(policy(first_response="1h"))
    assert seen([created("09:00"), status("09:30", "pending")], desk, "12:00").clock("first_response").breached == (
        "10:00"
    )


def test_a_negotiated_deadline_is_shown_and_missed_while_paused_too() -> None:
    waits = [created("09:00"), due("09:30", "resolution", "11:00"), status("10:00", "pending")]
    assert seen(waits, FOUR_HOURS, "10:30").clock("resolution")[:3] == ("paused", "09:00", "11:00")
    assert seen(waits, FOUR_HOURS, "12:00").clock("resolution").breached == "11:00"
