"""Windows: facts counted into buckets and taken back, as a store for `replay` and as the change that a batch makes."""

from __future__ import annotations

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
        """What was counted, by slot and cell, in every grain; nothing that came to nothing."""
        found: dict[Slot, dict[bytes, Bucket]] = {}
        for at, cells in self._buckets.items():
            live = {cell: bucket for cell, bucket in cells.items() if bucket}
            if not live:
                continue
            if at == NOW:
                found[GAUGES] = live
                continue
            found[self._finest, at] = live
            for grain in self._catalogue.grains[1:]:
                _merge(found.setdefault((grain, start(at, grain)), {}), live)
        return {
            slot: kept
            for slot, cells in found.items()
            if (kept := {cell: bucket for cell, bucket in cells.items() if bucket})
        }

    def merged(self, first: Micros, last: Micros, grain: Micros) -> dict[bytes, Bucket]:
        """The cells of all buckets of a grain that start from `first` to `last`, both starts of its buckets, in one."""
        found: dict[bytes, Bucket] = {}
        for at, cells in self._buckets.items():
            if first <= at < last + grain and at != NOW:
                _merge(found, cells)
        return found

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


def _merge(into: dict[bytes, Bucket], cells: Mapping[bytes, Bucket]) -> None:
    for cell, bucket in cells.items():
        if cell in into:
            into[cell].merge(bucket)
        else:
            into[cell] = bucket.copy()
