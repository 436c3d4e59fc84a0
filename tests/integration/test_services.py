"""The servers that the other tests stand on: real ones, which keep their data through crashes and leave nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis import Redis as Client
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as Unanswered

from tests.services import Kafka, Redis, ServerFailed
from tests.services.server import listens

ROOT = Path(__file__).resolve().parents[2]


async def _send(kafka: Kafka, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, key=value)


async def _read(kafka: Kafka, topic: str, count: int, group: str | None = None) -> list[bytes]:
    """The first `count` records of a topic, sorted, for partitions come in any order."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with consumer, asyncio.timeout(30):
        return sorted([(await consumer.getone()).value for _ in range(count)])


async def test_what_is_produced_to_kafka_is_consumed_from_it(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace, partitions=3)
    sent = [b"%03d" % number for number in range(50)]
    await _send(kafka, namespace, sent)
    assert await _read(kafka, namespace, 50) == sent


async def test_a_consumer_group_is_served(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace, partitions=3)
    await _send(kafka, namespace, [b"a", b"b"])
    assert await _read(kafka, namespace, 2, group=f"{namespace}-group") == [b"a", b"b"]


async def test_kafka_keeps_records_and_address_through_a_crash(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    await _send(kafka, namespace, [b"before"])
    address, pid = kafka.bootstrap, kafka.pid
    kafka.kill()
    assert not kafka.running
    assert not listens(kafka.port)
    kafka.start()
    await _send(kafka, namespace, [b"later"])
    assert kafka.bootstrap == address
    assert kafka.pid != pid
    assert await _read(kafka, namespace, 2) == [b"before", b"later"]


def test_redis_is_set_up_as_in_production(redis_server: Redis) -> None:
    with Client.from_url(redis_server.url) as client:
        assert client.config_get("appendonly")["appendonly"] == "yes"
        assert client.config_get("appendfsync")["appendfsync"] == "everysec"
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


def test_redis_keeps_what_was_written_through_a_crash(redis_server: Redis, namespace: str) -> None:
    with Client.from_url(redis_server.url) as client:
        client.set(namespace, "kept")
        redis_server.kill()
        with pytest.raises(Disconnected):
            Client.from_url(redis_server.url, retry=None).ping()
        redis_server.start()
        assert client.get(namespace) == b"kept"


def test_a_cut_log_forgets_the_last_write_alone(redis_server: Redis, namespace: str) -> None:
    with Client.from_url(redis_server.url) as client:
        client.set(f"{namespace}:1", "kept")
        client.set(f"{namespace}:2", "lost")
        redis_server.forget_tail(5)
        redis_server.start()
        assert client.mget(f"{namespace}:1", f"{namespace}:2") == [b"kept", None]


def test_a_paused_server_answers_nobody_until_it_is_resumed(redis_server: Redis) -> None:
    with Client.from_url(redis_server.url, socket_timeout=0.2, retry=None) as client:
        client.ping()
        redis_server.pause()
        with pytest.raises(Unanswered):
            client.ping()
        redis_server.resume()
        assert client.ping()


@pytest.mark.parametrize("harm", [Redis.kill, Redis.pause, Redis.stop])
def test_a_harmed_server_is_healed(redis_server: Redis, harm: object) -> None:
    assert callable(harm)
    harm(redis_server)
    redis_server.heal()
    with Client.from_url(redis_server.url, socket_timeout=2) as client:
        assert client.ping()


def test_a_server_that_cannot_start_says_why() -> None:
    class Broken(Redis):
        def command(self) -> list[str]:
            return [*super().command(), "--no-such-setting", "1"]

    server = Broken()
    try:
        with pytest.raises(ServerFailed, match=r"(?s)ended while starting.*no-such-setting"):
            server.start()
    finally:
        server.close()
    assert not server.folder.exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("end", "names"), [(signal.SIGINT, ["redis"]), (signal.SIGTERM, ["redis"]), (signal.SIGKILL, ["redis", "kafka"])]
)
def test_no_server_outlives_what_started_it(tmp_path: Path, end: signal.Signals, names: list[str]) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.services", "up", *names],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with started, contextlib.ExitStack() as at_last:
        at_last.callback(started.kill)
        ports = [_port(started.stdout) for _ in names]
        assert all(listens(port) for port in ports)
        started.send_signal(end)
        started.wait(20)
        _eventually_gone(ports, tmp_path)


def _port(said: IO[str] | None) -> int:
    """The port in the next line said, such as `export TENGGAT_BROKERS=127.0.0.1:17000`."""
    assert said is not None
    found = re.search(r"127\.0\.0\.1:(\d+)", said.readline())
    assert found is not None
    return int(found[1])


def _eventually_gone(ports: list[int], folder: Path) -> None:
    deadline = time.monotonic() + 10
    while any(listens(port) for port in ports) or list(folder.glob("tenggat-*")):
        assert time.monotonic() < deadline, "a server or its folder is still there"
        time.sleep(0.05)
