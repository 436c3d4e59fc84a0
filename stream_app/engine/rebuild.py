"""The rebuild: the log read again into another generation of the state, the switch to it, and the way back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from msgspec import Struct, structs
from redis.asyncio import Redis
from redis.exceptions import RedisError

from stream_app.config.settings import Settings
from stream_app.engine import mirror
from stream_app.engine.builder import Builder, GivenUp, Plan, beginnings, complete, room
from stream_app.engine.connection import address
from stream_app.engine.generation import Hold, begun, forgotten, switch, turned, unclaimed
from stream_app.engine.headroom import warning
from stream_app.engine.keys import TP, Names, member
from stream_app.engine.ledger import Activation, Generation, Ledger, Switch
from stream_app.engine.ports import Clock
from stream_app.engine.post import SIGNALS
from stream_app.engine.reader import RedisReader, client
from stream_app.engine.sweep import sweep
from stream_app.engine.topics import CONFIG, counts
from stream_app.sla.instant import Micros
from stream_app.sla.kind import TOPICS

log = logging.getLogger(__name__)

GLANCE: Final = 0.2
"""Seconds between two looks at how far it is."""
LAG: Final = 5_000
"""Records that may be left to read at the switch: the workers read them, within a moment."""
TAKEN: Final = 30.0
"""Seconds within which workers that run have turned."""
LATER: Final = frozenset({"ahead", "unsettled"})
"""What speaks against a switch for a moment only."""


class Standing(Struct, frozen=True):
    """How far a rebuild is, in records."""

    phase: str
    read: int
    whole: int


class Done(Struct, frozen=True):
    """What has come of it."""

    generation: int
    previous: int
    read: int | None
    """Records; None: it was a way back, which reads none."""
    seconds: float
    differing: int
    """Messages that say what differs from what had been said."""
    waiting: int
    """Partitions that no worker has taken yet."""
    failed: int
    """Events that could not be judged, and are missing from it."""


Show = Callable[[Standing], None]


class Rebuild:
    """One rebuild, or one way back. Raises GivenUp, Busy, and what Kafka's and Redis's clients raise."""

    def __init__(self, settings: Settings, clock: Clock, show: Show) -> None:
        """Nothing is touched yet."""
        self._settings = settings
        self._clock = clock
        self._show = show
        self._brokers = list(settings.brokers)
        self._there = Names(settings.namespace)
        self._here = Names(settings.namespace)

    async def run(self, configurations: Sequence[Activation] | None, since: Micros | None) -> Done | None:
        """Read the log again from log time `since` (None: its beginning), and switch over; None: it was interrupted.

        `configurations` hold in the place of all that were activated so far; None: those.
        """
        began = time.monotonic()
        async with self._held() as (redis, hold), self._ledger() as ledger:
            found = await turned(redis, self._there)
            self._there.turn_to(found.active)
            await self._ready(redis, ledger)
            await sweep(redis, self._there, lambda its: its not in (found.active, found.previous))
            number = await begun(redis, self._there, ledger.newest)
            self._here.turn_to(number)
            done: list[Done] = []
            try:
                await self._built(redis, hold, ledger, configurations, since, done)
            finally:
                # Whatever became of it: only what nobody needs any more, for another rebuild may have begun.
                switched = (await turned(redis, self._there)).active == number
                stale = found.previous if switched else number
                await sweep(redis, self._there, lambda its: its == stale)
                if switched and not done:
                    log.error("generation %d is at work all the same", number)
            if not done:
                return None
            return structs.replace(done[0], waiting=await self._taken(redis), seconds=time.monotonic() - began)

    async def back(self) -> Done:
        """Switch back to the generation before, which reads on where it was left."""
        began = time.monotonic()
        async with self._held() as (redis, hold), self._ledger() as ledger:
            found = await turned(redis, self._there)
            if found.previous is None:
                raise GivenUp("there is no way back: nothing was rebuilt, or the state before was forgotten")
            self._there.turn_to(found.active)
            self._here.turn_to(found.previous)
            tps = {
                *await RedisReader(redis, self._there).partitions(),
                *await RedisReader(redis, self._here).partitions(),
            }
            answer = await switch(redis, hold, self._there, self._here, sorted(tps), {}, back=True)
            if answer != "done":
                raise GivenUp(f"nothing was switched: Redis has changed meanwhile ({answer})")
            await ledger.write(Switch(found.previous, self._clock()))
            waiting = await self._taken(redis)
            return Done(found.previous, found.active, None, time.monotonic() - began, 0, waiting, 0)

    async def forget(self) -> int:
        """Remove the generation before, and what interrupted rebuilds have left; how many keys those were."""
        async with self._held() as (redis, _):
            found = await turned(redis, self._there)
            await forgotten(redis, self._there)
            return await sweep(redis, self._there, lambda its: its != found.active)

    @contextlib.asynccontextmanager
    async def _held(self) -> AsyncIterator[tuple[Redis, Hold]]:
        async with client(address(self._settings.redis_url.reveal())) as redis:
            hold = Hold(redis, self._there)
            await hold.take()
            keeping = asyncio.create_task(hold.keep())
            try:
                yield redis, hold
            finally:
                keeping.cancel()
                with contextlib.suppress(RedisError):
                    await hold.release()

    @contextlib.asynccontextmanager
    async def _ledger(self) -> AsyncIterator[Ledger]:
        prefix = self._settings.topic_prefix
        await complete(self._counted, tuple(f"{prefix}{topic}" for topic in (*TOPICS, SIGNALS, CONFIG)))
        producer = AIOKafkaProducer(bootstrap_servers=self._brokers, enable_idempotence=True, acks="all")
        try:
            await producer.start()
            ledger = Ledger(self._consumer, producer, prefix)
            await ledger.look()
            yield ledger
        finally:
            await producer.stop()

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(bootstrap_servers=self._brokers, enable_auto_commit=False, auto_offset_reset="earliest")

    async def _counted(self, topics: Sequence[str]) -> Mapping[str, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._brokers)
        await admin.start()
        try:
            return await counts(admin, topics)
        finally:
            await admin.close()

    async def _ready(self, redis: Redis, ledger: Ledger) -> None:
        """Raises GivenUp where there is nothing to rebuild."""
        ledger.generation = self._there.generation
        if not await RedisReader(redis, self._there).partitions() or not ledger.activations:
            raise GivenUp("there is nothing to rebuild: no worker has kept anything under this namespace yet")
        info: Any = redis
        if (text := warning(await info.info("memory"))) is not None:
            log.warning("%s", text)

    async def _built(
        self,
        redis: Redis,
        hold: Hold,
        ledger: Ledger,
        configurations: Sequence[Activation] | None,
        since: Micros | None,
        done: list[Done],
    ) -> None:
        """Build, and switch over: then there is something in `done`."""
        topics = [f"{self._settings.topic_prefix}{topic}" for topic in TOPICS]
        tps = [TP(topic, n) for topic, count in sorted((await self._counted(topics)).items()) for n in range(count)]
        standing = await RedisReader(redis, self._there).standing(tps)
        limits = {tp: its.next for tp, its in standing.items() if its.next is not None}
        starts = await beginnings(self._consumer(), tps, limits, since)
        kept = {member(tp).decode(): offset for tp, offset in starts.items() if since is not None}
        made = Generation(self._here.generation, self._there.generation, kept, configurations)
        ledger.records.append(made)
        ledger.generation = made.number
        plan = Plan(self._there, self._here, tps, starts)
        builder = Builder(self._settings, self._clock, redis, ledger, plan, self._consumer, self._counted)

        async def drive() -> None:
            told = False
            while True:
                phase = "comparing" if builder.left <= LAG else "reading"
                self._show(Standing(phase, builder.whole - builder.left, builder.whole))
                if not builder.settled or builder.left > LAG:
                    await asyncio.sleep(GLANCE)
                    continue
                if not told:
                    held = None if configurations is None else ledger.activations
                    await ledger.write(Generation(made.number, made.base, kept, held))
                    await mirror.put(redis, self._here, ledger.activations)
                    told = True
                builder.store.over = True
                answer = await switch(
                    redis, hold, self._there, self._here, tps, builder.comparison.compared, back=False
                )
                if answer == "done":
                    break
                if answer not in LATER:
                    raise GivenUp(f"nothing was switched: Redis has changed meanwhile ({answer})")
                builder.store.over = False
                await asyncio.sleep(GLANCE)
            read = builder.whole - builder.left
            done.append(Done(made.number, made.base, read, 0, builder.comparison.differing, 0, builder.failed))
            await ledger.write(Switch(made.number, self._clock()))

        await builder.run(drive, _lost(hold), room(redis))

    async def _taken(self, redis: Redis) -> int:
        """Wait for the workers to turn, if any run; how many partitions are left."""
        tps = await RedisReader(redis, self._here).partitions()
        deadline = time.monotonic() + TAKEN
        left = await unclaimed(redis, self._here, tps)
        while left and time.monotonic() < deadline:
            await asyncio.sleep(GLANCE)
            left = await unclaimed(redis, self._here, tps)
        return len(left)


async def _lost(hold: Hold) -> None:
    """Raises GivenUp once it is lost."""
    await hold.lost.wait()
    raise GivenUp("Redis no longer knows of this rebuild: it was away or emptied, or this process stood still")
