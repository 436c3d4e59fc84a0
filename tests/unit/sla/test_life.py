"""A life as the stream keeps it, and the news of its changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from stream_app.sla.era import Era
from stream_app.sla.events import Event
from stream_app.sla.history import Entry
from stream_app.sla.life import Life, follows, grow, pass_time, receive, regrow
from stream_app.sla.news import News, before, news, withdrawn
from tests.unit.sla.build import (
    at,
    comment,
    created,
    detected,
    era,
    event,
    notified,
    policy,
    rule,
    shown,
    status,
    turn,
    updated,
)

DESK = era(
    policy("high", match={"priority": "high"}, resolution=rule("2h", "50%")),
    policy("rest", first_response="1h", resolution=rule("4h", "50%")),
    incidents=[policy("law", regulations="gdpr", acknowledge=rule("10m", ""))],
)


class Stream:
    """One entity's partition, with the history beside it."""

    def __init__(self, *eras: Era, kind: str = "ticket") -> None:
        self.eras: Sequence[Era] = eras or (DESK,)
        self.life = Life("incident", "I-1") if kind == "incident" else Life("ticket", "T-1")
        self.history: list[Entry] = []
        self.regrown = 0

    def take(self, now: str, *events: Event) -> list[News]:
        """A batch; what it has to say."""
        old = before(self.life)
        entries, _ = receive(self.life, events, self.eras)
        if follows(self.life, entries, self.eras, at(now)):
            grow(self.life, entries, self.eras, at(now))
        else:
            self.regrown += 1
            regrow(self.life, [*self.history, *entries], self.eras, at(now))
        self.history += entries
        return news(old, before(self.life), self.life, at(now))

    def wake(self, now: str) -> list[News]:
        """The time that passes."""
        old = before(self.life)
        if not follows(self.life, (), self.eras, at(now)):
            self.regrown += 1
            regrow(self.life, self.history, self.eras, at(now))
        pass_time(self.life, self.eras, at(now))
        return news(old, before(self.life), self.life, at(now))


def brief(said: list[News]) -> list[str]:
    return [f"{shown(one.at)} {one.id}" for one in said]


# growing


def test_what_follows_grows_and_the_history_is_not_read() -> None:
    stream = Stream()
    for when, one in (("09:00", created("09:00")), ("09:30", comment("09:30")), ("10:00", status("10:00", "pending"))):
        stream.take(when, one)
    assert stream.regrown == 0
    assert stream.life.state is not None
    assert (stream.life.state.status, stream.life.latest) == ("pending", at("10:00"))


@pytest.mark.parametrize(
    ("story", "astray"),
    [
        ([created("09:00"), status("10:00", "open"), comment("09:30")], True),
        ([comment("09:30"), created("09:30")], True),
        (
            [created("09:00"), event("ticket.deleted", "10:00", id="b"), event("ticket.escalated", "10:00", id="a")],
            True,
        ),
        (
            [event("ticket.created", "09:00", {"priority": "low"}, id="b"), event("ticket.deleted", "09:00", id="a")],
            False,
        ),
    ],
)
def test_what_does_not_follow_needs_the_whole_history(story: list[Event], *, astray: bool) -> None:
    stream = Stream()
    for one in story:
        stream.take("12:00", one)
    assert (stream.regrown > 0) == astray


def test_a_creating_event_of_a_partial_entity_needs_the_whole_history() -> None:
    stream = Stream()
    stream.take("10:00", comment("09:30"))
    stream.take("10:00", created("10:00"))
    assert stream.regrown == 1
    assert stream.life.state is not None
    assert not stream.life.state.partial


def test_an_event_before_what_its_clocks_have_said_needs_the_whole_history() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    said = stream.wake("11:30")
    assert brief(said) == ["10:00 sla.breached:T-1:first_response:1::0", "11:00 sla.warning:T-1:resolution:1:50%25:0"]
    # resolved at 10:30, and known only now: the warning of 11:00 is taken back
    told = stream.take("11:40", status("10:30", "resolved"))
    assert stream.regrown == 1
    assert brief(told) == [
        "11:40 sla.corrected:sla.warning:T-1:resolution:1:50%25:0",
        "10:30 sla.met:T-1:resolution:1::0",
        "10:30 clock.stopped:T-1:first_response:1::0.1",
    ]


def test_an_event_of_the_very_moment_up_to_which_its_clocks_have_spoken_comes_before_what_they_said() -> None:
    stream = Stream(era(policy(resolution=rule("4h", "50%"))))
    stream.take("09:00", created("09:00"))
    warning = "sla.warning:T-1:resolution:1:50%25:0"
    assert brief(stream.wake("11:00")) == [f"11:00 {warning}"]
    told = stream.take("11:00", status("11:00", "resolved"))
    assert stream.regrown == 1
    assert f"11:00 sla.corrected:{warning}" in brief(told)


