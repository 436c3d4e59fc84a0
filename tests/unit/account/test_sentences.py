"""What is told of each turn, for lives of one Monday in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from stream_app.account.account import Account, account
from stream_app.account.paragraph import paragraphs
from stream_app.account.reason import why
from stream_app.account.sentence import Teller
from stream_app.account.wording import Wall
from stream_app.sla.era import Era
from stream_app.sla.events import Event
from stream_app.sla.policy import ClockRule
from tests.unit.sla.build import (
    OFFICE,
    at,
    classified,
    comment,
    created,
    detected,
    due,
    entries,
    era,
    event,
    notified,
    policy,
    rule,
    status,
    turn,
    updated,
)


def lived(events: Iterable[Event], eras: Era | Sequence[Era], until: str) -> Account:
    eras = [eras] if isinstance(eras, Era) else eras
    found = account(entries(events, eras), eras, at(until))
    assert found is not None
    return found


def shortened(sentence: str) -> str:
    return sentence.replace("2025-03-03 ", "").replace("Mon ", "").replace(OFFICE.name, "office")


def told(events: Iterable[Event], eras: Era | Sequence[Era], until: str, clock: str = "resolution") -> list[str]:
    """What is said of a clock, each with its time of day; the Monday's date is left out, the calendar is the office."""
    found = lived(events, eras, until)
    teller = Teller(found, Wall("UTC"), lambda number, name: f"{number}:{name}")
    return [
        f"{Wall('UTC').time(one.at)} {one.sentence}".replace("2025-03-03 ", "")
        .replace("Mon ", "")
        .replace(OFFICE.name, "office")
        for step in found.steps
        for one in paragraphs(step, teller)
        if clock in {name for name, _ in one.clocks}
    ]


DESK = era(policy(resolution=rule("4h", "50%"), calendar="office"))
STARTS = '09:00 starts: policy "desk" (0:desk) gives it 4 h on office from 09:00: due 14:00'


def test_a_clock_that_stops_in_time_says_how_much_it_had_to_spare() -> None:
    assert told([created("09:00"), status("11:30", "resolved")], DESK, "12:00") == [
        STARTS,
        "11:00 warning 50%: 2 h of 4 h counted, due 14:00",
        "11:30 met: stops after 2 h 30 min of 4 h, 1 h 30 min to spare; due 14:00",
    ]


def test_a_pause_says_by_which_rule_and_a_resume_what_is_left_and_when_that_ends() -> None:
    events = [created("09:00"), status("10:00", "pending"), status("14:00", "open")]
    assert told(events, DESK, "14:30")[1:] == [
        "10:00 pauses while pending (pause_on by default): 1 h counted, 3 h left of 4 h; no deadline meanwhile",
        "14:00 goes on, being open: 3 h left of 4 h, counted on office from 14:00: due 17:00",
    ]
    own = era(policy(resolution=rule("4h", pause_on="on_hold")))
    (_, paused) = told([created("09:00"), status("10:00", "on_hold")], own, "10:30")
    assert 'pauses while on_hold (pause_on of policy "desk" (0:desk))' in paused


def test_a_breach_is_told_at_its_due_time_and_a_stop_after_it_how_far_over() -> None:
    assert told([created("09:00"), status("15:00", "resolved")], DESK, "16:00")[2:] == [
        "14:00 breached: its 4 h are counted in full, and it has not stopped",
        "15:00 stops after 5 h, 1 h over its 4 h; the breach stands",
    ]


def test_without_target_or_policy_a_clock_is_said_to_be_measured() -> None:
    assert told([created("09:00")], DESK, "10:00", "first_response") == [
        '09:00 starts without a target: policy "desk" (0:desk) sets none'
    ]
    nobody = era(policy(match={"priority": "high"}))
    assert told([created("09:00"), status("10:00", "resolved")], nobody, "11:00") == [
        "09:00 starts: no policy matches, so it has no target and is measured round the clock",
        "10:00 stops after 1 h (no target)",
    ]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (
            "recompute",
            "recompute: 2 h on office from the start at 09:00, of which 1 h are counted, 1 h left: due 11:00",
        ),
        ("carry", "carry: 2 h on office less the 1 h already counted, 1 h left: due 11:00"),
        ("forward", "forward: 2 h on office from now on, whatever the 1 h counted before, 2 h left: due 12:00"),
        ("reset", "reset: it starts anew now, the 1 h counted before do not count: 2 h on office, 2 h left: due 12:00"),
    ],
)
def test_a_change_of_priority_names_its_mode_and_shows_its_arithmetic(mode: str, said: str) -> None:
    eras = era(
        policy("urgent", match={"priority": "high"}, calendar="office", change=mode, resolution="2h"),
        policy("rest", calendar="office", resolution="4h"),
    )
    assert told([created("09:00"), updated("10:00", priority="high")], eras, "10:30")[1:] == [
        (
            '10:00 is judged by policy "urgent" (0:urgent) instead of policy "rest" (0:rest), on_priority_change: '
            f"{said} (before: due 14:00)"
        )
    ]


