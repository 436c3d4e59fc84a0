from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.engine.heard import Base, Heard
from stream_app.sla.news import Before, News
from stream_app.sla.signals import Signal
from tests.unit.engine.desk import at


def everything(kind: str, subject: str) -> bool:
    del kind, subject
    return True


def signal(name: str, kind: str = "sla.warning", /, **data: Any) -> bytes:  # noqa: ANN401 -- what signals hold
    body = {"kind": "ticket"} | data
    return json.dumps(
        {"id": name, "type": kind, "subject": "T1", "time": "2026-03-02T09:30:00Z", "data": body}
    ).encode()


X = "sla.warning:T1:resolution:1:75%25:0"
Y = "sla.breached:T1:resolution:1::0"


def item(name: str, kind: str = "sla.warning", subject: str = "T1", /, **data: Any) -> News:  # noqa: ANN401 -- as above
    return News(name, kind, subject, at("10:00"), data)


def test_each_id_is_heard_once() -> None:
    heard = Heard(everything)
    heard.hear(signal(X))
    heard.hear(signal(X))
    assert (len(heard), list(heard.subjects)) == (1, ["T1"])
    assert heard.holds(signal(X))
    assert not heard.holds(signal(Y))


def test_redis_lost_something_where_the_topic_holds_more_than_was_to_be_published() -> None:
    heard = Heard(everything)
    assert not heard.beyond([])
    heard.hear(signal(X))
    assert heard.beyond([signal(Y)])
    assert not heard.beyond([signal(X), signal(Y)])


def test_until_it_is_settled_an_entity_says_nothing_that_may_stand_on_the_topic() -> None:
    heard = Heard(everything)
    heard.hear(signal(X))
    heard.hear(signal("p", "clock.paused"))
    for kind in ("sla.warning", "sla.breached", "sla.met", "sla.cancelled", "sla.corrected", "entity.changed"):
        assert heard.has(item("new", kind))
        assert not heard.has(item("new", kind, "T2"))
    assert heard.has(item("p", "clock.paused"))
    assert not heard.has(item("q", "clock.paused"))
    heard.settle(["T1", "T2"])
    assert not heard.has(item(X))


def test_what_stands_by_the_topic_is_its_story() -> None:
    heard = Heard(everything)
    for one in (
        signal(X),
        signal(Y),
        signal("1", "sla.corrected", corrects=X),
        signal("2", "sla.corrected", corrects=Y),
        signal("3", "sla.corrected", corrects="never said"),
        signal(f"{X}/2"),
        signal("entity.changed:T1::::/4", "entity.changed"),
        signal("not one of ours"),
    ):
        heard.hear(one)
    told = heard.told("T1")
    assert told.signals == {X: Signal(at("09:30"), "T1", "resolution", 1, "sla.warning", "75%", 0)}
    assert [signal.id for signal in told.signals.values()] == [X]
    assert told.again == {X: 1, Y: 1, "never said": 1, "entity.changed:T1::::": 4}


def test_the_story_goes_on_from_what_redis_knew() -> None:
    before = Signal(at("09:00"), "T1", "resolution", 1, "sla.breached", None, 0)
    heard = Heard(everything)
    heard.hear(signal("1", "sla.corrected", corrects=f"{Y}/2"))
    heard.rest_on("T1", Base({Y: before, "kept": before}, {Y: 1, "other": 3}))
    told = heard.told("T1")
    assert told.signals == {"kept": before}
    assert told.again == {Y: 2, "other": 3}


def test_a_change_is_told_again_only_where_it_is_not_the_last_one_told() -> None:
    heard = Heard(everything)
    heard.hear(signal("1", "entity.changed", team="a"))
    heard.hear(signal("2", "entity.changed", team="b"))
    now = Before((), (), ("T1",))
    assert heard.before("T1", now).carried == now.carried
    assert heard.has(item("3", "entity.changed"))
    assert heard.before("T1", now).carried != now.carried
    assert heard.repeats(item("3", "entity.changed", kind="ticket", team="b"))
    assert not heard.repeats(item("3", "entity.changed", kind="ticket", team="a"))
    assert not heard.repeats(item("3", "sla.met", kind="ticket", team="b"))


def test_what_others_see_to_is_passed_over() -> None:
    heard = Heard(lambda kind, subject: (kind, subject) == ("incident", "T1"))
    heard.hear(signal("a"))
    assert list(heard.subjects) == []
    heard.hear(signal("b", kind="incident"))
    assert list(heard.subjects) == ["T1"]


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"data": null}',
        b'{"data": {"kind": "ticket"}, "subject": "T1"}',
        b'{"data": {"kind": "ticket"}, "subject": "T1", "time": "yesterday"}',
        b'{"data": {"kind": "ticket"}, "subject": "T1", "time": "2026-03-02T09:30:00Z", "type": "x"}',
    ],
)
def test_what_is_no_signal_is_passed_over(payload: bytes) -> None:
    heard = Heard(everything)
    heard.hear(payload)
    assert len(heard) == 0
