"""The store on a real Redis that is killed, emptied, frozen, rolled back and cut off: every write once, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator

import pytest
from redis.asyncio import Redis as Client

from stream_app.engine.channel import Closed, Health
from stream_app.engine.connection import Address, address
from stream_app.engine.fitness import findings
from stream_app.engine.keys import TP, Names
from stream_app.engine.reader import client
from stream_app.engine.store import RedisStore
from stream_app.engine.write import Applied, Claim, Fenced, Span, Standing, Why, Write
from tests.services import Redis
from tests.services.proxy import Proxy

TICKETS = TP("itsm-tickets", 0)
NOTHING = Standing(owner=None, seq=0, next=None)


class Log:
    """A watch that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def lost(self, why: str) -> None:
        self.said.append(f"lost: {why}")

    def back(self, seconds: float) -> None:
        assert seconds >= 0
        self.said.append("back")

    def answered(self, seconds: float) -> None:
        assert seconds >= 0


@pytest.fixture
async def proxy(redis_server: Redis) -> AsyncIterator[Proxy]:
    async with Proxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
async def admin(redis_server: Redis) -> AsyncIterator[Client]:
    async with client(address(redis_server.url)) as admin:
        yield admin


class Opens:
    """Opens stores that don't wait long between two tries."""

    def __init__(self, port: int, names: Names, stores: contextlib.AsyncExitStack) -> None:
        self.port = port
        self.names = names
        self.stores = stores

    def __call__(self, port: int | None = None, watch: Log | None = None, patience: float = 5.0) -> RedisStore:
        where = Address(host="127.0.0.1", port=port or self.port)
        store = RedisStore(where, self.names, watch=watch, patience=patience, longest_wait=0.2)
        self.stores.push_async_callback(store.close, grace=0.0)
        return store


@pytest.fixture
async def opens(redis_server: Redis, namespace: str) -> AsyncIterator[Opens]:
    async with contextlib.AsyncExitStack() as stores:
        yield Opens(redis_server.port, Names(namespace), stores)


def batch(claim: Claim, number: int) -> Write:
    """The batch of one record at offset `number`, the first after the claim being the one at its `next`."""
    name = b"%d" % number
    return Write(
        tp=TICKETS,
        token=claim.token,
        seq=claim.seq + number - (claim.next or 0),
        span=Span(number, number + 1),
        entities={b"T:1": name},
        history={b"T:1": [name]},
        outbox=[(b"T:1", name)],
    )


async def holds(store: RedisStore, count: int) -> None:
    """Exactly the first `count` records were applied, each once: appended events and signals would show a second."""
    expected = [b"%d" % number for number in range(count)]
    assert await store.read_histories(TICKETS, [b"T:1"]) == [expected]
    assert [signal.payload for signal in await store.outbox(TICKETS, count + 9)] == expected
    assert (await store.standing([TICKETS]))[TICKETS].next == count


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- what is waited for is many different things
            await asyncio.sleep(0.005)


async def streams(store: RedisStore, claim: Claim, begin: int, end: int) -> None:
    """Writes the batches, four in flight."""
    flight: list[asyncio.Future[Applied | Fenced]] = []
    for number in range(begin, end):
        flight.append(store.write(batch(claim, number)))
        if len(flight) == 4:
            assert isinstance(await flight.pop(0), Applied)
    assert all(isinstance(told, Applied) for told in await asyncio.gather(*flight))


async def streams_through(store: RedisStore, trouble: Coroutine[None, None, None]) -> None:
    """Writes as long as the trouble lasts, and a little longer; then every write must be there once."""
    claim = await store.claim(TICKETS)
    troubled = asyncio.create_task(trouble)
    written = 0
    while not troubled.done():
        await streams(store, claim, written, written + 50)
        written += 50
    await troubled
    await streams(store, claim, written, written + 50)
    await holds(store, written + 50)


async def test_a_write_whose_answer_was_lost_is_applied_once(opens: Opens, proxy: Proxy) -> None:
    store = opens(proxy.port)
    claim = await store.claim(TICKETS)
    proxy.swallow()
    assert await store.write(batch(claim, 0)) == Applied(1)
    assert proxy.connections == 2
    await holds(store, 1)


@pytest.mark.parametrize("depth", [2, 4])
async def test_writes_in_flight_whose_answers_were_lost_are_applied_once_each(
    opens: Opens, proxy: Proxy, depth: int
) -> None:
    store = opens(proxy.port)
    claim = await store.claim(TICKETS)
    proxy.swallow()
    flight = [store.write(batch(claim, number)) for number in range(depth)]
    seen = await store.read_entities(TICKETS, [b"T:1"])
    assert await asyncio.gather(*flight) == [Applied(number + 1) for number in range(depth)]
    assert seen == [b"%d" % (depth - 1)]
    await holds(store, depth)


