from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

import msgspec
import pytest

from stream_app.engine.batch import Displaced, Standing
from stream_app.engine.engine import Engine
from stream_app.engine.heard import Heard
from stream_app.engine.keys import TP, OutboxId
from stream_app.engine.ports import Post
from stream_app.engine.silence import Mute
from stream_app.engine.store import Signal
from stream_app.engine.takeover import Hearing
from stream_app.engine.write import LEFT
from stream_app.sla.kind import TOPICS, Kind
from tests.unit.engine.desk import TICKETS, Desk, Slow, at, batch, dated, line, nothing_heard, records

CREATED = line("ticket.created", "T1", "09:00", priority="high", id="a")
UPDATED = line("ticket.updated", "T1", "09:01", team="net", id="b")


class Log:
    """A log that the engine steers; as Stream."""

    def __init__(self) -> None:
        self.epochs: dict[TP, int] = {}
        self.rewinds: list[tuple[TP, int | None]] = []
        self.hints: dict[TP, int] = {}
        self.ends: dict[TP, int] = {}

    def epoch(self, tp: TP) -> int:
        return self.epochs.get(tp, 1)

    def standing(self, tp: TP) -> Standing | None:
        return Standing(self.ends[tp], self.ends[tp], monotonic()) if tp in self.ends else None

    def request_rewind(self, tp: TP, offset: int | None) -> None:
        self.epochs[tp] = self.epoch(tp) + 1
        self.rewinds.append((tp, offset))

    def hint(self, tp: TP, offset: int) -> None:
        self.hints[tp] = offset


class Worker:
    """An engine with its log."""

    def __init__(
        self, desk: Desk, hearing: Hearing = nothing_heard, patience: float = 0.05, post: Post | None = None
    ) -> None:
        self.desk = desk
        self.log = Log()
        self.engine = Engine(
            desk.store, post or desk.topics, desk.judge, desk.upkeep, hearing, desk.clock, desk.telemetry, dict(TOPICS),
            patience=patience,
        )  # fmt: skip
        self.engine.source = self.log

    async def handle(self, base: int, *lines: bytes, epoch: int | None = None) -> None:
        appended = records(lines, base, self.desk.clock())
        its = self.log.epoch(TICKETS) if epoch is None else epoch
        await self.engine.handle(batch(TICKETS, base, appended, epoch=its))

    async def settled(self) -> None:
        """Wait until all that was sent is answered."""
        await self.engine.partitions[TICKETS].pen.drain()


@asynccontextmanager
async def worker(desk: Desk, hearing: Hearing = nothing_heard, patience: float = 0.05) -> AsyncIterator[Worker]:
    """A worker that has opened the partition; it is closed in the end."""
    its = Worker(desk, hearing, patience)
    assert await its.engine.open(TICKETS) == (desk.held().next if TICKETS in desk.redis.partitions else None)
    try:
        yield its
    finally:
        await its.engine.close(TICKETS)


async def until(true: Callable[[], object]) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 -- what is waited for sets no event
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TICK", "GLANCE"):
        monkeypatch.setattr(f"stream_app.engine.engine.{name}", 0.01)


# opening, handling, closing


async def test_a_partition_is_opened_handled_and_given_up() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        await one.handle(0, CREATED)
        await one.settled()
        assert desk.held().next == 1
    assert one.engine.partitions == {}
    async with worker(desk) as other:
        await other.handle(1, UPDATED)
    assert desk.held().next == 2


async def test_a_partition_is_given_up_only_when_all_its_writes_are_answered() -> None:
    desk = Desk("09:10")
    store = desk.store = Slow(desk.redis)
    one = Worker(desk)
    opening = asyncio.create_task(one.engine.open(TICKETS))
    await until(lambda: store.asked)
    await opening
    await until(lambda: len(store.asked) == 2)  # the marks of the catalogue and of the eras
    closing = asyncio.create_task(one.engine.close(TICKETS))
    await asyncio.sleep(0.05)
    assert not closing.done()
    while store.asked:
        store.answer()
    await closing
    assert desk.held().marks.keys() == {"eras", "series"}


async def test_closing_what_was_never_opened_is_nothing() -> None:
    await Worker(Desk()).engine.close(TICKETS)


async def test_without_a_log_nothing_can_be_handled() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        one.engine.source = None
        with pytest.raises(RuntimeError, match="no log yet"):
            await one.engine.handle(batch(TICKETS, 0, []))
        one.engine.source = one.log


async def test_a_stale_batch_and_one_of_another_partition_are_passed_over() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        await one.handle(0, CREATED, epoch=0)
        await one.engine.handle(batch(TP("tickets", 7), 0, records([CREATED], 0, 0)))
        await one.settled()
        assert desk.held().next is None


