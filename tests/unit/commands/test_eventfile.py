"""Files of events are read line by line, however they are packed."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import click
import pytest

from stream_app.commands.eventfile import lines, require, size

TEXT = b'{"a":1}\n\n{"b":2}\r\n\r\n   \nlast'
LINES = [b'{"a":1}', b'{"b":2}', b"   ", b"last"]


def test_lines_come_without_their_ends_and_empty_ones_not_at_all(tmp_path: Path) -> None:
    plain = tmp_path / "events.jsonl"
    plain.write_bytes(TEXT)
    assert list(lines(str(plain))) == LINES
    assert size([str(plain), str(plain)]) == 2 * len(TEXT)


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(TEXT))
    assert list(lines(str(packed))) == LINES
    assert size([str(packed)]) is None


def test_a_dash_is_standard_input_which_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(TEXT))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert list(lines("-")) == LINES
    assert not stdin.buffer.closed
    assert size(["-"]) is None


def test_a_file_that_is_not_there_ends_the_command_with_one(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.jsonl")
    for reading in (lambda: list(lines(missing)), lambda: require(["-", missing])):
        with pytest.raises(click.ClickException, match=r"none\.jsonl: No such file") as ended:
            reading()
        assert ended.value.exit_code == 1
    assert size([missing]) is None


def test_a_file_that_breaks_off_ends_the_command_after_what_could_be_read(tmp_path: Path) -> None:
    cut, wrong = tmp_path / "cut.gz", tmp_path / "wrong.gz"
    cut.write_bytes(gzip.compress(b"one\n" * 100_000)[:-30])
    wrong.write_bytes(b"not packed\n")
    for path in (cut, wrong):
        with pytest.raises(click.ClickException, match=path.name):
            list(lines(str(path)))
