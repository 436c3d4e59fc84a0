"""Assembly: what a few changed lives come to, put together into the parts of one write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.windows import Tally
from stream_app.sla.era import Eras
from stream_app.sla.fact import Fact
from stream_app.sla.history import Entry
from stream_app.sla.life import Life
from stream_app.sla.news import Before, News, before, news

_encoder: Final = msgspec.msgpack.Encoder()
_lives: Final = msgspec.msgpack.Decoder(Life)
_entries: Final = msgspec.msgpack.Decoder(Entry)

entry_of: Final = _entries.decode
"""An entry of a history, from its bytes."""
life_of: Final = _lives.decode
"""A life, from its bytes."""


def name_of(kind: str, subject: str) -> bytes:
    """An entity's key within its partition."""
    return f"{kind}:{subject}".encode()


class Earlier(Struct, frozen=True):
    """A life before its change, as far as its change is told by comparison."""

    facts: list[Fact]
    said: Before
    wake: int | None
    dues: dict[bytes, int]
    retire: int | None


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

    def earlier(self, name: bytes, life: Life) -> Earlier:
        """Note how a life stands before it is changed."""
        return Earlier(life.facts(), before(life), life.wakes_at(self._eras), dues(name, life), self._leaves(life))

    def changed(self, name: bytes, life: Life, earlier: Earlier, entries: Sequence[Entry], now: int) -> None:
        """Take in a life that was changed, and the new entries of its history."""
        facts = life.facts()
        if facts != earlier.facts:
            self.tally.withdraw(earlier.facts)
            self.tally.add(facts)
            self.found.extend(fact for fact in facts if fact not in earlier.facts)
        self.news.extend(news(earlier.said, life, now))
        self.entities[name] = _encoder.encode(life)
        if entries:
            self.history[name] = [_encoder.encode(entry) for entry in entries]
        wake = life.wakes_at(self._eras)
        if wake != earlier.wake:
            self.wake[name] = wake
        running = dues(name, life)
        if running != earlier.dues:
            self.due |= dict.fromkeys(earlier.dues.keys() - running.keys())
            self.due |= running
        leaves = self._leaves(life)
        if leaves != earlier.retire:
            self.retire[name] = leaves

    def _leaves(self, life: Life) -> int | None:
        """When a life may be forgotten, in event time: an ended one's, so long after its latest event."""
        if life.latest is None or life.state is None or not life.state.ended() or life.wakes_at(self._eras) is not None:
            return None
        return life.latest + self._retention


def dues(name: bytes, life: Life) -> dict[bytes, int]:
    """The deadlines of its running clocks by the names under which the board finds them."""
    return {msgspec.json.encode([name.decode(), clock, cycle]): due for clock, cycle, due in life.dues()}
