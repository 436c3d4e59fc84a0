"""The builder: a worker's engine that reads the log into another generation, silently, beside the one at work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from stream_app.config.settings import Settings
from stream_app.engine.comparison import Comparison
from stream_app.engine.connection import address
from stream_app.engine.engine import Engine
from stream_app.engine.headroom import is_full
from stream_app.engine.heard import Heard
from stream_app.engine.hearing import Counts, KafkaHearing
from stream_app.engine.judge import Judge
from stream_app.engine.keys import TP, Names
from stream_app.engine.ledger import Ledger
from stream_app.engine.pace import Pace
from stream_app.engine.ports import Clock
from stream_app.engine.post import RETRY
from stream_app.engine.reader import RedisReader
from stream_app.engine.silence import Mute, Silence
from stream_app.engine.store import RedisStore
from stream_app.engine.transport import Stream
from stream_app.engine.write import Claim
from stream_app.sla.instant import Micros, text
from stream_app.sla.kind import TOPICS, Kind
from stream_app.telemetry import Telemetry

SESSION: Final = timedelta(seconds=10)
DRAIN: Final = timedelta(seconds=2)
MILLISECOND: Final = 1_000
"""Kafka's unit of time, in microseconds."""


class GivenUp(Exception):
    """The rebuild cannot go on; the generation at work is as it was."""


class Plan(Struct, frozen=True):
    """What is read again."""

    there: Names
    """The generation at work."""
    here: Names
    """The one that is built."""
    tps: Sequence[TP]
    starts: Mapping[TP, int]
    """From which offset each partition is read that the generation at work has read."""


class Store(RedisStore):
    """The store of what is built, until that is at work: then only workers claim."""

    over = False

    async def claim(self, tp: TP) -> Claim:
        """As RedisStore.claim; once it is over it never answers."""
        if self.over:
            await asyncio.get_running_loop().create_future()
        return await super().claim(tp)


