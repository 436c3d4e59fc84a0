"""A bucket: how many numbers, their sum, the sum of their squares and their bins, added and taken back in integers."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, msgpack

_WIDEST: Final = 2**63
"""MessagePack has no integer beyond 64 bits; the squares of microseconds have."""


class Bucket(Struct, gc=False):
    """What is known of the numbers of one cell. As a change it may hold negative counts."""

    count: int = 0
    total: int = 0
    squares: int = 0
    bins: dict[int, int] | None = None
    """Bin to count, never a zero; None where there are none or nobody asks."""

    def __bool__(self) -> bool:
        """Whether anything is in it: what was added and taken back again is nothing."""
        return bool(self.count or self.total or self.squares or self.bins)

    def put(self, times: int, total: int, squares: int, bin_index: int | None = None) -> None:
        """Add (`times` = 1) or take back (-1) one number, given with its sign; `bin_index` only if bins are kept."""
        self.count += times
        self.total += total
        self.squares += squares
        if bin_index is not None:
            self._bin(bin_index, times)

    def merge(self, other: Bucket) -> None:
        """Add another bucket, or a change, to this one."""
        self.count += other.count
        self.total += other.total
        self.squares += other.squares
        if other.bins is not None:
            if self.bins is None:
                self.bins = other.bins.copy()
            else:
                for bin_index, times in other.bins.items():
                    self._bin(bin_index, times)

    def copy(self) -> Bucket:
        """Another of its own."""
        return Bucket(self.count, self.total, self.squares, None if self.bins is None else self.bins.copy())

    def encode(self) -> bytes:
        """MessagePack: the count alone of mere occurrences, else [count, total, squares, bin, count, bin, count …].

        Equal buckets give equal bytes; an empty one gives none. Squares beyond 63 bits are big-endian bytes.
        """
        if self.bins is None:
            if self.count == self.total == self.squares:
                return _ENCODER.encode(self.count) if self.count else b""
            return _ENCODER.encode((self.count, self.total, _narrow(self.squares)))
        flat = [number for pair in sorted(self.bins.items()) for number in pair]
        return _ENCODER.encode([self.count, self.total, _narrow(self.squares), *flat])

    @staticmethod
    def decode(data: bytes) -> Bucket:
        """The bucket that `encode` wrote. Raises msgspec.DecodeError of anything else."""
        if not data:
            return Bucket()
        found = _DECODER.decode(data)
        if isinstance(found, int):
            return Bucket(found, found, found)
        count, total, squares, *flat = map(_widen, found)
        return Bucket(count, total, squares, dict(zip(flat[::2], flat[1::2], strict=True)) or None)

    def _bin(self, bin_index: int, times: int) -> None:
        bins = self.bins
        if bins is None:
            self.bins = {bin_index: times}
            return
        left = bins.get(bin_index, 0) + times
        if left:
            bins[bin_index] = left
        else:
            del bins[bin_index]
            if not bins:
                self.bins = None


_ENCODER: Final = msgpack.Encoder()
_DECODER: Final = msgpack.Decoder(int | list[int | bytes])


def _narrow(number: int) -> int | bytes:
    if -_WIDEST <= number < _WIDEST:
        return number
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)


def _widen(number: int | bytes) -> int:
    return number if isinstance(number, int) else int.from_bytes(number, "big", signed=True)
