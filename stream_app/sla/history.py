"""An entity's history: its events in their order, folded into its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, cast

from msgspec import Struct

from stream_app.sla.entity import Place
from stream_app.sla.era import Eras
from stream_app.sla.events import (
    Event,
    IncidentDetected,
    IncidentEvent,
    IncidentUpdated,
    TicketCreated,
    TicketEscalated,
    TicketEvent,
    TicketStatusChanged,
    TicketUpdated,
)
from stream_app.sla.incident import FIELDS as INCIDENT_FIELDS
from stream_app.sla.incident import Incident
from stream_app.sla.instant import micros
from stream_app.sla.ticket import FIELDS as TICKET_FIELDS
from stream_app.sla.ticket import Ticket

State = Ticket | Incident

HANDLING: Final = ("agent", "team")
"""The fields that any event of an incident may set."""

LONGEST: Final = 4000
"""Digits that Python reads at once."""

Key = tuple[int, bool, bool, int, str, str]
"""The order of an entity's events: time, creating ones first, whether it has a sequence, the sequence, id, source."""


class Mark(Struct, frozen=True, array_like=True):
    """A place in a history, as it is kept: sequences are integers of any length, and texts until they are compared."""

    at: int
    creates: bool
    sequence: str | None
    id: str
    source: str

    @property
    def key(self) -> Key:
        """What histories are sorted by. The first creating event comes before all else besides."""
        return (
            self.at,
            not self.creates,
            self.sequence is not None,
            _integer(self.sequence),
            self.id,
            self.source,
        )


class Entry(Struct, frozen=True, array_like=True):
    """An event with its place in the history. Moments in microseconds."""

    event: Event
    at: int
    """Its own time; for one that came too late, the entity's latest when it came."""
    late: bool = False

    @property
    def key(self) -> Key:
        """As of its mark."""
        event = self.event
        return (
            self.at,
            not self.creates,
            event.sequence is not None,
            _integer(event.sequence),
            event.id,
            event.source,
        )

    @property
    def mark(self) -> Mark:
        """Its place, to be kept without the event."""
        return Mark(self.at, self.creates, self.event.sequence, self.event.id, self.event.source)

    @property
    def creates(self) -> bool:
        """Whether it can be its entity's creating event."""
        return not self.late and isinstance(self.event, (TicketCreated, IncidentDetected))


def _integer(sequence: str | None) -> int:
    if sequence is None:
        return 0
    if len(sequence) <= LONGEST:
        return int(sequence)
    digits = sequence.lstrip("+-").lstrip("0")
    number = 0
    for start in range(0, len(digits), LONGEST):  # Python refuses to read more than 4300 digits at once
        part = digits[start : start + LONGEST]
        number = number * 10 ** len(part) + int(part)
    return -number if sequence.startswith("-") else number


def in_order(history: Iterable[Entry]) -> list[Entry]:
    """The entries sorted."""
    entries = list(history)
    for number in range(1, len(entries)):
        if entries[number].at <= entries[number - 1].at:  # else keys need not be made
            return sorted(entries, key=attrgetter("key"))
    return entries


def as_of(history: Iterable[Entry], eras: Eras, until: int) -> State | None:
    """The state as of `until` that a history amounts to; None where none of it is of that time."""
    entries = in_order(entry for entry in history if entry.at <= until)
    if not entries:
        return None
    state = fold(entries, eras)
    state.advance(eras, until, at_end=True)
    return state


def fold(entries: Sequence[Entry], eras: Eras) -> State:
    """The state right after the last of the entries, which are in their order and not none."""
    creation = next((number for number, entry in enumerate(entries) if entry.creates), None)
    first = entries[creation or 0]
    state = begin(first, eras, partial=creation is None, clouded=entries[0].at < first.at)
    for entry in entries:
        if creation is None or entry is not first:
            append(state, entry, eras)
    return state


def begin(first: Entry, eras: Eras, *, partial: bool, clouded: bool = False) -> State:
    """The state of an entity whose life begins with an entry: its creating event, else the first one known."""
    event = first.event
    if isinstance(event, TicketEvent):
        return _begin_ticket(event, first.at, eras, partial=partial, clouded=clouded)
    if isinstance(event, IncidentEvent):
        return _begin_incident(event, first.at, eras, partial=partial, clouded=clouded)
    raise TypeError(event)  # measured things have no state


def _begin_ticket(event: TicketEvent, at: int, eras: Eras, *, partial: bool, clouded: bool) -> Ticket:
    ticket = Ticket(id=event.subject, created_at=at, partial=partial, clouded=clouded)
    if isinstance(event, TicketCreated):
        ticket.status = "new"
    if event.data is not None:
        ticket.take(event.data, fields_of(event))
    ticket.begin(eras, at)
    if not partial:
        ticket.note("created", at)
        if isinstance(event, TicketCreated) and isinstance(event.data.status, str):
            ticket.open_as(event.data.status, eras, at)
    return ticket


def _begin_incident(event: IncidentEvent, at: int, eras: Eras, *, partial: bool, clouded: bool) -> Incident:
    incident = Incident(id=event.subject, created_at=at, partial=partial, clouded=clouded)
    if event.data is not None:
        incident.take(event.data, fields_of(event))
    incident.begin(eras, at)
    if not partial:
        incident.note("detected", at)
        incident.apply(event, Place(at, at), eras)
    return incident


def fields_of(event: TicketEvent | IncidentEvent) -> tuple[str, ...]:
    """The fields of its entity that an event may set."""
    match event:
        case TicketCreated() | TicketUpdated():
            return TICKET_FIELDS
        case TicketStatusChanged():
            return ("agent",)
        case TicketEscalated():
            return ("tier", "team")
        case IncidentDetected() | IncidentUpdated():
            return INCIDENT_FIELDS
        case _:
            return HANDLING if isinstance(event, IncidentEvent) else ()


def append(state: State, entry: Entry, eras: Eras) -> None:
    """Fold one more entry in, which comes after all that the state knows of, and is of its kind."""
    begun = state.created_at
    at = max(begun, entry.at)
    if entry.late:
        own = micros(entry.event.time)
        place = Place(at, min(own, at), own == begun and not state.partial)
    else:
        place = Place(at, at, entry.at == begun and not state.partial)
    if isinstance(state, Ticket):
        state.apply(cast("TicketEvent", entry.event), place, eras)
    else:
        state.apply(cast("IncidentEvent", entry.event), place, eras)
