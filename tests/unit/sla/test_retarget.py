"""A running clock gets another deadline: by another policy, another configuration, or an agreement."""

from __future__ import annotations

import pytest

from stream_app.sla.era import Era
from tests.unit.sla.build import (
    at,
    comment,
    created,
    due,
    era,
    policy,
    rule,
    seen,
    shown,
    status,
    turn,
    updated,
    working,
)
from tests.unit.sla.build import detected as detection


def desk(mode: str, low: str | None = "8h", high: str | None = "4h", warn: str = "", calendar: str = "always") -> Era:
    """Two policies; `calendar` is that of the low one."""
    return era(
        policy("high", match={"priority": "high"}, change=mode, resolution=rule(high, warn)),
        policy("low", calendar=calendar, change="recompute", resolution=rule(low, warn)),
    )


RAISED = [created("09:00", "low"), updated("11:00", priority="high")]
MODES = ("recompute", "carry", "forward", "reset")

# the modes


@pytest.mark.parametrize(
    ("mode", "started", "due_at", "elapsed"),
    [
        ("recompute", "09:00", "13:00", 150),
        ("carry", "09:00", "13:00", 150),
        ("forward", "09:00", "15:00", 150),  # add(11:00, 4 h)
        ("reset", "11:00", "15:00", 30),
    ],
)
def test_a_change_of_priority_by_the_mode_of_the_new_policy(
    mode: str, started: str, due_at: str, elapsed: float
) -> None:
    told = seen(RAISED, desk(mode), "11:30").clock("resolution")
    assert told == ("running", started, due_at, None, elapsed, 240, None)


@pytest.mark.parametrize(
    ("mode", "due_at", "elapsed"),
    [
        # 06:00 to 11:00 on the office's hours 08-12 were 3 h; around the clock they are 5
        ("recompute", "10:00", 330),
        ("carry", "12:00", 210),
        ("forward", "15:00", 210),
        ("reset", "15:00", 30),
    ],
)
def test_a_change_of_calendar_by_the_mode(mode: str, due_at: str, elapsed: float) -> None:
    story = [created("06:00", "low"), updated("11:00", priority="high")]
    told = seen(story, desk(mode, calendar="office"), "11:30").clock("resolution")
    assert (told.due, told.elapsed) == (due_at, elapsed)


@pytest.mark.parametrize(
    ("mode", "due_at", "elapsed"),
    # 09-10 counted, 10-11 paused, 11-12 counted; raised at 12:00
    [("recompute", "14:00", 150), ("carry", "14:00", 150), ("forward", "16:00", 150), ("reset", "16:00", 30)],
)
def test_pauses_are_credited(mode: str, due_at: str, elapsed: float) -> None:
    story = [
        created("09:00", "low"),
        status("10:00", "pending"),
        status("11:00", "open"),
        updated("12:00", priority="high"),
    ]
    told = seen(story, desk(mode), "12:30").clock("resolution")
    assert (told.due, told.elapsed) == (due_at, elapsed)


@pytest.mark.parametrize(
    ("mode", "warnings"),
    [
        ("recompute", ["11:00 warning 50%", "12:00 warning 75%"]),
        ("carry", ["11:00 warning 50%", "12:00 warning 75%"]),
        ("forward", ["13:00 warning 50%", "14:00 warning 75%"]),  # percentages from now
        ("reset", ["13:00 warning 50%", "14:00 warning 75%"]),
    ],
)
def test_thresholds_follow_the_mode(mode: str, warnings: list[str]) -> None:
    assert seen(RAISED, desk(mode, warn="50% 75%"), "14:30").said("resolution")[:2] == [
        *warnings[:2],
    ] or mode in {"recompute", "carry"}
    assert [
        said for said in seen(RAISED, desk(mode, warn="50% 75%"), "14:30").said("resolution") if "w" in said
    ] == warnings


def test_the_mode_is_that_of_the_policy_in_force_after_the_change() -> None:
    # back to the low one, which recomputes: 8 h from 09:00, though the high one would reset
    told = seen([*RAISED, updated("12:00", priority="low")], desk("reset"), "12:00").clock("resolution")
    # the reset has moved its start to 11:00
    assert (told.started, told.due) == ("11:00", "19:00")


