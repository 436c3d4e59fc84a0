"""The catalogue in the package, held to facts and rows that stand in shipped.yaml beside this file."""

import ast
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import stream_app
from stream_app.kpi.catalogue import Catalogue, build
from stream_app.kpi.grain import window
from stream_app.kpi.table import Row, rows
from stream_app.kpi.windows import Tally
from stream_app.sla.fact import NOW, Fact
from stream_app.sla.instant import Micros, micros

CASES = YAML(typ="safe").load(Path(__file__).with_name("shipped.yaml").read_text("utf-8"))
WINDOWS = tuple(found for text in ("1h", "24h", "7d", "30d") if (found := window(text)))


def at(text: str) -> Micros:
    """A time of the day of the cases; `now` is a gauge's."""
    if text == "now":
        return NOW
    return micros(datetime.fromisoformat(text if "T" in text else f"2025-03-03T{text}").replace(tzinfo=UTC))


def fact(written: list[Any]) -> Fact:
    name, when, seconds, labels = written
    value = 1 if seconds is None else round(seconds * 10**6)
    return Fact(name, at(when), value, tuple(sorted(labels.items())))


def table(entries: Mapping[str, Any], case: Mapping[str, Any]) -> list[Row]:
    catalogue = build(entries, {}, WINDOWS)
    assert isinstance(catalogue, Catalogue), catalogue
    tally = Tally(catalogue)
    tally.add(map(fact, case["facts"]))
    return list(rows(catalogue, tally, at(case["until"])))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_the_rows_of_a_case_are_these(case: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
    found = {(row.kpi, row.window, tuple(row.labels.items())): row for row in table(shipped, case)}
    for expected in case["rows"]:
        key = (expected["kpi"], expected["window"], tuple(sorted(expected.get("labels", {}).items())))
        if "absent" in expected:
            assert key not in found
            continue
        row = found[key]
        assert row.value == pytest.approx(expected["value"], rel=expected.get("near", 1e-12))
        for name in expected.keys() & {"count", "target", "met"}:
            assert getattr(row, name) == expected[name], (key, name)


def test_every_entry_says_what_it_is_in_both_languages(shipped: Mapping[str, Any]) -> None:
    for name, entry in shipped.items():
        assert set(entry["description"]) == {"en", "id"}, name
        assert entry["unit"], name
        assert entry["source"], name


def test_without_its_entry_a_kpi_is_gone_and_the_others_stay_as_they_are(shipped: Mapping[str, Any]) -> None:
    case = {"until": "20:00", "facts": [written for case in CASES for written in case["facts"]]}
    whole = table(shipped, case)
    for name, entry in shipped.items():
        own = {name, *(f"{name}_p{percent}" for percent in entry.get("percentiles", []))}
        less = {other: raw for other, raw in shipped.items() if other != name}
        assert table(less, case) == [row for row in whole if row.kpi not in own]


def test_no_kpi_is_named_in_python(shipped: Mapping[str, Any]) -> None:
    for module in Path(stream_app.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in shipped, f"{module}:{node.lineno}"
