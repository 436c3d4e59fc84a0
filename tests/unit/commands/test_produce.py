"""`tenggat produce`: where each line goes and when; what it says if it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiokafka.partitioner import DefaultPartitioner, murmur2
from click.testing import CliRunner

from stream_app.commands.arguments import moment_of
from stream_app.commands.produce import Address, Pace, address, produce
from stream_app.sla.instant import MINUTE, Micros

TIME = "2016-02-29T08:53:00Z"
AT = moment_of(TIME)


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("ticket.created", "tickets"),
        ("incident.notified", "security-incidents"),
        ("measure.recorded", "measurements"),
        ("service.down", "measurements"),
        ("asset.patched", "measurements"),
        ("incident.nonsense", "security-incidents"),
        ("order.placed", "tickets"),
        ("incident", "tickets"),
    ],
)
def test_the_type_chooses_the_topic(kind: str, topic: str) -> None:
    line = f'{{"type":"{kind}","subject":"X 1 🙂","time":"{TIME}"}}'.encode()
    assert address(line) == Address(topic, "X 1 🙂".encode(), AT)


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"",
        b"[1]",
        b"7",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type":7,"subject":7,"time":7}',
        b'{"subject":"","time":"2016-02-29T08:53:00"}',
        b'{"subject":"\\ud800"}',
    ],
)
def test_what_cannot_be_read_is_sent_too_and_to_the_tickets(line: bytes) -> None:
    assert address(line) == Address("tickets", None, None)


def test_a_subject_is_the_key_though_the_rest_is_wrong() -> None:
    assert address(b'{"subject":"INC1","type":null}') == Address("tickets", b"INC1", None)


@pytest.mark.parametrize(
    ("key", "hashed"),  # from the tests of Kafka's Java client (UtilsTest.testMurmur2)
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_a_key_goes_to_the_partition_that_java_would_choose(key: bytes, hashed: int) -> None:
    assert murmur2(key) & 0xFFFFFFFF == hashed & 0xFFFFFFFF
    partitions = list(range(12))
    assert DefaultPartitioner()(key, partitions, partitions) == (hashed & 0x7FFFFFFF) % 12


def test_at_a_rate_each_record_has_its_turn() -> None:
    pace = Pace(rate=4.0, speed=None)
    assert [pace.due(sent, None) for sent in (0, 1, 8)] == [0.0, 0.25, 2.0]


def test_at_recorded_speed_the_gaps_are_those_of_the_events() -> None:
    pace = Pace(rate=None, speed=60.0)
    moments = [None, AT, Micros(AT + MINUTE), None, Micros(AT - MINUTE)]
    assert [pace.due(0, at) for at in moments] == [0.0, 0.0, 1.0, 0.0, -1.0]


def test_else_everything_goes_at_once() -> None:
    assert Pace(rate=None, speed=None).due(1000, AT) == 0.0


def test_a_missing_file_and_a_missing_broker_are_said_and_end_it_with_one(tmp_path: Path) -> None:
    missing = CliRunner().invoke(produce, ["--brokers", "127.0.0.1:1", str(tmp_path / "none.jsonl")])
    assert missing.exit_code == 1
    assert "none.jsonl: No such file" in missing.stderr

    events = tmp_path / "events.jsonl"
    events.write_text("{}\n")
    alone = CliRunner().invoke(produce, ["--brokers", "127.0.0.1:1", str(events)])
    assert alone.exit_code == 1
    assert "Error: no broker answers at 127.0.0.1:1" in alone.stderr


def test_a_rate_and_a_speed_exclude_each_other(tmp_path: Path) -> None:
    both = CliRunner().invoke(produce, ["--brokers", "a:1", "--rate", "1/s", "--speed", "1", str(tmp_path)])
    assert both.exit_code == 2
