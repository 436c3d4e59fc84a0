"""One partition while it is ours: open, handle its batches in order, close."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, NamedTuple, assert_never

from aiokafka import TopicPartition

from stream_app.engine.batch import Batch, Displaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_app.engine.batch import Port, Standing
    from stream_app.engine.keys import TP

log = logging.getLogger(__name__)

_CANCEL_GRACE = 1.0
"""Seconds that cancelled work has to unwind before it is left behind."""


class Order(NamedTuple):
    """Where to read from, and the epoch of what is read from there. None: the log's start."""

    epoch: int
    offset: int | None


class Lane:
    """One assignment of one partition.

    The main loop owns what stands above the line in `__init__`, the consumer's thread what stands below it. Across the
    threads only whole references are exchanged (`order` one way, `origin` and `seen` the other), so no lock is needed.
    """

    def __init__(
        self, tp: TP, port: Port, epoch: int, *, wake: Callable[[], None], fail: Callable[[Exception], None]
    ) -> None:
        self.tp = tp
        self.order = Order(epoch, None)
        self.opened = False
        self.closed = False
        self.waiting = 0
        """Batches of this epoch that were fetched and not finished."""
        self.due: int | None = None
        """The base of the next batch to be delivered; none: the log's start, wherever that is."""
        self.begun: int | None = None
        """The `next` of the newest batch that the port was given: all before it is the port's."""
        self._port = port
        self._wake = wake
        self._fail = fail
        self._queue: asyncio.Queue[Batch | Displaced | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name=f"lane {tp.topic}-{tp.partition}")
        # ---- the consumer's thread
        self.kafka = TopicPartition(tp.topic, tp.partition)
        self.obeyed: Order | None = None
        self.origin: tuple[Order, int] | None = None
        """The newest order and the offset that it came to."""
        self.reached = 0
        """The `next` of the newest batch taken: the base of the one to come."""
        self.lost = False
        """The log was replaced: nothing to fetch before the port has heard of it."""
        self.stamp: int | None = None
        """The client's time of the broker's last answer."""
        self.looked = 0.0
        """When that was last looked at, by the monotonic clock."""
        self.seen: Standing | None = None

    @property
    def epoch(self) -> int:
        """Of the newest order; batches of an older one are stale."""
        return self.order.epoch

    @property
    def flows(self) -> bool:
        """Opened and not closed: may be fetched."""
        return self.opened and not self.closed

    def standing(self) -> Standing | None:
        """None before the broker's first answer after an order."""
        return self.seen if self.flows and self.obeyed is self.order else None

    def go_to(self, offset: int | None) -> None:
        """Read from here on from there; what was fetched before is stale."""
        self.order = Order(self.order.epoch + 1, offset)
        self.waiting = 0
        self.due = self.begun = offset
        self._wake()

    def go_back(self) -> None:
        """Read again what the port was not given yet."""
        self.go_to(self.begun)

    def deliver(self, item: Batch | Displaced) -> None:
        """Queue what was fetched. What is stale is dropped; where a batch is missing, reading starts again there."""
        if self.closed or item.epoch != self.epoch:
            return
        if isinstance(item, Batch):
            due = self._expected()
            if due is not None and item.base != due:
                log.warning("%s: a batch is missing between %d and %d, reading again", self.tp, due, item.base)
                self.go_back()
                return
            self.due = item.next
        self._queue.put_nowait(item)

    def _expected(self) -> int | None:
        """The base of the next batch: of the very first, too, for Faust may lose that one as any other."""
        if self.due is None and self.origin is not None and self.origin[0] is self.order:
            return self.origin[1]
        return self.due

    def shut(self) -> None:
        """Take nothing more, without waiting; what waits is dropped."""
        self.closed = True
        self.order = Order(self.order.epoch + 1, None)
        self._queue.put_nowait(None)

    async def close(self, drain: float) -> None:
        """Let what is being handled finish, then let the port close; at most `drain` seconds for both."""
        self.shut()
        if not self.opened:
            self._task.cancel()
        loop = asyncio.get_running_loop()
        until = loop.time() + drain
        _, late = await asyncio.wait([self._task], timeout=drain)
        if late:
            log.warning("%s: still handling a batch after %.1f s, cancelled", self.tp, drain)
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_CANCEL_GRACE)
        try:
            async with asyncio.timeout_at(max(until, loop.time() + _CANCEL_GRACE)):
                await self._port.close(self.tp)
        except TimeoutError:
            log.warning("%s: still closing after %.1f s, left to the fence", self.tp, drain)
        except Exception as error:  # noqa: BLE001 -- the engine's own fault: stop the worker, but close the other lanes
            self._fail(error)

    async def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                offset = await self._port.open(self.tp)
                self.opened = True
                self.go_to(offset)
                while item := await self._queue.get():
                    if self.closed:
                        return
                    if item.epoch == self.epoch:
                        await self._pass(item)
            except Exception as error:  # whatever it is: stop the worker rather than skip a batch
                log.exception("%s: the engine failed", self.tp)
                self._fail(error)

    async def _pass(self, item: Batch | Displaced) -> None:
        match item:
            case Batch():
                self.begun = item.next
                await self._port.handle(item)
            case Displaced():
                await self._port.displaced(item)
                if item.replaced and item.epoch == self.epoch:
                    self.go_to(item.start)
            case _:
                assert_never(item)
        if item.epoch == self.epoch:
            self.waiting -= 1
            self._wake()
