"""Upkeep: what a partition needs beside its events: old things removed, windows recounted, eras brought to all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

from stream_app.engine.batch import TP
from stream_app.engine.judge import Judge
from stream_app.engine.partition import Partition

log = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two rounds."""
CHUNK: Final = 500
"""Entities looked at in one turn."""
ERAS: Final = "eras"
SERIES: Final = "series"


class Scan(Protocol):
    """Reads all entities of a partition."""

    def entities(self, tp: TP, chunk: int = ...) -> AsyncIterator[dict[bytes, bytes]]: ...


class Upkeep:
    """The rounds that are made of each partition."""

    def __init__(self, scan: Scan, judge: Judge) -> None:
        """`scan` reads beside the partition's own connection."""
        self._scan = scan
        self._judge = judge

    async def agree(self, partition: Partition, marks: Mapping[str, bytes]) -> None:
        """Before the first batch: windows that count what the catalogue asks, entities that know all eras."""
        if partition.position is not None and marks.get(SERIES) != self._judge.series_mark:
            log.info("%s: windows are counted anew, for the catalogue has changed", partition.tp)
            await partition.forget_windows()
            async for some in self._scan.entities(partition.tp, CHUNK):
                await partition.recount(list(some))
        await partition.mark({SERIES: self._judge.series_mark})
        partition.eras_known = marks.get(ERAS)

    async def keep(self, partition: Partition) -> None:
        """Rounds for as long as the partition is ours."""
        while True:
            if partition.eras_known != self._judge.era_mark:
                await self._bring_eras(partition)
            await partition.tidy()
            await partition.reconcile()
            await asyncio.sleep(EVERY)

    async def _bring_eras(self, partition: Partition) -> None:
        mark = self._judge.era_mark
        if partition.eras_known is not None or mark != b"1":
            async for some in self._scan.entities(partition.tp, CHUNK):
                await partition.revisit(list(some))
        await partition.mark({ERAS: mark})
        partition.eras_known = mark
