"""Events out of order, twice, late, and too late."""

from __future__ import annotations

from itertools import permutations

import pytest

from stream_app.sla.admission import admit, digest, latest_of
from stream_app.sla.events import Event
from stream_app.sla.history import Entry, as_of, begin, in_order
from stream_app.sla.life import Life, receive
from tests.unit.sla.build import (
    at,
    comment,
    created,
    detected,
    due,
    era,
    event,
    notified,
    policy,
    rule,
    seen,
    shown,
    status,
    turn,
    updated,
)

DESK = era(policy(first_response="1h", next_response="30m", periodic_update="2h", resolution=rule("4h", "50%")))


def numbered(when: str, to: str, **attributes: str) -> Event:
    return event("ticket.status_changed", when, {"status": to}, **attributes)


# the order


def test_events_are_sorted_by_the_instant() -> None:
    story = [created("09:00"), status("10:30", "open"), status("10:00", "resolved")]
    assert seen(story, DESK, "11:00").row["reopens"] == 1


def test_of_one_instant_the_creating_event_comes_first() -> None:
    story = [
        numbered("09:00", "pending", id="a"),
        event("ticket.created", "09:00", {"priority": "low"}, id="z", sequence="9"),
    ]
    told = seen(story, DESK, "09:30")
    assert (told.row["status"], told.row["priority"]) == ("pending", "low")
    assert "partial" not in told.row


def test_a_sequence_is_compared_as_an_integer_and_a_missing_one_comes_first() -> None:
    # none, -5, 9, 10, by their numbers and not by their texts
    story = [created("09:00")]
    tied = [numbered("10:00", "new"), numbered("10:00", "pending", sequence="-5")]
    tied += [numbered("10:00", "resolved", sequence="9"), numbered("10:00", "open", sequence="10")]
    for arrival in permutations(tied):
        told = seen([*story, *arrival], DESK, "11:00")
        assert (told.row["status"], told.row["reopens"]) == ("open", 1)


@pytest.mark.parametrize(
    "ascending",
    [
        ["-" + "9" * 5000, "-" + "9" * 4999, "-1", "0", "1", "9" * 4999, "9" * 5000],
        ["+1", "002", "3"],
        ["0" * 5000 + "1", "2", "9" * 4300, "1" + "0" * 4300, "1" + "0" * 9000],
    ],
)
def test_sequences_may_be_of_any_length(ascending: list[str]) -> None:
    found = in_order(Entry(numbered("10:00", "open", sequence=one), at("10:00")) for one in reversed(ascending))
    assert [entry.event.sequence for entry in found] == ascending


def test_equal_sequences_are_ordered_by_id_and_then_by_source_by_code_point() -> None:
    names = [("B", "x"), ("a10", "x"), ("a9", "w"), ("a9", "x"), ("b", "x"), ("é", "x"), ("🔥", "x")]
    tied = [numbered("10:00", "open", id=name, source=source, sequence="7") for name, source in reversed(names)]
    found = in_order(Entry(one, at("10:00")) for one in tied)
    assert [(entry.event.id, entry.event.source) for entry in found] == names


def test_an_entry_and_its_mark_stand_at_the_same_place() -> None:
    for one in (created("09:00"), numbered("09:00", "open", sequence="12")):
        entry = Entry(one, at("09:00"))
        assert entry.mark.key == entry.key


# twice


def test_the_same_source_and_id_are_the_same_event_and_nothing_else_is() -> None:
    names = [("a", "bc"), ("ab", "c"), ("a", "bc "), (" a", "bc"), ("A", "bc"), ("1:a", "bc"), ("bc", "a")]
    digests = {digest(numbered("09:00", "open", source=source, id=ident)) for source, ident in names}
    assert len(digests) == len(names)
    assert digest(numbered("09:00", "open", id="a")) == digest(numbered("12:00", "closed", id="a"))


def test_a_duplicate_is_told_from_a_digest_that_only_lies_across_two() -> None:
    life = Life("ticket", "T-1", ids=bytes(range(24)))
    assert life.knows(bytes(range(8, 16)))
    assert not life.knows(bytes(range(4, 12)))
    # across two, and then at its place
    twice = bytes(range(4)) + bytes(8) + bytes(4) + bytes(8)
    assert Life("ticket", "T-1", ids=twice).knows(bytes(8))


def test_a_duplicate_changes_nothing_whatever_it_says() -> None:
    life = Life("ticket", "T-1")
    first, again = numbered("09:00", "open", id="a"), numbered("12:00", "closed", id="a")
    entries, outcomes = receive(life, [first, again, first], [DESK])
    assert ([entry.event for entry in entries], outcomes) == ([first], ["applied", "duplicate", "duplicate"])
    assert life.latest == at("09:00")
    assert receive(life, [again], [DESK]) == ([], ["duplicate"])


