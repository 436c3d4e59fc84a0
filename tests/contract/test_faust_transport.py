"""What Faust, mode and aiokafka do where we override or borrow it: these fail first when a version moves."""

# ruff: noqa: SLF001 -- what is private and yet relied on is the very thing to hold them to

from __future__ import annotations

import asyncio
import inspect
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException, IllegalStateError, KafkaError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from faust.transport import consumer as base
from faust.transport.base import Transport
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from faust.worker import Worker
from mode import Service
from mode.threads import QueueServiceThread

from stream_app.engine import keys
from stream_app.engine.batch import Batch
from stream_app.engine.consumer import Consumer
from stream_app.engine.poll import FETCH_WAIT_MS, tune
from stream_app.engine.transport import FETCH_BYTES, Stream, WholeBatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from stream_app.engine.batch import Displaced

SECOND = timedelta(seconds=1)
P0, P1 = TopicPartition("t", 0), TopicPartition("t", 1)


class Nobody:
    async def open(self, tp: keys.TP) -> int | None:  # noqa: ARG002 -- the port's
        return None

    async def handle(self, batch: Batch) -> None: ...
    async def displaced(self, displaced: Displaced) -> None: ...
    async def close(self, tp: keys.TP) -> None: ...


def stream() -> Stream:
    return Stream(
        Nobody(),
        group="g",
        brokers=["127.0.0.1:1"],
        topics=["t"],
        session_timeout=6 * SECOND,
        drain=SECOND,
    )


@pytest.mark.parametrize(
    ("package", "pinned"), [("faust-streaming", "0.15.3"), ("mode-streaming", "0.7.1"), ("aiokafka", "0.14.0")]
)
def test_the_versions_are_those_whose_sources_were_read(package: str, pinned: str) -> None:
    assert version(package) == pinned


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        # overridden
        (base.Consumer.getmany, "self timeout"),
        (driver.Consumer.seek_to_committed, "self"),
        (driver.Consumer.on_partitions_revoked, "self revoked"),
        (driver.Consumer.on_stop, "self"),
        (Transport.__init__, "self url app loop"),
        (faust.Schema.compile, "self app on_key_decode_error on_value_decode_error default_propagate"),
        (Worker.install_signal_handlers, "self"),
        (Worker.on_shutdown, "self"),
        # borrowed from Faust and mode
        (QueueServiceThread.call_thread, "self fun args kwargs"),
        (driver.AIOKafkaConsumerThread._ensure_consumer, "self"),
        (driver.Consumer.assignment, "self"),
        (Service.crash, "self reason"),
        (Service.add_future, "self coro"),
        (faust.App.create_event, "self key value headers message"),
        # borrowed from aiokafka
        (AIOKafkaConsumer.getmany, "self partitions timeout_ms max_records"),
        (AIOKafkaConsumer.position, "self partition"),
        (AIOKafkaConsumer.seek, "self partition offset"),
        (AIOKafkaConsumer.beginning_offsets, "self partitions"),
        (AIOKafkaConsumer.end_offsets, "self partitions"),
        (AIOKafkaConsumer.highwater, "self partition"),
        (AIOKafkaConsumer.last_stable_offset, "self partition"),
        (AIOKafkaConsumer.last_poll_timestamp, "self partition"),
        (AIOKafkaConsumer.commit, "self offsets"),
    ],
    ids=lambda it: getattr(it, "__qualname__", ""),
)
def test_a_method_takes_what_it_took(method: Callable[..., object], parameters: str) -> None:
    assert list(inspect.signature(method).parameters) == parameters.split()


def test_our_methods_take_what_those_they_override_take() -> None:
    for name in ("getmany", "seek_to_committed", "on_partitions_revoked", "on_stop"):
        ours, theirs = getattr(Consumer, name), getattr(driver.Consumer, name)
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
        assert inspect.isasyncgenfunction(ours) == inspect.isasyncgenfunction(theirs)


async def test_the_settings_reach_the_client() -> None:
    app = stream().app
    consumer: Any = app.consumer
    thread = consumer._thread
    client = thread._create_worker_consumer(app.transport)
    try:
        assert client._max_partition_fetch_bytes == FETCH_BYTES
        assert client._max_poll_records is None
        assert client._auto_offset_reset == "none"
        assert client._enable_auto_commit is False
        assert client._session_timeout_ms == 6_000
        assert client._heartbeat_interval_ms == 1_500
        assert client._max_poll_interval_ms >= 86_400_000
        assert client._fetch_max_wait_ms == 1_500, "Faust's; if that can be set now, `tune` need not"
        assert client._isolation_level == "read_uncommitted", "as above"
    finally:
        client._closed = True  # never started: nothing to close
        thread.thread_loop.close()


def test_what_is_tuned_is_what_goes_into_a_fetch() -> None:
    source = inspect.getsource(fetcher.Fetcher._get_actions_per_node)
    assert "self._fetch_max_wait_ms," in source
    assert "self._isolation_level," in source

    class Client:
        _fetcher: Any = type("Fetcher", (), {"_fetch_max_wait_ms": 1_500, "_isolation_level": 0})()

    client: Any = Client()
    tune(client)
    assert (client._fetcher._fetch_max_wait_ms, client._fetcher._isolation_level) == (FETCH_WAIT_MS, 1)


async def test_the_transport_that_was_set_makes_the_consumer() -> None:
    app = stream().app
    assert type(app.consumer) is Consumer
    assert app.consumer.app is app
    app.consumer._thread.thread_loop.close()


