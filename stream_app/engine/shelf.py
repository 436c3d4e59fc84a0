"""The shelf: what a partition has at hand of its state in Redis, bounded, the least recently used put back first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Shelf(Generic[K, V]):
    """A bounded cache. What lies on it is at least as new as what Redis has, so nothing is lost with it."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: K) -> bool:
        return key in self._held

    def get(self, key: K) -> V | None:
        """What lies there under the key; it is the most recently used now."""
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
        return held

    def put(self, key: K, value: V) -> None:
        """Lay it there."""
        self._held[key] = value
        self._held.move_to_end(key)

    def drop(self, key: K) -> None:
        """Take it away."""
        self._held.pop(key, None)

    def tidy(self) -> None:
        """Put back what there is no room for. Only once nothing that was changed waits to be written."""
        while len(self._held) > self._room:
            self._held.popitem(last=False)