# late


def test_within_lateness_an_event_is_put_into_its_place_and_beyond_it_at_the_entitys_latest() -> None:
    latest = at("10:00")
    on_time = admit(status("09:00", "open"), latest, at("10:00") - at("09:00"))
    assert (on_time.at, on_time.late) == (at("09:00"), False)
    late = admit(status("08:59:59.999999", "open"), latest, at("10:00") - at("09:00"))
    assert (late.at, late.late) == (latest, True)
    assert latest_of(late, latest) == latest
    assert latest_of(admit(status("11:00", "open"), latest, 0), latest) == at("11:00")


def test_lateness_is_measured_against_the_entitys_own_latest_event() -> None:
    life = Life("ticket", "T-1")
    story = [created("09:00"), status("11:00", "open"), comment("10:00"), comment("09:59")]
    entries, outcomes = receive(life, story, [DESK])
    assert outcomes == ["applied", "applied", "applied", "late"]
    assert [shown(entry.at) for entry in entries] == ["09:00", "11:00", "10:00", "11:00"]


def test_the_lateness_in_force_is_that_of_the_entitys_latest_moment() -> None:
    eras = (era(lateness="1h"), era(lateness="3h", since="11:00"))
    life = Life("ticket", "T-1")
    _, outcomes = receive(life, [created("10:59"), comment("09:00")], eras)
    assert outcomes == ["applied", "late"]
    _, outcomes = receive(life, [comment("11:00"), comment("09:00")], eras)
    assert outcomes == ["applied", "applied"]


def test_any_lateness_is_allowed() -> None:
    story = [created("09:00"), status("2025-06-30 09:00", "open"), comment("09:30")]
    assert (
        seen(story, era(policy(first_response="1h"), lateness="400d"), "2025-06-30 09:00").moment("first_response_at")
        == "09:30"
    )


def test_whatever_the_order_of_arrival_within_lateness_the_sorted_history_counts() -> None:
    story = [
        created("09:00"),
        comment("09:10"),
        status("09:20", "pending"),
        status("09:40", "open"),
        status("09:50", "resolved"),
    ]
    rows = [seen(arrival, DESK, "12:00") for arrival in permutations(story)]
    assert all(told.row == rows[0].row for told in rows)
    assert all(told.state.facts() == rows[0].state.facts() for told in rows)


# too late


def test_a_late_reply_ends_its_clock_at_its_own_time() -> None:
    #  09:00 created   09:30 reply (arrives at 12:00)   10:00 due
    told = seen([created("09:00"), status("12:00", "open"), comment("09:30")], DESK, "12:30")
    assert told.clock("first_response") == ("met", "09:00", "10:00", "09:30", 30, 60, None)
    assert told.moment("first_response_at") == "09:30"
    assert told.facts("first_response") == [("09:30", 30)]
    assert told.said("first_response") == ["09:30 met"]
    # what it starts begins where it is applied
    assert told.clock("periodic_update").started == "12:00"


def test_a_late_reply_after_the_deadline_leaves_the_breach() -> None:
    told = seen([created("09:00"), status("12:00", "open"), comment("10:30")], DESK, "12:30")
    assert told.clock("first_response") == ("breached", "09:00", "10:00", "10:30", 90, 60, "10:00")


@pytest.mark.parametrize("done", ["resolved", "closed"])
def test_a_late_resolution_ends_its_clocks_at_its_own_time(done: str) -> None:
    story = [created("09:00"), status("10:00", "pending"), status("11:00", "open"), updated("15:00", agent="ani")]
    told = seen([*story, status("11:30", done)], DESK, "16:00")
    # an hour and a half counted: the warning of 12:00 and the breach of 14:00 never were
    assert told.clock("resolution") == ("met", "09:00", "14:00", "11:30", 90, 240, None)
    assert told.said("resolution") == ["11:30 met"]
    assert (told.row["status"], told.moment("resolved_at")) == (done, "11:30")
    assert told.moment("closed_at") == ("11:30" if done == "closed" else None)
    assert told.row["paused_seconds"] == 3600
    assert told.facts("resolution") == [("11:30", 90)]


def test_a_late_resolution_within_a_pause_ends_the_pause_there() -> None:
    story = [created("09:00"), status("10:00", "pending"), status("14:00", "open"), updated("15:00", agent="ani")]
    told = seen([*story, status("11:00", "resolved")], DESK, "16:00")
    assert (told.moment("resolved_at"), told.row["paused_seconds"]) == ("11:00", 3600)
    assert told.clock("resolution")[:5] == ("met", "09:00", "14:00", "11:00", 60)


