from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from stream_app.engine.drawers import Drawers, grain_name, slot_of
from stream_app.engine.keys import GAUGES, TP, Slot
from stream_app.engine.write import Write
from stream_app.kpi import windows
from stream_app.kpi.bucket import Amount, Bucket
from stream_app.sla.instant import DAY, MINUTE, Micros
from tests.services.memory import MemoryRedis, MemoryStore
from tests.unit.engine.desk import TICKETS, Desk, life, line

FIRST, SECOND = Slot("1m", 0), Slot("1m", MINUTE)


class Asked(MemoryStore):
    """A store that notes which cells are asked for."""

    def __init__(self, redis: MemoryRedis) -> None:
        super().__init__(redis)
        self.asked: list[dict[Slot, list[bytes]]] = []

    async def read_buckets(self, tp: TP, cells: Mapping[Slot, Sequence[bytes]]) -> dict[Slot, list[bytes | None]]:
        self.asked.append({slot: list(its) for slot, its in cells.items()})
        return await super().read_buckets(tp, cells)


class Bench:
    """Drawers, and the Redis that what they say is written to."""

    def __init__(self) -> None:
        self.redis = MemoryRedis()
        self.store = Asked(self.redis)
        self.drawers = Drawers(TICKETS, self.store)
        self._token = b""
        self._seq = 0

    async def open(self, room: int = 100) -> Bench:
        """The partition is claimed, nothing is at hand."""
        claim = await self.store.claim(TICKETS)
        self._token, self._seq = claim.token, claim.seq
        self.drawers = Drawers(TICKETS, self.store, room)
        self.store.asked.clear()
        return self

    async def count(self, slot: Slot, **cells: Amount) -> dict[bytes, bytes | None]:
        """Change cells of a bucket; gives what is written of it."""
        values = await self.drawers.merged({slot: {name.encode(): amount for name, amount in cells.items()}})
        self._write(Write(tp=TICKETS, token=self._token, seq=self._seq, buckets=values))
        self.drawers.tidy()
        return values[slot]

    def remove(self, *slots: Slot) -> None:
        """Remove buckets."""
        self.drawers.forget(slots)
        self._write(Write(tp=TICKETS, token=self._token, seq=self._seq, trimmed=slots))

    def remove_all(self) -> None:
        """Remove all buckets that there are."""
        self.drawers.forget_all()
        self._write(Write(tp=TICKETS, token=self._token, seq=self._seq, trimmed=list(self.held)))

    def _write(self, write: Write) -> None:
        self.store.write(write)
        self._seq += 1

    @property
    def held(self) -> dict[Slot, dict[bytes, bytes]]:
        """What Redis holds."""
        return {slot: cells for slot, cells in self.redis.of(TICKETS).buckets.items() if cells}


async def test_buckets_that_were_not_there_are_never_asked_for() -> None:
    bench = await Bench().open()
    await bench.count(FIRST, a=1)
    await bench.count(FIRST, a=2, b=1)
    await bench.count(GAUGES, open=1)
    assert bench.held == {FIRST: {b"a": b"\x03", b"b": b"\x01"}, GAUGES: {b"open": b"\x01"}}
    assert bench.store.asked == []


async def test_of_a_bucket_that_was_there_the_cells_are_asked_for_that_are_not_at_hand() -> None:
    bench = await Bench().open()
    await bench.count(FIRST, a=1, b=Bucket(1, 60, 3600, {12: 1}))
    await bench.open()
    await bench.count(FIRST, a=1)
    await bench.count(FIRST, a=1, b=Bucket(1, 60, 3600, {12: 1}), c=1)
    await bench.count(SECOND, a=1)
    assert bench.store.asked == [{FIRST: [b"a"]}, {FIRST: [b"b", b"c"]}]
    assert bench.held[FIRST] == {b"a": b"\x03", b"b": Bucket(2, 120, 7200, {12: 2}).encode(), b"c": b"\x01"}
    assert bench.held[SECOND] == {b"a": b"\x01"}


async def test_what_stood_before_now_is_asked_for() -> None:
    bench = await Bench().open()
    await bench.count(GAUGES, open=5)
    await bench.open()
    assert await bench.count(GAUGES, open=-1) == {b"open": b"\x04"}
    assert bench.store.asked == [{GAUGES: [b"open"]}]


async def test_where_nothing_is_left_no_cell_is() -> None:
    bench = await Bench().open()
    await bench.count(FIRST, a=1, b=1)
    assert await bench.count(FIRST, a=-1) == {b"a": None}
    assert len(bench.drawers) == 1
    assert await bench.count(FIRST, a=-1, c=0) == {b"a": b"\xff", b"c": None}
    assert bench.store.asked == []


