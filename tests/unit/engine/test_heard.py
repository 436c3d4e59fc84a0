from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.engine.heard import Heard
from stream_app.sla.news import News
from tests.unit.engine.desk import at


def everything(kind: str, subject: str) -> bool:
    del kind, subject
    return True


def signal(name: str, kind: str = "sla.warning", /, **data: Any) -> bytes:  # noqa: ANN401 -- what signals hold
    body = {"kind": "ticket"} | data
    return json.dumps(
        {"id": name, "type": kind, "subject": "T1", "time": "2026-03-02T09:30:00Z", "data": body}
    ).encode()


def item(name: str, when: str = "09:30", kind: str = "sla.warning") -> News:
    return News(name, kind, "T1", at(when), {})


def test_what_was_heard_is_known_once() -> None:
    heard = Heard(everything)
    heard.hear(signal("a"))
    assert len(heard) == 1
    assert heard.holds(signal("a"))
    assert not heard.holds(signal("b"))
    assert heard.has(item("a"))
    assert not heard.has(item("a"))
    assert not heard.has(item("b"))


def test_the_same_signal_of_another_moment_is_not_the_same() -> None:
    heard = Heard(everything)
    heard.hear(signal("a"))
    assert not heard.has(item("a", "09:31"))
    assert list(heard.left()) == []  # what is said now takes its place


def test_news_of_the_moment_they_are_noticed_are_the_same_at_any() -> None:
    heard = Heard(everything)
    heard.hear(signal("x", "entity.changed"))
    assert heard.has(item("x", "10:00", "entity.changed"))


def test_what_stands_and_is_not_said_anew_is_left() -> None:
    heard = Heard(everything)
    for name, kind in (("a", "sla.warning"), ("b", "sla.breached"), ("c", "sla.met"), ("d", "entity.changed")):
        heard.hear(signal(name, kind))
    heard.hear(signal("e", "sla.corrected", corrects="b"))
    heard.hear(signal("f", "sla.corrected", corrects="never said"))
    assert [(name, said.subject, said.at) for name, said in heard.left()] == [
        ("a", "T1", at("09:30")),
        ("c", "T1", at("09:30")),
    ]


def test_what_is_taken_back_now_is_not_left() -> None:
    heard = Heard(everything)
    heard.hear(signal("a"))
    heard.hear(signal("b"))
    assert not heard.has(News("sla.corrected:a", "sla.corrected", "T1", at("10:00"), {"corrects": "a"}))
    assert not heard.has(News("sla.corrected:x", "sla.corrected", "T1", at("10:00"), {"corrects": "x"}))
    assert [name for name, _ in heard.left()] == ["b"]


def test_what_others_see_to_is_passed_over() -> None:
    heard = Heard(lambda kind, subject: (kind, subject) == ("incident", "T1"))
    heard.hear(signal("a"))
    heard.hear(signal("b", kind="incident"))
    assert [name for name, _ in heard.left()] == ["b"]


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
