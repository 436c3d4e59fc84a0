"""The order that the demo's worker process gets: where to work, and by which clock."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Order(Struct, frozen=True, kw_only=True):
    """The first line of the process's input; the second is the clock's start."""

    environment: Mapping[str, str]
    """Its settings, by their variables' names."""
    began: int
    """When the show begins, in microseconds since the epoch."""
    speed: float
    """The clock's seconds in a real one."""
