"""`tenggat simulate` writes the file it was asked for."""

from __future__ import annotations

import gzip
from pathlib import Path

from click.testing import CliRunner

from stream_app.commands.simulate import UNTIL, simulate
from stream_app.sla.decode import decode
from stream_app.sla.instant import HOUR, micros


def run(*arguments: str, code: int = 0) -> bytes:
    result = CliRunner().invoke(simulate, arguments)
    assert result.exit_code == code, result.output
    return result.stdout_bytes


def test_equal_arguments_give_equal_bytes_and_another_seed_gives_others() -> None:
    first = run("--events", "300", "--seed", "7")
    assert first == run("--events", "300", "--seed", "7")
    assert first != run("--events", "300", "--seed", "8")
    assert len(first.splitlines()) == 300
    assert first.endswith(b"}\n")


def test_the_span_ends_at_the_moment_asked_for() -> None:
    said = run("--events", "300", "--until", "2020-01-01T00:00:00Z", "--span", "1h").splitlines()
    times = [decode(line).time.isoformat() for line in said]
    assert times[0] > "2019-12-31T23:00:00"
    assert times[-1] <= "2020-01-01T00:00:00"


def test_by_default_it_is_the_last_office_hours_of_a_fixed_day() -> None:
    until = micros(
        decode(
            b'{"specversion":"1.0","id":"1","source":"s","subject":"s","type":"ticket.deleted","time":"%s"}'
            % UNTIL.encode()
        ).time
    )
    times = [micros(decode(line).time) for line in run("--events", "300").splitlines()]
    assert until - 8 * HOUR < times[0] < times[-1] <= until


def test_a_file_is_written_plain_or_packed_the_same_each_time(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    assert run("--events", "50", "--out", str(plain)) == b""
    run("--events", "50", "--out", str(packed))
    once = packed.read_bytes()
    run("--events", "50", "--out", str(packed))
    assert plain.read_bytes() == run("--events", "50") == gzip.decompress(once)
    assert packed.read_bytes() == once


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    run("--events", "5", "--until", "0001-01-01T01:00:00Z", code=2)
    run("--events", "-1", code=2)
    run(code=2)
    run("--events", "5", "--out", str(tmp_path / "no" / "file"), code=1)


def test_no_events_are_an_empty_file() -> None:
    assert run("--events", "0") == b""
