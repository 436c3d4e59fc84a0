"""`tenggat produce` against a real Kafka: every record arrives once, in order, where its subject belongs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner
from click.testing import CliRunner

from stream_app.commands.produce import Pace, Refused, address, produce, send_all
from stream_app.simulation.arrivals import simulate
from stream_app.sla.instant import HOUR, SECOND, Micros
from tests.services.kafka import Kafka

PARTITIONS = 4
TOPICS = ("tickets", "security-incidents", "measurements")
SIMULATED = list(simulate(3000, 5, Micros(1_782_813_600 * SECOND), HOUR))
Record = tuple[bytes | None, bytes]


def make_topics(kafka: Kafka, prefix: str) -> None:
    for topic in TOPICS:
        kafka.create_topic(prefix + topic, PARTITIONS)


async def records(kafka: Kafka, prefix: str) -> Mapping[tuple[str, int], Sequence[Record]]:
    """All that the topics hold, by topic (without prefix) and partition."""
    wanted = [TopicPartition(prefix + topic, number) for topic in TOPICS for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(wanted)
        consumer.assign(wanted)
        held: dict[tuple[str, int], list[Record]] = {(tp.topic.removeprefix(prefix), tp.partition): [] for tp in wanted}
        while sum(map(len, held.values())) < sum(ends.values()):
            for tp, batch in (await consumer.getmany(timeout_ms=500)).items():
                held[tp.topic.removeprefix(prefix), tp.partition] += [(one.key, one.value) for one in batch]
        return held
    finally:
        await consumer.stop()


def run(kafka: Kafka, prefix: str, *arguments: str, stdin: bytes | None = None) -> str:
    result = CliRunner().invoke(
        produce, ["--brokers", kafka.bootstrap, "--topic-prefix", prefix, *arguments], input=stdin
    )
    assert result.exit_code == 0, result.output
    return result.stderr


def test_every_record_is_where_its_type_and_subject_say_in_the_order_of_the_file(
    kafka: Kafka, namespace: str, tmp_path: Path
) -> None:
    make_topics(kafka, namespace)
    poison = [b"no json", b'{"type":"order.placed","subject":"O1"}']
    lines = SIMULATED + poison
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines))
    assert f"{len(lines)} records acknowledged: " in run(kafka, namespace, str(tmp_path / "events.jsonl"))

    held = asyncio.run(records(kafka, namespace))
    assert sorted(value for batch in held.values() for _, value in batch) == sorted(lines)
    for (topic, partition), batch in held.items():
        due = [
            line
            for line in lines
            if (to := address(line)).topic == topic
            and to.key is not None
            and DefaultPartitioner()(to.key, list(range(PARTITIONS)), []) == partition
        ]
        assert [value for key, value in batch if key is not None] == due
        assert all(key == address(value).key for key, value in batch)


def test_a_missing_topic_is_named(kafka: Kafka, namespace: str) -> None:
    result = CliRunner().invoke(
        produce, ["--brokers", kafka.bootstrap, "--topic-prefix", namespace, "-"], input=b"{}\n"
    )
    assert result.exit_code == 1
    assert f"the topic {namespace}tickets does not exist" in result.stderr


def test_a_rate_is_kept(kafka: Kafka, namespace: str) -> None:
    make_topics(kafka, namespace)
    began = time.monotonic()
    run(kafka, namespace, "--rate", "20/s", "-", stdin=b"\n".join(SIMULATED[:21]))
    assert time.monotonic() - began >= 1.0


def test_a_line_from_a_pipe_is_sent_while_the_pipe_stays_open(kafka: Kafka, namespace: str) -> None:
    make_topics(kafka, namespace)
    code = "from stream_app.commands.produce import produce; produce()"
    command = [sys.executable, "-c", code, "--brokers", kafka.bootstrap, "--topic-prefix", namespace, "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(SIMULATED[0] + b"\n\n")
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while not any((held := asyncio.run(records(kafka, namespace))).values()):
            assert time.monotonic() < deadline
        assert [value for batch in held.values() for _, value in batch] == [SIMULATED[0]]
        _, said = process.communicate(SIMULATED[1], timeout=30)
        assert process.returncode == 0
        assert b"2 records acknowledged" in said


def test_a_broker_that_falls_silent_is_not_waited_for_for_ever(kafka: Kafka, namespace: str, tmp_path: Path) -> None:
    make_topics(kafka, namespace)
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(SIMULATED[:200]))
    silence = threading.Timer(1.0, kafka.pause)
    silence.start()
    pace = Pace(rate=100.0, speed=None)
    try:
        with pytest.raises(Refused, match=r"no acknowledgement for 2 s \([1-9][0-9]* records were acknowledged\)"):
            asyncio.run(send_all([str(tmp_path / "events.jsonl")], [kafka.bootstrap], namespace, pace, patience=2.0))
    finally:
        silence.join()