async def test_an_answer_that_was_half_heard_is_asked_for_again_whole(opens: Opens, proxy: Proxy) -> None:
    store = opens(proxy.port)
    claim = await store.claim(TICKETS)
    names = [b"T:%d" % number for number in range(4)]
    write = Write(tp=TICKETS, token=claim.token, seq=0, history={name: [name * 9] for name in names})
    assert await store.write(write) == Applied(1)
    proxy.swallow(after=70)  # the first history whole and a part of the second
    reading = asyncio.create_task(store.read_histories(TICKETS, names))
    await asyncio.sleep(0)
    again = asyncio.create_task(store.read_histories(TICKETS, names[::-1]))
    assert await reading == [[name * 9] for name in names]
    assert await again == [[name * 9] for name in names[::-1]]
    assert proxy.connections == 2


async def test_writes_given_while_redis_is_away_go_out_in_order(opens: Opens, redis_server: Redis) -> None:
    log = Log()
    store = opens(watch=log)
    claim = await store.claim(TICKETS)
    redis_server.kill()
    await until(lambda: not store.health.reachable)
    flight = [store.write(batch(claim, number)) for number in range(6)]
    assert store.in_flight == 6
    await asyncio.to_thread(redis_server.start)
    assert await asyncio.gather(*flight) == [Applied(number + 1) for number in range(6)]
    await holds(store, 6)
    assert [word.split(":")[0] for word in log.said] == ["back", "lost", "back"]


async def test_cuts_at_any_moment_neither_lose_nor_repeat_a_write(opens: Opens, proxy: Proxy) -> None:
    async def trouble() -> None:
        for _ in range(6):
            await asyncio.sleep(0.02)
            proxy.swallow()
            await asyncio.sleep(0.03)
            proxy.cut()

    await streams_through(opens(proxy.port), trouble())
    assert proxy.connections > 6


async def test_what_a_dead_connection_delivers_late_is_not_applied_again(opens: Opens, proxy: Proxy) -> None:
    store = opens(proxy.port, patience=0.2)
    claim = await store.claim(TICKETS)
    proxy.stall()
    flight = [store.write(batch(claim, number)) for number in range(3)]
    await until(lambda: store.health.why is not None)
    proxy.release()  # the old copies race with those that the store sends again
    assert await asyncio.gather(*flight) == [Applied(1), Applied(2), Applied(3)]
    await asyncio.sleep(0.05)
    await holds(store, 3)


async def test_a_redis_killed_in_the_middle_of_writes_has_each_once(opens: Opens, redis_server: Redis) -> None:
    async def trouble() -> None:
        for _ in range(3):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(redis_server.restart)

    await streams_through(opens(), trouble())


@pytest.fixture
def frail() -> Iterator[Redis]:
    """A Redis of the test's own, for losing its tail.

    Not for others afterwards: what 7.0 leaves of a torn transaction in its append-only file comes back with its next
    restart.
    """
    with Redis() as server:
        yield server


async def test_a_redis_that_lost_its_last_second_fences_and_heals_from_what_it_has(opens: Opens, frail: Redis) -> None:
    store = opens(frail.port)
    claim = await store.claim(TICKETS)
    await streams(store, claim, 0, 200)
    await asyncio.to_thread(frail.forget_tail, 12_345)
    flight = [store.write(batch(claim, number)) for number in (200, 201)]
    await asyncio.to_thread(frail.start)
    told = await asyncio.gather(*flight)
    there = (await store.standing([TICKETS]))[TICKETS]
    assert told == [Fenced(why=Why.SEQUENCE, found=there)] * 2
    assert there.owner == claim.token
    assert there.next is not None
    assert 0 < there.next < 200
    await holds(store, there.next)
    again = await store.claim(TICKETS)
    assert (again.seq, again.next) == (there.seq, there.next)
    await streams(store, again, there.next, 202)
    await holds(store, 202)


async def test_a_rollback_into_the_writes_in_flight_applies_the_lost_ones_again(opens: Opens, frail: Redis) -> None:
    async with Proxy(frail.port) as proxy:
        store = opens(proxy.port)
        claim = await store.claim(TICKETS)
        await streams(store, claim, 0, 3)
        proxy.swallow()
        proxy.refuses = True
        flight = [store.write(batch(claim, number)) for number in range(3, 7)]
        await until(lambda: not store.health.reachable)
        await asyncio.to_thread(frail.forget_tail, 20)  # the last of the four, which had all been applied
        await asyncio.to_thread(frail.start)
        async with RedisStore(Address(port=frail.port), opens.names) as onlooker:
            assert (await onlooker.standing([TICKETS]))[TICKETS].seq == 6
        proxy.refuses = False
        assert await asyncio.gather(*flight) == [Applied(number + 1) for number in range(3, 7)]
        await holds(store, 7)


