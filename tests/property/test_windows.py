"""Windows against a recount of the raw facts, which shares no code with them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import ceil
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stream_app.kpi.bucket import Amount, Bucket, decode, encode, merged
from stream_app.kpi.catalogue import Catalogue, build
from stream_app.kpi.grain import Window, oldest
from stream_app.kpi.table import Row, rows
from stream_app.kpi.windows import GAUGES, Slot, Tally
from stream_app.sla.fact import NOW, Fact
from stream_app.sla.instant import DAY, HOUR, MINUTE, Micros

UNTIL = Micros(20_000 * DAY + 13 * HOUR + 7 * MINUTE + 11)
LENGTHS = {"90s": (90_000_000, MINUTE), "1h": (HOUR, MINUTE), "24h": (DAY, 15 * MINUTE), "3d": (3 * DAY, HOUR)}
LENGTHS["60d"] = (60 * DAY, DAY)
BY: tuple[tuple[str, ...], ...] = ((), ("team",), ("priority", "team"))


def catalogue() -> Catalogue:
    by = [list(one) for one in BY if one]
    entries: Mapping[str, Mapping[str, object]] = {
        "mean": {"formula": "mean(took)", "by": by},
        "p90": {"formula": "p90(took)", "by": by},
        "share": {"formula": 'count(took where good = "yes") / count(took)', "by": by},
        "open": {"formula": 'now(open where good != "no")', "by": by},
    }
    found = build(entries, {}, [Window(Micros(length), label) for label, (length, _) in LENGTHS.items()])
    assert isinstance(found, Catalogue)
    return found


CATALOGUE = catalogue()

labels = st.fixed_dictionaries(
    {},
    optional={
        "good": st.sampled_from(["yes", "no"]),
        "priority": st.sampled_from(["high", "low"]),
        "team": st.sampled_from(["net", "a, b"]),
    },
).map(lambda known: tuple(sorted(known.items())))
ages = st.one_of(*(st.integers(max(0, edge - HOUR), edge + HOUR) for edge in (0, HOUR, DAY, 3 * DAY, 60 * DAY)))
values = st.integers(0, 10**13) | st.just(1)  # which counts as a mere occurrence where no bins are kept
took = st.builds(Fact, st.just("took"), ages.map(lambda age: Micros(UNTIL - age)), values, labels)
gauges = st.builds(Fact, st.just("open"), st.just(NOW), st.just(1), labels)
facts = st.lists(took | gauges, max_size=25)

Counted = dict[tuple[str, str, tuple[tuple[str, str], ...]], tuple[float, int]]


def recounted(stand: Iterable[Fact]) -> Counted:
    """Every value and what it stands on, straight from the facts."""
    found: Counted = {}
    groups: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Fact]] = defaultdict(list)
    for label, (length, grain) in LENGTHS.items():
        for fact in stand:
            known = dict(fact.labels)
            ago = UNTIL // grain - fact.at // grain
            if fact.at != NOW and not 0 <= ago < ceil(length / grain):
                continue
            if fact.at == NOW and known.get("good") == "no":
                continue
            for dimensions in BY:
                if all(name in known for name in dimensions):
                    groups[fact.name, label, tuple((name, known[name]) for name in dimensions)].append(fact)
    for (name, label, values), members in groups.items():
        count = len(members)
        if name == "open":
            found["open", label, values] = (count, count)
            continue
        sizes = sorted(fact.value for fact in members)
        found["mean", label, values] = (sum(sizes) / (count * 10**6), count)
        found["p90", label, values] = (sizes[ceil(count * 9 / 10) - 1] / 10**6, count)
        found["share", label, values] = (sum(("good", "yes") in fact.labels for fact in members) / count, count)
    return found


def shown(table: Iterable[Row]) -> Counted:
    return {(row.kpi, row.window, tuple(row.labels.items())): (row.value, row.count) for row in table}


class Store:
    """What the engine does: changes, batch by batch, onto encoded absolute buckets."""

    def __init__(self) -> None:
        self.kept: dict[Slot, dict[bytes, bytes]] = defaultdict(dict)

    def apply(self, changes: Mapping[Slot, Mapping[bytes, Amount]]) -> None:
        for slot, cells in changes.items():
            for cell, change in cells.items():
                assert change
                if data := encode(merged(decode(self.kept[slot].get(cell)), change)):
                    self.kept[slot][cell] = data
                else:
                    del self.kept[slot][cell]

    def merged(self, first: Micros, last: Micros, grain: Micros) -> Mapping[bytes, Bucket]:
        found: dict[bytes, Bucket] = defaultdict(Bucket)
        for (size, at), cells in self.kept.items():
            if size == grain and first <= at <= last:
                for cell, data in cells.items():
                    found[cell].merge(Bucket.decode(data))
        return found

    def gauges(self) -> Mapping[bytes, Bucket]:
        return {cell: Bucket.decode(data) for cell, data in self.kept[GAUGES].items()}


@given(stand=facts, gone=facts, order=st.randoms(use_true_random=False), size=st.integers(1, 9))
def test_windows_are_what_a_recount_finds(stand: list[Fact], gone: list[Fact], order: Random, size: int) -> None:
    turns = [(1, fact) for fact in stand + gone] + [(-1, fact) for fact in gone]
    order.shuffle(turns)
    whole, store = Tally(CATALOGUE), Store()
    for first in range(0, len(turns), size):
        batch = Tally(CATALOGUE)
        for times, fact in turns[first : first + size]:
            for tally in (whole, batch):
                (tally.add if times > 0 else tally.withdraw)([fact])
        store.apply(batch.changes())
    table, expected = list(rows(CATALOGUE, whole, UNTIL)), recounted(stand)
    assert list(rows(CATALOGUE, store, UNTIL)) == table
    found = shown(table)
    assert found.keys() == expected.keys()
    for key, (value, count) in expected.items():
        assert found[key][1] == count
        if key[0] == "p90":
            assert abs(found[key][0] - value) <= 0.01 * value * (1 + 1e-9)
        else:
            assert found[key][0] == value


@given(stand=facts, order=st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_no_byte(stand: list[Fact], order: Random) -> None:
    one, other, store, mirror = Tally(CATALOGUE), Tally(CATALOGUE), Store(), Store()
    one.add(stand)
    shuffled = list(stand)
    order.shuffle(shuffled)
    other.add(shuffled)
    store.apply(one.changes())
    mirror.apply(other.changes())
    assert store.kept == mirror.kept


@given(stand=facts, gone=facts)
def test_what_is_still_read_is_changed_as_if_all_were_asked_for(stand: list[Fact], gone: list[Fact]) -> None:
    tally = Tally(CATALOGUE)
    tally.add(stand)
    tally.withdraw(gone)
    since = {grain: oldest(grain, CATALOGUE.windows, UNTIL) for grain in CATALOGUE.grains}
    whole = tally.changes()
    assert tally.changes(since) == {
        (grain, at): cells for (grain, at), cells in whole.items() if at == NOW or at >= since[grain]
    }
