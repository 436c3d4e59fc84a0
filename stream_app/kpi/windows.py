"""Windows: facts counted into buckets and taken back, as a store for `replay` and as the change that a batch makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from stream_app.kpi import bins
from stream_app.kpi.bucket import Bucket
from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.grain import start
from stream_app.sla.fact import NOW, Fact
from stream_app.sla.instant import MINUTE, Micros

Slot = tuple[Micros, Micros]
"""A bucket in time: its grain and its start."""

GAUGES: Final[Slot] = (Micros(0), NOW)
"""The slot of what stands now: no window, no end."""


class Tally:
    """Facts in buckets of the finest grain, and from them those of the coarser ones, which hold the finer whole."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._finest = catalogue.grains[0] if catalogue.grains else MINUTE
        self._buckets: dict[Micros, dict[bytes, Bucket]] = {}

    def add(self, facts: Iterable[Fact]) -> None:
        """Count facts."""
        self._put(facts, 1)

    def withdraw(self, facts: Iterable[Fact]) -> None:
        """Take facts back; with those added in any order, what was added and taken back leaves nothing."""
        self._put(facts, -1)

    def changes(self) -> dict[Slot, dict[bytes, Bucket]]:
        """What was counted, by slot and cell, in every grain; nothing that came to nothing. To be read only."""
        found: dict[Slot, dict[bytes, Bucket]] = {}
        coarser: dict[Slot, _Merged] = defaultdict(_Merged)
        for at, cells in self._buckets.items():
            if at == NOW:
                found[GAUGES] = cells
                continue
            found[self._finest, at] = cells
            for grain in self._catalogue.grains[1:]:
                coarser[grain, start(at, grain)].add(cells)
        for slot, merged in coarser.items():
            found[slot] = merged.cells()
        live = {slot: {cell: bucket for cell, bucket in cells.items() if bucket} for slot, cells in found.items()}
        return {slot: cells for slot, cells in live.items() if cells}

    def merged(self, first: Micros, last: Micros, grain: Micros) -> dict[bytes, Bucket]:
        """The cells of all buckets of a grain that start from `first` to `last`, both starts of its buckets, in one."""
        found = _Merged()
        for at, cells in self._buckets.items():
            if first <= at < last + grain and at != NOW:
                found.add(cells)
        return found.cells()

    def gauges(self) -> Mapping[bytes, Bucket]:
        """The cells of what stands now."""
        return self._buckets.get(NOW, {})

    def _put(self, facts: Iterable[Fact], times: int) -> None:
        cells_of, buckets, finest = self._catalogue.cells, self._buckets, self._finest
        for fact in facts:
            cells = cells_of(fact.name, fact.labels)
            at = NOW if fact.at == NOW else start(fact.at, finest)
            here = buckets.get(at)
            if here is None:
                here = buckets[at] = {}
            total = fact.value * times
            squares = fact.value * total
            for cell in cells.plain:
                bucket = here.get(cell)
                if bucket is None:
                    bucket = here[cell] = Bucket()
                bucket.put(times, total, squares)
            if cells.binned:
                bin_index = bins.index(fact.value)
                for cell in cells.binned:
                    bucket = here.get(cell)
                    if bucket is None:
                        bucket = here[cell] = Bucket()
                    bucket.put(times, total, squares, bin_index)


class _Merged:
    """Cells of several buckets in one. What only one bucket has is not copied: most cells of a batch."""

    def __init__(self) -> None:
        self._own: dict[bytes, Bucket] = {}
        self._lent: dict[bytes, Bucket] = {}

    def add(self, cells: Mapping[bytes, Bucket]) -> None:
        own, lent = self._own, self._lent
        for cell, bucket in cells.items():
            mine = own.get(cell)
            if mine is None:
                mine = lent.pop(cell, None)
                if mine is None:
                    lent[cell] = bucket
                    continue
                mine = own[cell] = mine.copy()
            mine.merge(bucket)

    def cells(self) -> dict[bytes, Bucket]:
        """All of them, to be read only: some belong to the bucket they came from."""
        return self._own | self._lent
