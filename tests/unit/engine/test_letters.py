from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.engine.keys import TP
from stream_app.engine.letters import Letter, opened
from stream_app.sla.decode import SIZE_LIMIT, Reason
from stream_app.sla.events import TicketCreated
from stream_app.sla.instant import moment
from tests.unit.engine.desk import TICKETS, Record, at, line

GOOD = json.loads(line("ticket.created", "T1", "09:00", priority="high"))


def changed(**fields: Any) -> bytes:  # noqa: ANN401 -- whatever may be wrong
    return json.dumps(GOOD | fields).encode()


def open_(value: bytes | None, key: bytes | None = b"T1", tp: TP = TICKETS) -> Any:  # noqa: ANN401 -- an event or a letter
    return opened(Record(41, key, value, 0), tp, "ticket", moment(at("09:05")))


def test_an_event_under_its_key_is_no_letter() -> None:
    assert isinstance(open_(json.dumps(GOOD).encode()), TicketCreated)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.NOT_JSON),
        (b"{", Reason.NOT_JSON),
        (b"\xff", Reason.NOT_JSON),
        (b"[]", Reason.NOT_AN_OBJECT),
        (b" " * SIZE_LIMIT + b"{}", Reason.TOO_LARGE),
        (changed(specversion="0.3"), Reason.SPECVERSION),
        (changed(id=""), Reason.ATTRIBUTE),
        (changed(source=7), Reason.ATTRIBUTE),
        (changed(sequence="x"), Reason.SEQUENCE),
        (changed(type="ticket.invented"), Reason.UNKNOWN_TYPE),
        (changed(time="2026-03-02T09:00:00"), Reason.TIME),
        (changed(data={}), Reason.MISSING),
        (changed(data={"priority": "high", "team": 7}), Reason.WRONG_TYPE),
        (changed(data={"priority": "urgent"}), Reason.NOT_LISTED),
        (line("ticket.rated", "T1", "09:00", score=6), Reason.NUMBER),
        (line("incident.detected", "T1", "09:00", severity="low"), Reason.WRONG_TOPIC),
        (changed(subject="T2"), Reason.WRONG_KEY),
        (changed(time="2026-03-02T09:05:00.000001Z"), Reason.AHEAD),
    ],
)
def test_what_is_no_event_is_parked_as_it_came_with_the_reason(value: bytes | None, reason: Reason) -> None:
    letter = open_(value)
    assert isinstance(letter, Letter)
    assert (letter.reason, letter.key, letter.value, letter.offset) == (reason, b"T1", value, 41)
    assert letter.detail


def test_every_reason_that_is_seen_in_the_record_has_an_example() -> None:
    (mark,) = test_what_is_no_event_is_parked_as_it_came_with_the_reason.pytestmark  # type: ignore[attr-defined]
    assert {reason for _, reason in mark.args[1]} == set(Reason) - {Reason.FAILED}


@pytest.mark.parametrize("key", [None, b"", b"t1", b"T1 "])
def test_a_key_that_is_not_the_subject_is_wrong(key: bytes | None) -> None:
    assert open_(json.dumps(GOOD).encode(), key).reason is Reason.WRONG_KEY


def test_an_event_may_be_as_far_ahead_as_is_allowed() -> None:
    assert isinstance(open_(changed(time="2026-03-02T09:05:00Z")), TicketCreated)


def test_headers_say_why_and_where_from() -> None:
    headers = dict(open_(b"{", tp=TP("acme-tickets", 3)).headers)
    assert headers.pop("tenggat-detail")
    assert headers == {
        "tenggat-reason": b"not_json",
        "tenggat-topic": b"acme-tickets",
        "tenggat-partition": b"3",
        "tenggat-offset": b"41",
    }