async def test_a_flush_fences_what_is_in_flight_with_nothing_found(opens: Opens, admin: Client) -> None:
    store = opens()
    claim = await store.claim(TICKETS)
    await streams(store, claim, 0, 3)
    await admin.flushall()
    flight = [store.write(batch(claim, number)) for number in range(3, 6)]
    assert await asyncio.gather(*flight) == [Fenced(why=Why.OWNER, found=NOTHING)] * 3
    again = await store.claim(TICKETS)
    assert (again.seq, again.next) == (0, None)
    await streams(store, again, 0, 6)
    await holds(store, 6)


async def test_after_a_flush_nobody_has_the_token_of_an_earlier_owner(opens: Opens, admin: Client) -> None:
    earlier, later = opens(), opens()
    claim = await earlier.claim(TICKETS)
    await admin.flushall()
    again = await later.claim(TICKETS)
    assert await earlier.write(batch(claim, 0)) == Fenced(
        why=Why.OWNER, found=Standing(owner=again.token, seq=0, next=None)
    )
    await streams(later, again, 0, 3)
    await holds(later, 3)


async def test_a_flush_shows_on_an_idle_partition(opens: Opens, admin: Client) -> None:
    store = opens()
    claim = await store.claim(TICKETS)
    await store.write(batch(claim, 0))
    assert await store.standing([TICKETS]) == {TICKETS: Standing(owner=claim.token, seq=1, next=1)}
    await admin.flushall()
    assert await store.standing([TICKETS]) == {TICKETS: NOTHING}


async def test_a_flush_behind_a_cut_fences_as_any_other(
    opens: Opens, proxy: Proxy, admin: Client, namespace: str
) -> None:
    store = opens(proxy.port)
    claim = await store.claim(TICKETS)
    proxy.stall()
    told = store.write(batch(claim, 0))
    await admin.flushall()
    proxy.cut()
    proxy.release()
    assert await told == Fenced(why=Why.OWNER, found=NOTHING)
    assert await admin.exists(Names(namespace).of(TICKETS).meta) == 0


async def test_scripts_forgotten_by_redis_are_loaded_again(opens: Opens, admin: Client) -> None:
    store = opens()
    claim = await store.claim(TICKETS)
    for begin in range(0, 40, 8):
        writing = asyncio.create_task(streams(store, claim, begin, begin + 8))
        await admin.script_flush()
        await writing
    await holds(store, 40)


async def test_an_owner_fenced_while_it_was_cut_off_is_told_so(opens: Opens, proxy: Proxy) -> None:
    old, new = opens(proxy.port), opens()
    before = await old.claim(TICKETS)
    proxy.stall()
    told = old.write(batch(before, 0))
    theirs = await new.claim(TICKETS)
    await streams(new, theirs, 0, 3)
    proxy.cut()
    proxy.release()
    assert await told == Fenced(why=Why.OWNER, found=Standing(owner=theirs.token, seq=3, next=3))
    await holds(new, 3)


async def test_a_frozen_redis_is_waited_for_and_has_each_write_once(opens: Opens, redis_server: Redis) -> None:
    log = Log()
    store = opens(watch=log, patience=0.3)
    claim = await store.claim(TICKETS)
    redis_server.pause()
    flight = [store.write(batch(claim, number)) for number in range(4)]
    reading = asyncio.create_task(store.read_entities(TICKETS, [b"T:1"]))
    await until(lambda: store.health.why is not None)
    assert store.health.why == "no answer for 0.3 s"
    await asyncio.sleep(0.7)
    assert not any(told.done() for told in flight)
    redis_server.resume()
    assert await asyncio.gather(*flight) == [Applied(number + 1) for number in range(4)]
    assert await reading == [b"3"]
    await holds(store, 4)
    assert store.health.reachable
    assert log.said[-1] == "back"


async def test_a_slow_redis_within_patience_is_no_loss(opens: Opens, admin: Client) -> None:
    log = Log()
    store = opens(watch=log)
    claim = await store.claim(TICKETS)
    await admin.client_pause(300)
    assert await store.write(batch(claim, 0)) == Applied(1)
    assert log.said == ["back"]
    assert store.in_flight == 0


