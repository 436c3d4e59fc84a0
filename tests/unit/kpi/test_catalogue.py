from collections.abc import Mapping
from typing import Any

import pytest

from stream_app.kpi.catalogue import Catalogue, build
from stream_app.kpi.cell import decode
from stream_app.kpi.entry import Fault
from stream_app.kpi.grain import Window
from stream_app.sla.fact import Labels
from stream_app.sla.instant import DAY, HOUR, MINUTE

HOURLY = (Window(HOUR, "1h"),)
SPEED = {
    "description": {"en": "Speed", "id": "Laju"},
    "formula": 'mean(done where kind = "x")',
    "percentiles": [50, 90],
    "by": ["priority", ["team", "priority"]],
    "target": {"high": "< 15m", "low": "< 1h"},
}
SHARE = {"formula": 'count(done where good = "true") / count(done where kind = "x")', "by": ["team"], "target": "< 5%"}
ENTRIES: Mapping[str, Mapping[str, object]] = {"speed": SPEED, "share": SHARE}


def built(overrides: Mapping[str, object] | None = None, entries: Mapping[str, Any] = ENTRIES) -> Catalogue:
    found = build(entries, overrides or {}, HOURLY)
    assert isinstance(found, Catalogue), found
    return found


def faults(overrides: Mapping[str, object], entries: Mapping[str, Any] = ENTRIES) -> list[Fault]:
    found = build(entries, overrides, HOURLY)
    assert isinstance(found, list)
    return found


def readable(catalogue: Catalogue, name: str, labels: Labels) -> tuple[set[str], set[str]]:
    cells = catalogue.cells(name, labels)
    return {cell.decode() for cell in cells.plain}, {cell.decode() for cell in cells.binned}


def test_a_percentile_is_an_entry_of_its_own_with_the_groupings_of_the_mean_and_no_target() -> None:
    kpis = {kpi.id: kpi for kpi in built().kpis}
    assert list(kpis) == ["speed", "speed_p50", "speed_p90", "share"]
    mean, tail = kpis["speed"], kpis["speed_p90"]
    assert [group.dimensions for group in tail.groups] == [(), ("priority",), ("priority", "team")]
    assert [group.dimensions for group in mean.groups] == [group.dimensions for group in tail.groups]
    assert tail.description == {"en": "Speed, 90th percentile", "id": "Laju, persentil ke-90"}
    assert tail.formula == 'p90(done where kind = "x")'
    assert mean.goal.each
    assert not tail.goal.each


def test_kpis_that_ask_the_same_share_their_cells() -> None:
    plain, binned = readable(built(), "done", (("good", "true"), ("kind", "x"), ("priority", "high"), ("team", "net")))
    assert binned == {
        '["done{kind=x}"]',
        '["done{kind=x}","priority","high"]',
        '["done{kind=x}","priority","high","team","net"]',
        '["done{kind=x}","team","net"]',
    }
    assert plain == {'["done{good=true}"]', '["done{good=true}","team","net"]'}


def test_a_fact_without_a_dimension_stands_in_no_grouping_by_it() -> None:
    plain, binned = readable(built(), "done", (("kind", "x"), ("team", "net")))
    assert binned == {'["done{kind=x}"]', '["done{kind=x}","team","net"]'}
    assert not plain


def test_a_fact_that_no_kpi_asks_for_has_no_cells() -> None:
    assert readable(built(), "undone", (("kind", "x"),)) == (set(), set())
    assert readable(built(), "done", (("kind", "y"),)) == (set(), set())


def test_a_cell_is_read_as_it_was_written_whatever_the_value() -> None:
    odd = 'a "b",\n\u001f🙂' + "x" * 1000
    cells = built().cells("done", (("kind", "x"), ("team", odd)))
    assert ("done{kind=x}", ("team",), (odd,)) in [decode(cell) for cell in cells.binned]


def test_without_an_entry_there_is_no_kpi_and_no_series_of_its_own() -> None:
    less = built(entries={"share": SHARE})
    assert [kpi.id for kpi in less.kpis] == ["share"]
    assert less.series == ("done{good=true}", "done{good=true} by team", "done{kind=x}", "done{kind=x} by team")
    assert "done{kind=x} in bins by priority by team" in built().series


def test_the_user_changes_a_kpi_key_by_key() -> None:
    kpis = {kpi.id: kpi for kpi in built({"share": {"target": "<= 8%"}, "speed": {"by": ["team", "priority"]}}).kpis}
    one = kpis["share"].goal.one
    assert one is not None
    assert one.text == "<= 0.08"
    assert [group.dimensions for group in kpis["share"].groups] == [(), ("team",)]
    assert [group.dimensions for group in kpis["speed_p50"].groups] == [(), ("team",), ("priority",)]


def test_the_user_gives_a_percentile_its_target() -> None:
    kpis = {kpi.id: kpi for kpi in built({"speed_p90": {"target": {"high": "< 1h"}}}).kpis}
    assert kpis["speed_p90"].goal.each.keys() == {"high"}
    assert not kpis["speed_p50"].goal.each


def test_the_user_clears_a_target_with_null() -> None:
    kpis = {kpi.id: kpi for kpi in built({"share": {"target": None}, "speed": {"percentiles": None}}).kpis}
    assert list(kpis) == ["speed", "share"]
    assert kpis["share"].goal.one is None