@pytest.mark.parametrize("mode", MODES)
def test_a_re_target_raises_the_version_and_a_pause_does_not(mode: str) -> None:
    told = seen([*RAISED, status("12:00", "pending"), status("13:00", "open")], desk(mode), "13:00").ticket
    assert {clock.name: clock.version for clock in told.clocks} == {"first_response": 0, "resolution": 1}


@pytest.mark.parametrize("mode", MODES)
def test_the_original_deadline_is_kept_beside_the_present_one(mode: str) -> None:
    clock = seen(RAISED, desk(mode), "11:30").ticket.find("resolution")
    assert clock is not None
    assert clock.original_due == at("17:00")


# what is said anew


def test_what_an_earlier_version_said_is_withdrawn() -> None:
    # low: 2 h, warned at 10:00, breached at 11:00; raised at 12:00 to 8 h: nothing of that stands
    told = seen(
        [created("09:00", "low"), updated("12:00", priority="high")], desk("recompute", "2h", "8h", "50%"), "12:30"
    )
    assert told.clock("resolution") == ("running", "09:00", "17:00", None, 210, 480, None)
    assert told.said("resolution") == []


def test_of_several_thresholds_already_passed_only_the_last_is_said_at_that_moment() -> None:
    told = seen(RAISED, desk("recompute", "8h", "150m", "50% 60% 75% 90%"), "11:00")
    # 2 h of 2.5 h are 80 %
    assert told.said("resolution") == ["11:00 warning 75%"]
    assert seen(RAISED, desk("recompute", "8h", "150m", "50% 60% 75% 90%"), "11:20").said("resolution") == [
        "11:00 warning 75%",
        "11:15 warning 90%",
    ]


def test_of_several_at_one_instant_the_first_in_the_configurations_order_is_said() -> None:
    assert seen(RAISED, desk("recompute", "8h", "4h", "2h 50% 120m"), "11:00").said("resolution") == [
        "11:00 warning 2h"
    ]
    assert seen(RAISED, desk("recompute", "8h", "4h", "50% 2h 120m"), "11:00").said("resolution") == [
        "11:00 warning 50%"
    ]


def test_a_priority_raised_after_the_old_target_passed() -> None:
    # 8 h for low; raised at 11:00 to a target of 1 h, which passed at 10:00: breached now
    told = seen(RAISED, desk("recompute", "8h", "1h", "50%"), "12:00")
    assert told.clock("resolution") == ("breached", "09:00", "10:00", None, 180, 60, "11:00")
    assert told.said("resolution") == ["11:00 breached"]
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert clock.on_attach


def test_a_breach_at_a_re_target_is_forgotten_with_the_next_one() -> None:
    three = era(
        policy("vip", match={"customer": "acme"}, resolution="6h"),
        policy("high", match={"priority": "high"}, resolution="1h"),
        policy("low", resolution="8h"),
    )
    story = [*RAISED, updated("12:00", customer="acme")]
    assert seen(story, three, "12:00").clock("resolution")[:3] == ("running", "09:00", "15:00")
    told = seen(story, three, "16:00")
    assert told.said("resolution") == ["15:00 breached"]
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert (clock.version, clock.on_attach) == (2, False)


def test_exactly_at_the_new_deadline_is_not_over_yet() -> None:
    told = seen(RAISED, desk("recompute", "8h", "2h"), "11:00").clock("resolution")
    assert (told.state, told.due) == ("running", "11:00")
    assert seen(RAISED, desk("recompute", "8h", "2h"), "11:01").clock("resolution").breached == "11:00"


def test_over_by_off_hours_alone_is_over() -> None:
    # the office's 4 h from 08:00 were over at 12:00; at 12:30 nothing more has been counted
    both = era(
        policy("high", match={"priority": "high"}, calendar="office", resolution="4h"),
        policy("low", calendar="office", resolution="8h"),
    )
    told = seen([created("08:00", "low"), updated("12:30", priority="high")], both, "13:00").clock("resolution")
    assert (told.state, told.due, told.breached) == ("breached", "12:00", "12:30")
    just = seen([created("08:00", "low"), updated("12:00", priority="high")], both, "12:00").clock("resolution")
    assert (just.state, just.due) == ("running", "12:00")