def test_set_forward_a_clock_warns_by_what_it_counts_from_then_on() -> None:
    eras = era(
        policy("urgent", match={"priority": "high"}, change="forward", resolution=rule("2h", "50%")),
        policy("rest", resolution="4h"),
    )
    events = [created("09:00"), updated("10:00", priority="high"), status("11:30", "resolved")]
    assert told(events, eras, "12:00")[2:] == [
        "11:00 warning 50%: 1 h of 2 h counted, due 12:00",
        "11:30 met: stops after 1 h 30 min of 2 h, 30 min to spare; due 12:00",
    ]


def test_what_the_deadline_before_had_said_is_taken_back_in_one_sentence() -> None:
    eras = era(
        policy("urgent", match={"priority": "high"}, resolution="1h"), policy("rest", resolution=rule("8h", "50% 75%"))
    )
    events = [created("09:00", "high"), updated("10:30", priority="low"), updated("16:00", priority="high")]
    said = told(events, eras, "16:30")
    assert "10:30 takes back the breach of 10:00: said of the deadline before" in said
    assert "16:00 takes back the warning 50% of 13:00 and the warning 75% of 15:00: said of the deadline before" in said
    assert said[-1] == "16:00 breached at once: its deadline, 10:00, is behind it already"
    assert "over by 6 h" in said[-3]


def test_a_breach_that_the_new_deadline_leaves_standing_says_so() -> None:
    eras = era(policy("urgent", match={"priority": "high"}, resolution="1h"), policy("rest", resolution="2h"))
    (*_, last) = told([created("09:00"), updated("12:00", priority="high")], eras, "13:00")
    assert last.endswith("under the new deadline it is over too, so the breach of 11:00 stands")


def test_a_change_while_paused_and_to_no_target_is_told() -> None:
    eras = era(
        policy("urgent", match={"priority": "high"}, resolution="2h"),
        policy("free", match={"priority": "low"}),
        policy("rest", resolution="4h"),
    )
    events = [
        created("09:00"),
        status("10:00", "pending"),
        updated("10:30", priority="high"),
        updated("11:00", priority="low"),
    ]
    (*_, paused, free) = told(events, eras, "12:00")
    assert "1 h left; it is paused, and has no deadline meanwhile" in paused
    assert free.endswith("which sets no target")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (
            "new_cycle",
            (
                '13:00 starts anew (on_reopen: new_cycle); the cycle before stays as it ended: policy "desk" (0:desk) '
                "gives it 4 h round the clock from 13:00: due 17:00"
            ),
        ),
        (
            "continue",
            (
                '13:00 goes on (on_reopen: continue of policy "desk" (0:desk)): the time since 10:00 does not count, '
                "the "
                "1 h before it do; that it was met is taken back; due 16:00"
            ),
        ),
        (
            "continue_counting",
            (
                '13:00 goes on (on_reopen: continue_counting of policy "desk" (0:desk)): the time since 10:00 counts, '
                "4 h in all; that it was met is taken back; due 13:00"
            ),
        ),
    ],
)
def test_a_reopen_names_its_mode(mode: str, said: str) -> None:
    eras = era(policy(reopen=mode, resolution="4h"))
    events = [created("09:00"), status("10:00", "resolved"), status("13:00", "open")]
    assert told(events, eras, "13:00")[2] == said


def test_after_a_cancellation_a_cycle_starts_anew_whatever_the_mode() -> None:
    eras = era(policy(reopen="continue", resolution="4h"))
    events = [created("09:00"), event("ticket.merged", "10:00", {"into": "T-2"}), status("13:00", "open")]
    (_, cancelled, anew) = told(events, eras, "13:00")
    assert cancelled == "10:00 cancelled after 1 h: the ticket was merged into T-2; it is neither met nor breached"
    assert anew.startswith("13:00 starts anew, for the cycle before did not end with the resolution: policy")


def test_a_cancellation_takes_back_what_was_said() -> None:
    events = [created("09:00"), event("ticket.deleted", "15:00")]
    assert told(events, DESK, "16:00")[-2:] == [
        "15:00 cancelled after 5 h: the ticket was deleted; it is neither met nor breached",
        "15:00 takes back the warning 50% of 11:00 and the breach of 14:00: nothing but the cancellation stands",
    ]
    assert "the ticket was cancelled" in told([created("09:00"), status("10:00", "cancelled")], DESK, "11:00")[-1]