async def test_a_redis_out_of_memory_takes_nothing_until_it_has_room(
    opens: Opens, admin: Client, namespace: str
) -> None:
    store = opens()
    claim = await store.claim(TICKETS)
    await admin.config_set("maxmemory", 1)
    try:
        flight = [store.write(batch(claim, number)) for number in range(2)]
        await until(lambda: not store.health.reachable)
        assert "OOM" in str(store.health.why)
        keys = Names(namespace).of(TICKETS)
        assert await admin.hgetall(keys.meta) == {b"owner": claim.token, b"seq": b"0"}
        assert await admin.exists(keys.outbox, keys.entity, keys.history(b"T:1")) == 0
    finally:
        await admin.config_set("maxmemory", 0)
    assert await asyncio.gather(*flight) == [Applied(1), Applied(2)]
    await holds(store, 2)


async def test_a_redis_that_refuses_is_not_stormed(opens: Opens, proxy: Proxy, admin: Client) -> None:
    store = opens(proxy.port)
    claim = await store.claim(TICKETS)
    await admin.config_set("maxmemory", 1)
    try:
        told = store.write(batch(claim, 0))
        await asyncio.sleep(0.6)
        assert 4 < proxy.connections < 12
    finally:
        await admin.config_set("maxmemory", 0)
    assert await told == Applied(1)


async def test_a_redis_that_is_not_there_yet_is_waited_for(opens: Opens, redis_server: Redis) -> None:
    redis_server.kill()
    log = Log()
    store = opens(watch=log)
    assert not store.health.reachable
    claiming = asyncio.create_task(store.claim(TICKETS))
    await until(lambda: bool(log.said))
    assert not store.health.reachable
    await asyncio.to_thread(redis_server.start)
    assert (await claiming).seq == 0
    assert store.health.reachable
    assert log.said[1:] == ["back"]


async def test_a_wrong_password_is_said_and_never_shown(opens: Opens, admin: Client, redis_server: Redis) -> None:
    await admin.config_set("requirepass", "s3cret")
    try:
        host = f"127.0.0.1:{redis_server.port}"
        right = RedisStore(address(f"redis://:s3cret@{host}/1"), Names())
        wrong = RedisStore(address(f"redis://:hunter2@{host}"), Names(), longest_wait=0.05)
        without = opens()
        await right.claim(TICKETS)
        claiming = asyncio.create_task(wrong.claim(TICKETS))
        await until(lambda: "WRONGPASS" in str(wrong.health.why) and "NOAUTH" in str(without.health.why))
        assert "hunter2" not in str(wrong.health)
        await wrong.close(grace=0.0)
        with pytest.raises(Closed):
            await claiming
        await right.close()
    finally:
        await admin.config_set("requirepass", "")


async def test_closing_waits_for_what_is_in_flight(opens: Opens) -> None:
    store, other = opens(), opens()
    claim = await store.claim(TICKETS)
    flight = [store.write(batch(claim, number)) for number in range(4)]
    await store.close()
    assert [told.result() for told in flight] == [Applied(number + 1) for number in range(4)]
    with pytest.raises(Closed):
        await store.write(batch(claim, 4))
    await holds(other, 4)


async def test_closing_gives_up_on_a_redis_that_is_gone(opens: Opens, redis_server: Redis) -> None:
    store = opens()
    claim = await store.claim(TICKETS)
    redis_server.pause()
    waiting: list[Awaitable[object]] = [store.write(batch(claim, 0)), asyncio.create_task(store.standing([TICKETS]))]
    await asyncio.sleep(0)
    await store.close(grace=0.05)
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in told] == [Closed, Closed]


async def test_a_caller_that_no_longer_waits_disturbs_nobody(opens: Opens) -> None:
    store = opens()
    claim = await store.claim(TICKETS)
    first, second = store.write(batch(claim, 0)), store.write(batch(claim, 1))
    first.cancel()
    reading = asyncio.create_task(store.read_entities(TICKETS, [b"T:1"]))
    await asyncio.sleep(0)
    reading.cancel()
    assert await second == Applied(2)
    await holds(store, 2)


async def test_an_idle_connection_that_is_cut_is_made_anew(opens: Opens, proxy: Proxy) -> None:
    store = opens(proxy.port)
    await store.claim(TICKETS)
    proxy.cut()
    await until(lambda: proxy.connections == 2 and store.health.reachable)
    assert isinstance(store.health, Health)


async def test_a_redis_set_up_as_ours_has_nothing_against_it(admin: Client) -> None:
    assert await findings(admin) == []
    await admin.config_set("maxmemory-policy", "allkeys-lru")
    await admin.config_set("appendfsync", "no")
    try:
        assert [finding.text.split(":")[0] for finding in await findings(admin)] == [
            "maxmemory-policy is allkeys-lru",
            "appendfsync is no",
        ]
    finally:
        await admin.config_set("maxmemory-policy", "noeviction")
        await admin.config_set("appendfsync", "everysec")
