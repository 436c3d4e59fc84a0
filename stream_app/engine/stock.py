"""The stock: a partition's lives, at hand or fetched from Redis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from stream_app.engine.kept import Kept, history_of, life_of
from stream_app.engine.keys import TP
from stream_app.engine.ports import State
from stream_app.engine.shelf import Shelf
from stream_app.sla.history import Entry

LIVES: Final = 4_000
"""Entities kept at hand in each partition: some 5 kB each."""
PACKED: Final = 100_000
"""Entities kept beside them as the bytes that Redis has: some 0.8 kB each, and 5 µs to unpack."""


class Stock:
    """What one partition works on. What is at hand may be newer than what Redis has: its write is under way."""

    def __init__(self, tp: TP, state: State) -> None:
        """Nothing is at hand yet."""
        self._tp: Final = tp
        self._state: Final = state
        self.lives: Final[Shelf[bytes, Kept]] = Shelf(LIVES)
        self._packed: Final[Shelf[bytes, bytes]] = Shelf(PACKED)

    async def fetch(self, names: Iterable[bytes]) -> None:
        """Have these entities at hand, those that there are."""
        missing: list[bytes] = []
        for name in names:
            if name in self.lives:
                continue
            if (packed := self._packed.get(name)) is None:
                missing.append(name)
            else:
                self.lives.put(name, Kept(life_of(packed)))
        if missing:
            for name, data in zip(missing, await self._state.read_entities(self._tp, missing), strict=True):
                if data is not None:
                    self.lives.put(name, Kept(life_of(data)))

    def written(self, entities: Mapping[bytes, bytes | None]) -> None:
        """These are on their way to Redis; None: removed."""
        for name, data in entities.items():
            if data is None:
                self.drop(name)
            else:
                self._packed.put(name, data)

    def drop(self, name: bytes) -> None:
        """Have it at hand no longer: Redis knows better, or it is gone."""
        self.lives.drop(name)
        self._packed.drop(name)

    async def histories(self, names: Sequence[bytes]) -> dict[bytes, list[Entry]]:
        """The histories of entities, in the order their events came."""
        found = await self._state.read_histories(self._tp, names) if names else []
        return {name: history_of(its) for name, its in zip(names, found, strict=True)}

    def tidy(self) -> None:
        """Put back what there is no room for; only once all that was changed is sent."""
        self.lives.tidy()
        self._packed.tidy()