def test_what_it_had_said_of_its_own_accord_it_still_says_after_it_was_grown_anew() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    stream.wake("11:30")
    told = stream.take("11:40", comment("10:30"))
    assert stream.regrown == 1
    # the response was late by then, and the warning of 11:00 is neither taken back nor repeated
    assert brief(told) == ["10:30 clock.stopped:T-1:first_response:1::0.1"]


def test_an_event_that_lies_ahead_waits_for_its_time() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"), status("09:04", "pending"))
    assert stream.life.state is not None
    assert (stream.life.state.status, len(stream.life.ahead)) == ("new", 1)
    assert stream.life.wakes_at(stream.eras) == at("09:04")
    stream.wake("09:04")
    assert (stream.life.state.status, stream.life.ahead) == ("pending", [])
    assert stream.regrown == 0


def test_a_life_all_of_whose_events_lie_ahead_has_no_state_yet() -> None:
    stream = Stream()
    assert stream.take("09:00", created("09:02")) == []
    assert (stream.life.state, stream.life.facts(), stream.life.dues()) == (None, [], [])
    assert stream.life.wakes_at(stream.eras) == at("09:02")
    assert stream.wake("09:01") == []
    stream.wake("09:02")
    assert stream.life.facts()
    assert Life("ticket", "T-1").wakes_at(stream.eras) is None


def test_a_life_grown_anew_from_what_lies_ahead_has_no_state() -> None:
    stream = Stream()
    stream.take("09:00", created("09:02"))
    regrow(stream.life, stream.history, stream.eras, at("09:01"))
    assert (stream.life.state, stream.life.last, len(stream.life.ahead)) == (None, None, 1)


def test_it_wakes_at_the_next_thing_that_becomes_true_and_after_a_deadline_not_at_it() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    moments = []
    while (wake := stream.life.wakes_at(stream.eras)) is not None:
        moments.append(wake - at("09:00"))
        pass_time(stream.life, stream.eras, wake)
    hour = at("10:00") - at("09:00")
    assert moments == [hour + 1, 2 * hour, 4 * hour + 1]


def test_it_wakes_at_the_next_configuration_while_a_clock_is_unfinished() -> None:
    stream = Stream(era(policy()), era(policy(resolution="1h"), since="15:00"))
    stream.take("09:00", created("09:00"))
    assert stream.life.wakes_at(stream.eras) == at("15:00")
    stream.take("10:00", status("10:00", "resolved"))
    assert stream.life.wakes_at(stream.eras) is None


def test_a_configuration_heard_of_after_events_that_it_judges_needs_the_whole_history() -> None:
    stream = Stream(era(policy(resolution="4h")))
    stream.take("10:00", created("09:00"), status("10:00", "pending"))
    stream.eras = (*stream.eras, era(policy(resolution="8h"), since="09:30"))
    stream.take("10:30", status("10:30", "open"))
    assert stream.regrown == 1
    assert stream.life.state is not None
    assert stream.life.state.clocks[1].version == 1


def test_the_deadlines_of_running_clocks_are_known() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    assert stream.life.dues() == [("first_response", 1, at("10:00")), ("resolution", 1, at("13:00"))]
    stream.wake("10:01")
    assert stream.life.dues() == [("resolution", 1, at("13:00"))]
    stream.take("11:00", status("11:00", "pending"))
    assert stream.life.dues() == []


def test_a_life_is_written_and_read_without_change() -> None:
    stream = Stream()
    stream.take(
        "11:00",
        created("09:00", "high", team="net", tags=["a", "b"], tier=2, complexity=5),
        updated("09:30", priority="low", customer=None),
        comment("10:30"),
        status("11:04", "pending"),
    )
    stream.wake("11:02")
    written = msgspec.msgpack.encode(stream.life)
    read = msgspec.msgpack.decode(written, type=Life)
    assert read == stream.life
    assert msgspec.msgpack.encode(read) == written
    soc = Stream(kind="incident")
    soc.take(
        "10:00",
        detected("09:00", personal_data=True, occurred_at="2025-03-01T00:00:00Z"),
        notified("09:30", "gdpr:authority"),
    )
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(soc.life), type=Life) == soc.life


# news


