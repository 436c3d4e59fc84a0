"""The engine: takes partitions over and gives them up, hands batches to them, watches that Redis agrees."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final

from stream_app.engine.batch import Batch, Displaced
from stream_app.engine.judge import Judge
from stream_app.engine.keys import TP
from stream_app.engine.partition import Partition
from stream_app.engine.pen import Lost
from stream_app.engine.ports import PARKED, Clock, Post, Source, State
from stream_app.engine.takeover import Hearing, Takeover
from stream_app.engine.upkeep import Upkeep
from stream_app.engine.write import LEFT, Fenced, Standing, Why
from stream_app.sla.instant import SECOND
from stream_app.sla.kind import Kind
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

TICK: Final = 0.1
"""Seconds at most between two looks at a partition's deadlines."""
GLANCE: Final = 1.0
"""Seconds between two comparisons with Redis."""


class Engine:
    """The port that the stream serves. All of it runs in the main loop."""

    def __init__(  # noqa: PLR0913 -- what it works with, each of its own kind
        self,
        state: State,
        post: Post,
        judge: Judge,
        upkeep: Upkeep,
        hearing: Hearing,
        clock: Clock,
        telemetry: Telemetry,
        kinds: dict[str, Kind],
        *,
        patience: float,
    ) -> None:
        """`kinds` by topic. `patience`: seconds after which a partition is ours if Kafka has not taken it away."""
        self._state = state
        self._takeover = Takeover(state, post, judge, upkeep, hearing, clock, telemetry, patience)
        self._upkeep = upkeep
        self._clock = clock
        self._telemetry = telemetry
        self._kinds = kinds
        self._patience = patience
        self.source: Source | None = None
        """The log; set once it is made, which is after the engine."""
        self.partitions: dict[TP, Partition] = {}
        self._tasks: dict[TP, asyncio.Task[None]] = {}
        self._turned: dict[TP, asyncio.Event] = {}

    # the stream's port

    async def open(self, tp: TP) -> int | None:
        """Take a partition over."""
        partition = await self._claim(tp)
        self._tasks[tp] = asyncio.create_task(self._keep(tp), name=f"keep {tp.topic}-{tp.partition}")
        return partition.pen.position

    async def handle(self, batch: Batch) -> None:
        """Take a batch; returns when the next one may come."""
        tp = batch.tp
        partition = self.partitions.get(tp)
        if partition is None or self._source.epoch(tp) != batch.epoch:
            return
        try:
            await partition.take(batch)
        except Lost:
            if partition.pen.fenced is None:
                partition.pen.lose(Fenced(why=Why.POSITION, found=await self._found(tp)))
            await self._turned[tp].wait()  # the batch is stale by then: it is read again

    async def displaced(self, displaced: Displaced) -> None:
        """Hear that a position is not in the log."""
        if displaced.lost:
            log.error("%s: retention took %d records that were not read", displaced.tp, displaced.lost)
            self._telemetry.log_lost(displaced.topic, displaced.lost)
        partition = self.partitions.get(displaced.tp)
        if displaced.replaced and partition is not None:
            log.error(
                "%s: the log ends before offset %d, read anew from %d", displaced.tp, displaced.wanted, displaced.start
            )
            with contextlib.suppress(Lost):
                await partition.pen.move(displaced.start)
                await partition.pen.mark({PARKED: None})
            self._takeover.begin(displaced.tp)

    async def close(self, tp: TP) -> None:
        """Give a partition up, once all that was sent is answered."""
        task = self._tasks.pop(tp, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        partition = self.partitions.pop(tp, None)
        if partition is not None:
            await partition.outlet.posted()
            await partition.pen.drain()
            self._telemetry.gone(tp.topic, tp.partition)
        self._takeover.end(tp)

    # one partition's keeping

    async def _claim(self, tp: TP) -> Partition:
        partition = self.partitions[tp] = await self._takeover.take(tp, self._kinds[tp.topic])
        self._turned[tp] = asyncio.Event()
        return partition

    async def _keep(self, tp: TP) -> None:
        """Everything that goes on beside the batches, until the partition is given up."""
        while True:
            partition = self.partitions[tp]
            beside = [
                asyncio.create_task(work(partition), name=f"{work.__name__} {tp.topic}-{tp.partition}")
                for work in (self._deadlines, self._publish, self._upkeep.keep)
            ]
            fenced = asyncio.create_task(partition.pen.on_fenced.wait())
            try:
                done, _ = await asyncio.wait([*beside, fenced], return_when=asyncio.FIRST_COMPLETED)
                for task in done - {fenced}:
                    if (error := task.exception()) is not None and not isinstance(error, Lost):
                        raise error
                await partition.pen.on_fenced.wait()
            finally:
                for task in [*beside, fenced]:
                    task.cancel()
                await asyncio.wait([*beside, fenced])
            await self._heal(tp, partition)

    async def _heal(self, tp: TP, partition: Partition) -> None:
        """Take the partition over anew and read on from where Redis stands."""
        await partition.outlet.posted()
        await partition.pen.drain()
        found = partition.pen.fenced.found if partition.pen.fenced is not None else await self._found(tp)
        if left := found.owner == LEFT:
            log.info("%s: another generation is at work", tp)
        elif found.owner is not None and found.owner != partition.pen.expected[0]:
            # Either another worker has it, and Kafka will tell us so; or Redis has forgotten us.
            log.warning("%s: owned by somebody else; claimed anew in %.0f s if it is still ours", tp, self._patience)
            await asyncio.sleep(self._patience)
        turned = self._turned[tp]
        healed = await self._claim(tp)
        if left:
            log.info("%s: reading on from offset %s", tp, healed.pen.position)
        else:
            log.warning(
                "%s: state lost (%s); reading on from offset %s",
                tp,
                partition.pen.fenced and partition.pen.fenced.why,
                healed.pen.position,
            )
            self._telemetry.state_rewound(tp.topic)
        self._source.request_rewind(tp, healed.pen.position)
        turned.set()

    async def _deadlines(self, partition: Partition) -> None:
        while True:
            partition.woken.clear()
            await partition.wake()
            wait = TICK
            if partition.next_wake is not None and partition.horizon.caught_up:
                wait = min(TICK, max(0.0, (partition.next_wake - self._clock()) / SECOND))
            with contextlib.suppress(TimeoutError):  # not wait_for: Python 3.11's may swallow that we are cancelled
                async with asyncio.timeout(max(wait, 0.001)):
                    await partition.woken.wait()

    async def _publish(self, partition: Partition) -> None:
        while True:
            await partition.pen.to_publish.wait()
            partition.pen.to_publish.clear()
            while partition.pen.outbox:
                await partition.outlet.publish()

    # all partitions

    def leave(self) -> None:
        """Let go of all partitions as they were known: another generation is at work, and is to be claimed."""
        for partition in self.partitions.values():
            if partition.pen.fenced is None:
                partition.pen.lose(Fenced(why=Why.OWNER, found=Standing(owner=LEFT, seq=0, next=None)))

    async def watch(self) -> None:
        """Compare what Redis shows with what was confirmed, for every partition, idle ones too; never ends."""
        while True:
            await asyncio.sleep(GLANCE)
            mine = {tp: partition for tp, partition in self.partitions.items() if partition.pen.quiet}
            before = {tp: partition.pen.expected for tp, partition in mine.items()}
            for tp, found in (await self._state.standing(mine)).items():
                partition = mine[tp]
                unchanged = (
                    partition.pen.quiet and partition.pen.expected == before[tp] and partition.pen.fenced is None
                )
                if unchanged and self.partitions.get(tp) is partition and not agrees(found, before[tp]):
                    self._telemetry.write_refused(tp.topic)
                    partition.pen.lose(Fenced(why=Why.SEQUENCE, found=found))
                elif unchanged and partition.pen.position is not None:
                    self._source.hint(tp, partition.pen.position)

    def see(self) -> None:
        """Look how far the log is read; often, for deadlines go by it."""
        monotonic = time.monotonic()
        for tp, partition in self.partitions.items():
            standing = self._source.standing(tp)
            partition.horizon.see(partition.pen.position, standing, monotonic)
            self._telemetry.stands(
                tp.topic,
                tp.partition,
                lag=None if standing is None else max(0, standing.end - (partition.pen.position or 0)),
                as_of=partition.horizon.reaches(),
                outbox=len(partition.pen.outbox),
            )

    async def looking(self) -> None:
        """`see`, again and again. Raises what went wrong in the keeping of a partition."""
        while True:
            for task in self._tasks.values():
                if task.done():
                    task.result()
            self.see()
            await asyncio.sleep(TICK)

    async def _found(self, tp: TP) -> Standing:
        return (await self._state.standing([tp]))[tp]

    @property
    def _source(self) -> Source:
        if self.source is None:
            raise RuntimeError("the engine has no log yet")
        return self.source


def agrees(found: Standing, expected: tuple[bytes, int, int | None]) -> bool:
    """Whether Redis shows what was confirmed."""
    owner, seq, position = expected
    return found.owner == owner and found.seq == seq and (position is None or found.next == position)
