from __future__ import annotations

import msgspec

from stream_app.engine.kept import history_of
from stream_app.sla.history import Entry
from tests.unit.sla.build import at, created, status


def test_a_history_that_redis_holds_doubly_at_its_end_is_read_once() -> None:
    entries = [
        Entry(event, at(when)) for when, event in (("09:00", created("09:00")), ("10:00", status("10:00", "open")))
    ]
    kept = [msgspec.msgpack.encode(entry) for entry in entries]
    assert history_of([*kept, *kept[1:]]) == entries
