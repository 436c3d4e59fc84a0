"""The rig: a real Kafka and a real Redis on one core, what is measured on another, and looks at how far it is."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import redis
from confluent_kafka import Producer

from benchmarks.course import Sample
from benchmarks.load import Message
from stream_app.engine.keys import TP
from tests.acceptance.system import System
from tests.services.kafka import Kafka
from tests.services.redis import Redis

CORES: Final = sorted(os.sched_getaffinity(0))
MINE: Final = {CORES[-1]}
"""Where what is measured runs, alone."""
OTHERS: Final = set(CORES[:-1]) or MINE
"""Where the servers run, and what measures."""
LOOK: Final = 0.01
"""Seconds between two looks."""
WITHIN: Final = 1800.0
"""Seconds after which a run is given up."""
TICKS: Final = os.sysconf("SC_CLK_TCK")
TOPIC: Final = "tickets"
BATCHING: Final = {
    "log_level": 0,
    "partitioner": "murmur2_random",
    "linger.ms": 20,
    "batch.size": 1_000_000,
    "enable.idempotence": True,  # a batch that has to be sent again must neither come twice nor behind later ones
    "queue.buffering.max.messages": 200_000,
}


class Sent(NamedTuple):
    """What was written to the log."""

    records: int
    subjects: int
    last: int
    """The last record's timestamp, in milliseconds."""


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Processes that are started meanwhile run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Rig:
    """The servers. Each run has an installation of its own in them."""

    def __init__(self, kafka: Kafka, redis_server: Redis, folder: Path) -> None:
        self.kafka: Final = kafka
        self.redis_server: Final = redis_server
        self.folder: Final = folder
        self.redis: Final[Any] = redis.Redis.from_url(redis_server.url)

    @contextmanager
    def system(self, partitions: int) -> Iterator[System]:
        """An installation with empty topics, in an empty Redis."""
        self.redis.flushall()
        with System(self.kafka, self.redis_server, f"b{secrets.token_hex(4)}", self.folder) as system:
            system.create_topics(partitions)
            yield system

    def send(self, topic: str, messages: Iterable[Message]) -> Sent:
        """Writes records, with their timestamps; returns once Kafka has all of them."""
        producer: Any = Producer({"bootstrap.servers": self.kafka.bootstrap} | BATCHING)
        records, last, keys = 0, 0, set()
        for last, key, value in messages:
            records += 1
            keys.add(key)
            while True:
                try:
                    producer.produce(topic, value, key, timestamp=last)
                    break
                except BufferError:
                    producer.poll(0.1)
            if not records % 1000:
                producer.poll(0)
        if left := producer.flush(60):
            raise RuntimeError(f"Kafka did not take {left} records")
        return Sent(records, len(keys), last)

    def redis_cpu(self) -> float:
        """Seconds of processor time that Redis has used."""
        used = self.redis.info("cpu")
        return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])

    def follow(self, pid: int, done: Callable[[], int], upto: int, within: float) -> list[Sample]:
        """Looks at a process until it has done so many events; raises TimeoutError after so many seconds."""
        samples: list[Sample] = []
        deadline = time.monotonic() + within
        while not samples or samples[-1].done < upto:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{samples[-1].done} of {upto} events after {within:g} s")
            time.sleep(LOOK)
            samples.append(Sample(time.monotonic(), done(), cpu(pid), self.redis_cpu()))
        return samples


@contextmanager
def rig() -> Iterator[Rig]:
    """Starts the servers, and ends them."""
    os.sched_setaffinity(0, OTHERS)  # what measures keeps off the core of what is measured
    with Kafka() as kafka, Redis() as redis_server, tempfile.TemporaryDirectory(prefix="tenggat-bench-") as folder:
        yield Rig(kafka, redis_server, Path(folder))


def now() -> int:
    """The time of day, in milliseconds: a log that ends now is one that a worker has to catch up with."""
    return time.time_ns() // 1_000_000  # noqa: TID251 -- the edge reads the clock


def applied(system: System) -> Callable[[], int]:
    """Asks Redis how many records of tickets its state contains."""
    keys = [system.names.of(tp).meta for tp in tickets(system)]

    def ask() -> int:
        with system.redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hget(key, "next")
            return sum(int(position or 0) for position in pipe.execute())

    return ask


def tickets(system: System) -> list[TP]:
    """The partitions of the topic of tickets."""
    return [tp for tp in system.tps() if tp.topic == system.prefix + TOPIC]


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used, all its threads; proc(5): utime and stime."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
