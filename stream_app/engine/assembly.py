"""Assembly: what a few changed lives come to, put together into the parts of one write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from stream_app.engine.kept import Kept, Shown, shown
from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.windows import Tally
from stream_app.sla.era import Eras
from stream_app.sla.fact import Fact
from stream_app.sla.history import Entry
from stream_app.sla.news import News, common, news

_encode: Final = msgspec.msgpack.Encoder().encode


def name_of(kind: str, subject: str) -> bytes:
    """An entity's key within its partition."""
    return f"{kind}:{subject}".encode()


class Assembly:
    """Collects changed lives."""

    def __init__(self, catalogue: Catalogue, eras: Eras, retention: int) -> None:
        """`retention` is how long finished entities are kept, in microseconds of event time."""
        self._eras = eras
        self._retention = retention
        self.tally = Tally(catalogue)
        self.entities: dict[bytes, bytes | None] = {}
        self.history: dict[bytes, list[bytes]] = {}
        self.wake: dict[bytes, int | None] = {}
        self.due: dict[bytes, int | None] = {}
        self.retire: dict[bytes, int | None] = {}
        self.news: list[News] = []
        self.found: list[Fact] = []
        """Facts that did not stand before."""

    def look(self, kept: Kept) -> Shown:
        """What a life shows that is about to be changed: as it was last written, or as it stands."""
        if kept.shown is None:
            kept.shown = shown(kept.life, self._eras)
        return kept.shown

    def changed(self, name: bytes, kept: Kept, entries: Sequence[Entry], now: int) -> Shown:
        """Take in a life that was changed since it was looked at, and the new entries of its history.

        Gives what it shows now.
        """
        life, earlier = kept.life, self.look(kept)
        later = shown(life, self._eras)
        said = news(earlier.said, later.said, life, now)
        packed, history = _encode(life), [_encode(entry) for entry in entries]
        # what cannot be derived or packed has left no trace here
        kept.shown = later
        if later.facts != earlier.facts:
            gone, found = differences(earlier.facts, later.facts)
            self.tally.withdraw(gone)
            self.tally.add(found)
            self.found += found
        self.news += said
        self.entities[name] = packed
        if history:
            self.history[name] = history
        if later.wake != earlier.wake:
            self.wake[name] = later.wake
        if later.dues != earlier.dues:
            self.due |= {due_of(name, clock, cycle): None for clock, cycle, _ in earlier.dues}
            self.due |= {due_of(name, clock, cycle): due for clock, cycle, due in later.dues}
        if later.over != earlier.over:  # so long after its latest event it may be forgotten
            self.retire[name] = None if later.over is None else later.over + self._retention
        return later


def differences(old: Sequence[Fact], new: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """What of the old is not among the new, and of the new not among the old, each as often as it stands there."""
    begin, end = common(old, new)
    gone, found = list(old[begin : len(old) - end]), []
    for fact in new[begin : len(new) - end]:
        if fact in gone:
            gone.remove(fact)
        else:
            found.append(fact)
    return gone, found


def due_of(name: bytes, clock: str, cycle: int) -> bytes:
    """The name under which the board finds the deadline of a running clock."""
    return msgspec.json.encode((name.decode(), clock, cycle))
