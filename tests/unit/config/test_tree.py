from __future__ import annotations

import pytest

from stream_app.config.mistake import Place
from stream_app.config.tree import MAX_CHARACTERS, Scalar, Sequence, Table, tree
from tests.unit.config.marked import assert_said, said


def test_a_tree_keeps_texts_as_written_with_their_places() -> None:
    root, mistakes = tree('a: 017\n"b":\n  - yes\n  - "no"\n', "f")
    assert mistakes == []
    assert root == Table(
        (
            (Scalar("a", Place(1, 1)), Scalar("017", Place(1, 4))),
            (
                Scalar("b", Place(2, 1), quoted=True),
                Sequence((Scalar("yes", Place(3, 5)), Scalar("no", Place(4, 5), quoted=True)), Place(3, 3)),
            ),
        ),
        Place(1, 1),
    )


def test_an_alias_has_its_own_place() -> None:
    assert_said(
        "timezone: &z «Mars\n".replace("&z «", "«&z ") + "lateness: «*z\n", '"Mars" is no time', '"Mars" is no dur'
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "lateness: 1h\n«lateness: 2h\n«lateness: 3h\n",
            'the key "lateness" stands in line 1 already, expected it once',
        ),
        ("policies: [{name: a, «name: b}]\n", 'the key "name" stands in line 1 already'),
        ("timezone: UTC\n«[a, b]: 1\n", "a list or a mapping as a key, expected a name"),
        ("timezone: UTC\n«---\ntimezone: UTC\n", "a second document, expected one in a file"),
        ("timezone: «!!str UTC\n", 'the tag "tag:yaml.org,2002:str", expected a value without one'),
        ("kpis: «!x {}\n", "the tag"),
        ("timezone: «*z\n", "*z, expected an anchor that stands before it"),
        ("kpis: {a: &zone {}}\ntimezone: «*zome\n", 'did you mean "zone"?'),
        ("kpis: &k {a: {b: «*k}}\n", "*k, expected an anchor that stands before it"),
        ("timezone:\n«\tUTC\n", "this is not YAML: while scanning for the next token, found character '\\t'"),
        ("a: b«: c\n", "this is not YAML: mapping values are not allowed here"),
        ("kpis: {}\nx: a«\x07\n", "character U+0007, expected printable text"),
        ('timezone: «"\\ud800"\n', "half of a character"),
        ('timezone«: "\\UFFFFFFFF"\n', "this is not YAML: after this place"),
        ("«%YAML 2.0\n---\n", "this is not YAML"),
    ],
)
def test_a_mistake_in_the_yaml_has_its_place(text: str, what: str) -> None:
    assert_said(text, *[what] * text.count("«"))


def test_what_stands_after_a_key_that_is_there_twice_is_still_judged() -> None:
    assert_said("lateness: 1h\n«lateness: 2h\nretention: «x\n", "stands in line 1 already", '"x" is no duration')


def test_an_open_bracket_is_told_where_it_is_noticed() -> None:
    (line,) = said("policies:\n  - name: a\n    match: {priority: [critical\n  clocks: }\n")
    assert line.startswith("tenggat.yaml:4:")
    assert "this is not YAML" in line


def test_an_empty_value_is_told_at_its_key() -> None:
    assert_said("calendars:\n  «office:\n\n# more\n\npolicies:\n  - {name: a}\n", "no value, expected a mapping")


@pytest.mark.parametrize("text", ["[" * 5000, "[" * 40 + "]" * 40, "\n".join(" " * n + "a:" for n in range(60))])
def test_nesting_has_a_limit(text: str) -> None:
    (line,) = said(text)
    assert "nested deeper than 32 levels" in line


def test_aliases_of_aliases_have_limits() -> None:
    wide = "kpis:\n  a0: &a0 {x: 1}\n" + "".join(
        f"  a{n}: &a{n} {{{', '.join(f'k{m}: *a{n - 1}' for m in range(9))}}}\n" for n in range(1, 9)
    )
    (line,) = said(wide)
    assert "more than 100000 values" in line
    deep = "kpis:\n  a0: &a0 {x: 1}\n" + "".join(f"  a{n}: &a{n} {{x: *a{n - 1}}}\n" for n in range(1, 50))
    (line,) = said(deep)
    assert "nested deeper than 32 levels" in line


def test_a_file_has_a_longest_length() -> None:
    assert said("#" * (MAX_CHARACTERS + 1)) == [
        f"tenggat.yaml:1:1: the file has {MAX_CHARACTERS + 1} characters, expected {MAX_CHARACTERS} at most"
    ]
    assert said("#" * MAX_CHARACTERS) == []


def test_long_texts_are_cut_where_they_are_repeated() -> None:
    (line,) = said(f"timezone: {'x' * 10_000}\n")
    assert len(line) < 200