def test_the_deadline_missed_by_a_re_target_is_found_behind_the_pauses() -> None:
    # 09-10, 11-14 counted; 150 minutes were reached at 12:30
    story = [
        created("09:00", "low"),
        status("10:00", "pending"),
        status("11:00", "open"),
        updated("14:00", priority="high"),
    ]
    told = seen(story, desk("recompute", "8h", "150m"), "14:00").clock("resolution")
    assert (told.due, told.breached) == ("12:30", "14:00")
    first = seen(story, desk("recompute", "8h", "30m"), "14:00").clock("resolution")
    assert (first.due, first.breached) == ("09:30", "14:00")


def test_what_was_carried_over_counts_as_elapsed_before_the_first_run() -> None:
    # office hours 08-12: 3 h by 11:00, though around the clock it was 5; a target of 2 h is long over
    told = seen(
        [created("06:00", "low"), updated("11:00", priority="high")],
        desk("carry", "8h", "2h", calendar="office"),
        "11:00",
    )
    assert told.clock("resolution").breached == "11:00"


def test_a_clock_breached_already_that_is_over_anew_keeps_its_breach() -> None:
    # 1 h breached at 10:00; at 11:00 the target becomes 90 min, over at 10:30: the breach stays at 10:00
    told = seen(RAISED, desk("recompute", "1h", "90m", "50%"), "12:00")
    assert told.clock("resolution") == ("breached", "09:00", "10:00", None, 180, 90, "10:00")
    assert told.said("resolution") == ["10:00 breached"]
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert (clock.version, clock.breach_version, clock.on_attach) == (1, 0, False)


@pytest.mark.parametrize("mode", MODES)
def test_re_targeted_while_paused_it_says_what_it_has_to_say_at_the_resume(mode: str) -> None:
    # an hour counted, paused at 10:00, raised at 11:00, on at 12:00; 70 minutes: 85.7 % with the hour counted
    story = [created("09:00", "low"), status("10:00", "pending"), updated("11:00", priority="high")]
    waiting = desk(mode, "8h", "70m", "50% 75%")
    assert seen(story, waiting, "20:00").said("resolution") == []
    assert seen(story, waiting, "20:00").clock("resolution")[:3] == (
        "paused",
        "11:00" if mode == "reset" else "09:00",
        None,
    )
    told = seen([*story, status("12:00", "open")], waiting, "12:00")
    counts = mode in {"recompute", "carry"}
    assert told.said("resolution") == (["12:00 warning 75%"] if counts else [])
    assert told.clock("resolution").due == ("12:10" if counts else "13:10")


def test_over_by_a_re_target_while_paused_it_is_breached_at_the_resume() -> None:
    story = [created("09:00", "low"), status("10:30", "pending"), updated("11:00", priority="high")]
    waiting = desk("recompute", "8h", "1h", "50%")
    assert seen(story, waiting, "11:30").clock("resolution")[:3] == ("paused", "09:00", None)
    told = seen([*story, status("12:00", "open")], waiting, "13:00")
    assert told.clock("resolution") == ("breached", "09:00", "10:00", None, 150, 60, "12:00")
    assert told.said("resolution") == ["12:00 breached"]


def test_over_by_a_re_target_while_paused_it_is_breached_at_a_stop_before_the_resume() -> None:
    story = [created("09:00", "low"), status("10:30", "pending"), updated("11:00", priority="high")]
    told = seen([*story, status("12:00", "resolved")], desk("recompute", "8h", "1h"), "13:00")
    assert told.clock("resolution") == ("breached", "09:00", "10:00", "12:00", 90, 60, "12:00")
    assert told.labels("clock", clock="resolution")["outcome"] == "breached"


def test_within_the_new_target_a_paused_clock_is_met_by_its_stop() -> None:
    story = [created("09:00", "low"), status("10:00", "pending"), updated("11:00", priority="high")]
    told = seen([*story, status("12:00", "resolved")], desk("recompute", "8h", "2h"), "13:00")
    assert told.clock("resolution") == ("met", "09:00", "13:00", "12:00", 60, 120, None)


