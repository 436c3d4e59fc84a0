"""The table of KPIs: every value that has data, held against its target, as reports list it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from stream_app.kpi.bucket import Bucket
from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.cell import Grouping, decode
from stream_app.kpi.formula import Aggregate, Measure, aggregates, samples, value
from stream_app.kpi.grain import Window
from stream_app.kpi.kpi import Group, Kpi
from stream_app.sla.instant import Micros

Shelf = Mapping[tuple[str, Grouping], Mapping[tuple[str, ...], Bucket]]
"""Cells by series and dimensions, then by the dimensions' values."""


class Sums(Protocol):
    """Where the table reads its cells."""

    def merged(self, first: Micros, last: Micros, grain: Micros) -> Mapping[bytes, Bucket]:
        """The cells of all buckets of a grain that start from `first` to `last`, both included, merged."""

    def gauges(self) -> Mapping[bytes, Bucket]:
        """The cells of what stands now."""


class Row(Struct, frozen=True, kw_only=True):
    """One value of a KPI."""

    kpi: str
    window: str
    labels: dict[str, str]
    """By dimension, sorted; none for the overall value."""
    value: float
    """In the KPI's unit; durations in seconds, ratios as fractions."""
    count: int
    """How many facts it stands on: the denominator's, of a ratio."""
    target: str | None
    met: bool | None


def rows(catalogue: Catalogue, sums: Sums, until: Micros) -> Iterator[Row]:
    """The rows of all KPIs in windows that end at a moment; nothing without data, and nothing divided by nothing.

    In the order of the catalogue, then of windows as configured; of each the overall value first, then the groupings
    in the catalogue's order, each by its values' code points.
    """
    now = _shelf(sums.gauges())
    shelves = {window: _shelf(sums.merged(*window.span(until), window.grain)) for window in catalogue.windows}
    for kpi in catalogue.kpis:
        for window in kpi.windows:
            yield from _of_window(kpi, window, shelves[window], now)


def _of_window(kpi: Kpi, window: Window, past: Shelf, now: Shelf) -> Iterable[Row]:
    found = [row for group in kpi.groups for row in _of_group(kpi, group, window, past, now)]
    if found and kpi.goal.each and not found[0].labels:
        ranked = [row.met for row in found if tuple(row.labels) == (kpi.goal.dimension,) and row.met is not None]
        # Where targets differ the overall row, which has none, is met when all of them are.
        found[0] = replace(found[0], met=all(ranked) if ranked else None)
    return found


def _of_group(kpi: Kpi, group: Group, window: Window, past: Shelf, now: Shelf) -> Iterator[Row]:
    found = {
        aggregate: (now if aggregate.measure is Measure.NOW else past).get(
            (aggregate.series.name, group.dimensions), {}
        )
        for aggregate in aggregates(group.formula)
    }
    for values in sorted({values for cells in found.values() for values in cells}):

        def look(aggregate: Aggregate, values: tuple[str, ...] = values) -> Bucket | None:
            return found[aggregate].get(values)

        exact = value(group.formula, look)
        if exact is None:
            continue
        labels = dict(zip(group.dimensions, values, strict=True))
        target = kpi.goal.of(labels)
        yield Row(
            kpi=kpi.id,
            window=window.label,
            labels=labels,
            value=float(exact),
            count=samples(group.formula, look) or 0,
            target=None if target is None else target.text,
            met=None if target is None else target.met(exact),
        )


def _shelf(cells: Mapping[bytes, Bucket]) -> Shelf:
    shelf: dict[tuple[str, Grouping], dict[tuple[str, ...], Bucket]] = {}
    for cell, bucket in cells.items():
        if bucket:
            series, dimensions, values = decode(cell)
            shelf.setdefault((series, dimensions), {})[values] = bucket
    return shelf
