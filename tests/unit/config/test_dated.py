from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stream_app.config.configuration import built_in
from stream_app.config.dated import Word, dated, parse
from stream_app.config.mistake import ConfigurationRefused, Mistake
from stream_app.sla.instant import EARLIEST, Micros, micros

MARCH = micros(datetime(2026, 3, 1, tzinfo=UTC))
MAY = micros(datetime(2026, 5, 1, tzinfo=UTC))
FILES = {
    "a.yaml": "lateness: 1h\n",
    "b.yaml": "lateness: 2h\n",
    "c@x.yaml": "lateness: 3h\n",
    "bad.yaml": "latenes: 1h\n",
}


def read(path: str) -> str:
    if path not in FILES:
        raise ConfigurationRefused([Mistake(path, 0, 0, "not there")])
    return FILES[path]


def refusal(*words: str) -> list[str]:
    with pytest.raises(ConfigurationRefused) as caught:
        dated(words, read)
    return str(caught.value).split("\n")


@pytest.mark.parametrize(
    ("word", "parsed"),
    [
        ("a.yaml", Word("a.yaml")),
        ("a.yaml@2026-03-01T00:00:00Z", Word("a.yaml", MARCH)),
        ("a.yaml@2026-03-01T07:00:00+07:00", Word("a.yaml", MARCH)),
        ("c@x.yaml", Word("c@x.yaml")),
        ("c@x.yaml@2026-03-01T00:00:00.000001Z", Word("c@x.yaml", Micros(MARCH + 1))),
        ("a@2026-03-01", Word("a@2026-03-01")),
    ],
)
def test_a_time_follows_the_last_at_sign(word: str, parsed: Word) -> None:
    assert parse(word) == parsed


@pytest.mark.parametrize("time", ["2026-03-01T00:00:00", "2026-13-01T00:00:00Z", "2026-03-01Tnoon"])
def test_a_time_without_offset_or_that_is_none_is_refused(time: str) -> None:
    assert f"{time} is no moment, expected RFC 3339 with an offset" in refusal(f"a.yaml@{time}")[0]


def test_each_configuration_holds_from_its_moment_and_the_first_from_the_beginning() -> None:
    #  EARLIEST |--- a ---| MARCH |--- b ---| MAY |--- c@x
    found = dated(["c@x.yaml@2026-05-01T00:00:00Z", "a.yaml", "b.yaml@2026-03-01T00:00:00Z"], read)
    assert [since for since, _ in found.entries] == [EARLIEST, MARCH, MAY]
    assert [found.at(Micros(moment)).file for moment in (EARLIEST - 1, 0, MARCH - 1, MARCH, MAY - 1, MAY)] == [
        "a.yaml",
        "a.yaml",
        "a.yaml",
        "b.yaml",
        "b.yaml",
        "c@x.yaml",
    ]


def test_the_earliest_holds_from_the_beginning_whatever_its_time() -> None:
    found = dated(["b.yaml@2026-05-01T00:00:00Z", "a.yaml@2026-03-01T00:00:00Z"], read)
    assert found.at(Micros(0)).file == "a.yaml"
    assert found.entries[0][0] == EARLIEST


def test_without_a_file_the_built_in_one_serves() -> None:
    assert dated([], read).entries == ((EARLIEST, built_in()),)


def test_mistakes_of_all_files_are_told_at_once() -> None:
    lines = refusal("bad.yaml", "nofile.yaml@2026-03-01T00:00:00Z", "a.yaml@2026-03-01T00:00:00")
    assert len(lines) == 3
    assert lines[1].startswith('bad.yaml:1:1: unknown key "latenes"')
    assert lines[2] == "nofile.yaml: not there"


def test_two_configurations_cannot_hold_from_one_moment() -> None:
    assert "another configuration holds from the beginning" in refusal("a.yaml", "b.yaml")[0]
    (line,) = refusal("a.yaml@2026-03-01T00:00:00Z", "b.yaml@2026-03-01T00:00:00Z")
    assert "another configuration holds from 2026-03-01T00:00:00Z" in line
