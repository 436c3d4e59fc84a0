"""The engine's own uses of Kafka and Redis: topics made, configurations activated, signals sent and heard again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from click.testing import CliRunner

from stream_app.commands.report import report
from stream_app.commands.topics import topics
from stream_app.config.configuration import Configuration, load
from stream_app.config.mistake import ConfigurationRefused
from stream_app.engine import mirror
from stream_app.engine.connection import address
from stream_app.engine.hearing import KafkaHearing, partition_of
from stream_app.engine.keys import TP, Names
from stream_app.engine.ledger import Activation, Ledger
from stream_app.engine.letters import Letter
from stream_app.engine.post import KafkaPost
from stream_app.engine.reader import client
from stream_app.engine.topics import Plan, counts, create, found, plans
from stream_app.sla.decode import Reason
from stream_app.sla.instant import EARLIEST, Micros
from stream_app.telemetry import Telemetry
from tests.services import Kafka, Redis

NOON = Micros(1_772_452_800_000_000)
A, B = "windows: [1h]", "windows: [2h]"


def configuration(text: str) -> Configuration:
    return load(text, "tenggat.yaml")


@asynccontextmanager
async def producer(kafka: Kafka) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, enable_idempotence=True, acks="all") as its:
        yield its


@asynccontextmanager
async def administrator(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def consumer(kafka: Kafka) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", retry_backoff_ms=50
    )


class Away(KafkaError):  # type: ignore[misc] # aiokafka has no types
    """Kafka does not answer, this time."""


class Faulty:
    """Makes consumers or sends, but not the first time."""

    def __init__(self, kafka: Kafka) -> None:
        self.kafka = kafka
        self.tries = 0

    def __call__(self) -> AIOKafkaConsumer:
        self.tries += 1
        if self.tries == 1:
            raise Away
        return consumer(self.kafka)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("hearing", "ledger", "post"):
        monkeypatch.setattr(f"stream_app.engine.{module}.RETRY", 0.01)


# topics


def test_missing_topics_are_listed_and_made(kafka: Kafka, namespace: str) -> None:
    arguments = ["--brokers", kafka.bootstrap, "--topic-prefix", f"{namespace}-"]
    result = CliRunner().invoke(topics, arguments)
    assert result.exit_code == 1
    assert "9 missing; --create makes them" in result.stderr
    result = CliRunner().invoke(topics, [*arguments, "--create", "--partitions", "3"])
    assert result.exit_code == 0, result.output
    again = CliRunner().invoke(topics, arguments)
    assert again.exit_code == 0
    assert again.stdout == result.stdout
    assert "missing" not in again.stdout
    assert again.stdout.count("for ever") == 9  # the broker of the tests keeps all, the product the rest
    kafka.create_topic(f"{namespace}x-tickets", 1, {"retention.ms": "604800000"})
    arguments = ["--brokers", kafka.bootstrap, "--topic-prefix", f"{namespace}x-"]
    while " 7 d " not in CliRunner().invoke(topics, arguments).stdout:  # once the broker knows of it itself
        time.sleep(0.1)


async def test_topics_are_made_as_planned(kafka: Kafka, namespace: str) -> None:
    planned = plans(f"{namespace}-", 3)
    names = [plan.name for plan in planned]
    async with administrator(kafka) as admin:
        made = await create(admin, planned, 1)
        assert {name: topic.partitions for name, topic in made.items()} == {
            plan.name: plan.partitions for plan in planned
        }
        assert await create(admin, planned, 1) == made  # others made them meanwhile
        assert await found(admin, [*names, f"{namespace}-none"]) == made
        assert (await counts(admin, names))[f"{namespace}-tickets"] == 3
        with pytest.raises(KafkaError, match="replication"):
            await create(admin, [Plan(f"{namespace}-more", 1, {})], 3)


# configurations


async def test_a_configuration_is_activated_once_and_holds_from_then_on(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(f"{namespace}-tenggat-config")
    async with producer(kafka) as sender:
        first = Ledger(Faulty(kafka), sender, f"{namespace}-")
        held = await first.settle(configuration(A), NOON)
        assert [since for since, _ in held.entries] == [EARLIEST]
        other = Ledger(lambda: consumer(kafka), sender, f"{namespace}-")
        again = await other.settle(configuration(A), Micros(NOON + 1))
        assert [since for since, _ in again.entries] == [EARLIEST]
        held = await other.settle(configuration(B), Micros(NOON + 2))
        assert [(since, its.text) for since, its in held.entries] == [(EARLIEST, A), (NOON + 2, B)]
        await first.settle(configuration(A), Micros(NOON + 3))  # A was replaced by B, which holds
        assert [(one.text, one.at) for one in first.activations] == [(A, NOON), (B, NOON + 2)]


async def test_all_follow_what_others_activate(kafka: Kafka, namespace: str, caplog: pytest.LogCaptureFixture) -> None:
    topic = f"{namespace}-tenggat-config"
    kafka.create_topic(topic)
    async with producer(kafka) as sender:
        ledger = Ledger(lambda: consumer(kafka), sender, f"{namespace}-")
        await ledger.settle(configuration(A), NOON)
        following = Ledger(lambda: consumer(kafka), sender, f"{namespace}-")
        await following.settle(configuration(A), NOON)
        following._make = faulty = Faulty(kafka)  # Kafka goes away between settling and following
        changes = following.follow()
        await sender.send_and_wait(topic, b"no configuration")
        await ledger.settle(configuration(B), Micros(NOON + 1))
        async with asyncio.timeout(20):
            held = await anext(changes)
        assert [its.text for _, its in held.entries] == [A, B]
        assert faulty.tries == 2
        await changes.aclose()  # type: ignore[attr-defined] # an async generator
    assert "is no configuration" in caplog.text


async def test_a_configuration_that_this_version_does_not_take_is_refused(kafka: Kafka, namespace: str) -> None:
    topic = f"{namespace}-tenggat-config"
    kafka.create_topic(topic)
    newer = {"digest": "x", "text": "unheard_of: 1", "file": "new.yaml", "at": 0}
    async with producer(kafka) as sender:
        await sender.send_and_wait(topic, json.dumps(newer).encode())
        with pytest.raises(ConfigurationRefused, match="unheard_of"):
            await Ledger(lambda: consumer(kafka), sender, f"{namespace}-").settle(configuration(A), NOON)


# signals


def payload(name: str, subject: str, kind: str = "ticket") -> bytes:
    return json.dumps(
        {
            "id": name,
            "type": "sla.breached",
            "subject": subject,
            "time": "2026-03-02T09:30:00Z",
            "data": {"kind": kind},
        }
    ).encode()


def hearing(kafka: Kafka, prefix: str, make: object = None) -> KafkaHearing:
    async def counted(names: Sequence[str]) -> Mapping[str, int]:
        async with administrator(kafka) as admin:
            return await counts(admin, names)

    return KafkaHearing(make or (lambda: consumer(kafka)), counted, prefix)  # type: ignore[arg-type] # Faulty makes them


async def test_what_was_published_is_heard_beyond_the_marks(kafka: Kafka, namespace: str) -> None:
    prefix = f"{namespace}-"
    kafka.create_topic(f"{prefix}tickets", 2)
    kafka.create_topic(f"{prefix}sla-signals", 3)
    subjects = [f"T{number}" for number in range(12)]
    telemetry = Telemetry()
    async with producer(kafka) as sender:
        post = KafkaPost(sender, prefix, telemetry)
        marks = dict(await post.publish([(b"T0", payload("old", "T0"))]))
        (mark,) = marks
        await post.publish([(one.encode(), payload(f"id-{one}", one)) for one in subjects])
        await post.publish([(b"I1", payload("other", "I1", "incident"))])
    assert telemetry.registry.get_sample_value("tenggat_signals_published_total") == 14
    faulty = Faulty(kafka)
    for number in range(2):
        mine = {one for one in subjects if partition_of(one, 2) == number}
        assert mine
        heard = await hearing(kafka, prefix, faulty)(TP(f"{prefix}tickets", number), "ticket", marks)
        assert set(heard.subjects) == mine
        everything = await hearing(kafka, prefix)(TP(f"{prefix}tickets", number), "ticket", {})
        old = {"old"} if partition_of("T0", 2) == number else set()
        assert len(everything) == len(mine | old)
        assert everything.marks.keys() == {"said:0", "said:1", "said:2"}
    assert faulty.tries == 3
    assert mark.startswith("said:")
    assert marks[mark] == b"1"


async def test_without_the_topic_of_signals_nothing_is_heard(kafka: Kafka, namespace: str) -> None:
    assert len(await hearing(kafka, f"{namespace}-")(TP(f"{namespace}-tickets", 0), "ticket", {})) == 0


async def test_a_dead_letter_keeps_key_and_value_and_says_where_it_came_from(kafka: Kafka, namespace: str) -> None:
    tp = TP(f"{namespace}-tickets", 3)
    kafka.create_topic(f"{namespace}-tickets.dlq")
    async with producer(kafka) as sender:
        post = KafkaPost(sender, f"{namespace}-", Telemetry())
        await post.park(
            [Letter(tp, 7, None, b"{", Reason.NOT_JSON, "no"), Letter(tp, 8, b"k", None, Reason.NOT_JSON, "")]
        )
    async with consumer(kafka) as reader:
        reader.assign([TopicPartition(f"{namespace}-tickets.dlq", 0)])
        first, second = await reader.getone(), await reader.getone()
    assert (first.key, first.value, second.key, second.value) == (None, b"{", b"k", None)
    assert dict(first.headers)["tenggat-offset"] == b"7"


class Flaky:
    """A producer of which the first sending fails."""

    def __init__(self, error: Exception, sender: AIOKafkaProducer) -> None:
        self._error: Exception | None = error
        self._sender = sender

    async def send(self, *parts: Any, **more: Any) -> asyncio.Future[object]:  # noqa: ANN401 -- as the producer's
        future: asyncio.Future[object] = await self._sender.send(*parts, **more)
        error, self._error = self._error, None
        if error is None:
            return future
        failed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        failed.set_exception(error)
        return failed


async def test_what_kafka_does_not_take_is_sent_again(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(f"{namespace}-sla-signals")
    kafka.create_topic(f"{namespace}-tickets.dlq")
    letter = Letter(TP(f"{namespace}-tickets", 0), 7, None, b"{", Reason.NOT_JSON, "no")
    async with producer(kafka) as sender:
        post = KafkaPost(Flaky(UnknownTopicOrPartitionError(), sender), f"{namespace}-", Telemetry())
        assert await post.publish([(b"T1", payload("a", "T1"))]) == {"said:0": b"2"}
        assert post.known == {"said:0": b"2"}
        await KafkaPost(Flaky(UnknownTopicOrPartitionError(), sender), f"{namespace}-", Telemetry()).park([letter])
        post = KafkaPost(Flaky(RuntimeError("not Kafka's"), sender), f"{namespace}-", Telemetry())
        with pytest.raises(RuntimeError):
            await post.publish([(b"T1", payload("a", "T1"))])


# the mirror, and the report that is judged by it


async def test_activated_configurations_are_mirrored_in_redis(redis_server: Redis, namespace: str) -> None:
    names = Names(namespace)
    async with client(address(redis_server.url)) as redis:
        assert await mirror.get(redis, names) == []
        activations = [Activation("d", A, "a.yaml", NOON)]
        await mirror.put(redis, names, activations)
        assert await mirror.get(redis, names) == activations


def test_before_a_worker_has_run_the_report_is_empty_and_judged_by_the_one_given(
    redis_server: Redis, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(A)
    arguments = ["--redis-url", redis_server.url, "--namespace", namespace, "--config", str(tmp_path / "a.yaml")]
    result = CliRunner().invoke(report, [*arguments, "--json", "--until", "2026-03-02T10:30:00Z"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "as_of": {},
        "until": "2026-03-02T10:30:00Z",
        "entities": [],
        "signals": [],
        "kpis": [],
    }
    shown = CliRunner().invoke(report, arguments)
    assert shown.exit_code == 0
    assert "0 entities, 0 signals" in shown.stdout
