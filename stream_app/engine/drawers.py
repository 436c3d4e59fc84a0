"""The drawers: a partition's window cells at hand, one drawer for each bucket; what is not in them is in Redis.

A drawer is whole where it has all that Redis has: of a bucket that was not there when the partition was opened, or was
removed. Its cells need not be asked for, so that a worker that catches up, whose buckets are new, does not wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from stream_app.engine.keys import GAUGES, TP, Slot
from stream_app.engine.ports import State
from stream_app.kpi import windows
from stream_app.kpi.bucket import Amount, decode, encode, merged
from stream_app.kpi.grain import GRAINS
from stream_app.sla.instant import MINUTE

CELLS: Final = 100_000
"""Window cells kept at hand in each partition."""


class Drawers:
    """What one partition has counted. What is at hand may be newer than what Redis has: its write is under way."""

    def __init__(self, tp: TP, state: State, room: int = CELLS) -> None:
        """Nothing is at hand yet. `room` is for how many cells."""
        self._tp: Final = tp
        self._state: Final = state
        self._room: Final = room
        self._drawers: Final[dict[Slot, dict[bytes, Amount]]] = {}
        """The least recently used first."""
        self._held = 0
        """How many cells are in them."""
        self._elsewhere: set[Slot] | None = None
        """Buckets that Redis may have more cells of than are at hand; None: not asked yet."""

    def __len__(self) -> int:
        """How many cells are at hand."""
        return self._held

    async def merged(self, changes: Mapping[Slot, Mapping[bytes, Amount]]) -> dict[Slot, dict[bytes, bytes | None]]:
        """Put changes into the cells they touch: those cells' absolute values, as they are written.

        The amounts that are given are no longer the caller's.
        """
        if self._elsewhere is None:
            self._elsewhere = await self._state.slots(self._tp, map(grain_name, GRAINS))
        elsewhere = self._elsewhere
        await self._fetch(changes, elsewhere)
        values: dict[Slot, dict[bytes, bytes | None]] = {}
        for slot, cells in changes.items():
            drawer = self._drawers[slot]
            before = len(drawer)
            values[slot] = _put(drawer, cells, whole=slot not in elsewhere)
            self._held += len(drawer) - before
        return values

    def forget(self, slots: Iterable[Slot]) -> None:
        """These buckets are being removed from Redis."""
        for slot in slots:
            self._held -= len(self._drawers.pop(slot, ()))
            if self._elsewhere is not None:
                self._elsewhere.discard(slot)

    def forget_all(self) -> None:
        """All buckets are being removed from Redis."""
        self._drawers.clear()
        self._held = 0
        self._elsewhere = set()

    def tidy(self) -> None:
        """Put back what there is no room for. Only once all that was changed is sent."""
        while self._held > self._room:
            slot, drawer = next(iter(self._drawers.items()))
            del self._drawers[slot]
            self._held -= len(drawer)
            if drawer and self._elsewhere is not None:
                self._elsewhere.add(slot)

    async def _fetch(self, changes: Mapping[Slot, Mapping[bytes, Amount]], elsewhere: set[Slot]) -> None:
        """Have the cells at hand that Redis may have of these."""
        missing: dict[Slot, list[bytes]] = {}
        for slot, cells in changes.items():
            drawer = self._drawers[slot] = self._drawers.pop(slot, {})  # the most recently used now
            if slot in elsewhere:
                lacking = [cell for cell in cells if cell not in drawer]
                if lacking:
                    missing[slot] = lacking
        if missing:
            found = await self._state.read_buckets(self._tp, missing)
            for slot, lacking in missing.items():
                self._drawers[slot].update(zip(lacking, map(decode, found[slot]), strict=True))
                self._held += len(lacking)


def _put(drawer: dict[bytes, Amount], changes: Mapping[bytes, Amount], *, whole: bool) -> dict[bytes, bytes | None]:
    """Put changes into the cells of a drawer; gives what they come to, None where nothing is left."""
    values: dict[bytes, bytes | None] = {}
    for cell, change in changes.items():
        there = drawer.get(cell, 0)
        amount = there + change if type(there) is int is type(change) else merged(there, change)
        data = values[cell] = encode(amount) or None
        if data is not None or not whole:  # a cell of nothing says that Redis need not be asked
            drawer[cell] = amount
        else:
            drawer.pop(cell, None)
    return values


def slot_of(slot: windows.Slot) -> Slot:
    """The name in Redis of a bucket of windows."""
    if slot == windows.GAUGES:
        return GAUGES
    grain, start = slot
    return Slot(grain_name(grain), start)


def grain_name(grain: int) -> str:
    """The name in Redis of the grain of so many microseconds."""
    return f"{grain // MINUTE}m"