def test_a_breach_on_a_paused_clock_that_is_no_longer_over_is_withdrawn() -> None:
    story = [created("09:00", "low"), status("11:00", "pending"), updated("12:00", priority="high")]
    told = seen(story, desk("recompute", "1h", "8h"), "13:00")
    assert told.clock("resolution") == ("paused", "09:00", None, None, 120, 480, None)


def test_finished_clocks_never_change() -> None:
    both = era(policy("high", match={"priority": "high"}, first_response="5m"), policy("low", first_response="1h"))
    told = seen([created("09:00", "low"), comment("09:30"), updated("10:00", priority="high")], both, "11:00")
    assert told.clock("first_response") == ("met", "09:00", "10:00", "09:30", 30, 60, None)


def test_an_update_in_the_creations_own_second_is_a_re_target_as_any_other() -> None:
    told = seen([created("09:00", "low"), updated("09:00", priority="high")], desk("recompute"), "09:30").ticket
    clock = told.find("resolution")
    assert clock is not None
    assert (clock.version, clock.due, clock.original_due) == (1, at("13:00"), at("17:00"))


def test_into_a_policy_without_targets_the_clock_is_only_measured() -> None:
    story = [created("09:00", "low"), updated("12:00", priority="high")]
    told = seen(story, desk("recompute", "2h", None, "50%"), "13:00")
    assert told.clock("resolution") == ("running", "09:00", None, None, 240, None, None)
    assert told.said("resolution") == []
    paused = seen([*story, status("12:30", "pending"), status("13:00", "open")], desk("recompute", "2h", None), "13:00")
    assert paused.clock("resolution")[:3] == ("running", "09:00", None)


def test_out_of_a_policy_without_targets_the_clock_gets_one() -> None:
    told = seen(RAISED, desk("recompute", None, "4h", "50% 75%"), "11:00")
    assert told.clock("resolution").due == "13:00"
    assert told.said("resolution") == ["11:00 warning 50%"]


def test_to_where_no_policy_matches_it_counts_on_without_a_target() -> None:
    only = era(policy("low", match={"priority": "low"}, calendar="office", resolution="2h"))
    told = seen([created("06:00", "low"), updated("09:00", priority="high")], only, "10:00")
    assert told.row["policy"] is None
    assert told.clock("resolution") == ("running", "06:00", None, None, 240, None, None)


@pytest.mark.parametrize(
    ("goal", "due_at"),
    # created Monday 10:00 on the office's hours; whole days begin on Tuesday
    [("1 business day", "04 17:00"), ("2 business day", "05 17:00"), ("end of business day", "17:00")],
)
def test_targets_of_working_days_are_turned_into_working_time_at_the_start(goal: str, due_at: str) -> None:
    told = seen([created("10:00")], era(policy(calendar="office", resolution=goal)), "10:00").clock("resolution")
    assert told.due == due_at
    waited = [created("10:00"), status("11:00", "pending"), status("11:30", "open")]
    later = seen(waited, era(policy(calendar="office", resolution=goal)), "11:30").clock("resolution")
    assert later.target == told.target
    # half an hour more, which is the next working day's first
    following = {"04 17:00": "05 08:30", "05 17:00": "06 08:30", "17:00": "04 08:30"}
    assert later.due == following[due_at]


def test_a_recomputed_business_day_is_measured_from_the_original_start() -> None:
    told = seen(
        [created("2025-03-03 10:00", "low"), updated("04 09:00", priority="high")],
        era(
            policy("high", match={"priority": "high"}, calendar="office", resolution="1 business day"),
            policy("low", resolution="30d"),
        ),
        "04 09:00",
    )
    assert told.clock("resolution").due == "04 17:00"


# pauses and warnings of the new policy


