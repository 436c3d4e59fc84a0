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
                return encode(self.count)
            return _ENCODER.encode((self.count, self.total, _narrow(self.squares)))
        flat = [number for pair in sorted(self.bins.items()) for number in pair]
        return _ENCODER.encode([self.count, self.total, _narrow(self.squares), *flat])

    @staticmethod
    def decode(data: bytes) -> Bucket:
        """The bucket that `encode` wrote. Raises msgspec.DecodeError of anything else."""
        return bucket_of(decode(data))

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


Amount = int | Bucket
"""What is known of the numbers of one cell: how many there are, if all of them are 1 (occurrences), else a bucket."""

_ENCODER: Final = msgpack.Encoder()
_DECODER: Final = msgpack.Decoder(int | list[int | bytes])
_SMALL: Final = (b"", *map(_ENCODER.encode, range(1, 1024)))
"""The bytes of most counts there are."""


def encode(amount: Amount) -> bytes:
    """As `Bucket.encode`: a count and the bucket of as many ones give the same bytes."""
    if isinstance(amount, int):
        return _SMALL[amount] if 0 <= amount < len(_SMALL) else _ENCODER.encode(amount)
    return amount.encode()


def decode(data: bytes | None) -> Amount:
    """The amount that was encoded, 0 of no bytes. Raises msgspec.DecodeError of anything else."""
    if not data:
        return 0
    found = _DECODER.decode(data)
    if isinstance(found, int):
        return found
    count, total, squares, *flat = map(_widen, found)
    return Bucket(count, total, squares, dict(zip(flat[::2], flat[1::2], strict=True)) or None)


def merged(mine: Amount, more: Amount) -> Amount:
    """Both in one. A bucket that is given is no longer the caller's: it may become the sum."""
    if isinstance(more, int):
        if isinstance(mine, int):
            return mine + more
        mine.put(more, more, more)
        return mine
    if isinstance(mine, int):
        more.put(mine, mine, mine)
        return more
    mine.merge(more)
    return mine


def bucket_of(amount: Amount) -> Bucket:
    """The amount as a bucket."""
    return Bucket(amount, amount, amount) if isinstance(amount, int) else amount


def _narrow(number: int) -> int | bytes:
    if -_WIDEST <= number < _WIDEST:
        return number
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)


def _widen(number: int | bytes) -> int:
    return number if isinstance(number, int) else int.from_bytes(number, "big", signed=True)
