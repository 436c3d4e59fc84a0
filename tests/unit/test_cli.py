from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from click.testing import CliRunner

from stream_app.cli import COMMANDS, main


def test_help_lists_every_command_in_a_line() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    listed = re.findall(r"^  ([a-z-]+)  +\S.*$", result.output.partition("Commands:")[2], re.MULTILINE)
    assert listed == sorted(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_has_help_with_an_example(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    example = result.output.partition("Example:\n")[2]
    assert f"tenggat {command}" in example


def test_a_command_that_is_not_there_is_bad_usage() -> None:
    result = CliRunner().invoke(main, ["nonsense"])
    assert result.exit_code == 2
    assert "No such command" in result.output


def test_the_version_is_that_of_the_distribution() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert version("tenggat") in result.output
