"""Replay: a log of events judged in virtual time, by the functions that judge the stream."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct, field

from stream_app.engine.report import reported
from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.windows import Tally
from stream_app.sla.admission import Outcome, admit, latest_of
from stream_app.sla.decode import Malformed, decode
from stream_app.sla.era import Eras, era_at
from stream_app.sla.events import Event
from stream_app.sla.history import Entry, State, as_of
from stream_app.sla.instant import EARLIEST, Micros, micros
from stream_app.sla.kind import kind_of


class Book(Struct):
    """What has come of one entity."""

    entries: list[Entry] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)
    latest: int | None = None


class Replay:
    """Events are taken in one by one; the report folds each entity's once."""

    def __init__(self, eras: Eras, catalogue: Catalogue, until: Micros | None = None) -> None:
        self._eras = eras
        self._catalogue = catalogue
        self._until = until
        self._books: dict[tuple[str, str], Book] = {}
        self.outcomes: Counter[Outcome] = Counter()
        self.read = 0

    def take(self, value: bytes) -> Outcome | None:
        """What becomes of a line; None for an event after `until`."""
        self.read += 1
        try:
            event = decode(value)
        except Malformed:
            self.outcomes[Outcome.MALFORMED] += 1
            return Outcome.MALFORMED
        if self._until is not None and micros(event.time) > self._until:
            return None
        outcome = self._admit(event)
        self.outcomes[outcome] += 1
        return outcome

    def _admit(self, event: Event) -> Outcome:
        book = self._books.setdefault((kind_of(event), event.subject), Book())
        name = (event.source, event.id)
        if name in book.known:
            return Outcome.DUPLICATE
        book.known.add(name)
        latest = EARLIEST if book.latest is None else book.latest
        entry = admit(event, book.latest, self._eras[era_at(self._eras, latest)].lateness)
        book.entries.append(entry)
        book.latest = latest_of(entry, book.latest)
        return Outcome.LATE if entry.late else Outcome.APPLIED

    def report(self) -> dict[str, Any]:
        """The contract's report as of `until`, or as of the last event."""
        until = self._until
        if until is None:
            until = max((Micros(book.latest) for book in self._books.values() if book.latest is not None), default=None)
        states: list[State] = []
        tally = Tally(self._catalogue)
        if until is not None:
            for (kind, _), book in self._books.items():
                state = None if kind == "measure" else as_of(book.entries, self._eras, until)
                if state is not None:
                    states.append(state)
                    tally.add(state.facts())
        events = {"read": self.read} | {outcome.value: self.outcomes[outcome] for outcome in Outcome}
        return {"events": events, **reported(states, self._eras, self._catalogue, tally, until)}
