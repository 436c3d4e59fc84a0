import msgspec
import pytest

from stream_app.kpi.bucket import Bucket, decode, encode

QUARTER = 90 * 86_400 * 10**6
"""Ninety days in microseconds, whose square is beyond 64 bits."""


def test_mere_occurrences_take_one_byte() -> None:
    bucket = Bucket()
    for _ in range(3):
        bucket.put(1, 1, 1)
    assert bucket.encode() == b"\x03"
    assert Bucket.decode(b"\x03") == bucket


def test_an_empty_bucket_is_no_bytes() -> None:
    assert Bucket().encode() == b"" == encode(0)
    assert Bucket.decode(b"") == Bucket()
    assert decode(b"") == decode(None) == 0


@pytest.mark.parametrize("count", [-1, 1, 127, 1_023, 1_024, 2**31])
def test_a_count_is_the_bytes_of_a_bucket_of_as_many_ones(count: int) -> None:
    assert encode(count) == Bucket(count, count, count).encode() == msgspec.msgpack.encode(count)
    assert decode(encode(count)) == count


def test_squares_beyond_64_bits_come_back() -> None:
    bucket = Bucket()
    for value in (QUARTER, 1):
        bucket.put(1, value, value * value, 7)
    assert bucket.squares > 2**64
    assert Bucket.decode(bucket.encode()) == bucket


@pytest.mark.parametrize("squares", [2**63 - 1, 2**63, 2**64, 2**127, -(2**63), -(2**63) - 1, -(2**127)])
def test_squares_of_every_width_come_back(squares: int) -> None:
    assert Bucket.decode(Bucket(1, 5, squares).encode()).squares == squares


def test_what_was_added_and_taken_back_is_nothing() -> None:
    bucket = Bucket()
    bucket.put(1, 60, 3600, 12)
    assert bucket
    bucket.put(-1, -60, -3600, 12)
    assert not bucket
    assert bucket == Bucket()


def test_taken_back_before_it_was_added_is_nothing_too() -> None:
    bucket = Bucket()
    bucket.put(-1, -60, -3600, 12)
    assert bucket.bins == {12: -1}
    bucket.put(1, 60, 3600, 12)
    assert bucket == Bucket()


def test_a_merge_leaves_the_other_as_it_was() -> None:
    mine, other = Bucket(), Bucket(1, 60, 3600, {12: 1})
    mine.merge(other)
    mine.put(1, 60, 3600, 12)
    assert other == Bucket(1, 60, 3600, {12: 1})
    assert mine == Bucket(2, 120, 7200, {12: 2})


def test_a_merge_of_counts_alone_keeps_the_bins() -> None:
    bucket = Bucket(1, 60, 3600, {12: 1})
    bucket.merge(Bucket(2, 2, 2))
    assert bucket == Bucket(3, 62, 3602, {12: 1})


def test_a_copy_is_its_own() -> None:
    bucket = Bucket(1, 60, 3600, {12: 1})
    bucket.copy().put(1, 1, 1, 12)
    assert bucket == Bucket(1, 60, 3600, {12: 1})
    assert Bucket(1, 1, 1).copy() == Bucket(1, 1, 1)


def test_bytes_that_are_no_bucket_are_refused() -> None:
    for read in (Bucket.decode, decode):
        with pytest.raises(msgspec.DecodeError):
            read(b"\xa3abc")
