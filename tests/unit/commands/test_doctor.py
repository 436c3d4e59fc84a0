from __future__ import annotations

import click
from click.testing import CliRunner

from stream_app.commands.doctor import doctor, lines
from stream_app.diagnosis.finding import fault, ok
from stream_app.diagnosis.remedies import REMEDIES, Name

TEXT = "this host is 3600.0 s behind Redis at a place with a rather long name, which is told in more than one line"


def test_on_a_terminal_sentences_are_broken_at_its_width() -> None:
    shown = click.unstyle(lines(fault("clock", Name.CLOCK_SKEW, TEXT), 72)).splitlines()
    assert max(map(len, shown)) <= 72
    assert shown[0].startswith("fault    clock          clock-skew: this host is")
    assert all(line.startswith(" " * 24) for line in shown[1:])
    assert " ".join(line.strip() for line in shown).endswith("mend: " + REMEDIES[Name.CLOCK_SKEW])


def test_in_a_pipe_each_sentence_is_one_line() -> None:
    assert len(lines(fault("clock", Name.CLOCK_SKEW, TEXT), None).splitlines()) == 2
    assert click.unstyle(lines(ok("clock", TEXT), None)) == f"ok       clock          {TEXT}"


def test_a_setting_that_cannot_be_read_is_bad_usage() -> None:
    result = CliRunner().invoke(doctor, ["--brokers", "nowhere"])
    assert result.exit_code == 2
    assert "TENGGAT_BROKERS" in result.stderr
