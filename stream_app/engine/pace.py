"""The pace: a rebuild reads no further than the generation at work has, so that it can be compared with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import msgspec
from redis.exceptions import RedisError

from stream_app.engine.batch import Batch, Displaced, Port
from stream_app.engine.keys import TP
from stream_app.engine.write import Standing

log = logging.getLogger(__name__)

GLANCE: Final = 0.1
"""Seconds between two looks at how far the generation at work is."""


class Reader(Protocol):
    """The generation at work, as everybody sees it."""

    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]: ...


class Pace:
    """The port that the stream serves, before the engine's."""

    port: Port
    """The engine; set once it is made, which is after its pace."""

    def __init__(self, reader: Reader, tps: Iterable[TP]) -> None:
        """`reader` sees the generation at work, `tps` are all partitions."""
        self._reader = reader
        self._tps = list(tps)
        self.limits: dict[TP, int] = {}
        """How far the generation at work has read each partition."""
        self.epoch: Callable[[TP], int] = lambda _: 0
        """Of a partition; the stream's, once there is one."""

    async def look(self) -> None:
        """See how far the generation at work is. Raises redis errors."""
        standing = await self._reader.standing(self._tps)
        self.limits = {tp: its.next for tp, its in standing.items() if its.next is not None}

    async def looking(self) -> None:
        """`look`, again and again; never ends."""
        while True:
            try:
                await self.look()
            except RedisError as error:
                log.warning("Redis does not answer (%s); tried again", error)
            await asyncio.sleep(GLANCE)

    async def open(self, tp: TP) -> int | None:
        """As the engine's."""
        return await self.port.open(tp)

    async def handle(self, batch: Batch) -> None:
        """Hand the batch on as far as the generation at work has read it, the rest as it reads on."""
        epoch = self.epoch(batch.tp)
        while self.epoch(batch.tp) == epoch == batch.epoch:
            limit = self.limits.get(batch.tp, 0)
            if limit >= batch.next:
                return await self.port.handle(batch)
            if limit > batch.base:
                first, batch = split(batch, limit)
                await self.port.handle(first)
            else:
                await asyncio.sleep(GLANCE)
        return None

    async def displaced(self, displaced: Displaced) -> None:
        """As the engine's."""
        await self.port.displaced(displaced)

    async def close(self, tp: TP) -> None:
        """As the engine's."""
        await self.port.close(tp)


def split(batch: Batch, offset: int) -> tuple[Batch, Batch]:
    """The batch up to an offset within it, and from there."""
    first = [record for record in batch.records if record.offset < offset]
    return (
        msgspec.structs.replace(batch, next=offset, records=first),
        msgspec.structs.replace(batch, base=offset, records=batch.records[len(first) :]),
    )
