"""The intake: a batch's records told apart into events, by entity, and dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct, field

from stream_app.engine.assembly import name_of
from stream_app.engine.batch import Batch
from stream_app.engine.letters import Letter, opened
from stream_app.sla.admission import Outcome
from stream_app.sla.decode import Reason
from stream_app.sla.events import Event
from stream_app.sla.instant import micros, moment
from stream_app.sla.kind import TYPES, Kind
from stream_app.telemetry import Telemetry


class Intake(Struct):
    """What a batch brought."""

    events: dict[bytes, list[Event]] = field(default_factory=dict)
    """By entity, each one's in the order they came."""
    letters: list[Letter] = field(default_factory=list)

    def refuse(self, name: bytes, batch: Batch, kind: Kind, detail: str) -> None:
        """Park an entity's events: they could not be judged, and must hold up nobody else's."""
        del self.events[name]
        parked = {letter.offset for letter in self.letters}
        for record in batch.records:
            if record.key is not None and record.key == name[len(kind) + 1 :] and record.offset not in parked:
                self.letters.append(Letter(batch.tp, record.offset, record.key, record.value, Reason.FAILED, detail))


def taken_in(batch: Batch, kind: Kind, allowed: int) -> Intake:
    """The batch's records; an event's time may be `allowed` (microseconds since the epoch) at most."""
    intake = Intake()
    tp, latest, events = batch.tp, moment(allowed), intake.events
    prefix = name_of(kind, "")
    for record in batch.records:
        found = opened(record, tp, kind, latest)
        if isinstance(found, Letter):
            intake.letters.append(found)
            continue
        name = prefix + cast("bytes", record.key)  # which is the event's subject
        its = events.get(name)
        if its is None:
            events[name] = [found]
        else:
            its.append(found)
    return intake


def counted(
    telemetry: Telemetry, topic: str, intake: Intake, outcomes: Mapping[bytes, Sequence[Outcome]], now: int
) -> None:
    """Count what became of each record; `outcomes` by entity, as the events."""
    taken: dict[Outcome, list[type[Event]]] = {outcome: [] for outcome in Outcome}
    applied, duplicate = taken[Outcome.APPLIED], Outcome.DUPLICATE
    ages: list[int] = []
    for name, its in intake.events.items():
        for event, outcome in zip(its, outcomes[name], strict=True):
            if outcome is Outcome.APPLIED:
                applied.append(type(event))
            else:
                taken[outcome].append(type(event))
            if outcome is not duplicate:
                ages.append(now - micros(event.time))
    counts = {
        (TYPES[kind], outcome): count for outcome, kinds in taken.items() for kind, count in Counter(kinds).items()
    }
    telemetry.events_taken(topic, counts, ages)
    for letter in intake.letters:
        telemetry.event_refused(topic, letter.reason)
