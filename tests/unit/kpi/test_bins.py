import pytest

from stream_app.kpi.bins import index, quantile, representative


def test_zero_has_a_bin_of_its_own() -> None:
    assert index(0) == 0
    assert index(1) == 1
    assert representative(0) == 0


def test_small_whole_numbers_each_have_their_own_bin() -> None:
    assert len({index(value) for value in range(50)}) == 50


def test_a_second_to_ninety_days_takes_some_eight_hundred_bins() -> None:
    assert index(90 * 86_400 * 10**6) - index(10**6) == pytest.approx(793, abs=1)


def test_a_bin_ends_where_the_exact_power_does() -> None:
    bound = 101**1000 // 99**1000
    assert index(bound) == 1001
    assert index(bound + 1) == 1002


def test_negative_numbers_are_mirrored() -> None:
    assert index(-5000) == -index(5000)
    assert representative(index(-5000)) == -representative(index(5000))


def test_numbers_beyond_all_bounds_share_the_last_bin() -> None:
    assert index(2**80) == index(2**81) == index(10**300)


def test_a_quantile_is_the_nearest_rank() -> None:
    bins = {index(minutes * 60_000_000): 1 for minutes in range(1, 11)}
    assert quantile(bins, 50) == pytest.approx(300e6, rel=0.01)
    assert quantile(bins, 90) == pytest.approx(540e6, rel=0.01)
    assert quantile(bins, 95) == pytest.approx(600e6, rel=0.01)
    assert quantile(bins, 0) == pytest.approx(60e6, rel=0.01)
    assert quantile(bins, 100) == pytest.approx(600e6, rel=0.01)


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 50) is None
