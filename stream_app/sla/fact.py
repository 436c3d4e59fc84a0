"""Facts: what an entity's history amounts to, each with its moment and the entity's dimensions then."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

from stream_app.sla.instant import Micros

Labels = tuple[tuple[str, str], ...]
"""Known dimensions and attributes, (name, value), sorted by name; what is unknown is left out."""

NOW: Final = Micros(-1)
"""The moment of a fact that is a gauge: it stands now, in no bucket (an open ticket)."""


class Fact(Struct, frozen=True, array_like=True, gc=False):
    """One thing that stands in an entity's history. Windows add facts and take them back."""

    name: str
    """What happened: `first_response`, `resolved`, `clock` …"""
    at: Micros
    """The moment it happened, or `NOW` for a gauge."""
    value: int
    """In integers: microseconds of a duration, micro-units of a measurement, 1 for a mere occurrence."""
    labels: Labels


DIMENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "ticket": ("agent", "category", "channel", "complexity", "customer", "priority", "service", "team", "tier"),
    "incident": ("agent", "asset", "category", "service", "severity", "team"),
}
"""The dimensions of each kind of entity."""

Dimensions = tuple[str | int | None, ...]
"""The values of an entity's dimensions, in the order of its kind's; a state keeps these, labels are made of them."""

Others = tuple[tuple[str, str | None], ...]
"""Labels beside the dimensions, or in the place of one; None takes it out."""


class Noted(Struct, frozen=True, array_like=True, gc=False):
    """A fact as a state keeps it: its dimensions are the state's, which it holds once for all its facts."""

    at: int
    value: int
    stood: int
    """The number of the dimensions that hold for it."""
    others: Others = ()


@lru_cache(maxsize=16_384)
def labels_of(kind: str, values: Dimensions, others: Others = ()) -> Labels:
    """The labels of a fact about an entity of a kind. The same values give the same object."""
    labels = {name: str(value) for name, value in zip(DIMENSIONS[kind], values, strict=True) if value is not None}
    labels["kind"] = kind
    for name, other in others:
        if other is None:
            labels.pop(name, None)
        else:
            labels[name] = other
    return tuple(sorted(labels.items()))