async def test_deadlines_are_said_and_published_while_the_partition_is_open() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        one.log.ends[TICKETS] = 1
        looking = asyncio.create_task(one.engine.looking())
        await one.handle(0, CREATED)
        desk.clock.set("09:30")
        await until(lambda: desk.topics.signals)
        await until(lambda: not desk.outbox())
        sample = desk.sample("tenggat_consumer_lag_records", topic="tickets", partition="0")
        assert sample == 0
        desk.clock.set("09:45")
        await until(lambda: len(desk.topics.signals) == 2)
        looking.cancel()
    assert desk.sample("tenggat_consumer_lag_records", topic="tickets", partition="0") is None


async def test_how_far_a_partition_is_is_told() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        one.engine.see()
        labels = {"topic": "tickets", "partition": "0"}
        assert desk.sample("tenggat_consumer_lag_records", **labels) is None
        await one.handle(0, CREATED)
        one.log.ends[TICKETS] = 5
        one.engine.see()
        assert desk.sample("tenggat_consumer_lag_records", **labels) == 4
        assert desk.sample("tenggat_data_as_of_timestamp_seconds", **labels) == (at("09:10") - 1) / 1e6
        assert desk.sample("tenggat_outbox_signals", **labels) == 0


async def test_signals_that_an_earlier_worker_did_not_publish_are_published() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:30")
    await desk.wake(partition, "09:45")
    first = desk.held().outbox[0].payload

    async def hearing(tp: TP, kind: Kind, marks: dict[str, bytes]) -> Heard:
        heard = await nothing_heard(tp, kind, marks)
        heard.hear(first)  # it was published, but Redis was not told
        return heard

    async with worker(desk, hearing) as one:
        await until(lambda: not desk.outbox())
        assert len(desk.topics.signals) == 1
        assert desk.topics.signals[0][1] != first
        assert one.engine.partitions[TICKETS].heard is None  # Redis knows all that the topic holds


async def test_what_the_topic_holds_and_redis_does_not_know_is_remembered() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:30")
    first = desk.held().outbox[0].payload

    async def hearing(tp: TP, kind: Kind, marks: dict[str, bytes]) -> Heard:
        heard = await nothing_heard(tp, kind, marks)
        heard.hear(first)
        heard.hear(first.replace(b"T1", b"T9"))
        return heard

    async with worker(desk, hearing) as one:
        remembered = one.engine.partitions[TICKETS].heard
        assert remembered is not None
        assert len(remembered) == 2


async def test_an_outbox_of_any_length_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.engine.takeover.BACKLOG", 2)
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, *(line("ticket.created", f"T{n}", "09:00", priority="high") for n in range(5)))
    await desk.wake(partition, "09:30")
    ids = [one["id"] for one in desk.outbox()]
    assert len(ids) == 5
    async with worker(desk):
        await until(lambda: len(desk.topics.signals) == 5)
    assert [json.loads(payload)["id"] for _, payload in desk.topics.signals] == ids


# what happens to the log


async def test_records_that_retention_took_are_counted() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        gap = Displaced(topic="tickets", partition=0, epoch=1, wanted=3, start=10, end=20)
        await one.engine.displaced(gap)
        assert desk.sample("tenggat_log_lost_records_total", topic="tickets") == 7
        assert desk.held().next is None


async def test_a_log_that_was_made_anew_is_read_from_its_start() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        await one.handle(0, CREATED, UPDATED)
        await one.engine.displaced(Displaced(topic="tickets", partition=0, epoch=1, wanted=2, start=0, end=1))
        await one.settled()
        assert desk.held().next == 0
        await one.handle(0, CREATED)
        await one.settled()
        assert desk.held().next == 1
        assert desk.sample("tenggat_log_lost_records_total", topic="tickets") is None
        one.engine.partitions.clear()
        await one.engine.displaced(Displaced(topic="tickets", partition=0, epoch=1, wanted=2, start=0, end=1))


# losses


async def test_after_a_flush_the_log_is_read_again_from_its_start() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        await one.handle(0, CREATED)
        await one.settled()
        desk.redis.flush()
        task = asyncio.create_task(one.handle(1, UPDATED))  # its write is refused
        await until(lambda: one.log.rewinds)
        assert one.log.rewinds == [(TICKETS, None)]
        await task
        await one.handle(0, CREATED, UPDATED)
        await one.settled()
        assert desk.held().next == 2
        assert desk.sample("tenggat_state_rewinds_total", topic="tickets") == 1