def test_a_late_resolution_while_it_is_paused_ends_before_the_pause() -> None:
    story = [created("09:00"), status("13:00", "pending")]
    told = seen([*story, status("10:30", "resolved")], DESK, "16:00")
    assert told.clock("resolution") == ("met", "09:00", "13:00", "10:30", 90, 240, None)
    assert told.row["paused_seconds"] == 0


def test_a_late_stage_ends_its_clock_at_its_own_time() -> None:
    soc = era(incidents=[policy(acknowledge="10m", contain="1h", resolve="8h")])
    story = [detected("09:00"), turn("12:00", "updated", team="soc"), turn("09:05", "acknowledged")]
    told = seen(story, soc, "13:00")
    assert told.clock("acknowledge") == ("met", "09:00", "09:10", "09:05", 5, 10, None)
    assert (told.moment("acknowledged_at"), told.facts("acknowledge_time")) == ("09:05", [("09:05", 5)])
    assert told.clock("contain").breached == "10:00"


def test_a_late_notification_ends_the_clock_of_the_law_at_its_own_time() -> None:
    soc = era(incidents=[policy(regulations="gdpr")])
    story = [detected("09:00", personal_data=True), turn("07 09:00", "updated"), notified("05 09:00", "gdpr:authority")]
    told = seen(story, soc, "08 00:00").clock("gdpr:authority")
    assert told == ("met", "09:00", "06 09:00", "05 09:00", 48 * 60, 72 * 60, None)


def test_a_late_stop_before_the_start_of_its_clock_ends_it_at_its_start() -> None:
    story = [created("09:00"), comment("09:10"), comment("11:00", "requester"), comment("09:30")]
    told = seen(story, DESK, "11:10")
    assert told.clock("next_response")[:5] == ("met", "11:00", "11:30", "11:00", 0)
    early = seen([created("09:00"), updated("11:00", agent="ani"), comment("08:00")], DESK, "11:10")
    assert early.clock("first_response")[:5] == ("met", "09:00", "10:00", "09:00", 0)
    assert early.moment("first_response_at") == "09:00"


def test_another_late_event_is_applied_at_the_entitys_latest() -> None:
    both = era(
        policy("high", match={"priority": "high"}, change="forward", resolution="2h"), policy("low", resolution="8h")
    )
    told = seen([created("09:00", "low"), status("12:00", "open"), updated("10:00", priority="high")], both, "12:30")
    assert told.clock("resolution").due == "14:00"  # two hours from 12:00
    paused = seen([created("09:00"), updated("12:00", agent="ani"), status("10:00", "pending")], DESK, "12:30")
    assert paused.clock("resolution").elapsed == 180


def test_a_late_resolution_withdraws_a_breach_noticed_since() -> None:
    story = [created("09:00"), updated("15:00", agent="ani")]
    assert seen(story, DESK, "15:00").said("resolution") == ["11:00 warning 50%", "13:00 breached"]
    told = seen([*story, status("12:00", "resolved")], DESK, "15:00")
    assert told.said("resolution") == ["11:00 warning 50%", "12:00 met"]
    assert told.labels("clock", clock="resolution")["outcome"] == "met"


def test_a_late_resolution_at_the_moment_of_a_warning_comes_before_it() -> None:
    story = [created("09:00"), updated("15:00", agent="ani"), status("11:00", "resolved")]
    assert seen(story, DESK, "15:00").said("resolution") == ["11:00 met"]


def test_a_late_resolution_takes_back_no_agreement() -> None:
    story = [
        created("09:00"),
        due("09:30", "resolution", "11:00"),
        updated("15:00", agent="ani"),
        status("10:30", "resolved"),
    ]
    assert seen(story, DESK, "16:00").clock("resolution") == ("met", "09:00", "11:00", "10:30", 90, 120, None)


def test_a_late_stop_after_the_clock_has_ended_changes_nothing() -> None:
    story = [created("09:00"), status("10:00", "resolved"), updated("15:00", agent="ani")]
    before = seen(story, DESK, "16:00")
    told = seen([*story, status("09:30", "resolved")], DESK, "16:00")
    assert told.row == before.row


# moments of the report


def test_a_history_is_judged_as_of_a_moment() -> None:
    story = [created("09:00"), status("10:00", "resolved"), status("11:00", "open")]
    assert [seen(story, DESK, when).row["status"] for when in ("09:59", "10:00", "10:59", "11:00")] == [
        "new",
        "resolved",
        "resolved",
        "open",
    ]


def test_before_its_first_event_there_is_nothing() -> None:
    assert as_of([], [DESK], at("09:00")) is None
    assert as_of([Entry(created("09:00"), at("09:00"))], [DESK], at("08:59")) is None


def test_a_measurement_has_no_life() -> None:
    said = event("service.down", "09:00")
    with pytest.raises(TypeError):
        begin(Entry(said, at("09:00")), [DESK], partial=True)