class Builder:
    """Wires, and runs until told to stop."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        redis: Redis,
        ledger: Ledger,
        plan: Plan,
        consumer: Callable[[], AIOKafkaConsumer],
        counted: Counts,
    ) -> None:
        """Wants a running loop. `ledger` means the generation that is built."""
        self._ledger = ledger
        self._plan = plan
        self._mute, self._judge = Mute(), Judge(ledger.held)
        said, prefix = RedisReader(redis, plan.there), settings.topic_prefix
        self.store = Store(address(settings.redis_url.reveal()), plan.here, starts=plan.starts.get)
        self._pace = Pace(said, plan.tps)
        self.comparison = Comparison(
            RedisReader(redis, plan.here),
            self.store,
            self._judge,
            clock,
            said,
            KafkaHearing(consumer, counted, prefix),
            self._pace,
        )
        kinds = {f"{prefix}{topic}": kind for topic, kind in TOPICS.items()}
        self._engine = Engine(
            self.store, self._mute, self._judge, self.comparison, _silent, clock, Telemetry(), kinds, patience=RETRY
        )
        self._pace.port = self._engine
        self._stream = Stream(
            self._pace,
            group=f"{plan.here.root}-rebuild-{plan.here.generation}",
            brokers=settings.brokers,
            topics=list(kinds),
            session_timeout=SESSION,
            drain=DRAIN,
        )
        self._engine.source = self._stream
        self._pace.epoch = self._stream.epoch

    @property
    def whole(self) -> int:
        """How many records the generation at work has read of those that are to be read."""
        starts = self._plan.starts
        return sum(max(limit - starts.get(tp, 0), 0) for tp, limit in self._pace.limits.items())

    @property
    def left(self) -> int:
        """How many of them are still to be read."""
        at = dict(self._plan.starts) | {tp: its.pen.position or 0 for tp, its in self._engine.partitions.items()}
        return sum(max(limit - at.get(tp, 0), 0) for tp, limit in self._pace.limits.items())

    @property
    def failed(self) -> int:
        """How many events could not be judged, and are missing from what is built."""
        return self._mute.failed

    @property
    def settled(self) -> bool:
        """Whether all partitions are compared with what has been said."""
        return self.comparison.compared.keys() >= set(self._plan.tps)

    async def run(self, drive: Callable[[], Awaitable[None]], *jobs: Coroutine[Any, Any, None]) -> None:
        """Build until what drives it is done, or a signal comes. Raises GivenUp, or a group of what broke.

        `jobs` go on all the while.
        """

        async def driven() -> None:
            await drive()
            await self._stream.stop()

        its = (self._engine.watch(), self._engine.looking(), self._pace.looking(), self._follow(), driven())
        try:
            async with self.store, asyncio.TaskGroup() as group:
                tasks = [group.create_task(job) for job in (*its, *jobs)]
                await self._stream.run()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as errors:
            if (given_up := errors.subgroup(GivenUp)) is not None:
                raise GivenUp(*given_up.exceptions[0].args) from errors
            if (away := errors.subgroup(RedisError)) is not None:
                raise GivenUp(f"Redis does not answer: {away.exceptions[0]}") from errors
            raise

    async def _follow(self) -> None:
        """What is activated meanwhile holds here too."""
        async for held in self._ledger.follow():
            self._judge.hold(held)


async def _silent(tp: TP, kind: Kind, marks: dict[str, bytes]) -> Heard:
    """Whatever the topic holds: a partition that is built is silent."""
    del tp, kind, marks
    return Silence()


async def complete(counted: Counts, topics: tuple[str, ...]) -> None:
    """Look whether all of these topics are there. Raises GivenUp, and KafkaError."""
    if missing := set(topics) - (await counted(topics)).keys():
        raise GivenUp(
            f"there is no topic {', '.join(sorted(missing))}; `tenggat topics --create` makes what is missing"
        )


async def beginnings(
    consumer: Any,  # noqa: ANN401 -- aiokafka's types
    tps: Sequence[TP],
    limits: Mapping[TP, int],
    since: Micros | None,
) -> dict[TP, int]:
    """Where reading begins: at the first record of that log time or later, but not beyond the limits.

    `consumer` is not started yet, and stopped in the end. Raises KafkaError, and GivenUp where some of the partitions
    `tps` hold records but none is of that time or later: nothing would be known then.
    """
    parts = {tp: TopicPartition(*tp) for tp in tps}
    try:
        await consumer.start()
        first = found = await consumer.beginning_offsets(list(parts.values()))
        if since is not None:
            found = await _from(consumer, list(parts.values()), max(-(-since // MILLISECOND), 0))
            if not found and first != await consumer.end_offsets(list(parts.values())):
                newest = text(await _newest(consumer, list(parts.values()), -(-since // MILLISECOND)) * MILLISECOND)
                raise GivenUp(
                    f"nothing of the log is of {text(since)} or later: the state would be empty; "
                    f"the newest record is of {newest}"
                )
            found = {part: at.offset for part, at in found.items()}
        return {tp: min(found.get(parts[tp], limit), limit) for tp, limit in limits.items()}
    finally:
        await consumer.stop()


async def _from(consumer: Any, parts: Sequence[TopicPartition], milliseconds: int) -> dict[TopicPartition, Any]:  # noqa: ANN401 -- as above
    """The first record of that log time or later, its offset and its time, of each partition that has one."""
    times = await consumer.offsets_for_times(dict.fromkeys(parts, milliseconds))
    return {part: at for part, at in times.items() if at is not None}


async def _newest(consumer: Any, parts: Sequence[TopicPartition], before: int) -> int:  # noqa: ANN401 -- as above
    """The log time, in milliseconds, of the newest record, when all are earlier than `before`.

    Halved until found: the last offset of a partition may be a transaction's mark, that nobody can read.
    """
    newest = 0
    while before - newest > 1:
        middle = (newest + before) // 2
        later = [at.timestamp for at in (await _from(consumer, parts, middle)).values()]
        newest, before = (max(later), before) if later else (newest, middle)
    return newest


async def room(redis: Redis) -> None:
    """Watch the memory; never ends. Raises GivenUp before the generation at work has none."""
    info: Any = redis
    while True:
        with contextlib.suppress(RedisError):
            if is_full(await info.info("memory")):
                raise GivenUp("Redis is nearly full: give it more memory, or forget an old state first")
        await asyncio.sleep(1)
