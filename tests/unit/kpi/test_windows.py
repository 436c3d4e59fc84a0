from collections.abc import Mapping

from stream_app.kpi import bins
from stream_app.kpi.bucket import Bucket, merged
from stream_app.kpi.catalogue import Catalogue, build
from stream_app.kpi.grain import Window
from stream_app.kpi.table import rows
from stream_app.kpi.windows import GAUGES, Tally
from stream_app.sla.fact import NOW, Fact
from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND, Micros

HOURLY, DAILY = Window(HOUR, "1h"), Window(DAY, "24h")


def catalogue() -> Catalogue:
    entries: Mapping[str, Mapping[str, object]] = {
        "n": {"formula": "count(a)", "by": ["team"]},
        "open": {"formula": "now(open)"},
        "t": {"formula": "p50(b)"},
    }
    found = build(entries, {}, (HOURLY, DAILY))
    assert isinstance(found, Catalogue)
    return found


def fact(at: int, value: int = 1, name: str = "a", **labels: str) -> Fact:
    return Fact(name, Micros(at), value, tuple(sorted(labels.items())))


def test_a_batch_changes_a_bucket_of_every_grain() -> None:
    tally = Tally(catalogue())
    tally.add([fact(HOUR + 16 * MINUTE), fact(HOUR + 17 * MINUTE, team="net")])
    assert tally.changes() == {
        (MINUTE, HOUR + 16 * MINUTE): {b'["a"]': 1},
        (MINUTE, HOUR + 17 * MINUTE): {b'["a"]': 1, b'["a","team","net"]': 1},
        (15 * MINUTE, HOUR + 15 * MINUTE): {b'["a"]': 2, b'["a","team","net"]': 1},
    }


def test_numbers_are_kept_with_their_sum_their_squares_and_their_bins() -> None:
    tally = Tally(catalogue())
    tally.add([fact(0, 5, "b"), fact(0, 5, "b"), fact(MINUTE, 1, "b"), fact(0, 3), fact(0), fact(0, 0), fact(0, 4)])
    tally.withdraw([fact(0, 5, "b"), fact(0, 4)])
    one, five = bins.index(1), bins.index(5)
    assert tally.changes() == {
        (MINUTE, 0): {b'["a"]': Bucket(3, 4, 10), b'["b"]': Bucket(1, 5, 25, {five: 1})},
        (MINUTE, MINUTE): {b'["b"]': Bucket(1, 1, 1, {one: 1})},
        (15 * MINUTE, 0): {b'["a"]': Bucket(3, 4, 10), b'["b"]': Bucket(2, 6, 26, {one: 1, five: 1})},
    }


def test_a_number_counts_where_bins_are_kept_and_where_they_are_not() -> None:
    found = build({"m": {"formula": 'mean(b where x = "y")'}, "t": {"formula": "p50(b)"}}, {}, (HOURLY,))
    assert isinstance(found, Catalogue)
    tally = Tally(found)
    tally.add([fact(0, 1, "b", x="y"), fact(0, 3, "b", x="y")])
    one, three = bins.index(1), bins.index(3)
    assert tally.changes() == {
        (MINUTE, 0): {b'["b{x=y}"]': Bucket(2, 4, 10), b'["b"]': Bucket(2, 4, 10, {one: 1, three: 1})}
    }


def test_changes_are_the_callers_own() -> None:
    tally = Tally(catalogue())
    tally.add([fact(0, 5, "b")])
    changes = tally.changes()
    for cells in changes.values():
        merged(cells[b'["b"]'], Bucket(1, 5, 25, {1: 1}))
    assert {str(cells) for cells in changes.values()} != {str(cells) for cells in tally.changes().values()}
    assert len({id(cells[b'["b"]']) for cells in changes.values()}) == 2


def test_what_nobody_reads_any_more_is_left_out_grain_by_grain() -> None:
    tally = Tally(catalogue())
    tally.add([fact(at) for at in (0, 14 * MINUTE, 15 * MINUTE, 29 * MINUTE)])
    tally.add([fact(NOW, name="open")])
    whole = tally.changes()
    assert tally.changes({}) == whole
    assert tally.changes({MINUTE: Micros(15 * MINUTE)}).keys() == whole.keys() - {(MINUTE, 0), (MINUTE, 14 * MINUTE)}
    assert tally.changes({Micros(15 * MINUTE): Micros(15 * MINUTE)}).keys() == whole.keys() - {(15 * MINUTE, 0)}
    assert (MINUTE, 14 * MINUTE) in tally.changes({MINUTE: Micros(14 * MINUTE)})
    assert tally.changes(dict.fromkeys(catalogue().grains, DAY)).keys() == {GAUGES}


