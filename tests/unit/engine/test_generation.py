from __future__ import annotations

import msgspec
import pytest

from stream_app.engine.headroom import is_full, warning
from stream_app.engine.keys import TP, Names
from stream_app.engine.ledger import Activation, Generation, Ledger, Record, Switch, lineage, record_of
from stream_app.engine.sweep import generation_of

TICKETS = TP("tickets", 0)
GB = 1_000_000_000


# names


def test_a_generation_has_keys_of_its_own_and_shares_what_says_which_is_at_work() -> None:
    names, first = Names("acme"), Names("acme")
    names.turn_to(2)
    assert names.of(TICKETS).meta == b"{acme@2:tickets-0}:meta"
    assert first.of(TICKETS).meta == b"{acme:tickets-0}:meta"
    assert names.partitions == b"acme@2:partitions"
    assert (names.generations, names.rebuild) == (first.generations, first.rebuild)


def test_all_that_share_the_names_turn_together_also_for_partitions_they_have_named_before() -> None:
    names = Names("acme")
    before = names.of(TICKETS).outbox
    names.turn_to(1)
    assert names.of(TICKETS).outbox != before
    names.turn_to(0)
    assert names.of(TICKETS).outbox == before


@pytest.mark.parametrize(
    ("key", "generation"),
    [
        (b"{acme:tickets-0}:meta", 0),
        (b"{acme:tickets-0}:history:ticket:{acme@3:x}:y", 0),
        (b"{acme@12:tickets-0}:entity", 12),
        (b"acme:partitions", 0),
        (b"acme@3:partitions", 3),
        (b"acme@3:configurations", 3),
        (b"acme:generations", None),
        (b"acme:rebuild", None),
        (b"acme@x:partitions", None),
        (b"{acme2:tickets-0}:meta", None),
        (b"{acme.b:tickets-0}:meta", None),
        (b"acme:partitions:more", None),
        (b"another", None),
    ],
)
def test_a_key_tells_its_generation(key: bytes, generation: int | None) -> None:
    assert generation_of("acme", key) == generation


def test_a_dot_in_a_namespace_means_a_dot() -> None:
    assert generation_of("a.b", b"{axb:tickets-0}:meta") is None


# what holds in a generation


def active(name: str) -> Activation:
    return Activation(name, f"text of {name}", f"{name}.yaml", 0)


def held(records: list[Record], generation: int) -> list[str]:
    return [its.digest for its in lineage(records, generation)]


def test_a_generation_is_judged_by_what_was_activated() -> None:
    records: list[Record] = [active("a"), Generation(1, 0, {}, None), active("b"), Switch(1, 0), active("c")]
    assert held(records, 0) == held(records, 1) == ["a", "b", "c"]


def test_corrected_configurations_take_the_place_of_those_before_them_in_their_generation_and_what_comes_of_it() -> (
    None
):
    corrected = Generation(1, 0, {}, [active("x"), active("y")])
    records: list[Record] = [active("a"), corrected, active("b"), Generation(3, 1, {}, None), active("c")]
    assert held(records, 0) == ["a", "b", "c"]
    assert held(records, 1) == held(records, 3) == ["x", "y", "b", "c"]


def test_what_an_abandoned_rebuild_was_to_be_judged_by_holds_nowhere_else() -> None:
    records: list[Record] = [active("a"), Generation(1, 0, {}, [active("x")]), Generation(2, 0, {}, None), Switch(2, 0)]
    assert held(records, 2) == ["a"]


def test_of_a_generation_told_twice_the_later_word_counts() -> None:
    records: list[Record] = [
        Generation(1, 0, {}, [active("x")]),
        active("b"),
        Generation(1, 0, {}, [active("x"), active("b")]),
    ]
    assert held(records, 1) == ["x", "b"]


def test_a_generation_that_says_it_comes_of_itself_does_not_hold_us_up() -> None:
    assert held([active("a"), Generation(1, 1, {}, None)], 1) == ["a"]


@pytest.mark.parametrize("record", [active("a"), Generation(1, 0, {"t-0": 7}, [active("b")]), Switch(1, 5)])
def test_records_are_told_apart(record: Record) -> None:
    assert record_of(msgspec.json.encode(record)) == record
    assert record_of(b"{}") is None
    assert record_of(None) is None


def test_a_generation_knows_where_its_log_begins() -> None:
    ledger = Ledger.__new__(Ledger)
    ledger.records, ledger.generation = [Generation(1, 0, {"tickets-0": 7}, None)], 1
    assert ledger.start(TICKETS) == 7
    assert ledger.start(TP("tickets", 1)) is None
    ledger.generation = 0
    assert ledger.start(TICKETS) is None
    assert ledger.newest == 1


# memory


def test_enough_memory_is_no_matter() -> None:
    assert warning({"used_memory": GB, "used_memory_dataset": GB, "maxmemory": 2 * GB}) is None
    assert warning({"used_memory_dataset": GB, "used_memory_rss": GB, "total_system_memory": 2 * GB}) is None
    assert warning({}) is None


def test_too_little_memory_is_said_with_figures() -> None:
    short = warning({"used_memory": GB, "used_memory_dataset": GB, "maxmemory": 2 * GB - 1})
    assert short is not None
    assert "1,000 MB" in short
    assert "maxmemory leaves 1,000 MB" in short
    machine = warning({"used_memory_dataset": GB, "used_memory_rss": GB, "total_system_memory": GB})
    assert machine is not None
    assert "the machine leaves 0 MB" in machine


def test_redis_is_full_near_its_bound_if_it_has_one() -> None:
    assert is_full({"used_memory": 96, "maxmemory": 100})
    assert not is_full({"used_memory": 95, "maxmemory": 100})
    assert not is_full({"used_memory": 95, "maxmemory": 0})
