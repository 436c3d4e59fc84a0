"""The register: which cells a fact is counted in, by its labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from msgspec import Struct

from stream_app.kpi.cell import Grouping, Series, encode
from stream_app.sla.fact import Labels
from stream_app.sla.policy import Condition, holds

REMEMBERED: Final = 65_536
"""How many combinations of a grouping's values are kept at hand: a few MB each where all are taken by customers."""


class Cells(Struct, gc=False):
    """The cells of a fact; the caller's own."""

    plain: list[bytes]
    binned: list[bytes]
    """Those that keep bins."""


class Counted(Struct, gc=False):
    """A series with what is asked of it."""

    series: Series
    groupings: list[Grouping]
    binned: bool = False


class Register:
    """Finds cells. What facts share is remembered and not the facts: hardly two have all their labels in common."""

    def __init__(self, counted: Mapping[str, Sequence[Counted]]) -> None:
        """`counted` by fact."""
        self._pages: Final = {name: _Page(its) for name, its in counted.items()}

    def cells(self, name: str, labels: Labels) -> Cells:
        """The cells that a fact is counted in.

        A fact stands only in groupings whose dimensions it knows, and always in the overall one.
        """
        page = self._pages.get(name)
        return Cells([], []) if page is None else page.cells(labels)


_Values = Callable[[Mapping[str, str | None]], Any]
"""Gives the values of a grouping's dimensions; of one dimension the value itself."""


class _Columns(Struct):
    """Where those facts stand that the same series count."""

    plain: list[tuple[_Values, _Column]]
    binned: list[tuple[_Values, _Column]]


class _Page:
    """The series of one fact."""

    def __init__(self, counted: Sequence[Counted]) -> None:
        self._counted = counted
        self._asked = sorted({label for one in counted for label, _ in one.series.where})
        dimensions = {dimension for one in counted for grouping in one.groupings for dimension in grouping}
        self._unknown: Mapping[str, str | None] = dict.fromkeys([*self._asked, *dimensions])
        self._by_values: dict[tuple[str | None, ...], _Columns] = {}
        """By the values of the labels that conditions ask for."""
        self._by_series: dict[tuple[bool, ...], _Columns] = {}
        """By which of the series count such facts."""

    def cells(self, labels: Labels) -> Cells:
        known = {**self._unknown}
        known.update(labels)
        columns = self._columns(known)
        plain: list[bytes] = []
        for values, column in columns.plain:
            plain += column[values(known)]
        binned: list[bytes] = []
        for values, column in columns.binned:
            binned += column[values(known)]
        return Cells(plain, binned)

    def _columns(self, known: Mapping[str, str | None]) -> _Columns:
        asked = tuple([known[label] for label in self._asked])
        found = self._by_values.get(asked)
        if found is None:
            if len(self._by_values) >= REMEMBERED:
                self._by_values.clear()
            counting = tuple(_all_hold(one.series.where, known) for one in self._counted)
            found = self._by_series.get(counting)
            if found is None:
                its = [one for one, counts in zip(self._counted, counting, strict=True) if counts]
                found = _Columns(
                    _made([one for one in its if not one.binned]), _made([one for one in its if one.binned])
                )
                self._by_series[counting] = found
            self._by_values[asked] = found
        return found


class _Column(dict[Any, tuple[bytes, ...]]):
    """The cells of one grouping, one for each series, by the dimensions' values; made when they are first met."""

    def __init__(self, grouping: Grouping, series: Iterable[str]) -> None:
        super().__init__()
        self._grouping = grouping
        self._series = tuple(series)

    def __missing__(self, values: Any) -> tuple[bytes, ...]:  # noqa: ANN401 -- as _Values gives them
        if len(self) >= REMEMBERED:
            self.clear()
        pairs = zip(self._grouping, (values,) if len(self._grouping) == 1 else values, strict=True)
        known = {name: value for name, value in pairs if value is not None}
        cells = (encode(name, self._grouping, known) for name in self._series)
        found = self[values] = tuple([cell for cell in cells if cell is not None])
        return found


def _made(counted: Sequence[Counted]) -> list[tuple[_Values, _Column]]:
    groupings = dict.fromkeys(grouping for one in counted for grouping in one.groupings)
    return [
        (
            itemgetter(*grouping) if grouping else _nothing,
            _Column(grouping, [one.series.name for one in counted if grouping in one.groupings]),
        )
        for grouping in groupings
    ]


def _nothing(known: Mapping[str, str | None]) -> tuple[()]:
    """The values of no dimensions."""
    del known
    return ()


def _all_hold(where: Iterable[tuple[str, Condition]], known: Mapping[str, str | None]) -> bool:
    return all(holds(condition, known[label]) for label, condition in where)
