"""What is kept of an entity: its life, and what it showed of itself when it was last written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from stream_app.sla.era import Eras
from stream_app.sla.fact import Fact
from stream_app.sla.history import Entry
from stream_app.sla.life import Life
from stream_app.sla.news import Before, before

_lives: Final = msgspec.msgpack.Decoder(Life)
_entries: Final = msgspec.msgpack.Decoder(Entry)

life_of: Final = _lives.decode
"""A life, from its bytes."""


def history_of(kept: Iterable[bytes]) -> list[Entry]:
    """The entries of a history, from their bytes, each once.

    A Redis that died in the middle of a write and started again twice may hold the end of a history doubly (seen with
    7.0.15: the torn transaction at the log's end is applied, and what follows it is too).
    """
    found: dict[tuple[str, str], Entry] = {}
    for data in kept:
        entry = _entries.decode(data)
        found.setdefault((entry.event.source, entry.event.id), entry)
    return list(found.values())


class Shown(Struct, frozen=True, gc=False):
    """What a life shows to the outside, derived from its state: a change is told by comparison."""

    facts: list[Fact]
    said: Before
    wake: int | None
    dues: list[tuple[str, int, int]]
    over: int | None
    """The moment of its latest event, once nothing more comes of it by itself."""


class Kept(Struct, gc=False):
    """A life at hand."""

    life: Life
    shown: Shown | None = None
    """What it showed when it was last written; None: not asked for yet."""


def shown(life: Life, eras: Eras) -> Shown:
    """What a life shows as it stands."""
    wake = life.wakes_at(eras)
    over = life.latest if wake is None and life.state is not None and life.state.ended() else None
    return Shown(life.facts(), before(life), wake, life.dues(), over)
