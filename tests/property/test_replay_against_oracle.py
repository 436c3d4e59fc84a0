"""The whole replay held to a second, slow reading of the rules that shares no code with it (tests/oracle)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.commands.replay import replay
from tests.oracle.compare import differences
from tests.oracle.generator import scenario
from tests.oracle.product import Here

PRODUCT = Here(replay)
# Seeds of the fuzzer that once showed a difference: `python -m tests.oracle.fuzz --seeds N:N+1` makes one small again.
ONCE_WRONG = (0, 2, 4, 11, 20, 22, 32, 64, 93, 134, 172, 173, 358, 1055, 5280, 5636, 6352)


def disagreements(seed: int, entities: int) -> list[str]:
    made = scenario(seed, entities)
    return [str(d) for d in differences(made.expected().body, PRODUCT(made))]


@pytest.mark.timeout(300)
@given(seed=st.integers(min_value=0, max_value=2**32))
@settings(max_examples=100)
def test_a_random_history_is_reported_as_the_oracle_reads_the_rules(seed: int) -> None:
    assert disagreements(seed, entities=10) == []


@pytest.mark.parametrize("seed", ONCE_WRONG)
def test_what_was_once_wrong_stays_right(seed: int) -> None:
    assert disagreements(seed, entities=40) == []