async def test_the_topics_are_not_acknowledged_and_faust_tracks_nothing() -> None:
    app = stream().app
    (agent,) = app.agents.values()
    assert agent.concurrency == 1
    channel: Any = agent.channel
    assert (channel.acks, channel.internal, list(channel.topics)) == (False, False, ["t"])


async def test_the_schema_passes_a_batch_as_it_is() -> None:
    app = stream().app
    batch = Batch(topic="t", partition=0, epoch=1, base=0, next=0, records=(), end=0, polled_at=0.0)
    value: Any = batch
    message = ConsumerMessage("t", 0, 1, 0.0, 0, None, None, value, None, 0, 0, TP("t", 0), generation_id=3)
    assert (message.offset, message.tp, message.generation_id) == (1, TP("t", 0), 3)
    assert message.value is value
    event = await WholeBatch().compile(app, default_propagate=True)(message, propagate=True)
    assert event.value is batch
    assert event.message is message


@asynccontextmanager
async def draining(messages: list[int]) -> AsyncIterator[tuple[Any, list[int]]]:
    """Faust's loop around `getmany`, fed with messages of such offsets."""
    app = stream().app
    consumer: Any = app.consumer
    seen: list[int] = []

    async def getmany(timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 -- Faust's
        while messages:
            offset = messages.pop(0)
            yield TP("t", 0), ConsumerMessage("t", 0, offset, 0.0, 0, None, None, None, None, 0, 0, TP("t", 0))
        await asyncio.sleep(timeout)

    async def callback(message: ConsumerMessage) -> None:
        seen.append(message.offset)

    consumer.getmany, consumer.callback = getmany, callback
    loop = asyncio.create_task(consumer._drain_messages(Service()))
    try:
        await asyncio.sleep(0.05)
        yield consumer, seen
    finally:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop
        consumer._thread.thread_loop.close()


async def test_faust_drops_a_message_whose_offset_goes_back() -> None:
    # This is why ours bear a serial number in its place.
    async with draining([5, 6, 3, 7]) as (_, seen):
        assert seen == [5, 6, 7]


async def test_faust_takes_an_empty_answer_for_no_positions_of_its_own() -> None:
    async with draining([]) as (consumer, _):

        async def seek_to_committed() -> dict[TP, int]:
            return {}

        consumer.seek_to_committed = seek_to_committed
        await consumer.perform_seek()
        assert not any(offset is not None for offset in consumer._read_offset.values())


def record_set(base_offset: int, count: int) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1_000_000)  # noqa: FBT003 -- aiokafka's
    for number in range(count):
        builder.append(number, 0, b"key", b"%d" % (base_offset + number), [])
    content = bytearray(builder.build())
    content[0:8] = base_offset.to_bytes(8, "big")  # not part of what the checksum covers
    return bytes(content)


class Assigned:
    """aiokafka's assignment of one partition."""

    active = True

    def __init__(self) -> None:
        self.state = type("State", (), {"paused": False, "position": 0})()
        self.state.consumed_to = lambda position: setattr(self.state, "position", position)

    def state_value(self, _: TopicPartition) -> Any:  # noqa: ANN401 -- aiokafka's
        return self.state


def fetched(content: bytes) -> tuple[Any, Assigned]:
    assigned = Assigned()
    records = fetcher.PartitionRecords(P0, MemoryRecords(content), [], 0, None, None, True, 1)  # noqa: FBT003
    return fetcher.FetchResult(P0, assignment=assigned, partition_records=records, backoff=0), assigned


def test_after_a_fetch_the_position_is_behind_the_holes_too() -> None:
    result, assigned = fetched(record_set(0, 3) + record_set(7, 2))
    assert [record.offset for record in result.getall()] == [0, 1, 2, 7, 8]
    assert assigned.state.position == 9


def test_a_record_has_the_fields_of_the_port() -> None:
    (record,) = fetched(record_set(0, 1))[0].getall()
    assert (record.offset, record.key, record.value, record.timestamp) == (0, b"key", b"0", 0)


async def test_where_one_partition_is_corrupt_the_client_drops_what_it_read_of_another() -> None:
    # This is why we seek back after every error.
    sound, assigned = fetched(record_set(0, 3))
    corrupt = bytearray(record_set(0, 3))
    corrupt[-1] ^= 0xFF
    client: Any = object.__new__(fetcher.Fetcher)
    client._records = {P0: sound, P1: fetched(bytes(corrupt))[0]}
    client._subscriptions = type("Subscriptions", (), {"reassignment_in_progress": False})()
    client._wait_consume_future = None
    with pytest.raises(CorruptRecordException):
        await client.fetched_records((P0, P1))
    assert assigned.state.position == 3
    assert P0 not in client._records, "read, not returned, never to be returned"


async def test_no_partitions_means_all_of_them_to_the_client() -> None:
    # This is why a poll with no room anywhere must not be made.
    asked: list[object] = []

    class Fetcher:
        async def fetched_records(
            self, partitions: tuple[object, ...], *_: object, **__: object
        ) -> dict[object, object]:
            asked.append(partitions)
            return {}

    client: Any = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    client._fetcher = Fetcher()
    client._coordinator = type("Coordinator", (), {"check_errors": lambda _: None})()
    await client.getmany(P1)
    await client.getmany()
    client._closed = True
    assert asked == [(P1,), ()]
    assert "if partitions and tp not in partitions" in inspect.getsource(fetcher.Fetcher.fetched_records)


def test_what_we_catch_of_the_client_is_one_family() -> None:
    assert issubclass(IllegalStateError, KafkaError)
    assert issubclass(fetcher.Errors.OffsetOutOfRangeError, KafkaError)