def test_what_is_new_is_said_once() -> None:
    stream = Stream()
    assert stream.take("09:00", created("09:00")) == []
    assert brief(stream.wake("11:00")) == [
        "10:00 sla.breached:T-1:first_response:1::0",
        "11:00 sla.warning:T-1:resolution:1:50%25:0",
    ]
    assert stream.wake("11:00") == []
    assert stream.wake("12:00") == []


def test_a_message_is_an_event_with_all_that_an_alert_wants_to_know() -> None:
    stream = Stream()
    stream.take(
        "09:00",
        created(
            "09:00", team="net", agent="ani", customer="acme", title="Fire", url="https://x", category="c", service="s"
        ),
    )
    (_, warning) = stream.wake("11:00")
    assert msgspec.json.decode(warning.envelope()) == {
        "specversion": "1.0",
        "id": "sla.warning:T-1:resolution:1:50%25:0",
        "source": "tenggat",
        "type": "sla.warning",
        "subject": "T-1",
        "time": "2025-03-03T11:00:00Z",
        "data": {
            "alert": "T-1:resolution:1",
            "clock": "resolution",
            "cycle": 1,
            "threshold": "50%",
            "due_at": "2025-03-03T13:00:00Z",
            "original_due_at": "2025-03-03T13:00:00Z",
            "remaining_seconds": 7200.0,
            "on_attach": False,
            "policy": "rest",
            "partial": False,
            "kind": "ticket",
            "priority": "medium",
            "customer": "acme",
            "team": "net",
            "agent": "ani",
            "category": "c",
            "service": "s",
            "title": "Fire",
            "url": "https://x",
        },
    }


def test_an_incidents_message_has_its_severity_and_asset() -> None:
    stream = Stream(kind="incident")
    stream.take("09:00", detected("09:00", "high", asset="db1", personal_data=True))
    (said,) = stream.wake("09:30")
    assert (said.type, said.data["severity"], said.data["asset"], said.data["kind"]) == (
        "sla.breached",
        "high",
        "db1",
        "incident",
    )
    assert "priority" not in said.data


def test_a_re_target_withdraws_under_the_old_ids_and_speaks_under_new_ones() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    stream.wake("11:00")
    told = stream.take("11:30", updated("11:30", priority="high"))
    told += stream.wake("11:30:00.000001")
    words = brief(told)
    assert "11:30 sla.corrected:sla.warning:T-1:resolution:1:50%25:0" in words
    assert [word for word in words if word.endswith(":1") and "sla." in word] == [
        "11:30 sla.breached:T-1:resolution:1::1",
    ]
    corrected = next(one for one in told if one.id == "sla.corrected:sla.warning:T-1:resolution:1:50%25:0")
    assert corrected.data == {
        "corrects": "sla.warning:T-1:resolution:1:50%25:0",
        "moved": False,
        "alert": "T-1:resolution:1",
        "clock": "resolution",
        "cycle": 1,
        "threshold": "50%",
        "was_at": "2025-03-03T11:00:00Z",
        "kind": "ticket",
    }


def test_a_pause_a_resume_and_a_stop_are_told_of_a_clock_that_has_spoken() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    assert stream.take("09:10", status("09:10", "pending")) == []  # nobody has heard of it yet
    stream.take("09:10", status("09:10", "open"))
    stream.wake("11:30")
    told = stream.take("12:00", status("12:00", "pending"))
    told += stream.take("12:30", status("12:30", "open"))
    told += stream.take("12:45", status("12:45", "resolved"))
    kinds = [(one.type, shown(one.at)) for one in told if one.data.get("clock") == "resolution"]
    assert kinds == [
        ("clock.paused", "12:00"),
        ("clock.resumed", "12:30"),
        ("sla.met", "12:45"),
    ]
    assert len({one.id for one in told}) == len(told)
    assert told[0].data["due_at"] is None
    assert told[1].data["due_at"] == "2025-03-03T13:30:00Z"


def test_a_clock_of_which_nothing_stands_tells_nothing() -> None:
    stream = Stream(era())
    assert [*stream.take("10:00", created("09:00")), *stream.take("11:00", status("11:00", "resolved"))] == []
    assert stream.wake("20:00") == []


def test_who_has_it_is_told_again_when_it_changes_and_each_time_under_its_own_id() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00", agent="ani"))
    assert stream.take("09:30", updated("09:30", agent="budi")) == []  # nothing stands
    stream.wake("10:30")
    told = [
        one
        for name in ("cici", "dedi")
        for one in stream.take("11:30", updated("11:30", agent=name))
        if one.type == "entity.changed"
    ]
    assert [one.id for one in told] == ["entity.changed:T-1::::", "entity.changed:T-1::::/2"]
    assert [(one.data["agent"], one.data["status"]) for one in told] == [("cici", "new"), ("dedi", "new")]
    assert stream.take("11:40", event("ticket.worked", "11:40", {"agent": "x", "seconds": 5})) == []


