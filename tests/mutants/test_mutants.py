from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.mutants.mutant import Edit, Mutant, Stale, edited, mutants
from tests.mutants.trial import ROOT, Broken, Outcome, Result, green, tried

TESTS = """
import stream_app

def test_it_is_on_guard():
    assert stream_app.guard == "on"

def test_something_else():
    pass
"""


def mutant(find: str, replace: str, test: str = "test_it.py", file: str = "stream_app/__init__.py") -> Mutant:
    return Mutant("one", "Nothing guards.", [f"tests/{test}"], [Edit(file, find, replace)])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout of a very small product."""
    root = tmp_path / "tree"
    shutil.copytree(ROOT / "tests/mutants", root / "tests/mutants", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "stream_app").mkdir()
    (root / "stream_app/__init__.py").write_text('guard = "on"\n')
    (root / "tests/test_it.py").write_text(TESTS)
    (root / "pytest.ini").write_text("[pytest]\n")
    return root


@pytest.mark.parametrize("one", mutants(), ids=lambda one: one.name)
def test_each_mutant_finds_its_place_and_the_tests_that_are_to_notice(one: Mutant) -> None:
    for path, text in edited(one, ROOT).items():
        assert text != path.read_text("utf-8")
    for test in one.tests:
        file, *names = test.partition("[")[0].split("::")
        text = (ROOT / file).read_text("utf-8")
        for name in names:
            assert re.search(rf"(def|class) {re.escape(name)}\b", text)


def test_mutants_have_names_of_their_own() -> None:
    names = [one.name for one in mutants()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (mutant("gard", ""), "stream_app/__init__.py has no places, not one, with 'gard'"),
        (mutant('"', ""), "has 2 places"),
        (mutant("on", "", file="stream_app/gone.py"), "stream_app/gone.py is not there any more"),
    ],
)
def test_a_text_that_is_not_there_exactly_once_is_stale_and_says_so(one: Mutant, why: str, tree: Path) -> None:
    with pytest.raises(Stale, match=re.escape(why)):
        edited(one, tree)


def test_several_edits_of_one_file_are_made_one_after_another(tree: Path) -> None:
    one = Mutant("one", "", [], [Edit("stream_app/__init__.py", *pair) for pair in (("on", "off"), ("off", "gone"))])
    assert edited(one, tree) == {tree / "stream_app/__init__.py": 'guard = "gone"\n'}


def outcome(result: Result) -> tuple[Outcome, str]:
    return result.outcome, result.detail


def test_a_mutant_is_killed_by_a_test_that_fails_and_by_nothing_else(tree: Path) -> None:
    assert outcome(tried(mutant("on", "off"), tree)) == (Outcome.KILLED, "tests/test_it.py::test_it_is_on_guard")
    assert tried(mutant("on", "off", "test_it.py::test_something_else"), tree).outcome is Outcome.SURVIVED
    assert tried(mutant("gard", "off"), tree).outcome is Outcome.STALE
    assert tried(mutant("guard", "1 +"), tree).outcome is Outcome.VOID  # no Python: nothing could be tested
    assert tried(mutant("on", "off", "test_it.py::test_that_is_gone"), tree).outcome is Outcome.VOID
    assert (tree / "stream_app/__init__.py").read_text() == 'guard = "on"\n'


def test_a_mutant_whose_tests_are_red_without_it_is_told(tree: Path) -> None:
    one, other = mutant("on", "off"), Mutant("other", "", ["tests/test_it.py::test_something_else"], [])
    assert green(tree, [one, other]) == {}
    (tree / "stream_app/__init__.py").write_text('guard = "off"\n')
    assert green(tree, [one, other]) == {"one": "red without it: tests/test_it.py::test_it_is_on_guard"}
    with pytest.raises(Broken, match="pytest ended with 4"):
        green(tree, [mutant("on", "off", "test_gone.py")])