def test_an_agreed_deadline_is_fixed_and_says_so() -> None:
    events = [created("09:00"), due("10:00", "resolution", "16:00"), status("10:30", "pending")]
    said = told([*events, status("15:00", "resolved")], DESK, "15:00")
    assert said[1:3] == [
        (
            "10:00 is due by agreement: due 16:00 (before: due 14:00); that is 6 h on office from its start, and "
            "pauses do not move it"
        ),
        "10:30 pauses while pending (pause_on by default): agreed deadline 16:00, which no pause moves",
    ]
    assert said[-1] == "15:00 met: stops 1 h before the agreed deadline 16:00"
    assert told(events, DESK, "17:00")[-1] == "16:00 breached: the agreed deadline has passed"
    late = told([*events, status("17:00", "resolved")], DESK, "17:00")
    assert late[-1] == "17:00 stops 1 h after the agreed deadline"


def test_to_agree_to_the_deadline_that_it_has_fixes_it() -> None:
    said = told([created("09:00"), due("10:00", "resolution", "14:00")], DESK, "10:30")
    assert said[-1] == "10:00 the deadline that it has, 14:00, is agreed: pauses no longer move it"


def test_a_regulatory_clock_gives_its_source() -> None:
    eras = era(incidents=[policy("soc", regulations="gdpr nis2 dora")])
    events = [
        detected("09:00"),
        classified("10:00", "personal_data_breach"),
        classified("10:30", "major"),
        notified("11:00", "dora:initial"),
    ]
    (said,) = told(events, eras, "12:00", "gdpr:authority")
    assert said == (
        '09:00 starts: policy "soc" (0:soc) lists gdpr, and it is classified as personal_data_breach since 10:00. '
        "Regulation (EU) 2016/679, article 33(1): 72 hours after having become aware. Counted from when it became "
        "known (09:00): due Thu 2025-03-06 09:00, 72 h after the start, which no pause moves"
    )
    (initial, met) = told(events, eras, "12:00", "dora:initial")
    assert "Counted from with the classification" not in initial
    assert "from the classification (10:30): due 14:30, 4 h after the start" in initial
    assert met == "11:00 met: stops 3 h 30 min before the deadline by law 14:30"
    (follows,) = told(events, eras, "12:00", "dora:intermediate")
    assert "from the report of dora:initial (11:00): due Thu 2025-03-06 11:00" in follows


def test_a_dismissed_incident_cancels_its_clocks() -> None:
    eras = era(incidents=[policy("soc", resolve="8h")])
    assert told([detected("09:00"), turn("10:00", "dismissed")], eras, "11:00", "resolve")[-1] == (
        "10:00 cancelled after 1 h: the incident was dismissed; it is neither met nor breached"
    )


def test_questions_and_updates_say_why_they_are_owed() -> None:
    eras = era(policy(next_response="1h", periodic_update="2h", ola_net="1h"))
    events = [
        created("09:00", team="net"),
        comment("09:10"),
        comment("09:20", "requester"),
    ]
    assert told(events, eras, "09:30", "next_response") == [
        (
            '09:20 starts, for the requester has asked after the first response: policy "desk" (0:desk) gives it 1 h '
            "round the clock from 09:20: due 10:20"
        )
    ]
    assert told(events, eras, "09:30", "periodic_update")[0].startswith(
        "09:10 starts, for after each reply the next update is owed: policy"
    )
    assert told(events, eras, "09:30", "ola:net")[0].startswith("09:00 starts with the team: policy")


def test_a_late_stop_takes_back_what_was_said_after_its_own_time() -> None:
    events = [created("09:00"), updated("15:30", agent="ani"), status("10:30", "resolved")]
    assert told(events, DESK, "16:00")[-2:] == [
        (
            "15:30 takes back the warning 50% of 11:00 and the breach of 14:00: it had stopped by then, as is known "
            "only now"
        ),
        (
            "10:30 met: stops after 1 h 30 min of 4 h, 2 h 30 min to spare; due 14:00; the event came late, but what "
            "it stops ends at its own time"
        ),
    ]


def test_a_partial_entity_begins_with_the_event_it_was_first_seen_at() -> None:
    found = lived([comment("09:00"), status("10:00", "resolved")], DESK, "11:00")
    assert found.state.partial
    assert [step.at for step in found.steps] == [at("09:00"), at("10:00")]
    assert told([comment("09:00")], DESK, "09:30", "first_response") == [
        '09:00 starts without a target: policy "desk" (0:desk) sets none',
        "09:00 stops after 0 min (no target)",
    ]


