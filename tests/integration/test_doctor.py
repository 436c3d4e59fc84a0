"""`tenggat doctor` on a real Kafka and a real Redis: each planted fault is found by its name, with its remedy."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from stream_app.commands.doctor import doctor
from stream_app.commands.topics import topics
from stream_app.config.settings import settings
from stream_app.config.source import read
from stream_app.diagnosis.examination import findings
from stream_app.diagnosis.finding import Weight
from stream_app.diagnosis.remedies import REMEDIES, Name
from stream_app.engine.keys import TP, Names, member
from stream_app.sla.instant import HOUR, Micros
from tests.acceptance.system import until
from tests.services.kafka import Kafka
from tests.services.redis import Redis
from tests.services.server import free_port

LIMIT = 8.0
"""Seconds: five, and some for a machine that is busy with other tests."""
PARTITIONS = 4


class House:
    """An installation without a worker, in which faults are planted."""

    def __init__(self, kafka: Kafka, redis_server: Redis, name: str) -> None:
        self.kafka = kafka
        self.prefix = f"{name}-"
        self.names = Names(name)
        self.redis: Any = redis.Redis.from_url(redis_server.url)
        self.options = {
            "--brokers": kafka.bootstrap,
            "--redis-url": redis_server.url,
            "--topic-prefix": self.prefix,
            "--namespace": name,
            "--http-port": "0",
        }

    def create_topics(self) -> None:
        arguments = ["--brokers", self.kafka.bootstrap, "--topic-prefix", self.prefix, "--create"]
        assert CliRunner().invoke(topics, [*arguments, "--partitions", str(PARTITIONS)]).exit_code == 0

    def create_topic(self, name: str, partitions: int, config: dict[str, str] | None = None) -> None:
        self.kafka.create_topic(self.prefix + name, partitions, config)
        self.shows(name, partitions)

    def shows(self, name: str, partitions: int) -> None:
        """Wait until the broker tells of it: what its controller has decided it hears a moment later."""
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap, "log_level": 0})
        until(
            lambda: (
                (its := admin.list_topics(timeout=10).topics.get(self.prefix + name)) is not None
                and len(its.partitions) == partitions
            ),
            f"the broker tells of {name}",
        )

    def examined(self, *more: str, **options: str) -> list[dict[str, Any]]:
        """What the doctor finds. Its exit code says whether a fault is among it, and it is never long in coming."""
        chosen = self.options | {f"--{name.replace('_', '-')}": value for name, value in options.items()}
        began = time.monotonic()
        result = CliRunner().invoke(doctor, [*(word for pair in chosen.items() for word in pair), "--json", *more])
        assert time.monotonic() - began < LIMIT
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        report = json.loads(result.stdout)
        assert result.exit_code == (1 if report["faults"] else 0)
        assert report["faults"] == sum(its["weight"] == "fault" for its in report["findings"])
        assert report["warnings"] == sum(its["weight"] == "warning" for its in report["findings"])
        return list(report["findings"])

    def send(self, topic: str, records: Sequence[tuple[str | None, str]], **settings: Any) -> None:  # noqa: ANN401 -- librdkafka's
        timestamp = settings.pop("timestamp", 0)
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap, "log_level": 0, "acks": "all", **settings})
        for key, value in records:
            producer.produce(self.prefix + topic, key=key, value=value, timestamp=timestamp)
        assert producer.flush(20) == 0


@pytest.fixture
def house(kafka: Kafka, redis_server: Redis, namespace: str) -> Iterator[House]:
    its = House(kafka, redis_server, namespace)
    yield its
    its.redis.close()


def found(findings: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """The finding of that name, which has its remedy."""
    named = [its for its in findings if its["name"] == name]
    assert named, f"{name} is not among {[its['name'] for its in findings]}"
    assert named[0]["remedy"] == REMEDIES[Name(name)]
    return named[0]


def events(count: int) -> list[tuple[str | None, str]]:
    return [(f"T-{n}", json.dumps({"subject": f"T-{n}", "type": "ticket.created"})) for n in range(count)]


MURMUR = {"partitioner": "murmur2_random"}


def test_servers_that_are_away_are_two_faults_and_the_rest_is_not_looked_at(house: House) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    said = house.examined(brokers=nobody, redis_url=f"redis://{nobody}/0")
    assert nobody in found(said, "kafka-unreachable")["text"]
    assert nobody in found(said, "redis-unreachable")["text"]
    assert {its["weight"] for its in said if its["name"] is None} == {"ok", "skipped"}
    assert [its["name"] for its in said if its["weight"] == "fault"] == ["kafka-unreachable", "redis-unreachable"]


@pytest.mark.chaos
def test_servers_that_fall_silent_are_found_as_fast(house: House, redis_server: Redis) -> None:
    house.create_topics()
    house.kafka.pause()
    redis_server.pause()
    said = house.examined()
    found(said, "kafka-unreachable")
    found(said, "redis-unreachable")


def test_a_redis_that_does_not_let_us_in_is_told_from_one_that_is_away(house: House, redis_server: Redis) -> None:
    secret = redis_server.url.replace("redis://", "redis://:a-secret@")
    said = house.examined(redis_url=secret)
    assert "AUTH" in found(said, "redis-refuses")["text"]
    assert "a-secret" not in json.dumps(said)


def test_missing_topics_are_named_with_the_command_that_makes_them(house: House) -> None:
    said = house.examined()
    assert f"{house.prefix}security-incidents.dlq" in found(said, "topic-missing")["text"]
    found(said, "no-worker")


def test_a_broker_that_names_an_address_where_nobody_is(redis_server: Redis, namespace: str) -> None:
    wrong = f"127.0.0.1:{free_port()}"
    with Kafka({"advertised.listeners": f"PLAINTEXT://{wrong}"}) as kafka:
        its = House(kafka, redis_server, namespace)
        said = its.examined()
        its.redis.close()
    assert wrong in found(said, "broker-unreachable")["text"]


def test_one_of_several_addresses_that_is_wrong_is_a_warning(house: House) -> None:
    wrong = f"127.0.0.1:{free_port()}"
    said = house.examined(brokers=f"{wrong},{house.kafka.bootstrap}")
    assert found(said, "bootstrap-unreachable")["weight"] == "warning"


def test_a_redis_that_may_lose_the_state(house: House) -> None:
    try:
        house.redis.config_set("maxmemory-policy", "allkeys-lru")
        house.redis.config_set("appendonly", "no")
        house.redis.config_set("appendfsync", "no")
        house.redis.config_set("maxmemory", house.redis.info("memory")["used_memory"] * 10 // 9)
        said = house.examined()
    finally:
        house.redis.config_set("maxmemory", 0)
        house.redis.config_set("maxmemory-policy", "noeviction")
        house.redis.config_set("appendfsync", "everysec")
        house.redis.config_set("appendonly", "yes")
    assert found(said, "eviction-policy")["weight"] == "fault"
    assert found(said, "no-persistence")["weight"] == "fault"
    found(said, "lax-fsync")
    found(said, "memory-short")


def test_topics_that_lose_events(house: House) -> None:
    house.create_topic("tickets", 2, {"cleanup.policy": "compact"})
    house.create_topic("security-incidents", 3, {"retention.ms": "3600000"})
    house.create_topic("tenggat-config", 2)
    said = house.examined()
    assert f"{house.prefix}tickets" in found(said, "compacted")["text"]
    short = found(said, "retention-short")
    assert short["weight"] == "fault"
    assert f"{house.prefix}security-incidents" in short["text"]
    assert "expected 1" in found(said, "partition-mismatch")["text"]
    found(said, "single-copy")


def test_producers_with_librdkafkas_own_partitioner_are_named(house: House) -> None:
    house.create_topics()
    house.send("tickets", events(60))
    house.send("measurements", events(60), **MURMUR)
    house.send("security-incidents", [("other", '{"subject": "I-1"}'), (None, '{"subject": "I-2"}')], **MURMUR)
    said = house.examined()
    wrong = [its for its in said if its["name"] == "wrong-partitioner"]
    assert len(wrong) == 1  # those of Java's partitioner are where they belong
    assert f"{house.prefix}tickets" in wrong[0]["text"]
    assert "librdkafka" in wrong[0]["text"]
    assert "murmur2_random" in found(said, "wrong-partitioner")["remedy"]
    assert "2 of the newest 2" in found(said, "wrong-key")["text"]


def test_partitions_that_were_added_later_are_told_from_a_wrong_partitioner(house: House) -> None:
    house.create_topics()
    house.send("tickets", events(60), **MURMUR)
    admin = AdminClient({"bootstrap.servers": house.kafka.bootstrap, "log_level": 0})
    admin.create_partitions([NewPartitions(f"{house.prefix}tickets", 7)])[f"{house.prefix}tickets"].result(15)
    house.shows("tickets", 7)
    said = house.examined()
    assert f"when it had {PARTITIONS} partitions, now 7" in found(said, "partitions-added")["text"]
    assert "wrong-partitioner" not in [its["name"] for its in said]
    assert found(said, "partition-mismatch")["weight"] == "warning"


def test_what_nobody_reads_or_publishes_is_found(house: House) -> None:
    house.create_topics()
    house.send("tickets", events(30), **MURMUR)
    topic = f"{house.prefix}tickets"
    for tp in (TP(topic, 0), TP(topic, 9)):
        house.redis.sadd(house.names.partitions, member(tp))
    at = house.names.of(TP(topic, 0))
    house.redis.hset(at.meta, mapping={"seq": 3, "owner": "somebody", "next": 1, "mark:healing": 1})
    house.redis.xadd(at.outbox, {"k": "T-1", "p": "{}"}, id="3-1")
    house.redis.hset(house.names.of(TP(topic, 1)).meta, mapping={"seq": 1, "owner": "somebody", "next": 1_000_000})
    said = house.examined()
    assert f"{topic}-0" in found(said, "lag")["text"]
    assert found(said, "lag")["weight"] == "fault"
    assert f"1 of {topic}-0" in found(said, "outbox-stuck")["text"]
    assert f"{topic}-9" in found(said, "partition-mismatch")["text"]
    assert f"{topic}-0" in found(said, "healing")["text"]
    assert f"{topic}-1" in found(said, "position-beyond-log")["text"]
    assert f"{topic}-2" in found(said, "unclaimed")["text"]


def test_the_file_and_what_the_workers_go_by(house: House, tmp_path: Path) -> None:
    house.create_topics()
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("windows: [1h]\n")
    bad.write_text("windows: [1h]\nlateness: -1h\nretantion: 4d\n")
    said = house.examined(config=str(bad))
    mistakes = [its["text"] for its in said if its["name"] == "config-mistake"]
    assert [mistake.partition(": ")[0] for mistake in mistakes] == [f"{bad}:2:11", f"{bad}:3:1"]
    assert found(house.examined(config=str(good)), "config-not-active")["weight"] == "warning"  # none is

    other = {"digest": "d" * 64, "text": "windows: [2h]", "file": "other.yaml", "at": 1_700_000_000_000_000}
    house.send("tenggat-config", [(None, json.dumps(other)), (None, "no configuration")])
    said = house.examined(config=str(good))
    assert found(said, "config-not-active")["weight"] == "fault"
    assert "other.yaml holds since 2023-11-14" in found(said, "config-not-active")["text"]
    found(said, "mirror-stale")


def test_dead_letters_are_counted_by_reason(house: House) -> None:
    house.create_topics()
    producer = Producer({"bootstrap.servers": house.kafka.bootstrap, "log_level": 0})
    for reason in ("not_json", "not_json", "wrong_key"):
        producer.produce(f"{house.prefix}tickets.dlq", value=b"{", headers={"tenggat-reason": reason.encode()})
    assert producer.flush(20) == 0
    said = found(house.examined(), "dead-letters")
    assert said["weight"] == "warning"
    assert said["text"] == "3 wait: 2 not_json, 1 wrong_key"


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
async def test_clocks_that_disagree(house: House, wrong: int) -> None:
    options = {
        f"TENGGAT_{name.removeprefix('--').replace('-', '_').upper()}": its for name, its in house.options.items()
    }

    def clock() -> Micros:
        return Micros(time.time_ns() // 1_000 + wrong)  # noqa: TID251 -- a host whose clock is wrong

    await asyncio.to_thread(house.create_topics)
    await asyncio.to_thread(house.send, "tickets", events(5), **MURMUR)
    said = await findings(settings({}, options, read), read, clock)
    skewed = [its for its in said if its.name is Name.CLOCK_SKEW]
    assert {its.weight for its in skewed} == {Weight.FAULT}
    assert len(skewed) == (1 if wrong > 0 else 2)  # a log that is behind our clock may just be quiet
    way = "ahead of" if wrong > 0 else "behind"
    assert re.search(rf"3(599|600)\.\d s {way} Redis", " ".join(its.text for its in skewed))


def test_a_person_sees_names_and_remedies_and_a_pipe_no_colour(house: House) -> None:
    words = [word for pair in house.options.items() for word in pair]
    result = CliRunner().invoke(doctor, words)
    assert result.exit_code == 1
    assert "topic-missing: 9 of 9 do not exist" in result.stdout
    assert "mend: `tenggat topics --create`" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stdout.splitlines()[-1] == "2 faults"
    coloured = CliRunner().invoke(doctor, words, color=True)
    assert "\x1b[31m" in coloured.stdout
