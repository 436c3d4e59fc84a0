"""What the command line takes: moments, spans, rates, brokers."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from stream_app.commands.arguments import MOMENT, SPAN, Brokers, Rate, kafka, moment_of
from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND, text


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2016-02-29T08:53:00Z", "2016-02-29T08:53:00Z"),
        ("2026-06-30T17:00:00+07:00", "2026-06-30T10:00:00Z"),
        ("2026-06-30T10:00:00.25Z", "2026-06-30T10:00:00.25Z"),
    ],
)
def test_a_moment_is_read_in_its_zone(written: str, utc: str) -> None:
    assert text(MOMENT.convert(written, None, None)) == utc


@pytest.mark.parametrize(
    "written", ["2016-02-29T08:53:00", "2016-02-30T08:53:00Z", "2016-02-29", "now", "", "0001-01-01T00:00:00+01:00"]
)
def test_what_is_no_moment_is_said_to_be_none(written: str) -> None:
    with pytest.raises(click.BadParameter, match="is no moment with an offset"):
        MOMENT.convert(written, None, None)
    with pytest.raises(ValueError, match="is no moment"):
        moment_of(written)


@pytest.mark.parametrize(
    ("written", "span"), [("90s", 90 * SECOND), ("15m", 15 * MINUTE), ("8h", 8 * HOUR), ("3d", 3 * DAY)]
)
def test_a_span_has_a_unit(written: str, span: int) -> None:
    assert SPAN.convert(written, None, None) == span


@pytest.mark.parametrize("written", ["8", "h", "-8h", "0s", "8 h", "1.5h", "8w", "8h\n"])
def test_what_is_no_span_is_said_to_be_none(written: str) -> None:
    with pytest.raises(click.BadParameter, match="is no duration"):
        SPAN.convert(written, None, None)


def test_a_rate_is_so_many_a_second() -> None:
    assert Rate().convert("500/s", None, None) == Rate().convert("500", None, None) == 500.0
    assert Rate().convert("0.5/s", None, None) == 0.5
    for written in ("0", "0/s", "-1", "x", "5/m", "nan", "inf"):
        with pytest.raises(click.BadParameter, match="is no rate"):
            Rate().convert(written, None, None)


def test_brokers_are_a_list_with_commas() -> None:
    assert Brokers().convert("a:9092, b.example:1,[::1]:9092,c", None, None) == [
        "a:9092",
        "b.example:1",
        "[::1]:9092",
        "c",
    ]
    for written in ("", "a:x", "a:0", "a:65536", "a,,b", "a b"):
        with pytest.raises(click.BadParameter, match="is no broker"):
            Brokers().convert(written, None, None)


def test_what_is_converted_already_stays_as_it_is() -> None:
    assert MOMENT.convert(0, None, None) == 0
    assert SPAN.convert(HOUR, None, None) == HOUR
    assert Brokers().convert(["a:1"], None, None) == ["a:1"]


@click.command()
@kafka
def where(brokers: list[str], topic_prefix: str) -> None:
    click.echo(f"{brokers} {topic_prefix!r}")


def test_the_environment_says_where_kafka_is_unless_the_command_line_does() -> None:
    environment = {"TENGGAT_BROKERS": "env:1", "TENGGAT_TOPIC_PREFIX": "env."}
    assert CliRunner().invoke(where, [], env=environment).output == "['env:1'] 'env.'\n"
    said = CliRunner().invoke(where, ["--brokers", "said:1", "--topic-prefix", ""], env=environment)
    assert said.output == "['said:1'] ''\n"
    assert CliRunner().invoke(where, []).exit_code == 2
