"""Faust, receiving whole partition batches: the transport, the schema, the app's settings and the worker around them.

Who calls what
    broker → aiokafka and its heartbeat, in the consumer's thread → `poll` (same thread: seeks, fetches, cuts batches)
    → `Consumer.getmany` → Faust's conductor, channel and agent (main loop) → `Consumer.deliver` → the partition's
    `Lane` (a task in the main loop) → the engine's `Port`.

The port (`stream_app.engine.batch.Port`)
    For each assignment of a partition, in this order, never overlapping for one partition, all in the main loop:
    `open(tp)` → position (none: the log's start); then `handle(batch)` again and again, with `displaced(…)` between
    where the log does not have the position; then `close(tp)`, also when `open` did not finish. `handle` returns when
    the next batch of that partition may come: until then at most `DEPTH` batches of it are fetched, and the client
    holds one more. Other partitions go on. What these methods raise stops the worker with that error (nothing is
    skipped: positions are the engine's).

When partitions go
    On a rebalance every partition is closed, also those that come back: Kafka's protocol here is eager. Nothing more
    is handed over from the moment the thread hears of it; `handle` may finish and `close` run for `drain` seconds
    together, then they are cancelled. The heartbeat goes on all the while. `open` runs after the group has settled, so
    it may take long. On SIGTERM and `Stream.stop()` the same, and then the group is left at once.

Chain and epochs
    `batch.base` is the `next` before it, or the offset that `open` or `request_rewind` named, as long as the epoch is
    the same. A rewind makes all that was fetched before stale at once: `handle` never sees it.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import uuid4

import faust
from faust.transport.drivers import aiokafka as driver
from faust.worker import Worker as FaustWorker

from stream_app.engine.consumer import Consumer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

    from faust.types import Message

    from stream_app.engine.batch import Batch, Displaced, Port, Standing
    from stream_app.engine.keys import TP

FETCH_BYTES: Final = 2 * 1024 * 1024
"""Of one partition in one fetch."""

_NEVER: Final = 30 * 86_400.0
"""Seconds. aiokafka leaves the group when nothing is fetched for so long, and does not come back by itself: but a
worker whose Redis is away holds on to its partitions, and one without partitions stands by."""


class WholeBatch(faust.Schema[Any, Any]):
    """Passes a batch through Faust as it is."""

    def compile(self, app: faust.App, **_: object) -> Callable[..., Any]:  # type: ignore[override]
        """Return the decoder, which decodes nothing."""

        async def decode(message: Message, *, propagate: bool = False) -> faust.EventT[Any]:  # noqa: ARG001 -- Faust's signature
            return app.create_event(None, message.value, None, message)

        return decode


class Transport(driver.Transport):
    """Makes our consumer, and tells it whom to serve."""

    Consumer = Consumer

    def __init__(self, *args: Any, port: Port, drain: float, **kwargs: Any) -> None:  # noqa: ANN401 -- Faust's
        super().__init__(*args, **kwargs)
        self.port = port
        self.drain = drain


class Worker(FaustWorker):
    """Faust's worker for an event loop, a log and a process that others own."""

    def __init__(self, app: faust.App) -> None:
        super().__init__(app, override_logging=False, redirect_stdouts=False, quiet=True)
        self.spinner = None
        self.ended = asyncio.Event()

    def install_signal_handlers(self) -> None:
        """SIGTERM and SIGINT only: Faust's SIGUSR2 opens a debugger."""
        self.loop.add_signal_handler(signal.SIGTERM, self._on_sigterm)
        self.loop.add_signal_handler(signal.SIGINT, self._on_sigterm)

    async def on_shutdown(self) -> None:
        """Say that the stop is over: whoever started it, all wait for it."""
        self.ended.set()


class Stream:
    """The topics, read in whole batches through Faust for a port, as a member of a consumer group."""

    def __init__(
        self,
        port: Port,
        *,
        group: str,
        brokers: Sequence[str],
        topics: Sequence[str],
        session_timeout: timedelta,
        drain: timedelta,
        **options: Any,  # noqa: ANN401 -- Faust's settings are of many types
    ) -> None:
        """Set up and start nothing; wants a running loop.

        `brokers` are `host:port`. `session_timeout`: after so long a killed worker's partitions go to others. `drain`
        bounds what a rebalance or a stop waits for the port. `options` go to `faust.App` (broker_credentials …).
        """
        # Faust makes folders, in the working directory unless told; it fills none.
        self._folder = Path(tempfile.gettempdir(), f"tenggat-faust-{uuid4().hex}")
        session = session_timeout.total_seconds()
        settings: dict[str, Any] = {
            "broker": [f"kafka://{broker}" for broker in brokers],
            "datadir": str(self._folder),
            "broker_session_timeout": session,
            "broker_heartbeat_interval": session / 4,
            "broker_rebalance_timeout": max(60.0, 2 * drain.total_seconds()),
            "broker_request_timeout": max(90.0, 2 * session),
            "broker_max_poll_interval": _NEVER,
            "broker_max_poll_records": None,
            "consumer_max_fetch_size": FETCH_BYTES,
            "consumer_auto_offset_reset": "none",  # a position out of the log is for the engine to judge
            "stream_wait_empty": False,
            "stream_recovery_delay": 0.0,
            "topic_allow_declare": False,
            "topic_disable_leader": True,
            "reply_create_topic": False,
            "web_enabled": False,
            "worker_redirect_stdouts": False,
        }
        self.app = faust.App(group, **(settings | options))
        self.app.transport = Transport(self.app.conf.broker_consumer, self.app, port=port, drain=drain.total_seconds())
        self._worker: Worker | None = None
        channel = self.app.topic(*topics, schema=WholeBatch(), acks=False, internal=False)
        self.app.agent(channel, name="batches", concurrency=1)(self._receive)

    async def _receive(self, batches: faust.StreamT[Batch | Displaced]) -> None:
        consumer = self._consumer
        async for batch in batches:
            consumer.deliver(batch)

    @property
    def _consumer(self) -> Consumer:
        return cast("Consumer", self.app.consumer)

    async def run(self) -> None:
        """Read until SIGTERM, SIGINT or `stop`; raises what made it crash. Once only."""
        worker = self._worker = Worker(self.app)
        try:
            await worker.start()
        finally:
            await worker.stop()
            await worker.ended.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
        if worker.crash_reason is not None:
            raise worker.crash_reason

    async def stop(self) -> None:
        """Drain and leave the group; returns when that is done."""
        if self._worker is not None:
            await self._worker.stop()
            await self._worker.ended.wait()

    @property
    def ready(self) -> bool:
        """The group has settled and each partition of ours is open."""
        return self.app.started and self._consumer.settled

    @property
    def open_partitions(self) -> Iterable[TP]:
        """Those that are being read."""
        return self._consumer.open_partitions

    def epoch(self, tp: TP) -> int:
        """See `Consumer.epoch`."""
        return self._consumer.epoch(tp)

    def standing(self, tp: TP) -> Standing | None:
        """See `Consumer.standing`."""
        return self._consumer.standing(tp)

    def request_rewind(self, tp: TP, offset: int | None) -> None:
        """See `Consumer.request_rewind`."""
        self._consumer.request_rewind(tp, offset)

    def hint(self, tp: TP, offset: int) -> None:
        """See `Consumer.hint`."""
        self._consumer.hint(tp, offset)
