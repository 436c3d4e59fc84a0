"""The worker put together: Redis, Kafka, the engine, its probes. It wires and decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from stream_app.config.configuration import Configuration
from stream_app.config.settings import Settings
from stream_app.engine import generation, mirror
from stream_app.engine.aof import kept_whole
from stream_app.engine.connection import address
from stream_app.engine.engine import Engine
from stream_app.engine.fitness import Finding, Weight, findings
from stream_app.engine.hearing import Counts, KafkaHearing
from stream_app.engine.judge import Judge
from stream_app.engine.keys import Names
from stream_app.engine.ledger import Ledger
from stream_app.engine.pause import pause
from stream_app.engine.ports import Clock
from stream_app.engine.post import RETRY, SIGNALS, KafkaPost
from stream_app.engine.reader import RedisReader, client
from stream_app.engine.store import RedisStore
from stream_app.engine.succession import Succession
from stream_app.engine.topics import CONFIG, counts
from stream_app.engine.transport import Stream
from stream_app.engine.upkeep import Upkeep
from stream_app.exposition.probes import Probes
from stream_app.sla.instant import Micros
from stream_app.sla.kind import TOPICS
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

DRAIN: Final = timedelta(seconds=10)
SHOWING: Final = 4
"""How often topics are looked for that are not there."""


class Unfit(Exception):
    """Redis cannot hold the state."""


def wall() -> Micros:
    """The time of day."""
    return Micros(time.time_ns() // 1_000)  # noqa: TID251 -- the edge reads the clock


COLLECTIONS: Final = (100_000, 20, 100)
"""When Python looks for garbage in circles (see gc.set_threshold): the state has none, and looking through all of it
as often as Python does by itself took a fifth of a catching-up worker's time."""


async def work(settings: Settings, own: Configuration, session_timeout: timedelta, clock: Clock = wall) -> None:
    """Run a worker until it is told to stop.

    Raises OSError where it cannot listen, KafkaError where Kafka is away, Unfit where Redis cannot hold the state.
    `clock` says what time it is for events and deadlines; the patience with Kafka and Redis is always in real time.
    """
    gc.set_threshold(*COLLECTIONS)
    brokers, prefix = list(settings.brokers), settings.topic_prefix
    where, names, telemetry = address(settings.redis_url.reveal()), Names(settings.namespace), Telemetry()

    def consumer() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False, auto_offset_reset="earliest")

    async def counted(topics: Sequence[str]) -> Mapping[str, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
        await admin.start()
        try:
            return await counts(admin, topics)
        finally:
            await admin.close()

    async with AsyncExitStack() as stack:
        producer = AIOKafkaProducer(bootstrap_servers=brokers, enable_idempotence=True, acks="all", linger_ms=5)
        stack.push_async_callback(producer.stop)
        await producer.start()
        redis = client(where)
        reader = await stack.enter_async_context(RedisReader(redis, names))
        ledger = Ledger(consumer, producer, prefix)
        await _topics_there(counted, tuple(f"{prefix}{topic}" for topic in (*TOPICS, SIGNALS, CONFIG)))
        judge = Judge(await ledger.settle(own, clock()))
        turn = Succession(ledger, judge, names)
        store = await stack.enter_async_context(RedisStore(where, names, starts=ledger.start, turn=turn))
        engine = Engine(
            store,
            KafkaPost(producer, prefix, telemetry),
            judge,
            Upkeep(reader, store, judge, clock),
            KafkaHearing(consumer, counted, prefix),
            clock,
            telemetry,
            {f"{prefix}{topic}": kind for topic, kind in TOPICS.items()},
            patience=2 * session_timeout.total_seconds(),
        )
        stream = Stream(
            engine,
            group=f"{settings.namespace}-worker",
            brokers=brokers,
            topics=[f"{prefix}{topic}" for topic in TOPICS],
            session_timeout=session_timeout,
            drain=DRAIN,
        )
        engine.source, turn.holder = stream, engine

        def why_not_ready() -> str | None:
            if not store.health.reachable:
                return f"Redis does not answer: {store.health.why}"
            return None if stream.ready else "partitions are not assigned and open yet"

        probes = Probes(telemetry.registry, why_not_ready)
        port = await probes.start(settings.http_host, settings.http_port)
        stack.push_async_callback(probes.stop)
        log.info("worker: probes and metrics on http://%s:%d", settings.http_host, port)

        async def follow() -> None:
            async for dated in ledger.follow():
                judge.hold(dated)
                log.info("another configuration holds: %s", dated.entries[-1][1].file)
                await _mirror(redis, names, ledger)

        async def mirrored() -> None:
            while True:  # a Redis that forgot the state forgot this too
                with contextlib.suppress(RedisError):
                    await turn(await generation.active(redis, names))
                await _mirror(redis, names, ledger)
                await pause(RETRY)

        jobs = (engine.watch(), engine.looking(), follow(), mirrored(), _examined(redis), kept_whole(redis))
        await _beside(stream, *jobs)


async def _beside(stream: Stream, *jobs: Coroutine[Any, Any, None]) -> None:
    """Read the log until told to stop, with jobs that go on all the while. Raises Unfit, or a group of what broke."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
            await stream.run()
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as errors:
        if (unfit := errors.subgroup(Unfit)) is not None:
            raise Unfit(*unfit.exceptions[0].args) from errors
        raise


async def _examined(redis: Redis) -> None:
    """Say what speaks against this Redis, once it answers. Raises Unfit where it cannot hold the state."""
    found: list[Finding] | None = None
    while found is None:
        try:
            found = await findings(redis)
        except RedisError:  # /readyz says so
            await pause(RETRY)
    for finding in found:
        log.warning("%s", finding.text)
    refused = [finding.text for finding in found if finding.weight is Weight.REFUSED]
    if refused:
        raise Unfit("; ".join(refused))


async def _topics_there(counted: Counts, topics: tuple[str, ...]) -> None:
    """Wait a moment for topics that are just being made. Raises UnknownTopicOrPartitionError."""
    missing = set(topics) - (await counted(topics)).keys()
    for _ in range(SHOWING):
        if not missing:
            return
        await asyncio.sleep(RETRY)
        missing = set(topics) - (await counted(topics)).keys()
    raise UnknownTopicOrPartitionError(
        f"there is no topic {', '.join(sorted(missing))}; `tenggat topics --create` makes what is missing"
    )


async def _mirror(redis: Redis, names: Names, ledger: Ledger) -> None:
    """Have Redis know of all activations, unless another worker has told it of more."""
    while True:
        try:
            ours = list(ledger.activations)
            if (await mirror.get(redis, names))[: len(ours)] != ours:
                await mirror.put(redis, names, ours)
        except RedisError as error:
            log.warning("Redis does not answer (%s); tried again", error)
            await pause(RETRY)
        else:
            return
