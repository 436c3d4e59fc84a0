"""Log-spaced bins: whole numbers counted by their size, each known again to within one percent.

Bin i > 0 holds the numbers above g^(i-2) and up to g^(i-1), with g = 1.01/0.99; bin 0 holds zero, bin -i the negatives
of bin i. Counts in bins can be added and taken back, which sketches like t-digest and KLL cannot.
The scheme is DDSketch's (Masson, Rim, Lee 2019, https://arxiv.org/abs/1908.10693); the bounds here are exact integers,
so that a number on a bound lands in the same bin on every machine.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from typing import Final

_LARGEST: Final = 2**80
"""From here on numbers share the last bin: in microseconds far beyond any date, in micro-units 10^18."""


def _bounds() -> list[int]:
    """The largest whole number of every bin: 0, then ⌊g^0⌋, ⌊g^1⌋ and so on."""
    bounds, numerator, denominator = [0], 1, 1
    while bounds[-1] < _LARGEST:
        bounds.append(numerator // denominator)
        numerator *= 101
        denominator *= 99
    return bounds


_BOUNDS: Final = _bounds()
_LAST: Final = len(_BOUNDS) - 1


def index(value: int) -> int:
    """The bin that a number belongs to."""
    if value >= 0:
        return bisect_left(_BOUNDS, value, 0, _LAST)
    return -bisect_left(_BOUNDS, -value, 0, _LAST)


@cache
def representative(bin_index: int) -> float:
    """The number that stands for a bin, at most one percent from each in it: 2·g^(i-1) / (g + 1)."""
    if bin_index == 0:
        return 0.0
    power = abs(bin_index) - 1
    size: float = 99 * int(101**power) / (100 * int(99**power))  # one division of integers, so rounded once
    return size if bin_index > 0 else -size


def quantile(bins: Mapping[int, int], percent: int) -> float | None:
    """The percentile by nearest rank, within one percent; None of nothing. 0 gives the least, 100 the greatest."""
    count = sum(bins.values())
    rank = max(1, -(-percent * count // 100))
    passed = 0
    for bin_index in sorted(bins):
        passed += bins[bin_index]
        if passed >= rank:
            return representative(bin_index)
    return None
