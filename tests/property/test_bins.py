from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from stream_app.kpi.bins import index, quantile, representative

HAIR = Fraction(1, 10**12)
"""A float is not exactly the number it stands for."""

sizes = st.integers(0, 2**70) | st.integers(0, 10**6) | st.integers(0, 3000).map(lambda power: 101**power // 99**power)
sizes = sizes.filter(lambda size: size < 2**79)


@given(value=sizes)
def test_a_number_is_known_again_within_one_percent(value: int) -> None:
    assert abs(Fraction(representative(index(value))) - value) <= value * (Fraction(1, 100) + HAIR)


@given(value=sizes)
def test_greater_numbers_never_lie_in_lower_bins(value: int) -> None:
    assert index(value) <= index(value + 1)


@given(values=st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=60), percent=st.integers(1, 99))
def test_a_quantile_is_within_one_percent_of_the_nearest_rank(values: list[int], percent: int) -> None:
    bins: dict[int, int] = {}
    for value in values:
        bins[index(value)] = bins.get(index(value), 0) + 1
    exact = sorted(values)[ceil(Fraction(percent * len(values), 100)) - 1]
    found = quantile(bins, percent)
    assert found is not None
    assert abs(Fraction(found) - exact) <= abs(exact) * (Fraction(1, 100) + HAIR)
