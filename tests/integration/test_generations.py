"""Generations in a real Redis: one at work, one that is built, the switch between them, and what is swept away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner

from stream_app.commands.rebuild import rebuild
from stream_app.engine import generation
from stream_app.engine.connection import address
from stream_app.engine.generation import Busy, Hold, active, begun, forgotten, switch, turned, unclaimed
from stream_app.engine.keys import TP, Names
from stream_app.engine.reader import client
from stream_app.engine.store import RedisStore
from stream_app.engine.sweep import sweep
from stream_app.engine.write import LEFT, Applied, Claim, Fenced, Span, Write
from tests.services import Redis

TICKETS, OTHER = TP("tickets", 0), TP("tickets", 1)


class World:
    """An installation in Redis: its first generation at work, its second being built."""

    def __init__(self, url: str, namespace: str, redis: Any) -> None:  # noqa: ANN401 -- redis-py's types
        self.redis = redis
        self.url = url
        self.there, self.here = Names(namespace), Names(namespace)
        self.here.turn_to(1)
        self.hold = Hold(redis, self.there)

    def store(self, names: Names, **options: Any) -> RedisStore:  # noqa: ANN401 -- as of RedisStore
        return RedisStore(address(self.url), names, **options)

    async def read(self, names: Names, tp: TP, position: int, *signals: bytes) -> Claim:
        """Somebody has read a partition to there and has these signals to say."""
        async with self.store(names) as store:
            claim = await store.claim(tp)
            write = Write(
                tp=tp,
                token=claim.token,
                seq=claim.seq,
                span=Span(claim.next or 0, position),
                entities={b"ticket:T": b"state"},
                history={b"ticket:T": [b"event"]},
                outbox=[(b"T", payload) for payload in signals],
            )
            assert isinstance(await store.write(write), Applied)
            return claim

    async def switch(self, compared: dict[TP, str] | None = None, *, back: bool = False) -> str:
        there, here = (self.here, self.there) if back else (self.there, self.here)
        return await switch(self.redis, self.hold, there, here, [TICKETS, OTHER], compared or {}, back=back)

    async def outbox(self, names: Names, tp: TP) -> list[bytes]:
        async with self.store(names) as store:
            return [signal.payload for signal in await store.outbox(tp, 100)]

    async def meta(self, names: Names, tp: TP) -> dict[bytes, bytes]:
        return dict(await self.redis.hgetall(names.of(tp).meta))

    async def keys(self) -> set[bytes]:
        return set(await self.redis.keys(f"*{self.there.root}*"))


@pytest_asyncio.fixture
async def world(redis_server: Redis, namespace: str) -> AsyncIterator[World]:
    async with client(address(redis_server.url)) as redis:
        its = World(redis_server.url, namespace, redis)
        for names, position in ((its.there, 10), (its.here, 8)):
            for tp in (TICKETS, OTHER):
                await its.read(names, tp, position)
        await its.hold.take()
        yield its


# the switch


async def test_a_switch_turns_all_at_once_and_fences_both_sides(world: World) -> None:
    assert await turned(world.redis, world.there) == generation.Turned(0, None)
    assert await world.switch() == "done"
    assert await turned(world.redis, world.there) == generation.Turned(1, 0)
    for tp in (TICKETS, OTHER):
        assert (await world.meta(world.there, tp))[b"owner"] == LEFT
        here = await world.meta(world.here, tp)
        assert (here[b"owner"], here[b"mark:parked"], here[b"next"]) == (LEFT, b"10", b"8")
    assert await unclaimed(world.redis, world.here, [TICKETS, OTHER]) == [TICKETS, OTHER]
    await world.read(world.here, TICKETS, 11)
    assert await unclaimed(world.redis, world.here, [TICKETS, OTHER]) == [OTHER]


async def test_whoever_wrote_before_the_switch_is_refused_after_it(world: World) -> None:
    async with world.store(world.there) as live, world.store(world.here) as builder:
        writers = [(live, await live.claim(TICKETS)), (builder, await builder.claim(TICKETS))]
        assert await world.switch() == "done"
        for store, claim in writers:
            answer = await store.write(Write(tp=TICKETS, token=claim.token, seq=claim.seq))
            assert isinstance(answer, Fenced)
            assert answer.found.owner == LEFT


@pytest.mark.parametrize(("key", "value"), [(b"next", 11), (b"mark:healing", 1)])
async def test_what_is_ahead_or_not_compared_is_not_switched_to(world: World, key: bytes, value: int) -> None:
    await world.redis.hset(world.here.of(OTHER).meta, key, value)
    before = [await world.meta(names, tp) for names in (world.there, world.here) for tp in (TICKETS, OTHER)]
    assert await world.switch() == {b"next": "ahead", b"mark:healing": "unsettled"}[key]
    assert before == [await world.meta(names, tp) for names in (world.there, world.here) for tp in (TICKETS, OTHER)]
    assert await active(world.redis, world.there) == 0


async def test_nobody_switches_who_has_lost_the_right_to(world: World) -> None:
    await world.redis.delete(world.there.rebuild)
    assert await world.switch() == "taken"
    await Hold(world.redis, world.there).take()
    assert await world.switch() == "taken"


async def test_nobody_switches_from_a_generation_that_is_not_at_work(world: World) -> None:
    assert await world.switch() == "done"
    assert await world.switch() == "moved"


async def test_signals_that_wait_where_they_were_compared_go_out_first(world: World) -> None:
    await world.read(world.there, TICKETS, 11, b"B")
    await world.read(world.there, TICKETS, 12, b"C")
    await world.read(world.here, TICKETS, 9, b"B corrected", b"D")
    upto = (await world.redis.xrange(world.there.of(TICKETS).outbox, count=1))[0][0].decode()
    seq = int((await world.meta(world.here, TICKETS))[b"seq"])
    assert await world.switch({TICKETS: upto, OTHER: ""}) == "done"
    assert await world.outbox(world.here, TICKETS) == [b"B", b"B corrected", b"D"]
    assert await world.outbox(world.here, OTHER) == []
    assert int((await world.meta(world.here, TICKETS))[b"seq"]) == seq + 1
    await world.read(world.here, TICKETS, 10, b"E")  # after them in the stream
    assert await world.outbox(world.here, TICKETS) == [b"B", b"B corrected", b"D", b"E"]


async def test_the_way_back_is_a_switch_whatever_is_ahead(world: World) -> None:
    assert await world.switch() == "done"
    await world.read(world.here, TICKETS, 20)
    assert await world.switch(back=True) == "done"
    assert await turned(world.redis, world.there) == generation.Turned(0, 1)
    assert (await world.meta(world.there, TICKETS))[b"mark:parked"] == b"20"
    await forgotten(world.redis, world.there)
    assert await turned(world.redis, world.there) == generation.Turned(0, None)


# the right to rebuild


async def test_only_one_rebuilds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Hold(world.redis, world.there)
    with pytest.raises(Busy, match="another rebuild is running"):
        await other.take()
    await other.release()  # what it does not hold
    monkeypatch.setattr(generation, "HELD", 0.2)
    monkeypatch.setattr(generation, "RENEWED", 0.05)
    keeping = asyncio.create_task(world.hold.keep())
    await asyncio.sleep(0.4)
    with pytest.raises(Busy):
        await other.take()
    assert not world.hold.lost.is_set()
    await world.redis.delete(world.there.rebuild)
    await asyncio.wait_for(world.hold.lost.wait(), 5)
    await keeping
    await other.take()


async def test_numbers_of_generations_are_given_once(world: World) -> None:
    assert [await begun(world.redis, world.there, 0) for _ in range(2)] == [1, 2]
    assert await begun(world.redis, world.there, 7) == 8


# workers turn


async def test_a_claim_is_made_in_the_generation_at_work(world: World) -> None:
    assert await world.switch() == "done"
    names, told = Names(world.there.root), []

    async def turn(number: int) -> None:
        told.append(number)
        names.turn_to(number)

    async with world.store(names, turn=turn) as store:
        assert (await store.claim(TICKETS)).next == 8
        assert (await store.claim(OTHER)).next == 8
    assert told == [1]


async def test_a_redis_that_was_emptied_is_told_again_what_is_at_work_and_where_its_log_begins(world: World) -> None:
    await world.redis.delete(*await world.keys())

    async def turn(number: int) -> None:
        raise AssertionError(number)

    async with world.store(world.here, turn=turn, starts={TICKETS: 5}.get) as store:
        assert (await store.claim(TICKETS)).next == 5
        assert (await store.claim(OTHER)).next is None
    assert await active(world.redis, world.there) == 1
    assert (await world.meta(world.here, TICKETS))[b"next"] == b"5"


# the sweep


async def test_only_what_is_stale_is_swept_away(world: World, namespace: str) -> None:
    neighbour = World(world.url, f"{namespace}-2", world.redis)
    await neighbour.read(neighbour.there, TICKETS, 3)
    await neighbour.read(neighbour.here, TICKETS, 3)
    before = await world.keys()
    mine = {key for key in before if f"{namespace}@1".encode() in key}
    assert len(mine) == 2 * 3 + 1  # of two partitions meta, entities and a history; the registry
    assert await sweep(world.redis, world.there, lambda its: its == 1) == len(mine)
    assert await world.keys() == before - mine
    await sweep(world.redis, world.there, lambda its: its == 0)
    left = await world.keys()
    assert not await world.redis.exists(world.there.partitions)
    assert {key for key in left if f"{namespace}-2".encode() not in key} == {world.there.rebuild}
    assert {key for key in before if f"{namespace}-2".encode() in key} <= left


# the command


@pytest.fixture
def _logging() -> Iterator[None]:
    """Puts back what a command changes of the process's logging."""
    loggers = [logging.getLogger(name) for name in ("aiokafka", "faust", "mode")]
    root, levels = logging.getLogger(), [its.level for its in loggers]
    before = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before
    for its, level in zip(loggers, levels, strict=True):
        its.setLevel(level)


@pytest.mark.usefixtures("_logging")
def test_a_rebuild_of_nothing_is_refused_and_so_are_mistakes(redis_server: Redis, namespace: str) -> None:
    where = ["--redis-url", redis_server.url, "--namespace", namespace]

    def ends(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(rebuild, [*where, *arguments])
        return result.exit_code, result.output

    assert ends("--back", "--forget-old")[0] == 2
    assert ends("--back", "--from", "2026-03-02T10:00:00Z")[0] == 2
    assert ends("--config", "nowhere.yaml")[0] == 2
    code, said = ends("--forget-old")
    assert code == 2
    assert "--yes" in said
    assert ends("--forget-old", "--yes") == (0, "0 keys removed\n")