async def test_after_a_rollback_the_log_is_read_again_from_where_redis_stands() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        await one.handle(0, CREATED)
        await one.settled()
        old = desk.held()
        seq, entities = old.seq, dict(old.entities)
        await one.handle(1, UPDATED)
        await one.settled()
        old.seq, old.next, old.entities = seq, 1, entities
        await one.handle(2, line("ticket.updated", "T1", "09:02", team="db"))
        await until(lambda: one.log.rewinds)
        assert one.log.rewinds == [(TICKETS, 1)]


async def test_a_flush_is_noticed_though_nothing_is_written() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        await one.handle(0, CREATED)
        await one.settled()
        watching = asyncio.create_task(one.engine.watch())
        await until(lambda: one.log.hints == {TICKETS: 1})
        assert one.log.rewinds == []
        desk.redis.flush()
        await until(lambda: one.log.rewinds)
        assert desk.sample("tenggat_fenced_total", topic="tickets") == 1
        watching.cancel()


async def test_the_loss_of_a_write_that_was_no_batch_is_noticed_too() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        await one.handle(0, CREATED)
        await one.settled()
        watching = asyncio.create_task(one.engine.watch())
        await until(lambda: one.log.hints == {TICKETS: 1})
        desk.held().seq -= 1
        await until(lambda: one.log.rewinds == [(TICKETS, 1)])
        watching.cancel()


async def test_a_partition_without_a_position_is_watched_and_hints_nothing() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        watching = asyncio.create_task(one.engine.watch())
        await asyncio.sleep(0.05)
        assert (one.log.hints, one.log.rewinds) == ({}, [])
        desk.redis.flush()
        await until(lambda: one.log.rewinds)
        watching.cancel()


async def test_what_somebody_else_claimed_is_claimed_anew_only_after_a_while() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=0.3) as one:
        await one.handle(0, CREATED)
        await one.settled()
        foreign = await desk.store.claim(TICKETS)
        task = asyncio.create_task(one.handle(1, UPDATED))
        await asyncio.sleep(0.1)
        assert desk.held().owner == foreign.token
        await until(lambda: one.log.rewinds)
        assert desk.held().owner != foreign.token
        await task


async def test_a_partition_that_is_taken_away_while_it_heals_is_let_go() -> None:
    desk = Desk("09:10")
    one = Worker(desk, patience=60)
    await one.engine.open(TICKETS)
    foreign = await desk.store.claim(TICKETS)
    task = asyncio.create_task(one.handle(0, CREATED))
    task_of_next = asyncio.create_task(asyncio.sleep(0.05))
    await task_of_next
    await one.engine.close(TICKETS)
    assert desk.held().owner == foreign.token
    task.cancel()


async def test_a_batch_that_does_not_follow_has_the_log_read_again() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        await one.handle(0, CREATED)
        await one.settled()
        await one.handle(5, UPDATED)
        assert one.log.rewinds == [(TICKETS, 1)]
        await one.handle(1, UPDATED)
        await one.settled()
        assert desk.held().next == 2


async def test_a_partition_claimed_by_another_while_it_is_opened_is_claimed_again() -> None:
    desk = Desk("09:10")
    heard = 0

    async def hearing(tp: TP, kind: Kind, marks: dict[str, bytes]) -> Heard:
        nonlocal heard
        heard += 1
        if heard == 1:
            await desk.store.claim(tp)
        return await nothing_heard(tp, kind, marks)

    await desk.take(await desk.partition(), CREATED)
    async with worker(desk, hearing, patience=0.01) as one:
        assert heard == 2
        assert one.log.rewinds == []
        await one.handle(1, UPDATED)
        await one.settled()
        assert desk.held().next == 2


async def test_what_goes_wrong_beside_the_batches_stops_the_worker() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        await one.handle(0, CREATED)
        await one.settled()
        partition = one.engine.partitions[TICKETS]
        partition.next_wake = 0
        partition.stock.drop(b"ticket:T1")
        desk.held().entities[b"ticket:T1"] = b"no life"
        one.log.ends[TICKETS] = 1
        desk.clock.set("09:30")
        with pytest.raises(msgspec.ValidationError, match="Expected `array`"):
            async with asyncio.timeout(5):
                await one.engine.looking()


async def test_another_configuration_reaches_open_partitions() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        one.log.ends[TICKETS] = 1
        looking = asyncio.create_task(one.engine.looking())
        await one.handle(0, CREATED)
        desk.clock.set("09:25")
        desk.judge.hold(dated("policies: []", ("09:25", "policies: []\nwindows: [2h]")))
        await until(lambda: desk.held().marks.get("eras") == b"2")
        looking.cancel()


