"""Whole batches through Faust from a real Kafka: order, positions, rewinds, holes, backpressure, two workers."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from stream_app.engine.batch import Batch, Displaced
from stream_app.engine.consumer import DEPTH
from stream_app.engine.keys import TP
from stream_app.engine.transport import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from tests.services import Kafka

SECOND = timedelta(seconds=1)
ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("transport_worker.py")


class Reader:
    """A port that remembers everything, with positions in memory, and holds back where it is told to."""

    def __init__(self, positions: Mapping[TP, int] | None = None) -> None:
        self.positions = dict(positions or {})
        self.batches: list[Batch] = []
        self.displacements: list[Displaced] = []
        self.calls: list[tuple[str, TP]] = []
        self.gates: dict[TP, asyncio.Event] = {}
        self.error: Exception | None = None

    async def open(self, tp: TP) -> int | None:
        self.calls.append(("open", tp))
        return self.positions.get(tp)

    async def handle(self, batch: Batch) -> None:
        self.calls.append(("handle", batch.tp))
        if self.error is not None:
            raise self.error
        if batch.tp in self.gates:
            await self.gates[batch.tp].wait()
        self.batches.append(batch)
        self.positions[batch.tp] = batch.next

    async def displaced(self, displaced: Displaced) -> None:
        self.displacements.append(displaced)

    async def close(self, tp: TP) -> None:
        self.calls.append(("close", tp))

    def of(self, tp: TP) -> list[Batch]:
        return [batch for batch in self.batches if batch.tp == tp]

    def values(self, tp: TP) -> list[bytes | None]:
        return [record.value for batch in self.of(tp) for record in batch.records]

    def count(self) -> int:
        return sum(len(batch.records) for batch in self.batches)


@asynccontextmanager
async def reading(port: Reader, kafka: Kafka, *topics: str, **options: int) -> AsyncIterator[Stream]:
    stream = Stream(
        port, group=f"{topics[0]}-group", brokers=[kafka.bootstrap], topics=topics, session_timeout=2 * SECOND,
        drain=5 * SECOND, **options,
    )  # fmt: skip
    run = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        await stream.stop()
        await run


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- of many kinds, some in another process
            await asyncio.sleep(0.005)


def at_end(stream: Stream, tp: TP) -> bool:
    standing = stream.standing(tp)
    return standing is not None and standing.position >= standing.end


async def send(kafka: Kafka, topic: str, partition: int, values: list[bytes]) -> None:
    """In many small record sets: a fetch brings whole ones, however small it is."""
    async with AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap, enable_idempotence=True, max_batch_size=4_000
    ) as producer:
        for value in values:
            await producer.send(topic, value, key=b"key", partition=partition)
        await producer.flush()


def numbers(first: int, last: int, width: int = 5) -> list[bytes]:
    return [b"%0*d" % (width, number) for number in range(first, last)]


def assert_chained(batches: list[Batch]) -> None:
    for before, after in itertools.pairwise(batches):
        assert after.epoch > before.epoch or after.base == before.next
    for batch in batches:
        offsets = [record.offset for record in batch.records]
        assert offsets == sorted(set(offsets))
        assert all(batch.base <= offset < batch.next for offset in offsets)


async def test_a_fresh_start_hands_over_every_record_once_in_order(kafka: Kafka, namespace: str) -> None:
    topics = [f"{namespace}-{name}" for name in ("tickets", "security-incidents", "measurements")]
    for topic in topics:
        kafka.create_topic(topic, partitions=2)
        for partition in range(2):
            await send(kafka, topic, partition, numbers(0, 500))
    port = Reader()
    async with reading(port, kafka, *topics, consumer_max_fetch_size=2_000) as stream:
        await until(lambda: port.count() >= 3_000)
        await until(lambda: stream.ready)
        tps = [TP(topic, partition) for topic in topics for partition in range(2)]
        assert set(stream.open_partitions) == set(tps)
        for tp in tps:
            assert port.values(tp) == numbers(0, 500)
            assert len(port.of(tp)) > 1, "one batch only: nothing to be in order"
            assert_chained(port.of(tp))
            assert port.of(tp)[0].base == 0
            assert port.of(tp)[-1].next == 500
            assert {record.key for batch in port.of(tp) for record in batch.records} == {b"key"}
            assert all(abs(record.timestamp / 1000 - time.time()) < 60 for record in port.of(tp)[0].records)  # noqa: TID251 -- the broker's
        await send(kafka, topics[1], 1, numbers(500, 501))
        await until(lambda: port.count() > 3_000)
        assert port.values(TP(topics[1], 1))[-1] == b"00500"


async def test_reading_starts_where_the_port_says_whatever_kafka_has_committed(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace, partitions=2)
    one, other = TP(namespace, 0), TP(namespace, 1)
    for tp in (one, other):
        await send(kafka, namespace, tp.partition, numbers(0, 100))
    first = Reader()
    async with reading(first, kafka, namespace) as stream:
        await until(lambda: first.count() == 200)
        stream.hint(one, 100)
        stream.hint(other, 7)
    assert await committed(kafka, namespace) == {one: 100, other: 7}

    port = Reader({one: 40, other: 90})
    async with reading(port, kafka, namespace):
        await until(lambda: port.count() >= 70)
    assert port.values(one) == numbers(40, 100)
    assert port.values(other) == numbers(90, 100)
    assert (port.of(one)[0].base, port.of(other)[0].base) == (40, 90)


async def committed(kafka: Kafka, topic: str) -> dict[TP, int | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=f"{topic}-group", enable_auto_commit=False)
    async with consumer:
        return {TP(topic, number): await consumer.committed(TopicPartition(topic, number)) for number in range(2)}


async def test_a_partition_is_opened_before_its_first_batch_and_closed_after_its_last(
    kafka: Kafka, namespace: str
) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 3))
    port = Reader()
    async with reading(port, kafka, namespace):
        await until(lambda: port.count() == 3)
    assert port.calls == [("open", tp), ("handle", tp), ("close", tp)]


async def test_standing_says_that_a_polled_partition_is_at_its_end(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace, partitions=2)
    await send(kafka, namespace, 0, numbers(0, 10))
    busy, empty = TP(namespace, 0), TP(namespace, 1)
    port = Reader()
    async with reading(port, kafka, namespace) as stream:
        assert stream.standing(busy) is None
        for tp, end in ((busy, 10), (empty, 0)):
            await until(partial(at_end, stream, tp))
            standing = stream.standing(tp)
            assert standing is not None
            assert (standing.position, standing.end) == (end, end)
        await asyncio.sleep(2)
        for tp in (busy, empty):
            standing = stream.standing(tp)
            assert standing is not None
            assert 0 < time.monotonic() - standing.polled_at < 1, "idle partitions are polled on"


async def test_a_rewind_hands_over_again_from_there_and_nothing_stale(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 2_000))
    port = Reader()
    port.gates[tp] = gate = asyncio.Event()
    async with reading(port, kafka, namespace, consumer_max_fetch_size=2_000) as stream:
        await until(lambda: ("handle", tp) in port.calls)
        await asyncio.sleep(0.3)  # more batches are fetched and wait
        before = stream.epoch(tp)
        stream.request_rewind(tp, 17)
        assert stream.epoch(tp) > before
        gate.set()  # the one in hand is finished, and is recognised by its epoch; those behind it are never seen
        await until(lambda: port.positions.get(tp) == 2_000)
        stale, *fresh = port.of(tp)
        assert stale.epoch == before < fresh[0].epoch == stream.epoch(tp)
        assert fresh[0].base == 17
        assert {batch.epoch for batch in fresh} == {stream.epoch(tp)}
        assert_chained(fresh)
        assert [record.value for batch in fresh for record in batch.records] == numbers(17, 2_000)

        port.batches.clear()
        for offset in (1_000, None, 1_990):  # the newest counts
            stream.request_rewind(tp, offset)
        await until(lambda: port.count() == 10)
        stream.request_rewind(tp, None)
        await until(lambda: port.count() == 2_010)
        assert port.of(tp)[1].base == 0


async def test_markers_and_aborted_transactions_are_holes_in_an_unbroken_chain(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    port = Reader()
    kept: list[bytes] = []
    async with (
        reading(port, kafka, namespace) as stream,
        AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=namespace) as producer,
    ):
        for number in range(12):
            await producer.begin_transaction()
            await producer.send_and_wait(namespace, b"%d" % number, partition=0)
            if number % 3 == 2:
                await producer.abort_transaction()
            else:
                await producer.commit_transaction()
                kept.append(b"%d" % number)
        await until(lambda: port.positions.get(tp) == 24)
        standing = stream.standing(tp)
        assert standing is not None
        assert standing.position >= standing.end
    assert port.values(tp) == kept
    assert port.of(tp)[0].base == 0
    assert_chained(port.of(tp))
    assert len({batch.epoch for batch in port.batches}) == 1


async def test_what_retention_took_is_told_and_is_a_hole_in_the_chain(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 100))
    await cut_off(kafka, namespace, 60)
    port = Reader({tp: 20})
    async with reading(port, kafka, namespace) as stream:
        await until(lambda: port.positions[tp] == 100)
        assert stream.epoch(tp) == port.of(tp)[-1].epoch
    assert [(gap.wanted, gap.start, gap.end, gap.lost, gap.replaced) for gap in port.displacements] == [
        (20, 60, 100, 40, False)
    ]
    assert port.of(tp)[0].base == 20
    assert_chained(port.of(tp))
    assert port.values(tp) == numbers(60, 100)


async def test_a_log_emptied_by_retention_still_moves_the_position(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 100))
    await cut_off(kafka, namespace, 100)
    port = Reader({tp: 20})
    async with reading(port, kafka, namespace) as stream:
        await until(lambda: port.positions[tp] == 100)
        await until(partial(at_end, stream, tp))
    assert [(batch.base, batch.next, len(batch.records)) for batch in port.batches] == [(20, 100, 0)]


async def cut_off(kafka: Kafka, topic: str, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


async def test_a_position_behind_the_log_s_end_is_told_and_the_log_is_read_from_its_start(
    kafka: Kafka, namespace: str
) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 30))
    await cut_off(kafka, namespace, 10)
    port = Reader({tp: 500})
    async with reading(port, kafka, namespace):
        await until(lambda: port.count() == 20)
    (gap,) = port.displacements
    assert (gap.wanted, gap.start, gap.end, gap.lost, gap.replaced) == (500, 10, 30, 0, True)
    assert port.of(tp)[0].base == 10
    assert port.of(tp)[0].epoch > gap.epoch
    assert port.values(tp) == numbers(10, 30)


async def test_a_slow_partition_is_bounded_and_keeps_the_others_going(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace, partitions=2)
    slow, quick = TP(namespace, 0), TP(namespace, 1)
    for tp in (slow, quick):
        await send(kafka, namespace, tp.partition, numbers(0, 3_000, width=1_000))
    port = Reader()
    port.gates[slow] = gate = asyncio.Event()
    async with reading(port, kafka, namespace, consumer_max_fetch_size=50_000) as stream:
        await until(lambda: port.positions.get(quick) == 3_000)
        await asyncio.sleep(1)
        standing = stream.standing(slow)
        assert standing is not None
        assert standing.position <= DEPTH * 60, "batches pile up"
        assert not port.of(slow)
        gate.set()
        await until(lambda: port.positions.get(slow) == 3_000)
    assert port.values(slow) == port.values(quick)
    assert_chained(port.of(slow))


async def test_a_busy_partition_beside_an_idle_one_is_not_starved(kafka: Kafka, namespace: str) -> None:
    # Where a fetch for the idle one waits at the broker, the busy one cannot be fetched: see FETCH_WAIT_MS.
    kafka.create_topic(namespace, partitions=2)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 1_000, width=1_000))
    port = Reader()

    async def handle(batch: Batch) -> None:
        await asyncio.sleep(0.15)  # longer than the client waits for us before it fetches the others alone
        await Reader.handle(port, batch)

    port.handle = handle  # type: ignore[method-assign]
    async with reading(port, kafka, namespace, consumer_max_fetch_size=50_000):
        await until(lambda: port.batches)
        began = time.monotonic()
        await until(lambda: port.positions.get(tp) == 1_000)
        assert time.monotonic() - began < 0.15 * len(port.batches) + 2


async def test_a_blocked_main_loop_keeps_the_heartbeat(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 10))
    port = Reader()
    async with reading(port, kafka, namespace):
        await until(lambda: port.count() == 10)
        time.sleep(5)  # noqa: ASYNC251 -- far beyond the session's time-out of 2 s
        await send(kafka, namespace, 0, numbers(10, 20))
        await until(lambda: port.count() == 20)
    assert [name for name, _ in port.calls].count("open") == 1
    assert port.values(tp) == numbers(0, 20)


async def test_a_handler_that_waits_keeps_its_partition(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 10))
    port = Reader()
    port.gates[tp] = gate = asyncio.Event()
    async with reading(port, kafka, namespace):
        await asyncio.sleep(6)
        gate.set()
        await until(lambda: port.count() == 10)
    assert [name for name, _ in port.calls] == ["open", "handle", "close"]


async def test_what_the_engine_raises_stops_the_worker_and_moves_nothing(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    await send(kafka, namespace, 0, numbers(0, 10))
    port = Reader()
    port.error = ArithmeticError("a fault of ours")
    stream = Stream(
        port, group=f"{namespace}-group", brokers=[kafka.bootstrap], topics=[namespace], session_timeout=2 * SECOND,
        drain=SECOND,
    )  # fmt: skip
    with pytest.raises(ArithmeticError, match="a fault of ours"):
        async with asyncio.timeout(20):
            await stream.run()
    assert not port.positions
    assert port.calls[-1] == ("close", TP(namespace, 0))


async def test_a_handler_that_hangs_holds_up_a_stop_no_longer_than_the_drain(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 10))
    port = Reader()
    port.gates[tp] = asyncio.Event()
    async with reading(port, kafka, namespace):
        await until(lambda: ("handle", tp) in port.calls)
        began = time.monotonic()
    assert 5 <= time.monotonic() - began < 8
    assert port.calls[-1] == ("close", tp)
    assert not port.batches


class Process:
    """A worker of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[str] = []
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.said.append(line.decode().strip())

    def opened(self) -> set[str]:
        held: set[str] = set()
        for verb, _, tp in (line.partition(" ") for line in self.said):
            held = held | {tp} if verb == "open" else held - {tp} if verb == "close" else held
        return held

    def handled(self) -> int:
        return sum(line.startswith("handle") for line in self.said)

    async def end(self, how: signal.Signals) -> int:
        if self.process.returncode is None:
            self.process.send_signal(how)
        code = await self.process.wait()
        await self._listening
        return code


