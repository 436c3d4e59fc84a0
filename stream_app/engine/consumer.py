"""Faust's consumer, yielding one message per fetched partition batch, at positions that the engine gives."""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast

from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError
from faust import types
from faust.transport.drivers import aiokafka as driver
from faust.types import ConsumerMessage
from mode import Service

from stream_app.engine.keys import TP
from stream_app.engine.lane import Lane
from stream_app.engine.poll import CROWDED_MS, again, poll

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer

    from stream_app.engine.batch import Batch, Displaced, Port, Standing
    from stream_app.engine.transport import Transport

log = logging.getLogger(__name__)

DEPTH: Final = 2
"""Batches of a partition fetched and not finished; one more may lie in the client: with fetches of 2 MB, 6 MB."""

HINT_EVERY: Final = 3.0
"""Seconds between commits to Kafka, which only tools for lag read."""
HINT_TIMEOUT: Final = 3.0

RETRY: Final = 0.5
"""Seconds to wait after the client failed to fetch."""


class Consumer(driver.Consumer):
    """Hands over whole batches; see `stream_app.engine.transport` for who calls what, in which loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- Faust's, passed on
        super().__init__(*args, **kwargs)
        transport = cast("Transport", self.transport)
        self._port: Port = transport.port
        self._drain = transport.drain
        self._lanes: dict[TP, Lane] = {}
        self._epochs: dict[TP, int] = {}
        self._hints: dict[TP, int] = {}
        self._room = asyncio.Event()
        self._serial = count(1)
        self._taking = False

    # ---- for the engine, in the main loop

    def epoch(self, tp: TP) -> int:
        """The partition's seek epoch: it only grows, also from one assignment to the next. Older batches are stale."""
        lane = self._lanes.get(tp)
        return self._epochs.get(tp, 0) if lane is None else lane.epoch

    def standing(self, tp: TP) -> Standing | None:
        """How far it was handed over and when the broker last answered; none when that is not known (yet, any more)."""
        lane = self._lanes.get(tp)
        return None if lane is None else lane.standing()

    def request_rewind(self, tp: TP, offset: int | None) -> None:
        """Read again from the offset (none: the log's start); what was fetched before is never handed over.

        The seek itself is made in the consumer's thread before its next fetch. Nothing happens to a partition that is
        not open.
        """
        lane = self._lanes.get(tp)
        if lane is not None and lane.flows:
            lane.go_to(offset)

    def hint(self, tp: TP, offset: int) -> None:
        """Let Kafka's committed offset follow, some time: nobody reads it but tools that show lag."""
        self._hints[tp] = offset

    @property
    def open_partitions(self) -> frozenset[TP]:
        """Those that are being read."""
        return frozenset(tp for tp, lane in self._lanes.items() if lane.flows)

    @property
    def settled(self) -> bool:
        """The group has settled and every partition of ours is open (there may be none)."""
        return not self.app.rebalancing and all(lane.flows for lane in self._lanes.values())

    def deliver(self, item: Batch | Displaced) -> None:
        """Pass what the agent received to its partition's lane."""
        lane = self._lanes.get(item.tp)
        if lane is not None:
            lane.deliver(item)

    # ---- what Faust calls, in the main loop

    async def seek_to_committed(self) -> Mapping[types.TP, int]:
        """Open what is assigned: the engine knows the positions, and Faust's are none of its business."""
        for assigned in self.assignment():
            tp = TP(*assigned)
            if tp not in self._lanes:
                self._lanes[tp] = Lane(tp, self._port, self._epochs.get(tp, 0), wake=self._room.set, fail=self._fail)
        return {}

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[types.TP, ConsumerMessage]]:  # noqa: ASYNC109 -- Faust's
        """Fetch one batch of each partition that has room."""
        if not self.flow_active:
            await self.wait(cast("Any", self.can_resume_flow))
        self._room.clear()
        lanes = [lane for lane in self._lanes.values() if lane.flows]
        roomy = [lane for lane in lanes if lane.waiting < DEPTH]
        if self.should_stop or not self.flow_active:
            return
        if not roomy:
            await self._wait_for_room(timeout)
            return
        generation = self.app.consumer_generation_id
        left: list[tuple[Lane, Batch | Displaced]] | None = None
        try:
            left = await self._thread.call_thread(self._take, lanes, roomy)
            left.reverse()
            while left:
                lane, item = left.pop()
                if item.epoch == lane.epoch:
                    lane.waiting += 1
                    tp = types.TP(*lane.tp)
                    yield tp, self._wrap(tp, item, generation)
        finally:
            # Only when this generator was cancelled: what it took and did not give must come again.
            for lane in roomy if left is None else [lane for lane, _ in left]:
                if lane.flows:
                    lane.go_back()

    async def on_partitions_revoked(self, revoked: set[types.TP]) -> None:
        """Give up everything: the group's protocol is eager, what stays ours is assigned anew."""
        for lane in self._lanes.values():
            lane.shut()
        await super().on_partitions_revoked(revoked)
        await self._give_up()

    async def on_stop(self) -> None:
        """Drain, tell Kafka the last positions; then Faust leaves the group."""
        await self._give_up()
        await super().on_stop()

    @Service.task
    async def _hint_now_and_then(self) -> None:
        while not self.should_stop:
            await self.sleep(HINT_EVERY)
            await self._send_hints()

    async def _give_up(self) -> None:
        lanes = list(self._lanes.values())
        await asyncio.gather(*(lane.close(self._drain) for lane in lanes))
        self._epochs.update((lane.tp, lane.epoch) for lane in lanes)
        self._lanes.clear()
        await self._send_hints()

    async def _send_hints(self) -> None:
        hints, self._hints = self._hints, {}
        if hints:
            try:
                async with asyncio.timeout(HINT_TIMEOUT):
                    await self._thread.call_thread(self._commit_hints, hints)
            except TimeoutError:
                log.info("Kafka was not told the positions in time")

    async def _wait_for_room(self, timeout: float) -> None:  # noqa: ASYNC109 -- Faust's
        try:
            async with asyncio.timeout(timeout):
                await self._room.wait()
        except TimeoutError:
            pass

    def _wrap(self, tp: types.TP, item: Batch | Displaced, generation: int) -> ConsumerMessage:
        # Faust drops a message whose offset is below one before it, and a rewind goes back: the serial number never
        # does. Nothing else reads the offset, for the topics are not acknowledged.
        return ConsumerMessage(
            tp.topic, tp.partition, next(self._serial), 0.0, 0, None, None, cast("Any", item), None, 0, 0, tp,
            generation_id=generation,
        )  # fmt: skip

    def _fail(self, error: Exception) -> None:
        self.add_future(self.crash(error))

    # ---- in the consumer's thread and loop

    async def _commit_hints(self, hints: Mapping[TP, int]) -> None:
        try:
            kafka = self._thread._ensure_consumer()  # noqa: SLF001 -- Faust has no public way to it; contract test
            ours = kafka.assignment()
            offsets = {TopicPartition(*tp): offset for tp, offset in hints.items() if tp in ours}
            if offsets:
                await asyncio.wait_for(kafka.commit(offsets), HINT_TIMEOUT)
        except (KafkaError, TimeoutError) as error:
            log.info("Kafka was not told the positions: %r", error)

    async def _take(self, lanes: Sequence[Lane], roomy: Sequence[Lane]) -> list[tuple[Lane, Batch | Displaced]]:
        if self._taking:  # Faust cancelled the one that asked; its poll ends by itself
            await asyncio.sleep(CROWDED_MS / 1000)
            return []
        self._taking = True
        kafka: AIOKafkaConsumer = self._thread._ensure_consumer()  # noqa: SLF001 -- as above
        try:
            return await poll(kafka, lanes, [lane for lane in roomy if not lane.lost])
        except ConsumerStoppedError:
            raise
        except IllegalStateError:  # a rebalance took a partition away meanwhile; Faust's callbacks are under way
            await asyncio.sleep(CROWDED_MS / 1000)
        except KafkaError as error:
            log.warning("fetching failed, tried again: %r", error)
            again(kafka, lanes)
            await asyncio.sleep(RETRY)
        finally:
            self._taking = False
        return []
