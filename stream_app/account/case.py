"""The case: all that came about one entity, in the order it came, with what became of each event."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from msgspec import Struct, field

from stream_app.sla.admission import Outcome, latest_of
from stream_app.sla.decode import Malformed, decode
from stream_app.sla.era import Eras
from stream_app.sla.events import Event
from stream_app.sla.history import Entry
from stream_app.sla.instant import Micros, micros
from stream_app.sla.kind import Kind, kind_of
from stream_app.sla.life import Life, receive


class Arrival(Struct, frozen=True):
    """An event as it came. `behind` is the latest moment of its entity by then, in microseconds."""

    event: Event
    outcome: Outcome
    entry: Entry | None
    """Its place; None for a duplicate."""
    behind: int | None
    line: int | None = None
    """Where it stands in the files, counted through all of them."""


class Case(Struct):
    """What is known of one entity."""

    kind: Kind
    subject: str
    arrivals: list[Arrival] = field(default_factory=list)
    later: int = 0
    """Events after the moment that is asked for."""

    @property
    def entries(self) -> list[Entry]:
        """Its history."""
        return [arrival.entry for arrival in self.arrivals if arrival.entry is not None]


class Cases:
    """Looks through lines of events for those about one id, admitting them as a stream does."""

    def __init__(self, subject: str, eras: Eras, until: int | None) -> None:
        """`until` in microseconds: what happened after it is left out."""
        self._subject: Final = subject
        self._eras: Final = eras
        self._until: Final = until
        self._lives: dict[Kind, Life] = {}
        self._subjects: dict[str, None] = {}
        self._lines = 0
        self.found: dict[Kind, Case] = {}
        self.latest: Micros | None = None
        """The latest moment of all events, whatever they are about."""
        self.malformed: list[tuple[int, str]] = []
        """Lines that name the id and are no events, with what is wrong."""

    def take(self, value: bytes) -> None:
        """One line."""
        self._lines += 1
        try:
            event = decode(value)
        except Malformed as wrong:
            if self._subject.encode() in value:
                self.malformed.append((self._lines, str(wrong)))
            return
        at = micros(event.time)
        here = event.subject == self._subject
        if self._until is not None and at > self._until:
            if here:
                self._case(event).later += 1
            return
        self.latest = at if self.latest is None else max(self.latest, at)
        if here:
            self._admit(event)
        else:
            self._subjects[event.subject] = None

    def near(self) -> list[str]:
        """Ids like the one that was looked for, the nearest first."""
        lowered = {name.lower(): name for name in self._subjects}
        return [lowered[name] for name in get_close_matches(self._subject.lower(), lowered, n=3, cutoff=0.8)]

    def _case(self, event: Event) -> Case:
        kind = kind_of(event)
        return self.found.setdefault(kind, Case(kind, event.subject))

    def _admit(self, event: Event) -> None:
        case = self._case(event)
        life = self._lives.setdefault(case.kind, Life(case.kind, event.subject))
        behind = life.latest
        entries, (outcome,) = receive(life, [event], self._eras)
        case.arrivals.append(Arrival(event, outcome, entries[0] if entries else None, behind, self._lines))


def kept(kind: Kind, subject: str, entries: Iterable[Entry], until: int) -> Case:
    """The case of a history as the running system keeps it: in the order the events came, without duplicates."""
    case = Case(kind, subject)
    latest: int | None = None
    for entry in entries:
        if entry.at > until:
            case.later += 1
            continue
        outcome = Outcome.LATE if entry.late else Outcome.APPLIED
        case.arrivals.append(Arrival(entry.event, outcome, entry, latest))
        latest = latest_of(entry, latest)
    return case