def test_the_present_status_is_judged_by_the_new_policys_pauses_from_then_on() -> None:
    both = era(
        policy("high", match={"priority": "high"}, resolution=rule("4h", pause_on="on_hold")),
        policy("low", resolution=rule("4h", pause_on="pending")),
    )
    #  09:00 |--| 10 pending ~~ 11 raised: pending no longer pauses |---| due 14:00
    story = [created("09:00", "low"), status("10:00", "pending"), updated("11:00", priority="high")]
    told = seen(story, both, "12:00")
    assert told.clock("resolution") == ("running", "09:00", "14:00", None, 120, 240, None)
    assert told.row["paused_seconds"] == 3600
    back = seen([*story, updated("12:00", priority="low")], both, "13:00")
    assert back.clock("resolution") == ("paused", "09:00", None, None, 120, 240, None)
    assert back.row["paused_seconds"] == 7200


def test_a_pause_alone_is_no_re_target() -> None:
    both = era(
        policy("high", match={"priority": "high"}, resolution=rule("4h", pause_on="")),
        policy("low", resolution=rule("4h")),
    )
    told = seen([created("09:00", "low"), status("10:00", "pending"), updated("11:00", priority="high")], both, "12:00")
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert (clock.version, clock.state) == (0, "running")


def test_where_only_the_warnings_differ_the_new_thresholds_hold_from_then_on() -> None:
    both = era(
        policy("high", match={"priority": "high"}, resolution=rule("4h", "25% 50% 90%")),
        policy("low", resolution=rule("4h", "30% 75%")),
    )
    told = seen(RAISED, both, "13:00")
    # 30 % at 10:12 stays; of the new ones those from 11:00 on are said, 25 % at 10:00 is not
    assert told.said("resolution") == ["10:12 warning 30%", "11:00 warning 50%", "12:36 warning 90%"]
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert clock.version == 0


def test_warnings_that_change_during_a_pause_hold_after_it() -> None:
    both = era(
        policy("high", match={"priority": "high"}, resolution=rule("4h", "20% 50%")),
        policy("low", resolution=rule("4h", "75%")),
    )
    story = [created("09:00", "low"), status("10:00", "pending"), updated("11:00", priority="high")]
    assert seen([*story, status("12:00", "open")], both, "13:00").said("resolution") == ["13:00 warning 50%"]


# negotiated


TWO_POLICIES = era(
    policy("high", match={"priority": "high"}, resolution=rule("2h", "50%"), first_response="1h"),
    policy("low", resolution=rule("8h", "50% 30m"), first_response="2h"),
)


def test_an_agreed_deadline_wins_over_every_policy() -> None:
    story = [created("09:00", "low"), due("09:30", "resolution", "12:00"), updated("10:00", priority="high")]
    told = seen(story, TWO_POLICIES, "20:00")
    assert told.clock("resolution") == ("breached", "09:00", "12:00", None, 660, 180, "12:00")
    # half of the 3 hours; raised at 10:00 to a policy that warns at 50 % alone
    assert told.said("resolution") == ["10:30 warning 50%", "12:00 breached"]
    assert told.row["policy"] == "high"


def test_an_agreed_deadline_is_a_fixed_instant_that_pauses_do_not_move() -> None:
    story = [
        created("09:00", "low"),
        due("09:30", "resolution", "12:00"),
        status("10:00", "pending"),
        status("11:00", "open"),
    ]
    told = seen(story, TWO_POLICIES, "11:00")
    assert told.clock("resolution") == ("running", "09:00", "12:00", None, 60, 180, None)
    # nor do they move its warnings: half of the three hours are over at 10:30
    assert seen(story, TWO_POLICIES, "20:00").said("resolution") == [
        "10:30 warning 50%",
        "11:30 warning 30m",
        "12:00 breached",
    ]


def test_an_agreed_deadlines_target_is_the_working_time_up_to_it() -> None:
    desk = era(policy(calendar="office", resolution="8h"))
    told = seen([created("09:00"), due("09:30", "resolution", "15:00")], desk, "10:00").clock("resolution")
    assert (told.due, told.target) == ("15:00", 300)


@pytest.mark.parametrize("when", ["10:00", "10:30"])
def test_an_agreed_deadline_in_the_past_is_breached_at_the_agreement(when: str) -> None:
    told = seen([created("09:00", "low"), due("11:00", "resolution", when)], TWO_POLICIES, "12:00")
    assert told.clock("resolution")[2] == when
    assert told.said("resolution") == ["11:00 breached"]


