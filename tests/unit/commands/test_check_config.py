from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from stream_app.commands.check_config import check_config

GOOD = """\
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
policies:
  - {name: rest, calendar: office, clocks: {resolution: {target: 8h}}}
incidents:
  - {name: all, clocks: {resolve: {target: 1d}}}
"""


def write(folder: Path, text: str) -> str:
    file = folder / "tenggat.yaml"
    file.write_text(text)
    return str(file)


def test_what_a_good_configuration_holds_is_said(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    result = CliRunner().invoke(check_config, [file])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{file}: good: 2 calendars, 1 policies, 1 for incidents, ")
    assert result.stderr == ""


def test_every_mistake_is_said_with_its_place(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace("8h", "8 hours").replace("1d", "soon"))
    result = CliRunner().invoke(check_config, [file])
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{file}:3:66: ")
    assert lines[1].startswith(f"{file}:5:44: ")


def test_a_mistake_in_the_catalogue_is_one_too(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD + "kpis: {mine: {formula: nonsense}}\n")
    result = CliRunner().invoke(check_config, [file])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{file}:6:")


@pytest.mark.parametrize("arguments", [[], ["missing.yaml"]])
def test_a_file_that_is_missing_is_bad_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(check_config, arguments).exit_code == 2