def test_the_user_adds_a_kpi_with_its_own_windows_and_its_percentiles() -> None:
    mine = {"formula": "mean(cost)", "description": "Cost", "percentiles": [95], "windows": ["5m", "90d"]}
    catalogue = built({"mine": mine, "mine_p95": {"target": "< 3"}})
    kpis = {kpi.id: kpi for kpi in catalogue.kpis}
    assert list(kpis)[-2:] == ["mine", "mine_p95"]
    assert [window.label for window in kpis["mine_p95"].windows] == ["5m", "90d"]
    assert kpis["mine_p95"].description["id"] == "Cost, persentil ke-95"
    assert [window.label for window in catalogue.windows] == ["1h", "5m", "90d"]
    assert catalogue.grains == (MINUTE, DAY)
    assert [window.label for window in kpis["share"].windows] == ["1h"]


def test_targets_that_do_not_differ_are_one() -> None:
    each = dict.fromkeys(("critical", "high", "medium", "low"), "< 1h")
    goal = built({"speed": {"target": each}}).kpis[0].goal
    assert goal.one is not None
    assert not goal.each


def test_where_a_dimension_is_left_open_only_the_values_within_count() -> None:
    catalogue = built(
        {"mine": {"formula": "count(clock)", "by": ["clock", "team"], "within": {"clock": ["a", "b"]}}}, entries={}
    )
    assert readable(catalogue, "clock", (("clock", "a"), ("team", "net")))[0] == {
        '["clock{clock=a|b}"]',
        '["clock","clock","a"]',
        '["clock{clock=a|b}","team","net"]',
    }
    assert readable(catalogue, "clock", (("clock", "z"), ("team", "net")))[0] == {'["clock","clock","z"]'}


@pytest.mark.parametrize(
    ("overrides", "path", "words"),
    [
        ({"shale": {"target": "< 1"}}, ("shale",), "did you mean `share`?"),
        ({"zzz": {"target": "< 1"}}, ("zzz",), "no KPI `zzz`"),
        ({"share": None}, ("share",), "expected a mapping"),
        ({"share": {"targte": "< 1"}}, ("share", "targte"), "did you mean `target`?"),
        ({"share": {"zzz": 1}}, ("share", "zzz"), "known are description"),
        ({"share": {"target": 5}}, ("share", "target"), "expected a target"),
        ({"share": {"target": "fast"}}, ("share", "target"), "expected a target"),
        ({"share": {"target": {"high": "< 1"}}}, ("share", "target"), "must be among `by`"),
        ({"speed": {"target": {"urgent": "< 1"}}}, ("speed", "target", "urgent"), "expected critical, high"),
        ({"speed": {"target": {"high": "soon"}}}, ("speed", "target", "high"), "expected a target"),
        ({"speed": {"by": ["team"]}}, ("speed",), "target: targets can only differ by"),
        ({"share": {"target_by": {"agent": "< 1"}}}, ("share", "target_by", "agent"), "not among `by`"),
        ({"share": {"target_by": {"team": "x"}}}, ("share", "target_by", "team"), "expected a target"),
        ({"share": {"target_by": "team"}}, ("share", "target_by"), "expected a mapping"),
        ({"share": {"formula": "count(done"}}, ("share", "formula"), "at column 11 of the formula"),
        ({"share": {"formula": None}}, ("share", "formula"), "needs a formula"),
        ({"share": {"formula": 3}}, ("share", "formula"), "needs a formula"),
        ({"share": {"formula": "1 + 2"}}, ("share", "formula"), "without an aggregate"),
        ({"share": {"by": "team"}}, ("share", "by"), "expected a list of dimensions"),
        ({"share": {"by": ["team", []]}}, ("share", "by", 1), "expected a dimension"),
        ({"share": {"by": [["team", "team"]]}}, ("share", "by", 0), "different ones"),
        ({"share": {"within": {"clock": "a"}}}, ("share", "within", "clock"), "expected a list of values"),
        ({"share": {"percentiles": [50]}}, ("share", "percentiles"), "only a plain `mean(…)`"),
        ({"speed": {"percentiles": [True]}}, ("speed", "percentiles"), "whole numbers from 1 to 99"),
        ({"speed": {"percentiles": [100]}}, ("speed", "percentiles"), "whole numbers from 1 to 99"),
        ({"speed": {"windows": ["1h", "fortnight"]}}, ("speed", "windows", 1), "expected a duration"),
        ({"speed": {"windows": "1h"}}, ("speed", "windows"), "expected a list of texts"),
        ({"share": {"unit": 3}}, ("share", "unit"), "expected a text"),
        ({"speed": {"direction": "up"}}, ("speed", "direction"), "expected `lower` or `higher`"),
        ({"speed": {"description": {"fr": "Vitesse"}}}, ("speed", "description", "fr"), "expected a text"),
        ({"Mine!": {"formula": "count(a)"}}, ("Mine!",), "small letters"),
        ({"speed_p90": {"target": "quick"}}, ("speed_p90", "target"), "expected a target"),
    ],
)
def test_a_mistake_of_the_user_is_said_once_at_its_place(
    overrides: Mapping[str, object], path: tuple[str | int, ...], words: str
) -> None:
    found = faults(overrides)
    assert [fault.path for fault in found] == [path]
    assert words in found[0].message


def test_all_mistakes_are_said_at_once() -> None:
    found = faults({"share": {"target": "x", "by": 3}, "speed": {"windows": ["x"]}, "zzz": {}})
    assert {fault.path for fault in found} == {("share", "target"), ("share", "by"), ("speed", "windows", 0), ("zzz",)}


def test_a_mistake_in_the_package_is_not_the_users() -> None:
    with pytest.raises(ValueError, match=r"share\.formula: .* column 1"):
        build({"share": {"formula": "?"}}, {}, HOURLY)