def test_an_agreed_deadline_of_this_very_moment_is_not_over_yet() -> None:
    story = [created("09:00", "low"), due("11:00", "resolution", "11:00")]
    assert seen(story, TWO_POLICIES, "11:00").clock("resolution").state == "running"
    told = seen(story, TWO_POLICIES, "11:00:00.000001")
    assert told.clock("resolution").breached == "11:00"
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert not clock.on_attach


def test_an_agreed_deadline_in_the_past_is_breached_even_while_paused() -> None:
    story = [created("09:00", "low"), status("10:00", "pending"), due("11:00", "resolution", "10:30")]
    assert seen(story, TWO_POLICIES, "12:00").said("resolution") == ["11:00 breached"]


def test_an_agreed_deadline_during_a_pause_holds_at_once() -> None:
    story = [created("09:00", "low"), status("10:00", "pending"), due("11:00", "resolution", "12:00")]
    paused = seen(story, TWO_POLICIES, "11:30")
    assert paused.clock("resolution") == ("paused", "09:00", "12:00", None, 60, 180, None)
    # nobody resumes: missed all the same
    late = seen(story, TWO_POLICIES, "13:00")
    assert late.said("resolution") == ["11:00 warning 50%", "11:30 warning 30m", "12:00 breached"]


def test_a_later_agreement_replaces_the_earlier_one() -> None:
    story = [created("09:00", "low"), due("09:30", "resolution", "10:00"), due("11:00", "resolution", "14:00")]
    told = seen(story, TWO_POLICIES, "11:00")
    assert told.clock("resolution") == ("running", "09:00", "14:00", None, 120, 300, None)
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert clock.version == 2


def test_an_agreement_on_a_clock_that_has_ended_or_never_began_does_nothing() -> None:
    story = [created("09:00", "low"), comment("09:30"), due("10:00", "first_response", "15:00")]
    story += [due("10:00", "next_response", "15:00"), due("10:00", "ola:net", "15:00")]
    told = seen(story, TWO_POLICIES, "12:00")
    assert told.clock("first_response") == ("met", "09:00", "11:00", "09:30", 30, 120, None)
    assert told.clocks == ["first_response/1", "resolution/1"]


def test_an_agreed_clock_stopped_while_paused_keeps_its_deadline() -> None:
    story = [
        created("09:00", "low"),
        due("09:30", "resolution", "12:00"),
        status("10:00", "pending"),
        status("11:00", "resolved"),
    ]
    told = seen(story, TWO_POLICIES, "20:00").clock("resolution")
    assert told == ("met", "09:00", "12:00", "11:00", 60, 180, None)


def test_an_agreement_ends_with_its_cycle() -> None:
    story = [
        created("09:00", "low"),
        due("09:30", "resolution", "12:00"),
        status("10:00", "resolved"),
        status("11:00", "open"),
    ]
    assert seen(story, TWO_POLICIES, "11:00").clock("resolution", 2).due == "19:00"


def test_an_agreed_deadline_on_another_calendar_stays_where_it_is() -> None:
    both = era(
        policy("high", match={"priority": "high"}, calendar="office", resolution=rule("2h", "50%")),
        policy("low", resolution="8h"),
    )
    story = [created("09:00", "low"), due("09:30", "resolution", "15:00"), updated("10:00", priority="high")]
    told = seen(story, both, "12:00")
    # 09-12 and 13-15 are 5 hours of the office, half of which is over at 11:30
    assert told.clock("resolution") == ("running", "09:00", "15:00", None, 180, 300, None)
    assert told.said("resolution") == ["11:30 warning 50%"]


def test_what_was_said_of_an_agreed_deadline_is_not_said_again_on_another_calendar() -> None:
    desk = era(
        policy("high", match={"priority": "high"}, calendar="office", resolution=rule("2h", "50% 90%")),
        policy("low", resolution=rule("8h", "50% 90%")),
    )
    # 02:00 to 12:00: around the clock half of it is at 07:00, on the office's hours 08-12 at 10:00
    story = [created("02:00", "low"), due("02:30", "resolution", "12:00"), updated("08:30", priority="high")]
    assert seen(story, desk, "13:00").said("resolution") == ["07:00 warning 50%", "11:36 warning 90%", "12:00 breached"]