def test_a_fact_that_moves_within_a_bucket_changes_only_the_finer_ones() -> None:
    tally = Tally(catalogue())
    tally.withdraw([fact(0)])
    tally.add([fact(MINUTE)])
    assert tally.changes() == {(MINUTE, 0): {b'["a"]': -1}, (MINUTE, MINUTE): {b'["a"]': 1}}


def test_what_is_taken_back_at_once_is_no_change() -> None:
    tally = Tally(catalogue())
    tally.add([fact(0), fact(0, 5, "b"), fact(0, 5), fact(NOW, name="open")])
    tally.withdraw([fact(0, 5, "b"), fact(0), fact(0, 5), fact(NOW, name="open")])
    assert tally.changes() == {}
    assert tally.gauges() == {}


def test_a_fact_that_nobody_asks_for_changes_nothing() -> None:
    tally = Tally(catalogue())
    tally.add([fact(0, name="z")])
    assert tally.changes() == {}


def test_a_gauge_stands_outside_time() -> None:
    tally = Tally(catalogue())
    assert tally.gauges() == {}
    tally.add([fact(NOW, name="open")])
    assert tally.changes() == {GAUGES: {b'["open"]': 1}}
    assert tally.gauges() == {b'["open"]': Bucket(1, 1, 1)}
    assert tally.merged(Micros(-DAY), Micros(DAY), DAY) == {}


def test_facts_before_the_epoch_have_buckets_too() -> None:
    tally = Tally(catalogue())
    tally.add([fact(-SECOND)])
    assert (MINUTE, -MINUTE) in tally.changes()
    assert [row.value for row in rows(catalogue(), tally, Micros(-1)) if row.window == "1h"] == [1.0]


def test_a_window_leaves_out_what_is_older_by_a_bucket_and_what_comes_after() -> None:
    #        19:00     19:01 …                     20:00      20:01
    #   out --|--- out --|------------ in -----------|--- in ---|-- out
    tally = Tally(catalogue())
    tally.add([fact(19 * HOUR + MINUTE - 1), fact(19 * HOUR + MINUTE), fact(20 * HOUR + MINUTE - 1)])
    tally.add([fact(20 * HOUR + MINUTE)])
    found = {row.window: row.value for row in rows(catalogue(), tally, Micros(20 * HOUR + 5 * SECOND))}
    assert found == {"1h": 2.0, "24h": 4.0}  # the day's last bucket is 20:00 to 20:15


def test_rows_come_in_the_order_of_the_catalogue_of_windows_and_of_values() -> None:
    tally = Tally(catalogue())
    tally.add([fact(HOUR, team="b"), fact(HOUR, team="a"), fact(HOUR, 7, "b"), fact(NOW, name="open")])
    assert [(row.kpi, row.window, row.labels) for row in rows(catalogue(), tally, HOUR)] == [
        ("n", "1h", {}),
        ("n", "1h", {"team": "a"}),
        ("n", "1h", {"team": "b"}),
        ("n", "24h", {}),
        ("n", "24h", {"team": "a"}),
        ("n", "24h", {"team": "b"}),
        ("open", "1h", {}),
        ("open", "24h", {}),
        ("t", "1h", {}),
        ("t", "24h", {}),
    ]


class Emptied:
    """Cells that nothing is left in."""

    def merged(self, first: Micros, last: Micros, grain: Micros) -> Mapping[bytes, Bucket]:
        del first, last, grain
        return {b'["a"]': Bucket(), b'["a","team","net"]': Bucket(1, 1, 1)}

    def gauges(self) -> Mapping[bytes, Bucket]:
        return {b'["open"]': Bucket()}


def test_cells_that_nothing_is_left_in_are_no_rows() -> None:
    found = [(row.window, row.labels) for row in rows(catalogue(), Emptied(), HOUR) if row.labels]
    assert found == [("1h", {"team": "net"}), ("24h", {"team": "net"})]


def test_a_catalogue_of_nothing_counts_nothing() -> None:
    empty = build({}, {}, ())
    assert isinstance(empty, Catalogue)
    tally = Tally(empty)
    tally.add([fact(0)])
    assert tally.changes() == {}
    assert list(rows(empty, tally, Micros(0))) == []
