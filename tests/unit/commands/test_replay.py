from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stream_app.commands.replay import replay
from stream_app.simulation.arrivals import simulate
from stream_app.sla.instant import HOUR, SECOND, Micros

CREATED = {
    "specversion": "1.0",
    "id": "1",
    "source": "desk",
    "type": "ticket.created",
    "subject": "T1",
    "time": "2026-03-02T09:00:00Z",
    "data": {"priority": "high"},
}
LINE = json.dumps(CREATED).encode() + b"\n"


def test_the_report_is_one_json_object_on_standard_output(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE + b"\nno json\n")
    result = CliRunner().invoke(replay, [str(tmp_path / "a.jsonl"), "--json", "--until", "2026-03-02T10:30:00Z"])
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["events"] == {"read": 2, "applied": 1, "duplicate": 0, "late": 0, "malformed": 1}
    assert report["until"] == "2026-03-02T10:30:00Z"
    assert [one["type"] for one in report["signals"]] == ["sla.warning", "sla.warning", "sla.breached", "sla.warning"]
    assert report["entities"][0]["policy"] == "high"


def test_for_a_person_it_is_a_summary(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINE))
    result = CliRunner().invoke(replay, [str(tmp_path / "a.jsonl.gz")])
    assert result.exit_code == 0
    assert "events: 1 read, 1 applied, 0 duplicate, 0 late, 0 malformed" in result.stdout
    assert "as of 2026-03-02T09:00:00Z: 1 entities, 0 signals" in result.stdout
    assert "first_response" in result.stdout


def test_values_are_shown_with_count_and_target(tmp_path: Path) -> None:
    lines = simulate(2000, 3, Micros(1_782_813_600 * SECOND), HOUR)
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    result = CliRunner().invoke(replay, [str(tmp_path / "a.jsonl")])
    assert result.exit_code == 0
    assert "KPI" in result.stdout
    shown = [line.split("│") for line in result.stdout.splitlines() if "first_response_time " in line]
    assert shown
    assert all(int(cells[4]) > 0 for cells in shown)


def test_several_files_and_standard_input_are_one_log(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE)
    result = CliRunner().invoke(replay, [str(tmp_path / "a.jsonl"), "-", "--json"], input=LINE)
    assert json.loads(result.stdout)["events"]["duplicate"] == 1


def test_a_missing_file_fails_before_anything_is_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(replay, [str(tmp_path / "none.jsonl")])
    assert result.exit_code == 1
    assert "none.jsonl: No such file" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-", "--until", "yesterday"],
        ["-", "--config", "missing.yaml"],
        ["-", "--config", "a.yaml@2026-13-01T00:00Z"],
    ],
)
def test_bad_usage_is_said(arguments: list[str]) -> None:
    result = CliRunner().invoke(replay, arguments, input=b"")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_configurations_hold_from_their_moments(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE)
    (tmp_path / "a.yaml").write_text("policies: [{name: slow, clocks: {first_response: {target: 5h}}}]")
    (tmp_path / "b.yaml").write_text("policies: [{name: fast, clocks: {first_response: {target: 5m}}}]")
    arguments = [str(tmp_path / "a.jsonl"), "--json", "--until", "2026-03-02T10:30:00Z"]
    arguments += ["--config", str(tmp_path / "a.yaml"), "--config", f"{tmp_path / 'b.yaml'}@2026-03-02T10:00:00Z"]
    report = json.loads(CliRunner().invoke(replay, arguments).stdout)
    assert report["entities"][0]["policy"] == "fast"
    assert [(one["type"], one["at"]) for one in report["signals"]] == [("sla.breached", "2026-03-02T10:00:00Z")]