def test_what_an_agreed_clock_had_counted_before_a_pause_is_counted_on_the_other_calendar_too() -> None:
    both = era(
        policy("high", match={"priority": "high"}, calendar="office", resolution="2h"),
        policy("low", resolution="8h"),
    )
    # 06-09 counts from 08:00 in the office, then 10-12
    story = [created("06:00", "low"), due("06:30", "resolution", "15:00"), status("09:00", "pending")]
    told = seen([*story, status("10:00", "open"), updated("11:00", priority="high")], both, "12:00")
    assert told.clock("resolution") == ("running", "06:00", "15:00", None, 180, 360, None)


def test_agreeing_on_the_deadline_that_holds_already_says_nothing_anew() -> None:
    story = [created("09:00", "high"), due("10:30", "resolution", "11:00")]
    told = seen(story, TWO_POLICIES, "20:00")
    assert told.said("resolution") == ["10:00 warning 50%", "11:00 breached"]
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert clock.version == 0
    # but from then on pauses do not move it
    paused = seen([*story, status("10:40", "pending"), status("10:50", "open")], TWO_POLICIES, "10:50")
    assert paused.clock("resolution").due == "11:00"


def test_an_agreed_deadline_under_an_equal_rule_stays_untouched() -> None:
    same = era(policy("high", match={"priority": "high"}, resolution="2h"), policy("low", resolution="4h"))
    story = [created("09:00", "low"), due("09:30", "resolution", "12:00"), updated("10:00", priority="high")]
    assert seen(story, same, "10:00").clock("resolution") == ("running", "09:00", "12:00", None, 60, 180, None)


def test_a_late_stop_before_a_change_of_calendar_is_counted_on_the_calendar_in_force() -> None:
    story = [created("06:00", "low"), updated("11:00", priority="high"), updated("15:00", service="web")]
    told = seen([*story, status("09:00", "resolved")], desk("carry", "8h", "10h", calendar="office"), "16:00")
    assert (told.clock("resolution").stopped, told.clock("resolution").elapsed) == ("09:00", 180)


@pytest.mark.parametrize(
    ("mode", "due_at"),
    # 06-11 on the office's hours 08-12 are 3 h, around the clock 5; paused at 11:00, raised at 11:30, resumed at 12:00
    [("recompute", "10:00"), ("carry", "13:00"), ("forward", "16:00"), ("reset", "16:00")],
)
def test_a_change_of_calendar_while_paused(mode: str, due_at: str) -> None:
    story = [
        created("06:00", "low"),
        status("11:00", "pending"),
        updated("11:30", priority="high"),
        status("12:00", "open"),
    ]
    assert seen(story, desk(mode, calendar="office"), "12:00").clock("resolution").due == due_at


def test_warnings_that_change_at_the_moment_of_a_re_target_are_those_that_speak() -> None:
    three = era(
        policy("vip", match={"customer": "acme"}, resolution=rule("4h", "40%")),
        policy("high", match={"priority": "high"}, resolution=rule("4h", "50%")),
        policy("low", resolution=rule("8h", "75%")),
    )
    story = [created("09:00", "low"), updated("11:00", priority="high"), updated("11:00", customer="acme")]
    assert seen(story, three, "12:00").said("resolution") == ["11:00 warning 40%"]


@pytest.mark.parametrize("mode", MODES)
def test_what_happens_at_the_very_moment_of_a_re_target_comes_before_what_it_makes_true(mode: str) -> None:
    # over by the new target, but resolved in the same second: the stop itself is late, unless the target starts anew
    story = [*RAISED, status("11:00", "resolved")]
    told = seen(story, desk(mode, "8h", "1h", "50%"), "12:00").clock("resolution")
    if mode in {"recompute", "carry"}:
        assert (told.state, told.due, told.breached) == ("breached", "10:00", "11:00")
    else:
        assert (told.state, told.due, told.breached) == ("met", "12:00", None)


