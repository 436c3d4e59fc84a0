"""Windows: facts counted into buckets and taken back, as a store for `replay` and as the change that a batch makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct, field

from stream_app.kpi import bins
from stream_app.kpi.bucket import Amount, Bucket, bucket_of
from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.grain import start
from stream_app.sla.fact import NOW, Fact
from stream_app.sla.instant import MINUTE, Micros

Slot = tuple[Micros, Micros]
"""A bucket in time: its grain and its start."""

GAUGES: Final[Slot] = (Micros(0), NOW)
"""The slot of what stands now: no window, no end."""

_EVERYTHING: Final[Mapping[Micros, Micros]] = {}


class _Number(Struct, gc=False):
    """A number that was added or taken back (then with its sign), and the cells it belongs to."""

    times: int
    total: int
    squares: int
    bin_index: int
    plain: Sequence[bytes]
    binned: Sequence[bytes]


class _Slip(Struct):
    """What was noted of one bucket of the finest grain. It is counted only when it is asked for."""

    added: list[bytes] = field(default_factory=list)
    """A cell for each occurrence in it."""
    taken: list[bytes] = field(default_factory=list)
    """A cell for each occurrence that was taken back."""
    numbers: list[_Number] = field(default_factory=list)


class Tally:
    """Facts noted by buckets of the finest grain, which those of coarser grains hold whole."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._finest = catalogue.grains[0] if catalogue.grains else MINUTE
        self._slips: dict[Micros, _Slip] = {}

    def add(self, facts: Iterable[Fact]) -> None:
        """Count facts."""
        self._put(facts, 1)

    def withdraw(self, facts: Iterable[Fact]) -> None:
        """Take facts back; with those added in any order, what was added and taken back leaves nothing."""
        self._put(facts, -1)

    def changes(self, oldest: Mapping[Micros, Micros] = _EVERYTHING) -> dict[Slot, dict[bytes, Amount]]:
        """What was counted, by slot and cell, in every grain; nothing that came to nothing. It is the caller's own.

        `oldest`: the start of the oldest bucket of a grain that is asked for; all of those that it does not name.
        """
        found: dict[Slot, dict[bytes, Amount]] = {}
        for grain in self._catalogue.grains:
            since = oldest.get(grain)
            slips: dict[Micros, list[_Slip]] = {}
            for at, slip in self._slips.items():
                begin = start(at, grain)
                if at != NOW and (since is None or begin >= since):
                    slips.setdefault(begin, []).append(slip)
            for begin, its in slips.items():
                if cells := _summed(its):
                    found[grain, begin] = cells
        if cells := self._gauges():
            found[GAUGES] = cells
        return found

    def merged(self, first: Micros, last: Micros, grain: Micros) -> dict[bytes, Bucket]:
        """The cells of all buckets of a grain that start from `first` to `last`, both starts of its buckets, in one."""
        slips = [slip for at, slip in self._slips.items() if first <= at < last + grain and at != NOW]
        return {cell: bucket_of(amount) for cell, amount in _summed(slips).items()}

    def gauges(self) -> Mapping[bytes, Bucket]:
        """The cells of what stands now."""
        return {cell: bucket_of(amount) for cell, amount in self._gauges().items()}

    def _gauges(self) -> dict[bytes, Amount]:
        slip = self._slips.get(NOW)
        return {} if slip is None else _summed([slip])

    def _put(self, facts: Iterable[Fact], times: int) -> None:
        cells_of, slips, finest = self._catalogue.cells, self._slips, self._finest
        for fact in facts:
            at, value = fact.at, fact.value
            cells = cells_of(fact.name, fact.labels)
            begin = at if at == NOW else start(at, finest)
            slip = slips.get(begin)
            if slip is None:
                slip = slips[begin] = _Slip()
            plain, binned = cells.plain, cells.binned
            if value == 1:
                (slip.added if times > 0 else slip.taken).extend(plain)
                plain = []
            if plain or binned:
                total = value * times
                bin_index = bins.index(value) if binned else 0
                slip.numbers.append(_Number(times, total, value * total, bin_index, plain, binned))


def _summed(slips: Sequence[_Slip]) -> dict[bytes, Amount]:
    """What slips come to, by cell."""
    counts = Counter(chain.from_iterable([slip.added for slip in slips]))
    taken = [slip.taken for slip in slips if slip.taken]
    if taken:
        for cell, times in Counter(chain.from_iterable(taken)).items():
            counts[cell] -= times
    buckets: dict[bytes, Bucket] = {}
    for slip in slips:
        if slip.numbers:
            _collect(buckets, slip.numbers)
    for cell, bucket in buckets.items():
        if times := counts[cell]:
            bucket.put(times, times, times)
    found: dict[bytes, Amount] = {**counts, **buckets}
    return {cell: amount for cell, amount in found.items() if amount} if taken or buckets else found


def _collect(buckets: dict[bytes, Bucket], numbers: Iterable[_Number]) -> None:
    """Put numbers into the buckets of their cells."""
    for number in numbers:
        times, total, squares, bin_index = number.times, number.total, number.squares, number.bin_index
        for cell in number.plain:
            bucket = buckets.get(cell)
            if bucket is None:
                buckets[cell] = Bucket(times, total, squares)
            else:
                bucket.put(times, total, squares)
        for cell in number.binned:
            bucket = buckets.get(cell)
            if bucket is None:
                buckets[cell] = Bucket(times, total, squares, {bin_index: times})
            else:
                bucket.put(times, total, squares, bin_index)
