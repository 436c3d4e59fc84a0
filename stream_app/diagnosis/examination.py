"""The examination: everything looked at side by side, each for a limited time, whatever server is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from stream_app.config.configuration import built_in
from stream_app.config.settings import Settings
from stream_app.diagnosis import clocks, configuration, keys, letters, progress, redis, retention, topics, workers
from stream_app.diagnosis.broker import ITEM as KAFKA
from stream_app.diagnosis.broker import Broker
from stream_app.diagnosis.finding import Finding, fault, sick, skipped
from stream_app.diagnosis.remedies import Name
from stream_app.engine import mirror
from stream_app.engine.connection import Refused, address
from stream_app.engine.generation import at_work
from stream_app.engine.keys import Names
from stream_app.engine.ports import Clock
from stream_app.engine.post import DEAD
from stream_app.engine.reader import RedisReader, client
from stream_app.engine.topics import CONFIG, plans
from stream_app.sla.kind import TOPICS

OPENING: Final = 2.2
"""Seconds that Kafka has to answer at all; Redis has as many."""
EACH: Final = 2.6
"""Seconds that one thing may take once they do: all of it ends within five."""
ORDER: Final = (
    configuration.FILE, configuration.ACTIVE, KAFKA, topics.ITEM, retention.ITEM, keys.ITEM, redis.ITEM, redis.MEMORY,
    clocks.ITEM, workers.ITEM, workers.HTTP, progress.OWNERS, progress.LAG, progress.OUTBOX, letters.ITEM,
)  # fmt: skip


class Unknown(Exception):
    """It cannot be looked at, for a reason that is a finding of its own."""


async def findings(settings: Settings, source: Callable[[str], str], clock: Clock) -> list[Finding]:
    """What there is to be said of each thing, in a fixed order.

    `source` gives a file's text or raises ConfigurationRefused. Raises nothing for servers that are away.
    """
    broker = Broker(settings.brokers, settings.topic_prefix)
    where, names = address(settings.redis_url.reveal()), Names(settings.namespace)
    store = client(where)
    examination = Examination(settings, broker, store, names, clock)
    try:
        said = await examination.of_all(source)
    finally:
        await asyncio.gather(broker.close(), RedisReader(store, names).close(), return_exceptions=True)
    return sorted(said, key=lambda finding: ORDER.index(finding.item))


class Examination:
    """What is looked at, and what it needs: the configuration, Kafka's metadata, a Redis that answers."""

    def __init__(self, settings: Settings, broker: Broker, store: Redis, names: Names, clock: Clock) -> None:
        """Kafka and Redis are not connected to yet; to close them is the caller's."""
        self._settings: Final = settings
        self._broker: Final = broker
        self._store: Final = store
        self._names = names
        self._clock: Final = clock
        self._where: Final = address(settings.redis_url.reveal())
        self._topics: Mapping[str, topics.Metadata] | None = None
        self._redis: Redis | None = None

    async def of_all(self, source: Callable[[str], str]) -> list[Finding]:
        """Look at everything."""
        self._own, said = configuration.read(self._settings.config, source)
        opened = await asyncio.gather(self._open_kafka(), self._open_redis())
        looked = await asyncio.gather(
            _limited(configuration.ACTIVE, self._activation()),
            _limited(KAFKA, self._brokers()),
            _limited(topics.ITEM, self._layout()),
            _limited(retention.ITEM, self._retention()),
            _limited(keys.ITEM, self._keys()),
            _limited(redis.ITEM, self._fitness()),
            _limited(clocks.ITEM, self._skew()),
            _limited(workers.ITEM, self._group()),
            _limited(workers.HTTP, workers.http(self._settings.http_host, self._settings.http_port)),
            _limited(progress.LAG, self._progress()),
            _limited(letters.ITEM, self._letters()),
        )
        return [finding for some in (said, *opened, *looked) for finding in some]

    async def _open_kafka(self) -> list[Finding]:
        try:
            async with asyncio.timeout(OPENING):
                await self._broker.open()
                self._topics = await self._broker.topics()
        except (KafkaError, OSError):  # a time-out is one
            if self._broker.named:  # the first contact answered: `_brokers` says who does not
                return []
            where = ", ".join(self._settings.brokers)
            return [fault(KAFKA, Name.KAFKA_UNREACHABLE, f"no Kafka answers at {where}")]
        return []

    async def _open_redis(self) -> list[Finding]:
        where = redis.shown(self._where)
        try:
            await redis.knock(self._where)
        except TimeoutError:
            return [fault(redis.ITEM, Name.REDIS_UNREACHABLE, f"Redis at {where} does not answer")]
        except OSError as error:
            return [fault(redis.ITEM, Name.REDIS_UNREACHABLE, f"no Redis answers at {where}: {error}")]
        except Refused as refused:
            return [fault(redis.ITEM, Name.REDIS_REFUSES, f"Redis at {where} does not let us in: {refused}")]
        try:
            async with asyncio.timeout(OPENING):
                self._names = await at_work(self._store, self._settings.namespace)
        except (RedisError, OSError) as error:
            return [fault(redis.ITEM, Name.REDIS_REFUSES, f"Redis at {where} answers with an error: {error}")]
        self._redis = self._store
        return []

    # what it needs

    def _kafka(self) -> Mapping[str, topics.Metadata]:
        if self._topics is None:
            raise Unknown("Kafka does not answer")
        return self._topics

    def _events(self) -> list[str]:
        if not (there := topics.event_topics(self._broker.prefix, self._kafka())):
            raise Unknown("there is no topic of events")
        return there

    def _answering(self) -> Redis:
        if self._redis is None:
            raise Unknown("Redis does not answer")
        return self._redis

    # what is looked at

    async def _brokers(self) -> list[Finding]:
        if not self._broker.named:
            return []
        found = await self._broker.examine()
        if self._topics is None and not sick(found):
            raise TimeoutError
        return found

    async def _layout(self) -> list[Finding]:
        found = topics.judged(self._broker.prefix, self._kafka())
        if self._redis is None:
            return found
        astray = topics.compared(self._kafka(), await RedisReader(self._redis, self._names).partitions())
        return [*astray, *(finding for finding in found if finding.name or not astray)]

    async def _retention(self) -> list[Finding]:
        planned = [plan.name for plan in plans(self._broker.prefix, 1) if plan.name in self._kafka()]
        if not planned:
            raise Unknown("there is no topic")
        needed = max(window for _, window in (self._own or built_in()).windows)
        return retention.judged(self._broker.prefix, await retention.settings(self._broker.admin, planned), needed)

    async def _activation(self) -> list[Finding]:
        if self._broker.prefix + CONFIG not in self._kafka():
            raise Unknown(f"the topic {self._broker.prefix}{CONFIG} does not exist")
        activated = await configuration.activations(self._broker)
        found = [] if self._own is None else configuration.judged(self._own, activated)
        if self._redis is not None:
            found += configuration.mirrored(activated, await mirror.get(self._redis, self._names))
        if not found:
            raise Unknown("the configuration is refused")
        return found

    async def _keys(self) -> list[Finding]:
        there = self._events()
        sampled = await keys.sample(self._broker, topics.partitions(self._kafka(), there))
        ahead = clocks.stamped(keys.newest(sampled), self._clock(), (self._own or built_in()).max_ahead)
        return [*keys.judged(sampled, {name: len(self._kafka()[name]["partitions"]) for name in there}), *ahead]

    async def _fitness(self) -> list[Finding]:
        return [] if self._redis is None else await redis.examine(self._redis, self._where)

    async def _skew(self) -> list[Finding]:
        return clocks.judged(*await clocks.skew(self._answering(), self._clock), redis.shown(self._where))

    async def _group(self) -> list[Finding]:
        self._kafka()
        name = f"{self._settings.namespace}-worker"
        return workers.judged(name, await workers.group(self._broker.admin, name))

    async def _progress(self) -> list[Finding]:
        store = self._answering()
        known = await RedisReader(store, self._names).partitions()
        if self._topics is None:
            return progress.outbox(*await progress.twice(store, self._names, known))
        tps = topics.partitions(self._topics, self._events())
        (before, after), held = await asyncio.gather(
            progress.twice(store, self._names, {*tps, *known}), progress.ends(self._broker, tps)
        )
        return [*progress.owners(tps, after), *progress.lag(held, before, after), *progress.outbox(before, after)]

    async def _letters(self) -> list[Finding]:
        there = [name for topic in TOPICS if (name := f"{self._broker.prefix}{topic}{DEAD}") in self._kafka()]
        if not there:
            raise Unknown("there is no topic of dead letters")
        return await letters.examine(self._broker, topics.partitions(self._kafka(), there))


async def _limited(item: str, work: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(EACH):
            return await work
    except Unknown as why:
        return [skipped(item, str(why))]
    except TimeoutError:
        return [fault(item, Name.NO_ANSWER, f"no answer within {EACH:g} s")]
    except (KafkaError, RedisError, OSError) as error:
        return [fault(item, Name.NO_ANSWER, f"no answer: {error or type(error).__name__}")]