def test_a_new_configuration_judges_from_its_moment() -> None:
    eras = [
        era(policy(resolution=rule("4h", "50%"))),
        era(policy(resolution=rule("2h")), since="10:00"),
        era(policy(resolution=rule("2h", "90%")), since="10:30"),
    ]
    found = lived([created("09:00")], eras, "10:40")
    assert [step.configuration for step in found.steps] == [None, 1, 2]
    assert told([created("09:00")], eras, "10:40")[1:] == [
        (
            '10:00 is judged by policy "desk" (1:desk) instead of policy "desk" (0:desk), on_priority_change: '
            "recompute: "
            "2 h round the clock from the start at 09:00, of which 1 h are counted, 1 h left: due 11:00 (before: due "
            "13:00)"
        ),
        (
            '10:30 is judged by policy "desk" (2:desk): the same target, and the deadline stays; it warns at 90% '
            "from now on"
        ),
    ]


def test_an_agreed_deadline_stays_on_another_calendar_and_warnings_may_end() -> None:
    eras = [
        era(policy(resolution=rule("4h", "50%"))),
        era(policy(resolution=rule("4h"), calendar="office"), since="11:00"),
        era(policy(resolution=rule("4h", "75%"), calendar="office"), since="11:30"),
        era(policy(resolution=rule("4h"), calendar="office"), since="11:40"),
    ]
    said = told([created("09:00"), due("10:00", "resolution", "16:00")], eras, "11:45")
    assert said[2].endswith("the fixed deadline stays; on the new calendar it is 6 h from the start")
    assert said[4].endswith("the same target, and the deadline stays; it warns at nothing from now on")


def test_why_a_policy_judges_names_all_that_were_tried() -> None:
    eras = era(
        policy("vip", match={"tags": "vip gold"}),
        policy("mail", match={"channel": "not phone", "priority": "high"}),
        policy("phone", match={"channel": "phone", "team": "not net"}),
        policy("never"),
    )
    events = [created("09:00", "low", channel="phone", tags=["new"])]
    (choice,) = [step.choice for step in lived(events, eras, "10:00").steps if step.choice is not None]
    assert list(why(choice, lambda number, name: f"{number}:{name}")) == [
        'no   "vip" (0:vip): tags is [new], not gold or vip',
        'no   "mail" (0:mail): channel is phone, and it wants anything but phone; priority is low, not high',
        'yes  "phone" (0:phone): channel is phone, team is not set, which is not net',
    ]


def test_that_no_policy_matches_is_told_and_many_that_do_not_are_cut_short() -> None:
    none = lived([created("09:00")], era(), "10:00").steps[0].choice
    assert none is not None
    assert list(why(none, lambda number, name: f"{number}:{name}")) == [
        "none there are no policies for it: clocks run and are measured round the clock, without targets"
    ]
    many = era(*(policy(f"p{number}", match={"team": "x"}) for number in range(15)))
    choice = lived([created("09:00")], many, "10:00").steps[0].choice
    assert choice is not None
    said = list(why(choice, lambda number, name: f"{number}:{name}"))
    assert said[0] == "3 policies before these did not match either"
    assert said[1] == 'no   "p3" (0:p3): team is not set, not x'
    assert said[-1].startswith("none no policy matches")


def test_rules_without_a_clock_are_those_of_the_policy() -> None:
    eras = era(policy(otherwise=ClockRule(pause_on=frozenset({"open"}))))
    assert told([created("09:00", status="open")], eras, "09:30")[1] == (
        '09:00 pauses while open (pause_on of policy "desk" (0:desk)): 0 min counted so far'
    )


def stands(events: Iterable[Event], eras: Era, until: str, clock: str = "resolution") -> str:
    found = lived(events, eras, until)
    teller = Teller(found, Wall("UTC"), lambda number, name: f"{number}:{name}")
    its = found.state.find(clock)
    assert its is not None
    return shortened(teller.stands(its))


def test_how_a_clock_stands_is_one_line() -> None:
    assert stands([created("09:00")], DESK, "10:00") == "3 h left of 4 h, counted on office from 10:00: due 14:00"
    assert stands([created("09:00")], DESK, "15:00") == "due 14:00, still running; 5 h counted"
    assert stands([created("09:00"), status("15:00", "resolved")], DESK, "16:00") == (
        "due 14:00, stopped 15:00; 5 h counted"
    )
    assert stands([created("09:00"), status("10:00", "resolved")], DESK, "16:00") == "stopped 10:00, due 14:00"
    assert stands([created("09:00"), status("10:00", "cancelled")], DESK, "16:00") == "at 10:00"
    assert stands([created("09:00")], DESK, "10:00", "first_response") == "1 h counted, no target"


def test_a_clock_that_waits_and_is_over_says_by_how_much_and_after_a_breach_since_when() -> None:
    eras = era(policy("urgent", match={"priority": "high"}, resolution="1h"), policy("rest", resolution="4h"))
    waiting = [created("09:00"), status("12:00", "pending"), updated("12:30", priority="high")]
    assert stands(waiting, eras, "13:00") == "2 h over its 1 h"
    paused = told([created("09:00", "high"), status("12:00", "pending")], eras, "13:00")[-1]
    assert paused.endswith("3 h counted, breached since 10:00")
