"""The intake: a batch's records told apart into events, by entity, and dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from stream_app.engine.assembly import name_of
from stream_app.engine.batch import Batch, Record
from stream_app.engine.keys import TP
from stream_app.engine.letters import Letter, opened
from stream_app.sla.admission import Outcome
from stream_app.sla.decode import Reason
from stream_app.sla.events import Event
from stream_app.sla.instant import micros
from stream_app.sla.kind import Kind, type_of
from stream_app.telemetry import Telemetry


class Intake(Struct):
    """What a batch brought."""

    events: dict[bytes, list[Event]] = field(default_factory=dict)
    """By entity, each one's in the order they came."""
    records: dict[bytes, list[Record]] = field(default_factory=dict)
    """Where the events came from, in the same order."""
    letters: list[Letter] = field(default_factory=list)

    def refuse(self, name: bytes, tp: TP, detail: str) -> None:
        """Park an entity's events: they could not be judged, and must hold up nobody else's."""
        del self.events[name]
        for record in self.records.pop(name):
            self.letters.append(Letter(tp, record.offset, record.key, record.value, Reason.FAILED, detail))


def taken_in(batch: Batch, kind: Kind, allowed: int) -> Intake:
    """The batch's records; an event's time may be `allowed` (microseconds since the epoch) at most."""
    intake = Intake()
    for record in batch.records:
        found = opened(record, batch.tp, kind, allowed)
        if isinstance(found, Letter):
            intake.letters.append(found)
        else:
            name = name_of(kind, found.subject)
            intake.events.setdefault(name, []).append(found)
            intake.records.setdefault(name, []).append(record)
    return intake


def counted(
    telemetry: Telemetry, topic: str, intake: Intake, outcomes: Mapping[bytes, Sequence[Outcome]], now: int
) -> None:
    """Count what became of each record; `outcomes` by entity, as the events."""
    taken: Counter[tuple[str, Outcome]] = Counter()
    ages: list[int] = []
    for name, its in intake.events.items():
        for event, outcome in zip(its, outcomes[name], strict=True):
            taken[type_of(event), outcome] += 1
            if outcome is not Outcome.DUPLICATE:
                ages.append(now - micros(event.time))
    telemetry.events_taken(topic, taken, ages)
    for letter in intake.letters:
        telemetry.event_refused(topic, letter.reason)
