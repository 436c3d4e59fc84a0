"""What is an event, and why something is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET

from stream_app.sla.decode import SIZE_LIMIT, Malformed, Reason, decode
from stream_app.sla.events import (
    AssetPatchDue,
    AssetPatched,
    IncidentAcknowledged,
    IncidentClassified,
    IncidentUpdated,
    MeasureRecorded,
    TicketCommented,
    TicketCreated,
    TicketDeleted,
    TicketDueSet,
    TicketMerged,
    TicketRated,
    TicketUpdated,
)
from stream_app.sla.instant import micros
from stream_app.sla.kind import TOPICS, kind_of, type_of
from stream_app.sla.payload import TicketFields
from tests.unit.sla.build import at

GOOD: dict[str, Any] = {
    "specversion": "1.0",
    "id": "9f1c",
    "source": "servicenow/prod",
    "type": "ticket.created",
    "subject": "INC0000045",
    "time": "2025-03-03T09:00:00Z",
    "data": {"priority": "high"},
}
DATA: dict[str, dict[str, Any]] = {
    "ticket.created": {"priority": "low"},
    "ticket.updated": {},
    "ticket.status_changed": {"status": "open"},
    "ticket.commented": {"author": {"role": "bot"}},
    "ticket.escalated": {},
    "ticket.diagnosed": {"category": "net"},
    "ticket.worked": {"agent": "ani", "seconds": 60},
    "ticket.rated": {},
    "ticket.due_set": {"clock": "resolution", "due": "2025-03-03T09:00:00Z"},
    "ticket.merged": {"into": "T-2"},
    "ticket.deleted": {},
    "incident.detected": {"severity": "low"},
    "incident.updated": {},
    "incident.acknowledged": {},
    "incident.classified": {"as": "major"},
    "incident.contained": {},
    "incident.eradicated": {},
    "incident.recovered": {},
    "incident.resolved": {},
    "incident.closed": {},
    "incident.reopened": {},
    "incident.notified": {"stage": "dora:initial"},
    "incident.dismissed": {},
    "measure.recorded": {"name": "cpu", "value": 0.5},
    "service.down": {},
    "service.up": {},
    "asset.patch_due": {"due": "2025-03-03T09:00:00Z"},
    "asset.patched": {},
}
"""The least that the data of each type must hold."""
NEEDED = {kind: data for kind, data in DATA.items() if data}
FREE = sorted(DATA.keys() - NEEDED.keys())


def read(**changes: Any) -> Any:  # noqa: ANN401 -- an event of any type
    return decode(json.dumps(GOOD | changes).encode())


def why(value: bytes) -> Reason:
    with pytest.raises(Malformed) as refused:
        decode(value)
    assert str(refused.value)
    return refused.value.reason


def why_not(**changes: Any) -> Reason:  # noqa: ANN401
    return why(json.dumps(GOOD | changes).encode())


def test_an_event_is_read_as_what_it_is() -> None:
    event = read()
    assert isinstance(event, TicketCreated)
    assert (event.id, event.source, event.subject, event.sequence) == ("9f1c", "servicenow/prod", "INC0000045", None)
    assert micros(event.time) == at("09:00")
    assert event.data.priority == "high"


@pytest.mark.parametrize("kind", DATA)
def test_every_type_is_read_with_the_least_it_needs(kind: str) -> None:
    event = read(type=kind, data=DATA[kind])
    assert type_of(event) == kind
    assert kind_of(event) in TOPICS.values()


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("ticket.merged", "ticket"),
        ("incident.notified", "incident"),
        ("measure.recorded", "measure"),
        ("service.up", "measure"),
        ("asset.patched", "measure"),
    ],
)
def test_a_type_belongs_to_a_kind_of_entity(kind: str, about: str) -> None:
    assert kind_of(read(type=kind, data=DATA[kind])) == about


@pytest.mark.parametrize("kind", FREE)
def test_data_may_be_missing_where_nothing_in_it_is_needed(kind: str) -> None:
    without = {name: value for name, value in GOOD.items() if name != "data"} | {"type": kind}
    assert decode(json.dumps(without).encode()).data is None
    assert read(type=kind, data=None).data is None


@pytest.mark.parametrize("kind", NEEDED)
def test_data_is_missed_where_something_in_it_is_needed(kind: str) -> None:
    without = {name: value for name, value in GOOD.items() if name != "data"} | {"type": kind}
    assert why(json.dumps(without).encode()) is Reason.MISSING


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, data in NEEDED.items() for key in data])
def test_a_key_that_is_needed_is_missed(kind: str, key: str) -> None:
    left = {name: value for name, value in DATA[kind].items() if name != key}
    assert why_not(type=kind, data=left) is Reason.MISSING


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, data in NEEDED.items() for key in data])
def test_a_key_that_is_needed_cannot_be_cleared(kind: str, key: str) -> None:
    assert why_not(type=kind, data=DATA[kind] | {key: None}) is Reason.WRONG_TYPE


def test_a_comment_needs_the_role_of_its_author() -> None:
    assert why_not(type="ticket.commented", data={"author": {"id": "ani"}}) is Reason.MISSING


def test_a_field_is_unset_null_or_a_value_and_these_are_three_things() -> None:
    unset, null, value = (read(type="ticket.updated", data=data).data for data in ({}, {"team": None}, {"team": "net"}))
    assert (unset.team, null.team, value.team) == (UNSET, None, "net")


def test_all_that_an_update_may_say_can_be_cleared() -> None:
    fields = TicketFields.__struct_fields__
    event = read(type="ticket.updated", data=dict.fromkeys(fields))
    assert isinstance(event, TicketUpdated)
    assert [getattr(event.data, field) for field in fields] == [None] * len(fields)


@pytest.mark.parametrize("data", [{"visibility": None}, {"author": {"role": "agent", "id": None}}])
def test_an_optional_key_of_a_comment_can_be_cleared(data: dict[str, Any]) -> None:
    assert isinstance(read(type="ticket.commented", data=DATA["ticket.commented"] | data), TicketCommented)


@pytest.mark.parametrize("value", [b"", b"{", b"nonsense", b'{"a": NaN}', b"\xff\xfe{}", b"'{}'"])
def test_what_is_not_json_is_malformed(value: bytes) -> None:
    assert why(value) is Reason.NOT_JSON


def test_an_event_with_something_behind_it_is_not_json() -> None:
    assert why(json.dumps(GOOD).encode() + b" x") is Reason.NOT_JSON


def test_bytes_that_are_no_text_are_malformed_even_where_nobody_looks() -> None:
    value = json.dumps(GOOD | {"extra": "@"}).encode().replace(b"@", b"\xff")
    assert why(value) is Reason.NOT_JSON


def test_nesting_without_end_is_malformed() -> None:
    value = json.dumps(GOOD).encode()[:-1] + b', "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert why(value) is Reason.NOT_JSON


@pytest.mark.parametrize("value", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_what_is_no_object_is_malformed(value: bytes) -> None:
    assert why(value) is Reason.NOT_AN_OBJECT


@pytest.mark.parametrize("version", ["0.3", "1.1", "1", "", None, 1.0])
def test_only_version_1_0_of_cloudevents_is_taken(version: object) -> None:
    assert why_not(specversion=version) is Reason.SPECVERSION


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        ("specversion", Reason.SPECVERSION),
        ("id", Reason.ATTRIBUTE),
        ("source", Reason.ATTRIBUTE),
        ("subject", Reason.ATTRIBUTE),
        ("type", Reason.UNKNOWN_TYPE),
        ("time", Reason.TIME),
    ],
)
def test_a_required_attribute_is_missed(attribute: str, reason: Reason) -> None:
    assert why(json.dumps({name: value for name, value in GOOD.items() if name != attribute}).encode()) is reason


@pytest.mark.parametrize("attribute", ["id", "source", "subject"])
@pytest.mark.parametrize("value", ["", None, 7, ["a"], {}])
def test_a_required_attribute_is_a_text_that_is_not_empty(attribute: str, value: object) -> None:
    assert why_not(**{attribute: value}) is Reason.ATTRIBUTE


@pytest.mark.parametrize("text", [" ", " a b ", 'it\'s "quoted"', "🔥\u0000", "x" * 1024, "a:b/c%2F"])
def test_ids_are_taken_as_they_come(text: str) -> None:
    event = read(id=text, source=text, subject=text)
    assert (event.id, event.source, event.subject) == (text, text, text)


@pytest.mark.parametrize("kind", ["ticket.opened", "Ticket.Created", "", "ticket", "sla.breached", None, 3])
def test_an_unknown_type_is_malformed(kind: object) -> None:
    assert why_not(type=kind) is Reason.UNKNOWN_TYPE


@pytest.mark.parametrize("sequence", ["", "1.5", "a", " 1", "1 ", "1\n", "0x1", "٣", "--1", "+", 2, True])
def test_a_sequence_is_an_integer_in_a_text(sequence: object) -> None:
    assert why_not(sequence=sequence) is Reason.SEQUENCE


@pytest.mark.parametrize("sequence", ["0", "-5", "+7", "007", "9" * 5000, None])
def test_an_integer_may_have_a_sign_and_any_length(sequence: str | None) -> None:
    assert read(sequence=sequence).sequence == sequence


@pytest.mark.parametrize(
    "time",
    [
        "2025-03-03T09:00:00",
        "2025-03-03",
        "yesterday",
        "",
        None,
        1740992400,
        "2025-02-29T09:00:00Z",
        "2025-03-03T25:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
    ],
)
def test_a_time_is_a_moment_with_an_offset_within_the_years_that_can_be_written(time: object) -> None:
    assert why_not(time=time) is Reason.TIME


@pytest.mark.parametrize(
    "time",
    ["2025-03-03T16:00:00+07:00", "2025-03-03T09:00:00.000Z", "2025-03-03T05:00:00-04:00", "2025-03-03t09:00:00z"],
)
def test_a_moment_is_the_same_in_every_zone(time: str) -> None:
    assert micros(read(time=time).time) == at("09:00")


@pytest.mark.parametrize(("time", "rest"), [("09:00:00.000001", 1), ("09:00:00.999999", 999_999)])
def test_a_moment_is_kept_to_the_microsecond(time: str, rest: int) -> None:
    assert micros(read(time=f"2025-03-03T{time}Z").time) == at("09:00") + rest


def test_the_first_and_the_last_second_that_can_be_written_are_moments() -> None:
    assert micros(read(time="0001-01-01T00:00:00Z").time) < micros(read(time="9999-12-31T23:59:59Z").time)


@pytest.mark.parametrize(
    ("kind", "key"), [("ticket.due_set", "due"), ("asset.patch_due", "due"), ("incident.detected", "occurred_at")]
)
@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_moment_in_data_lies_within_the_years_that_can_be_written(kind: str, key: str, when: str) -> None:
    assert why_not(type=kind, data=DATA[kind] | {key: when}) is Reason.TIME


@pytest.mark.parametrize(("kind", "key"), [("ticket.due_set", "due"), ("incident.updated", "occurred_at")])
@pytest.mark.parametrize("when", ["2025-03-03T09:00:00", "soon", 5])
def test_a_moment_in_data_has_an_offset(kind: str, key: str, when: object) -> None:
    assert why_not(type=kind, data=DATA[kind] | {key: when}) is Reason.WRONG_TYPE


@pytest.mark.parametrize("occurred", [None, "2025-03-01T00:00:00Z"])
def test_the_occurrence_of_an_incident_may_be_known_or_not(occurred: str | None) -> None:
    event = read(type="incident.updated", data={"occurred_at": occurred})
    assert isinstance(event, IncidentUpdated)
    assert event.data is not None
    assert (event.data.occurred_at is None) == (occurred is None)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("ticket.created", {"priority": 1}),
        ("ticket.created", {"priority": "low", "status": 3}),
        ("ticket.created", {"priority": "low", "tags": "vip"}),
        ("ticket.created", {"priority": "low", "tags": ["vip", None]}),
        ("ticket.updated", {"team": 5}),
        ("ticket.updated", {"team": ["net"]}),
        ("ticket.updated", {"tier": "2"}),
        ("ticket.updated", {"tier": 2.5}),
        ("ticket.updated", {"tier": True}),
        ("ticket.updated", {"complexity": 1.5}),
        ("ticket.updated", []),
        ("ticket.updated", "text"),
        ("ticket.deleted", "text"),
        ("ticket.commented", {"author": "ani"}),
        ("ticket.commented", {"author": {"role": "agent", "id": 7}}),
        ("ticket.worked", {"agent": "ani", "seconds": "60"}),
        ("ticket.worked", {"agent": "ani", "seconds": 60, "helping": "yes"}),
        ("ticket.rated", {"score": "5"}),
        ("incident.detected", {"severity": "low", "personal_data": "true"}),
        ("incident.acknowledged", {"agent": 5}),
        ("measure.recorded", {"name": "cpu", "value": True}),
        ("measure.recorded", {"name": "cpu", "value": 1, "labels": {"a": ["b"]}}),
        ("asset.patch_due", {"due": "2025-03-03T09:00:00Z", "critical": 1}),
    ],
)
def test_a_known_key_of_a_wrong_type_is_malformed(kind: str, data: object) -> None:
    assert why_not(type=kind, data=data) is Reason.WRONG_TYPE


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("ticket.created", {"priority": "urgent"}),
        ("ticket.created", {"priority": "High"}),
        ("ticket.created", {"priority": "low", "status": "done"}),
        ("ticket.updated", {"tier": 4}),
        ("ticket.updated", {"tier": 0}),
        ("ticket.status_changed", {"status": "solved"}),
        ("ticket.commented", {"author": {"role": "customer"}}),
        ("ticket.commented", {"author": {"role": "agent"}, "visibility": "private"}),
        ("ticket.escalated", {"kind": "sideways"}),
        ("ticket.rated", {"sentiment": "angry"}),
        ("ticket.due_set", {"clock": "resolve", "due": "2025-03-03T09:00:00Z"}),
        ("ticket.due_set", {"clock": "ola:", "due": "2025-03-03T09:00:00Z"}),
        ("ticket.due_set", {"clock": "resolution\n", "due": "2025-03-03T09:00:00Z"}),
        ("ticket.due_set", {"clock": "gdpr:authority", "due": "2025-03-03T09:00:00Z"}),
        ("incident.detected", {"severity": "none"}),
        ("incident.classified", {"as": "minor"}),
        ("incident.notified", {"stage": "gdpr:subjects"}),
        ("service.down", {"impact": "medium"}),
    ],
)
def test_a_value_outside_a_closed_list_is_malformed(kind: str, data: object) -> None:
    assert why_not(type=kind, data=data) is Reason.NOT_LISTED


@pytest.mark.parametrize(
    "data", [b'{"score": 0.9}', b'{"score": 5.1}', b'{"score": 0}', b'{"score": -3}', b'{"score": 1e999}']
)
def test_a_score_outside_1_to_5_is_malformed(data: bytes) -> None:
    value = json.dumps(GOOD | {"type": "ticket.rated", "data": "@"}).encode().replace(b'"@"', data)
    assert why(value) is Reason.NUMBER


def test_a_number_that_is_not_finite_is_malformed() -> None:
    value = json.dumps(GOOD | {"type": "measure.recorded", "data": {"name": "cpu", "value": "@"}}).encode()
    assert why(value.replace(b'"@"', b"1e999")) is Reason.NUMBER
    assert why(value.replace(b'"@"', b"-1e999")) is Reason.NUMBER
    assert why(value.replace(b'"@"', b"Infinity")) is Reason.NOT_JSON


@pytest.mark.parametrize("score", [1, 1.0, 4.5, 5])
def test_the_ends_of_the_scale_are_scores(score: float) -> None:
    event = read(type="ticket.rated", data={"score": score})
    assert isinstance(event, TicketRated)
    assert event.data is not None
    assert event.data.score == score


@pytest.mark.parametrize(
    "clock", ["first_response", "next_response", "periodic_update", "resolution", "ola:net", "ola:a\nb 🔥"]
)
def test_a_due_names_one_of_the_clocks_of_tickets(clock: str) -> None:
    event = read(type="ticket.due_set", data={"clock": clock, "due": "2025-03-03T09:00:00Z"})
    assert isinstance(event, TicketDueSet)
    assert event.data.clock == clock


def test_unknown_attributes_and_keys_are_ignored() -> None:
    event = read(traceparent="00-ab", datacontenttype="application/json", data={"priority": "low", "mood": [1, {}]})
    assert event.data.priority == "low"


def test_the_longest_value_is_taken_and_one_byte_more_is_not() -> None:
    short = len(json.dumps(GOOD | {"pad": ""}).encode())
    assert read(pad="x" * (SIZE_LIMIT - short))
    assert why_not(pad="x" * (SIZE_LIMIT - short + 1)) is Reason.TOO_LARGE


def test_what_the_data_says_is_kept() -> None:
    merged = read(type="ticket.merged", data={"into": "T-2"})
    assert isinstance(merged, TicketMerged)
    assert merged.data.into == "T-2"
    kind = read(type="incident.classified", data={"as": "material", "team": "soc"})
    assert isinstance(kind, IncidentClassified)
    assert (kind.data.kind, kind.data.team, kind.data.agent) == ("material", "soc", UNSET)
    measure = read(type="measure.recorded", data={"name": "cpu", "value": 3, "labels": {"a": 1, "b": None}})
    assert isinstance(measure, MeasureRecorded)
    assert (measure.data.value, measure.data.labels) == (3.0, {"a": 1, "b": None})
    patch = read(type="asset.patch_due", data={"due": "2025-03-03T16:00:00+07:00", "cve": "CVE-1", "critical": True})
    assert isinstance(patch, AssetPatchDue)
    assert (micros(patch.data.due), patch.data.cve, patch.data.critical) == (at("09:00"), "CVE-1", True)
    patched = read(type="asset.patched", data={"cve": "CVE-1"})
    assert isinstance(patched, AssetPatched)
    assert patched.data is not None
    assert patched.data.cve == "CVE-1"
    handled = read(type="incident.acknowledged", data={"team": None})
    assert isinstance(handled, IncidentAcknowledged)
    assert handled.data is not None
    assert (handled.data.team, handled.data.agent) == (None, UNSET)
    assert isinstance(read(type="ticket.deleted", data={"why": "spam"}), TicketDeleted)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "ticket.updated", "data": {"complexity": 2**63}},
        {"type": "ticket.updated", "data": {"complexity": -(2**63) - 1}},
        {"type": "ticket.worked", "data": {"agent": "ani", "seconds": 3.3e9}},
    ],
)
def test_numbers_that_no_state_could_hold_are_refused(changes: dict[str, Any]) -> None:
    assert why_not(**changes) is Reason.NUMBER
