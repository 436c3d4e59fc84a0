"""Facts: what an entity's history amounts to, each with its moment and the entity's dimensions then."""

from __future__ import annotations

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


def with_labels(labels: Labels, **others: str | None) -> Labels:
    """The labels with others put in or replaced; None takes one out."""
    if not others:
        return labels
    merged = dict(labels)
    for name, value in others.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return tuple(sorted(merged.items()))


@lru_cache(maxsize=16_384)
def known(pairs: tuple[tuple[str, str | int | None], ...]) -> Labels:
    """Those of the pairs, sorted by name, that have a value, as text. The same pairs give the same object."""
    return tuple([(name, str(value)) for name, value in pairs if value is not None])


@lru_cache(maxsize=16_384)
def of_clock(labels: Labels, clock: str, outcome: str) -> Labels:
    """The labels of a clock's fact."""
    return with_labels(labels, clock=clock, outcome=outcome)