async def test_what_the_topic_holds_of_an_outbox_leaves_it_also_where_there_is_more_to_heal() -> None:
    desk = Desk("09:10")
    async with worker(desk) as one:
        await one.handle(0, CREATED)
        desk.clock.set("09:35")
        one.log.ends[TICKETS] = 1
        one.engine.see()
        await until(lambda: desk.topics.signals)
    (said,) = [payload for _, payload in desk.topics.signals]
    desk.held().outbox = [Signal(OutboxId(90, 1), b"T1", said)]  # Redis was not told
    more = json.dumps(json.loads(said) | {"id": "another"}).encode()

    async def heard(tp: TP, kind: Kind, marks: dict[str, bytes]) -> Heard:
        del tp, kind, marks
        found = Heard(lambda *_: True)
        for payload in (said, more):
            found.hear(payload)
        return found

    async with worker(desk, heard) as one:
        await until(lambda: not desk.held().outbox)
        assert desk.held().marks["healing"] == b"1"
    assert len(desk.topics.signals) == 1


async def test_a_partition_whose_signals_are_kept_back_heals_too_and_is_given_up() -> None:
    desk = Desk("09:10")
    one = Worker(desk, post=Mute())
    await one.engine.open(TICKETS)
    await one.handle(0, CREATED, line("ticket.commented", "T1", "09:05", author={"id": "ani", "role": "agent"}))
    await one.settled()
    await until(lambda: desk.held().marks.get("eras"))  # all is written that is; and its publication has begun
    assert desk.said() == ["sla.met"]
    watching = asyncio.create_task(one.engine.watch())
    desk.held().seq -= 1
    await until(lambda: one.log.rewinds == [(TICKETS, 2)])
    watching.cancel()
    async with asyncio.timeout(5):
        await one.engine.close(TICKETS)
    assert desk.said() == ["sla.met"]


async def test_what_was_parked_of_a_log_is_not_remembered_of_a_partition_that_was_given_up() -> None:
    desk = Desk("09:10")
    broken = b'{"subject": "T1"}'
    one = Worker(desk)
    await one.engine.open(TICKETS)
    await one.handle(0, broken, broken)
    await one.settled()
    await one.engine.close(TICKETS)
    desk.held().next = 0  # another worker has found that the log is another one
    await one.engine.open(TICKETS)
    await one.handle(0, broken)
    await one.settled()
    await one.engine.close(TICKETS)
    assert [letter.offset for letter in desk.topics.letters] == [0, 1, 0]


# another generation


async def test_a_generation_that_is_left_is_left_at_once_and_is_no_loss() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        await one.handle(0, CREATED)
        await one.settled()
        desk.held().owner = LEFT
        await one.handle(1, UPDATED)  # refused, and read again
        await until(lambda: one.log.rewinds)
        assert one.log.rewinds == [(TICKETS, 1)]
        assert desk.held().owner != LEFT
        assert desk.sample("tenggat_state_rewinds_total", topic="tickets") is None


async def test_all_partitions_are_let_go_of_together() -> None:
    desk = Desk("09:10")
    async with worker(desk, patience=60) as one:
        before = one.engine.partitions[TICKETS]
        one.engine.leave()
        one.engine.leave()
        await until(lambda: one.engine.partitions[TICKETS] is not before)
        assert one.engine.partitions[TICKETS].pen.fenced is None


async def test_what_another_generation_has_parked_is_not_parked_again() -> None:
    desk = Desk("09:10")
    await desk.store.claim(TICKETS)
    desk.held().marks["parked"] = b"2"
    broken = b'{"subject": "T1"}'
    async with worker(desk) as one:
        await one.handle(0, broken, CREATED, broken)
        await one.settled()
        assert [letter.offset for letter in desk.topics.letters] == [2]
    async with worker(desk) as one:
        await one.handle(3, broken)
        assert [letter.offset for letter in desk.topics.letters] == [2, 3]


async def test_what_a_worker_has_parked_it_does_not_park_again_when_the_log_is_read_again() -> None:
    desk = Desk("09:10")
    broken = b'{"subject": "T1"}'
    async with worker(desk) as one:
        await one.handle(0, broken, CREATED)
        await one.settled()
        desk.redis.flush()
        await one.handle(2, UPDATED)
        await until(lambda: one.log.rewinds)
        await one.handle(0, broken, CREATED, UPDATED, broken)
        await one.settled()
    assert [letter.offset for letter in desk.topics.letters] == [0, 3]


async def test_of_a_log_that_was_replaced_nothing_is_parked() -> None:
    desk = Desk("09:10")
    await desk.store.claim(TICKETS)
    desk.held().next, desk.held().marks["parked"] = 7, b"9"
    async with worker(desk) as one:
        await one.engine.displaced(
            Displaced(topic="tickets", partition=0, epoch=1, wanted=7, start=0, end=1),
        )
        await one.handle(0, b'{"subject": "T1"}')
        await one.settled()
        assert [letter.offset for letter in desk.topics.letters] == [0]
        assert "parked" not in desk.held().marks
