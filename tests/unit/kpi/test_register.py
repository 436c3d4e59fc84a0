from collections.abc import Mapping

import pytest

from stream_app.kpi import cell, register
from stream_app.kpi.catalogue import Catalogue, build
from stream_app.kpi.grain import Window
from stream_app.kpi.register import Register
from stream_app.sla.fact import Labels
from stream_app.sla.instant import HOUR
from stream_app.sla.policy import Condition, holds


def made() -> Catalogue:
    entries: Mapping[str, Mapping[str, object]] = {
        "n": {"formula": 'count(done where state != "x")', "by": ["team", ["team", "tier"]]},
        "t": {"formula": "p50(done)", "by": ["team"]},
    }
    found = build(entries, {}, (Window(HOUR, "1h"),))
    assert isinstance(found, Catalogue)
    return found


def labels(**known: str) -> Labels:
    return tuple(sorted(known.items()))


def test_cells_are_told_apart_by_every_label_that_matters() -> None:
    catalogue = made()
    first = catalogue.cells("done", labels(team="a", tier="1", state="y"))
    assert first.plain == [
        b'["done{state!=x}"]',
        b'["done{state!=x}","team","a"]',
        b'["done{state!=x}","team","a","tier","1"]',
    ]
    assert first.binned == [b'["done"]', b'["done","team","a"]']
    assert catalogue.cells("done", labels(team="b", tier="1", state="y")).plain[2].endswith(b'"b","tier","1"]')
    assert catalogue.cells("done", labels(team="a", tier="2", state="y")).plain[2].endswith(b'"a","tier","2"]')
    assert catalogue.cells("done", labels(team="a", tier="1", state="x")).plain == []
    assert catalogue.cells("done", labels(team="a", tier="1")) == first
    assert len(catalogue.cells("done", labels(tier="1")).plain) == 1


def test_the_same_values_give_the_very_same_cells() -> None:
    catalogue = made()
    one = catalogue.cells("done", labels(team="a", channel="mail"))
    other = catalogue.cells("done", labels(team="a", channel="chat"))
    assert [id(cell) for cell in one.plain] == [id(cell) for cell in other.plain]


def test_cells_are_the_callers_own() -> None:
    catalogue = made()
    catalogue.cells("done", labels(team="a")).plain.clear()
    assert len(catalogue.cells("done", labels(team="a")).plain) == 2


def test_more_values_than_are_remembered_have_their_cells_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "REMEMBERED", 2)
    catalogue = made()
    for _ in range(2):
        for number in range(9):
            its = labels(team=f"team {number}", state=f"state {number}")
            found = catalogue.cells("done", its)
            assert found.plain == [b'["done{state!=x}"]', b'["done{state!=x}","team","team %d"]' % number]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "REMEMBERED", 2)
    asked: list[bytes | None] = []

    def counting(series: str, grouping: tuple[str, ...], known: dict[str, str]) -> bytes | None:
        asked.append(cell.encode(series, grouping, known))
        return asked[-1]

    monkeypatch.setattr(register, "encode", counting)
    catalogue = made()
    for team in ("a", "b", "a", "b", "c", "a"):
        catalogue.cells("done", labels(team=team))
    assert asked.count(b'["done","team","a"]') == 2


def test_conditions_are_tried_once_for_the_same_values_and_not_remembered_without_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(register, "REMEMBERED", 2)
    tried: list[str | None] = []

    def noting(condition: Condition, value: str | None) -> bool:
        tried.append(value)
        return holds(condition, value)

    monkeypatch.setattr(register, "holds", noting)
    catalogue = made()
    for state in ("a", "b", "a", "b", "c", "a"):
        catalogue.cells("done", labels(state=state))
    assert tried == ["a", "b", "c", "a"]


def test_a_register_of_nothing_knows_no_cells() -> None:
    found = Register({}).cells("done", labels(team="a"))
    assert (found.plain, found.binned) == ([], [])
