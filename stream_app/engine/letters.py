"""Dead letters: records that are no events, parked as they came, with the reason."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from stream_app.engine.batch import Record
from stream_app.engine.keys import TP
from stream_app.sla.decode import Malformed, Reason, decode
from stream_app.sla.events import Event
from stream_app.sla.kind import Kind, kind_of, type_of


class Letter(Struct, frozen=True):
    """A record for the dead-letter topic."""

    tp: TP
    offset: int
    key: bytes | None
    value: bytes | None
    reason: Reason
    detail: str

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Why it is there and where it came from."""
        return [
            ("tenggat-reason", self.reason.value.encode()),
            ("tenggat-detail", self.detail.encode()),
            ("tenggat-topic", self.tp.topic.encode()),
            ("tenggat-partition", str(self.tp.partition).encode()),
            ("tenggat-offset", str(self.offset).encode()),
        ]


def opened(record: Record, tp: TP, kind: Kind, latest_allowed: datetime) -> Event | Letter:
    """The record's event, if it is one, is on its topic, under its key, and not further ahead than is allowed."""
    try:
        return _event(record, tp, kind, latest_allowed)
    except Malformed as malformed:
        return Letter(tp, record.offset, record.key, record.value, malformed.reason, str(malformed))


def _event(record: Record, tp: TP, kind: Kind, latest_allowed: datetime) -> Event:
    if record.value is None:
        raise Malformed(Reason.NOT_JSON, "a record without a value")
    event = decode(record.value)
    if kind_of(event) != kind:
        raise Malformed(Reason.WRONG_TOPIC, f"{type_of(event)} on {tp.topic}")
    if record.key != event.subject.encode():
        raise Malformed(Reason.WRONG_KEY, "the record's key is not the event's subject")
    if event.time > latest_allowed:
        raise Malformed(Reason.AHEAD, f"{event.time.isoformat()} is further ahead than max_ahead")
    return event