@asynccontextmanager
async def working(kafka: Kafka, topic: str, folder: Path, pause: float) -> AsyncIterator[Process]:
    process = Process(
        await asyncio.create_subprocess_exec(
            sys.executable, str(WORKER), kafka.bootstrap, f"{topic}-group", str(folder), str(pause), topic,
            cwd=ROOT, env=dict(os.environ) | {"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
        )
    )  # fmt: skip
    try:
        yield process
    finally:
        await process.end(signal.SIGKILL)


def ledger(folder: Path, topic: str, partition: int) -> list[tuple[int, int, list[int]]]:
    file = folder / f"{topic}-{partition}"
    lines = [line.split(" ") for line in file.read_text().splitlines()] if file.exists() else []
    return [(int(base), int(last), [int(n) for n in offsets.split(",") if n]) for _, base, last, offsets in lines]


async def test_two_workers_share_and_one_killed_is_taken_over_with_nothing_skipped(
    kafka: Kafka, namespace: str, tmp_path: Path
) -> None:
    kafka.create_topic(namespace, partitions=4)
    for partition in range(4):
        await send(kafka, namespace, partition, numbers(0, 1_000, width=200))
    start = (kafka, namespace, tmp_path, 0.05)
    async with working(*start) as one:
        await until(lambda: len(one.opened()) == 4)
        async with working(*start) as other:
            await until(lambda: len(one.opened()) == len(other.opened()) == 2)
            assert one.opened().isdisjoint(other.opened())
            await one.end(signal.SIGKILL)
            await until(lambda: len(other.opened()) == 4)
            async with working(*start) as third:  # while the second still has much to read
                await until(lambda: len(other.opened()) == len(third.opened()) == 2)
                await send(kafka, namespace, 0, numbers(0, 10, width=200))
                ends = [1_010, 1_000, 1_000, 1_000]
                await until(lambda: [ledger(tmp_path, namespace, n)[-1][1] for n in range(4)] == ends, seconds=40)
                assert await other.end(signal.SIGTERM) == 0
    for partition, end in enumerate(ends):
        batches = ledger(tmp_path, namespace, partition)
        assert [offset for _, _, offsets in batches for offset in offsets] == list(range(end))
        assert all(before[1] == after[0] for before, after in itertools.pairwise(batches))


async def test_a_terminated_worker_finishes_what_it_handles_and_hands_over_at_once(
    kafka: Kafka, namespace: str, tmp_path: Path
) -> None:
    kafka.create_topic(namespace, partitions=2)
    for partition in range(2):
        await send(kafka, namespace, partition, numbers(0, 1_000, width=200))
    start = (kafka, namespace, tmp_path, 0.7)
    async with working(*start) as one:
        await until(lambda: one.handled() >= 2)
        began = time.monotonic()
        assert await one.end(signal.SIGTERM) == 0
        assert time.monotonic() - began < 3
        assert sum(len(ledger(tmp_path, namespace, partition)) for partition in range(2)) == one.handled() >= 2
        assert not one.opened()
        began = time.monotonic()
        async with working(*start) as other:
            await until(lambda: len(other.opened()) == 2)
            # A member that left is not waited for; one that did not would be for its session's 3 s.
            assert time.monotonic() - began < 4.5


async def test_a_broker_that_crashes_and_returns_costs_nothing(kafka: Kafka, namespace: str) -> None:
    kafka.create_topic(namespace)
    tp = TP(namespace, 0)
    await send(kafka, namespace, 0, numbers(0, 500))
    port = Reader()
    async with reading(port, kafka, namespace, consumer_max_fetch_size=4_000):
        await until(lambda: port.count() == 500)
        await asyncio.to_thread(kafka.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(kafka.heal)
        await send(kafka, namespace, 0, numbers(500, 1_000))
        await until(lambda: port.positions[tp] == 1_000, seconds=40)
    # The group may have been formed anew and the partition opened again, but from where it was.
    assert port.values(tp) == numbers(0, 1_000)
    assert_chained(port.of(tp))