def test_what_was_withdrawn_and_holds_again_has_another_id_on_the_wire_each_time() -> None:
    stream = Stream(era(policy(reopen="continue", resolution="4h")))
    stream.take("09:00", created("09:00"))
    ids = []
    for hour in (10, 12, 14):
        ids += [one.id for one in stream.take("20:00", status(f"{hour}:00", "resolved"))]
        ids += [one.id for one in stream.take("20:00", status(f"{hour + 1}:00", "open"))]
    met = "sla.met:T-1:resolution:1::0"
    assert [name for name in ids if "sla." in name] == [
        met,
        f"sla.corrected:{met}",
        f"{met}/2",
        f"sla.corrected:{met}/2",
        f"{met}/3",
        f"sla.corrected:{met}/3",
    ]


def test_a_signal_that_moves_is_withdrawn_and_said_anew() -> None:
    stream = Stream(era(policy(resolution="4h")))
    stream.take("10:30", created("09:00"), status("10:30", "resolved"))
    told = stream.take("11:00", status("10:00", "resolved"))
    met = "sla.met:T-1:resolution:1::0"
    assert [(one.id, shown(one.at)) for one in told[:2]] == [(f"sla.corrected:{met}", "11:00"), (f"{met}/2", "10:00")]
    assert told[0].data["moved"] is True
    assert told[0].data["was_at"] == "2025-03-03T10:30:00Z"


def test_two_clocks_do_not_share_an_alert() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    assert {one.data["alert"] for one in stream.wake("15:00")} == {"T-1:first_response:1", "T-1:resolution:1"}


# what the topic holds and the life does not know of


def wire(said: str, stream: Stream) -> dict[str, Any] | None:
    found = withdrawn(stream.life, said, at("09:30"), at("12:00"))
    return None if found is None else {"id": found.id, **found.data}


def test_what_the_topic_says_and_the_entity_does_not_is_withdrawn() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    said = "sla.breached:T-1:resolution:1::0"
    assert wire(said, stream) == {
        "id": f"sla.corrected:{said}",
        "corrects": said,
        "moved": False,
        "was_at": "2025-03-03T09:30:00Z",
        "kind": "ticket",
    }
    # said anew, it goes on counting from there
    assert [one.id for one in stream.wake("13:01") if "breached" in one.id and "resolution" in one.id] == [f"{said}/2"]


def test_an_ending_on_the_wire_is_taken_into_account() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    said = "sla.breached:T-1:resolution:1::0"
    wire(f"{said}/4", stream)
    assert wire(f"{said}/2", stream) is not None
    assert stream.life.again[said] == 4
    assert [one.id for one in stream.wake("13:01") if "resolution" in one.id and "breached" in one.id] == [f"{said}/5"]


def test_a_slash_in_an_id_is_no_ending() -> None:
    stream = Stream()
    assert wire("sla.met:a/b:resolution:1::0", stream) is not None
    assert stream.life.again == {"sla.met:a/b:resolution:1::0": 1}


def test_what_the_entity_still_says_is_not_withdrawn() -> None:
    stream = Stream()
    stream.take("09:00", created("09:00"))
    stream.wake("10:30")
    assert wire("sla.breached:T-1:first_response:1::0", stream) is None
    assert stream.life.again == {}


def test_a_life_without_a_state_says_nothing_and_can_be_withdrawn_from() -> None:
    stream = Stream()
    nothing = before(stream.life)
    assert news(nothing, nothing, stream.life, at("09:00")) == []
    assert wire("sla.met:T-1:resolution:1::0", stream) is not None


def test_a_dismissed_incident_tells_that_its_clocks_are_over() -> None:
    stream = Stream(kind="incident")
    stream.take("09:00", detected("09:00"))
    stream.wake("09:30")
    told = stream.take("10:00", turn("10:00", "dismissed"))
    breach = "sla.breached:I-1:acknowledge:1::0"
    assert [one.id for one in told] == [
        f"sla.corrected:{breach}",
        "sla.cancelled:I-1:acknowledge:1::0",
    ]


def test_a_clock_that_begins_is_over_and_stops_in_one_batch_is_told_to_have_stopped() -> None:
    stream = Stream()
    told = stream.take("12:00", created("09:00"), comment("11:00"))
    assert brief(told) == [
        "10:00 sla.breached:T-1:first_response:1::0",
        "11:00 clock.stopped:T-1:first_response:1::0.1",
    ]
