from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from redis.exceptions import RedisError

from stream_app.engine.batch import Batch, Displaced
from stream_app.engine.keys import TP
from stream_app.engine.pace import Pace, split
from stream_app.engine.write import Standing
from tests.unit.engine.desk import TICKETS, Record, batch

WHOLE = batch(TICKETS, 10, [Record(offset, b"k", b"v", 0) for offset in (10, 11, 14, 17)], following=20)


class There:
    """How far the generation at work is."""

    def __init__(self) -> None:
        self.next: int | None = None
        self.away = False

    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]:
        if self.away:
            raise RedisError
        return {tp: Standing(owner=b"o", seq=1, next=self.next) for tp in tps}


class Taken:
    """The port behind."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.closed = 0

    async def open(self, tp: TP) -> int | None:
        return len(tp.topic)

    async def handle(self, its: Batch) -> None:
        self.batches.append(its)

    async def displaced(self, displaced: Displaced) -> None:
        raise AssertionError(displaced)

    async def close(self, tp: TP) -> None:
        assert tp == TICKETS
        self.closed += 1


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.engine.pace.GLANCE", 0.001)


def paced(there: There) -> tuple[Pace, Taken]:
    taken = Taken()
    its = Pace(there, [TICKETS])
    its.port = taken
    its.epoch = lambda _: 1
    return its, taken


@pytest.mark.parametrize(
    ("offset", "first", "rest"), [(11, [10], [11, 14, 17]), (13, [10, 11], [14, 17]), (19, [10, 11, 14, 17], [])]
)
def test_a_batch_is_split_at_an_offset_also_in_a_hole(offset: int, first: list[int], rest: list[int]) -> None:
    one, other = split(WHOLE, offset)
    assert [record.offset for record in one.records] == first
    assert [record.offset for record in other.records] == rest
    assert (one.base, one.next, other.base, other.next) == (10, offset, offset, 20)
    assert (one.end, one.epoch) == (WHOLE.end, WHOLE.epoch)


async def test_nothing_is_read_beyond_what_the_generation_at_work_has_read() -> None:
    there = There()
    pace, taken = paced(there)
    looking = asyncio.create_task(pace.looking())
    handling = asyncio.create_task(pace.handle(WHOLE))
    await asyncio.sleep(0.02)
    assert taken.batches == []
    there.next = 12
    await asyncio.sleep(0.02)
    assert [(its.base, its.next) for its in taken.batches] == [(10, 12)]
    there.away = True
    await asyncio.sleep(0.02)
    there.next, there.away = 30, False
    async with asyncio.timeout(5):
        await handling
    assert [(its.base, its.next) for its in taken.batches] == [(10, 12), (12, 20)]
    looking.cancel()


async def test_a_batch_that_became_stale_is_not_waited_for() -> None:
    pace, taken = paced(There())
    handling = asyncio.create_task(pace.handle(WHOLE))
    await asyncio.sleep(0.01)
    pace.epoch = lambda _: 2
    async with asyncio.timeout(5):
        await handling
    await pace.handle(WHOLE)
    assert taken.batches == []


async def test_opening_and_closing_are_the_engines() -> None:
    pace, taken = paced(There())
    assert await pace.open(TICKETS) == 7
    await pace.close(TICKETS)
    assert taken.closed == 1