async def test_that_redis_has_no_such_cell_is_asked_once() -> None:
    bench = await Bench().open()
    await bench.count(FIRST, a=1)
    await bench.open()
    await bench.count(FIRST, a=-1, b=0)
    await bench.count(FIRST, a=0, b=0)
    assert bench.store.asked == [{FIRST: [b"a", b"b"]}]
    assert bench.held == {}


async def test_the_bucket_that_was_not_touched_for_longest_makes_room_and_is_asked_for_again() -> None:
    bench = await Bench().open(room=3)
    await bench.count(FIRST, a=1, b=1)
    await bench.count(SECOND, a=1)
    await bench.count(FIRST, a=1)
    assert len(bench.drawers) == 3
    await bench.count(GAUGES, open=1)  # the second goes
    assert len(bench.drawers) == 3
    await bench.count(FIRST, a=1, b=1)
    assert bench.store.asked == []
    await bench.count(SECOND, a=1)
    assert bench.store.asked == [{SECOND: [b"a"]}]
    assert bench.held == {FIRST: {b"a": b"\x03", b"b": b"\x02"}, SECOND: {b"a": b"\x02"}, GAUGES: {b"open": b"\x01"}}


async def test_a_batch_too_large_for_all_drawers_is_written_all_the_same() -> None:
    bench = await Bench().open(room=1)
    await bench.count(FIRST, a=1, b=1)
    assert len(bench.drawers) == 0
    await bench.count(FIRST, b=1)
    assert bench.store.asked == [{FIRST: [b"b"]}]
    assert bench.held == {FIRST: {b"a": b"\x01", b"b": b"\x02"}}


async def test_a_bucket_that_was_removed_begins_anew() -> None:
    bench = await Bench().open()
    await bench.count(FIRST, a=1)
    bench.remove(FIRST)
    assert len(bench.drawers) == 0
    await bench.count(FIRST, a=1)
    await bench.open()
    bench.remove(FIRST)  # before anything was asked
    await bench.count(FIRST, a=1)
    await bench.open()
    await bench.count(SECOND, a=1)
    bench.remove(FIRST)  # after it was known to be there
    await bench.count(FIRST, a=1)
    assert bench.held == {FIRST: {b"a": b"\x01"}, SECOND: {b"a": b"\x01"}}
    assert bench.store.asked == []


async def test_where_all_buckets_were_removed_there_is_nothing_to_ask() -> None:
    bench = await Bench().open()
    await bench.count(FIRST, a=1)
    await bench.count(GAUGES, open=1)
    await bench.open()
    await bench.count(FIRST, a=1)
    bench.remove_all()
    assert len(bench.drawers) == 0
    bench.store.asked.clear()
    await bench.count(FIRST, a=1)
    await bench.count(GAUGES, open=1)
    assert bench.store.asked == []
    assert bench.held == {FIRST: {b"a": b"\x01"}, GAUGES: {b"open": b"\x01"}}


class Cut(Asked):
    """A store whose reads do not come back at first."""

    async def read_buckets(self, tp: TP, cells: Mapping[Slot, Sequence[bytes]]) -> dict[Slot, list[bytes | None]]:
        if not self.asked:
            self.asked.append({})
            await asyncio.Event().wait()
        return await super().read_buckets(tp, cells)


async def test_a_change_that_was_given_up_while_it_waited_changes_nothing() -> None:
    bench = await Bench().open()
    await bench.count(FIRST, a=1)
    bench.store = Cut(bench.redis)
    await bench.open()
    given_up = asyncio.create_task(bench.drawers.merged({FIRST: {b"a": 1}, SECOND: {b"a": 1}}))
    await asyncio.sleep(0.01)
    given_up.cancel()
    await asyncio.wait([given_up])
    assert await bench.count(FIRST, a=1) == {b"a": b"\x02"}
    assert await bench.count(SECOND, a=1) == {b"a": b"\x01"}


async def test_a_partition_puts_back_what_there_is_no_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk("10:00")
    partition = await desk.partition()
    monkeypatch.setattr(partition, "drawers", Drawers(TICKETS, desk.store, room=3))
    for subject in ("T1", "T2", "T3"):
        await desk.take(partition, line("ticket.created", subject, "09:00", priority="low"))
        assert len(partition.drawers) <= 3
    facts = [fact for subject in ("T1", "T2", "T3") for fact in life(partition, subject).facts()]
    assert desk.buckets() == desk.counted(facts)


def test_buckets_are_named_by_their_grain_in_minutes() -> None:
    assert slot_of(windows.GAUGES) == GAUGES
    assert slot_of((Micros(15 * MINUTE), Micros(0))) == Slot("15m", 0)
    assert grain_name(DAY) == "1440m"
