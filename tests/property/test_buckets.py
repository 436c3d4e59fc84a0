from collections.abc import Iterable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stream_app.kpi import bins
from stream_app.kpi import bucket as buckets
from stream_app.kpi.bucket import Amount, Bucket, bucket_of, decode, encode

values = st.lists(st.integers(0, 10**14) | st.just(1), max_size=20)


def bucket(of: Iterable[int], *, binned: bool, times: int = 1) -> Bucket:
    found = Bucket()
    for value in of:
        found.put(times, times * value, times * value * value, bins.index(value) if binned else None)
    return found


def merged(*buckets: Bucket) -> Bucket:
    found = Bucket()
    for one in buckets:
        found.merge(one)
    return found


@given(a=values, b=values, c=values, binned=st.booleans())
def test_how_buckets_are_merged_makes_no_difference(a: list[int], b: list[int], c: list[int], *, binned: bool) -> None:
    x, y, z = (bucket(of, binned=binned) for of in (a, b, c))
    assert merged(merged(x, y), z) == merged(x, merged(y, z)) == merged(z, y, x) == bucket(a + b + c, binned=binned)


@given(kept=values, gone=values, binned=st.booleans(), order=st.randoms(use_true_random=False))
def test_what_is_added_and_taken_back_leaves_no_trace(
    kept: list[int], gone: list[int], *, binned: bool, order: Random
) -> None:
    turns = [(1, value) for value in kept + gone] + [(-1, value) for value in gone]
    order.shuffle(turns)
    found = Bucket()
    for times, value in turns:
        found.put(times, times * value, times * value * value, bins.index(value) if binned else None)
    assert found == bucket(kept, binned=binned)
    assert found.encode() == bucket(reversed(kept), binned=binned).encode()
    assert merged(bucket(kept + gone, binned=binned), bucket(gone, binned=binned, times=-1)) == found


@given(of=values, binned=st.booleans(), times=st.sampled_from([1, -1]))
def test_a_bucket_comes_back_from_its_bytes(of: list[int], *, binned: bool, times: int) -> None:
    found = bucket(of, binned=binned, times=times)
    assert Bucket.decode(found.encode()) == found
    assert bool(found.encode()) == bool(found)


def copied(amount: Amount) -> Amount:
    return amount if isinstance(amount, int) else amount.copy()


amounts = st.integers(-(2**40), 2**40) | st.builds(bucket, values, binned=st.booleans(), times=st.sampled_from([1, -1]))


@given(one=amounts, other=amounts)
def test_amounts_are_merged_as_their_buckets_are(one: Amount, other: Amount) -> None:
    expected = merged(bucket_of(copied(one)), bucket_of(copied(other)))
    found = buckets.merged(copied(one), copied(other))
    assert bucket_of(found) == expected
    assert bool(found) == bool(expected)
    assert encode(found) == expected.encode()


@given(amount=amounts)
def test_an_amount_comes_back_from_its_bytes(amount: Amount) -> None:
    assert encode(amount) == bucket_of(amount).encode()
    assert bucket_of(decode(encode(amount))) == bucket_of(amount)
    assert isinstance(decode(encode(amount)), int) or not isinstance(amount, int)
