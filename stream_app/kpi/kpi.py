"""A KPI as the catalogue holds it: its formulas, targets and words."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from stream_app.kpi.cell import Grouping
from stream_app.kpi.formula import Formula
from stream_app.kpi.grain import Window
from stream_app.kpi.target import Goal


class Group(Struct, frozen=True):
    """One way a KPI is broken down, and its formula there."""

    dimensions: Grouping
    formula: Formula


class Kpi(Struct, frozen=True, kw_only=True):
    """One KPI."""

    id: str
    description: Mapping[str, str]
    """By language: `en`, `id`."""
    unit: str
    direction: str | None
    """`lower` or `higher` is better, None where neither is."""
    formula: str
    """As written."""
    groups: tuple[Group, ...]
    """The overall one first."""
    goal: Goal
    windows: tuple[Window, ...]
    source: tuple[str, ...]
