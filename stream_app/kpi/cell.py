"""Cells: what windows count, one for each series and each combination of values it is broken down by.

A series is a fact with a condition on its labels. It is named by what it is, never by a KPI: KPIs share series, and
their cells keep their names when the catalogue changes around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, json

from stream_app.sla.policy import Condition

Grouping = tuple[str, ...]
"""Dimensions joined, sorted by name; none of them is the overall value."""

_PLAIN: Final = re.compile(r"[\w.:-]+")
_ENCODER: Final = json.Encoder()
_DECODER: Final = json.Decoder(list[str])


class Series(Struct, frozen=True):
    """A fact with a condition on its labels, all of which must hold."""

    fact: str
    where: tuple[tuple[str, Condition], ...] = ()
    """Label and condition, sorted by label."""

    @property
    def name(self) -> str:
        """What it is, in one line, like no other: `clock{kind=ticket,outcome=breached|met,team!=x}`."""
        inner = ",".join(f"{label}{'!=' if held.negated else '='}{_values(held.values)}" for label, held in self.where)
        return f"{self.fact}{{{inner}}}" if inner else self.fact


def encode(series: str, grouping: Grouping, known: Mapping[str, str]) -> bytes | None:
    """A cell as the name of a hash field: `["clock{kind=ticket}","priority","high","team","net"]`.

    None where a dimension is unknown.
    """
    flat = [series]
    for dimension in grouping:
        if dimension not in known:
            return None
        flat += (dimension, known[dimension])
    return _ENCODER.encode(flat)


def decode(cell: bytes) -> tuple[str, Grouping, tuple[str, ...]]:
    """Series, dimensions and their values of a cell. Raises msgspec.DecodeError where `encode` did not write it."""
    series, *flat = _DECODER.decode(cell)
    return series, tuple(flat[::2]), tuple(flat[1::2])


def _values(values: Iterable[str]) -> str:
    return "|".join(value if _PLAIN.fullmatch(value) else json.encode(value).decode() for value in sorted(values))