# another configuration


def test_a_configuration_holds_from_its_moment_and_is_a_re_target_of_running_clocks() -> None:
    eras = (
        era(policy(first_response="1h", resolution="8h")),
        era(policy(first_response="5m", resolution="4h"), since="11:00"),
    )
    story = [created("09:00"), comment("09:30")]
    before, after = seen(story, eras, "10:59"), seen(story, eras, "11:00")
    assert (before.clock("resolution").due, after.clock("resolution").due) == ("17:00", "13:00")
    # finished clocks never change
    assert after.clock("first_response") == ("met", "09:00", "10:00", "09:30", 30, 60, None)


def test_a_log_read_again_is_judged_by_what_held_then() -> None:
    eras = (era(policy(resolution=rule("1h", "50%"))), era(policy(resolution="8h"), since="12:00"))
    early = seen([created("09:00"), status("10:30", "resolved")], eras, "20:00")
    assert early.clock("resolution") == ("breached", "09:00", "10:00", "10:30", 90, 60, "10:00")
    running = seen([created("09:00")], eras, "13:00")
    assert (running.clock("resolution").due, running.said("resolution")) == ("17:00", [])


def test_the_same_policy_in_a_new_configuration_changes_nothing() -> None:
    eras = (
        era(policy(calendar="shop", resolution=rule("4h", "50%")), shop=working("08-17")),
        era(policy("renamed", calendar="shop", resolution=rule("4h", "50%")), since="10:00", shop=working("08-17")),
    )
    told = seen([created("09:00")], eras, "12:00")
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert (told.row["policy"], clock.version, told.said("resolution")) == ("renamed", 0, ["11:00 warning 50%"])


def test_a_policy_deleted_while_clocks_run_leaves_them_without_a_target() -> None:
    eras = (era(policy(resolution=rule("2h", "50%"))), era(since="10:30"))
    told = seen([created("09:00")], eras, "15:00")
    assert told.row["policy"] is None
    assert told.clock("resolution") == ("running", "09:00", None, None, 360, None, None)
    assert told.said("resolution") == []


def test_an_entity_that_begins_under_a_later_configuration_knows_only_that_one() -> None:
    eras = (
        era(policy(resolution="1h")),
        era(policy(resolution="2h"), since="08:00"),
        era(policy(resolution="3h"), since="10:00"),
    )
    clock = seen([created("09:00")], eras, "09:30").ticket.find("resolution")
    assert clock is not None
    assert (shown(clock.due or 0), clock.version) == ("11:00", 0)
    later = seen([created("09:00")], eras, "10:00").ticket.find("resolution")
    assert later is not None
    assert (shown(later.due or 0), later.version) == ("12:00", 1)


def test_what_becomes_true_before_a_new_configuration_is_said_by_the_old_one() -> None:
    # the very moment of the activation belongs to the new one: a warning due then is not said by the old
    eras = (era(policy(resolution=rule("4h", "25% 50%"))), era(policy(resolution=rule("4h", "75%")), since="11:00"))
    assert seen([created("09:00")], eras, "13:00").said("resolution") == ["10:00 warning 25%", "12:00 warning 75%"]


def test_several_configurations_may_pass_between_two_events() -> None:
    eras = (
        era(policy(resolution="8h")),
        era(policy(resolution="7h"), since="10:00"),
        era(policy(resolution="6h"), since="11:00"),
    )
    told = seen([created("09:00"), status("12:00", "pending")], eras, "12:00")
    clock = told.ticket.find("resolution")
    assert clock is not None
    assert (clock.version, clock.target) == (2, 6 * 3600 * 10**6)


def test_a_configuration_may_change_an_incidents_clocks_too() -> None:
    eras = (era(incidents=[policy(resolve="8h")]), era(incidents=[policy(resolve="4h")], since="10:00"))
    told = seen([detection("09:00"), turn("11:00", "acknowledged")], eras, "11:00")
    assert told.clock("resolve").due == "13:00"
    assert told.clock("acknowledge").stopped == "11:00"
