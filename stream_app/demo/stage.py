"""The stage: everything of the demo started in its order, kept going until the end, and taken down again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final, Self

import aiohttp
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from redis.exceptions import RedisError

from stream_app.config.configuration import built_in
from stream_app.config.kpis import catalogue
from stream_app.demo import figures
from stream_app.demo.board import Board, Loading
from stream_app.demo.broker import Broker
from stream_app.demo.feed import HISTORY_EVENTS, Feed
from stream_app.demo.leash import Leash
from stream_app.demo.missing import Missing
from stream_app.demo.order import Order
from stream_app.demo.redis import RedisServer, free_port
from stream_app.demo.sender import Sender
from stream_app.demo.signals import Said, said
from stream_app.demo.watch import Watch
from stream_app.demo.worker import Worker
from stream_app.engine.connection import address
from stream_app.engine.keys import Names
from stream_app.engine.post import SIGNALS
from stream_app.engine.reader import RedisReader, client
from stream_app.engine.topics import plans

PARTITIONS: Final = 2
STEP: Final = 0.05
"""Seconds between two looks at what is to be sent."""
LOOK: Final = 0.5
"""Seconds between two looks at Redis and at the worker."""
LOADING: Final = 120.0
"""Seconds for the history to be read."""
AHEAD: Final = 10_000
"""Events of the history that the worker has yet to read: the broker keeps 5 MB of a partition and drops the rest."""


class Stage:
    """A broker, a Redis, a worker and a desk, and the board that shows them."""

    def __init__(self, board: Board, seed: int, heard: Callable[[Said], None], loaded: Callable[[], None]) -> None:
        """`heard` is told of every signal that is to be shown, `loaded` that the history is read and the clock runs."""
        self._board: Final = board
        self._seed: Final = seed
        self._heard: Final = heard
        self._loaded: Final = loaded
        self._stack: Final = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything but the clock. Raises Missing."""
        try:
            await self._build()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take it down, the last first: what is built on something ends before it."""
        await self._stack.aclose()

    async def _build(self) -> None:
        leash = self._stack.enter_context(Leash())
        broker = self._stack.enter_context(Broker({plan.name: plan.partitions for plan in plans("", PARTITIONS)}))
        redis = self._stack.enter_context(RedisServer(leash))
        self._worker = Worker(leash)
        self._stack.push_async_callback(asyncio.to_thread, self._worker.stop)  # the screen lives on meanwhile
        self._worker.start()
        self._sender = Sender(broker.address)
        self._feed = Feed(self._sender, self._seed, self._board.clock.began)
        self._board.doors = f"Kafka {broker.address}, {redis.url}"
        self._port = free_port()
        reader = RedisReader(client(address(redis.url)), Names())
        self._stack.push_async_callback(reader.close)
        self._watch = Watch(reader, catalogue(built_in()), PARTITIONS)
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        self._consumer = AIOKafkaConsumer(bootstrap_servers=broker.address, enable_auto_commit=False)
        await self._consumer.start()
        self._stack.push_async_callback(self._consumer.stop)
        environment = {
            "TENGGAT_BROKERS": broker.address,
            "TENGGAT_REDIS_URL": redis.url,
            "TENGGAT_HTTP_PORT": str(self._port),
        }
        self._worker.work(Order(environment=environment, began=self._board.clock.began, speed=self._board.clock.speed))

    async def run(self, end: asyncio.Event) -> None:
        """Have the history read, start the clock, and go on until `end`. Raises Missing where the worker is gone."""
        jobs = (self._listen, self._look, self._ask, self._play)
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(job()) for job in jobs]
        ending: asyncio.Task[Any] = asyncio.create_task(end.wait())
        try:
            await asyncio.wait({*tasks, ending}, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        except RedisError as error:
            raise Missing(f"Redis does not answer any more: {error}") from error
        finally:
            await _cancelled({*tasks, ending})
        with contextlib.suppress(Exception):  # the last figures are nice to have
            await self._once()

    async def _play(self) -> None:
        """The history, then the desk as its time passes."""
        board, clock = self._board, self._board.clock
        began = time.monotonic()
        applied, sending = 0, True
        while sending or applied < self._feed.sent:
            board.loading = Loading(applied, HISTORY_EVENTS if sending else self._feed.sent)
            if sending and (room := AHEAD - (self._feed.sent - applied)) > 0:
                sending = await asyncio.to_thread(self._feed.send_until, clock.began, room) == room
                await asyncio.to_thread(self._sender.flush)
            self._worker.check()
            if time.monotonic() - began > LOADING:
                raise Missing(
                    f"the worker has read {applied} of some {HISTORY_EVENTS} events in {LOADING:g} s: "
                    "is the machine busy?"
                )
            await asyncio.sleep(STEP)
            applied = await self._watch.applied()
        await self._once()
        board.loaded_in = time.monotonic() - began
        board.history, board.loading = self._feed.sent, None
        self._worker.start_clock(clock.start())
        self._loaded()
        while True:
            self._feed.send_until(clock())
            self._worker.check()
            await asyncio.sleep(STEP)

    async def _once(self) -> None:
        self._board.sight = await self._watch.look(self._board.clock(), self._board.spoken.overdue)
        if (found := await figures.ask(self._http, self._port)) is not None:
            self._board.note(found, time.monotonic())

    async def _look(self) -> None:
        while True:
            if self._board.loading is None:
                self._board.sight = await self._watch.look(self._board.clock(), self._board.spoken.overdue)
            await asyncio.sleep(LOOK)

    async def _ask(self) -> None:
        while True:
            if (found := await figures.ask(self._http, self._port)) is not None:
                self._board.note(found, time.monotonic())
            await asyncio.sleep(LOOK)

    async def _listen(self) -> None:
        """What the topic of signals holds, from its beginning."""
        parts = [TopicPartition(SIGNALS, number) for number in range(PARTITIONS)]
        self._consumer.assign(parts)
        await self._consumer.seek_to_beginning(*parts)
        while True:
            fetched = await self._consumer.getmany(timeout_ms=200)
            found: list[Said] = []
            for records in fetched.values():
                for record in records:
                    with contextlib.suppress(msgspec.MsgspecError):
                        found.append(said(record.value))
            for one in sorted(found, key=lambda one: one.at):
                if self._board.spoken.hear(one):
                    self._heard(one)


async def _cancelled(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended: now and then redis-py swallows a cancel and just gives its answer."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=LOOK)
