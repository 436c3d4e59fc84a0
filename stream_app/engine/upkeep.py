"""Upkeep: what a partition needs beside its events: old things removed, windows recounted, eras brought to all."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol

from stream_app.engine.assembly import name_of
from stream_app.engine.drawers import grain_name
from stream_app.engine.heard import Heard
from stream_app.engine.horizon import Horizon
from stream_app.engine.judge import Judge
from stream_app.engine.keys import GAUGES, TP, Slot
from stream_app.engine.partition import FIRINGS, HEALING, Partition
from stream_app.engine.ports import Clock, State
from stream_app.kpi.grain import GRAINS
from stream_app.sla.instant import NEVER
from stream_app.sla.news import news, wire_id, withdrawn

log = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two rounds."""
RENEWED: Final = 30
"""Rounds between two notes of how far the topic of signals is known."""
CHUNK: Final = 500
"""Entities looked at in one turn."""
ERAS: Final = "eras"
SERIES: Final = "series"


class Scan(Protocol):
    """Reads all entities of a partition."""

    def entities(self, tp: TP, chunk: int = ...) -> AsyncIterator[dict[bytes, bytes]]: ...


class Upkeep:
    """The rounds that are made of each partition. Whatever writes raises Lost where nothing may be written."""

    def __init__(self, scan: Scan, state: State, judge: Judge, clock: Clock) -> None:
        """`scan` reads beside the partitions' own connection, which is `state`."""
        self._scan = scan
        self._state = state
        self._judge = judge
        self._clock = clock

    async def agree(self, partition: Partition, marks: Mapping[str, bytes]) -> None:
        """Before the first batch: windows that count what the catalogue asks, entities that know all eras."""
        partition.eras_known, partition.series_known = marks.get(ERAS), marks.get(SERIES)
        await self._count_anew(partition)

    async def keep(self, partition: Partition) -> None:
        """Rounds for as long as the partition is ours."""
        for turn in itertools.count(1):
            await self._count_anew(partition)
            await self._bring_eras(partition)
            await self.tidy(partition)
            await self.reconcile(partition)
            if turn % RENEWED == 0:
                await partition.renew_marks()
            await asyncio.sleep(EVERY)

    async def tidy(self, partition: Partition) -> None:
        """Remove buckets that no window reads any more, and entities whose retention is over."""
        latest = partition.latest
        if latest is None or latest == partition.tidied:
            return
        tp, pen = partition.tp, partition.pen
        async with pen.turn():
            old: list[Slot] = []
            for grain in self._judge.catalogue.grains:
                oldest = self._judge.oldest(grain, latest)
                old += await self._state.starts_before(tp, grain_name(grain), oldest, FIRINGS)
            leaving = [name for name, _ in (await self._state.retiring(tp, latest, FIRINGS)).rows]
            if max(len(old), len(leaving)) < FIRINGS:  # else there is more
                partition.tidied = latest
            if old or leaving:
                gone: dict[bytes, None] = dict.fromkeys(leaving)
                partition.stock.written(gone)
                partition.drawers.forget(old)
                pen.send(trimmed=old, entities=gone, retire=gone)

    async def reconcile(self, partition: Partition) -> None:
        """Once the log is read again after a loss, say what the topic lacks and withdraw what stands there wrongly."""
        heard = partition.heard
        if heard is None or not _read_again(partition.horizon, heard):
            return
        while subjects := heard.subjects[:CHUNK]:
            names = {name_of(partition.kind, subject): subject for subject in subjects}
            await partition.revisit(list(names))
            async with partition.pen.turn():
                await self._settle(partition, heard, names)
        partition.heard = None
        await partition.pen.mark({HEALING: None, **heard.marks})

    async def _settle(self, partition: Partition, heard: Heard, names: Mapping[bytes, str]) -> None:
        lives, assembly, now = partition.stock.lives, partition.assembly(), self._clock()
        await partition.stock.fetch(names)
        for name, subject in names.items():
            if (kept := lives.get(name)) is None:
                continue  # the log as it is now says nothing of it: what was said of it may well be true
            life, stands, told = kept.life, assembly.look(kept).said, heard.told(subject)
            life.again = dict(told.again)
            if life.state is None:
                gone = (withdrawn(life, wire_id(its, life), signal.at, now) for its, signal in told.signals.items())
                assembly.news.extend(item for item in gone if item is not None)
            else:
                found = news(heard.before(subject, stands), stands, life, now)
                assembly.news.extend(item for item in found if not heard.repeats(item))
            assembly.changed(name, kept, (), now)
        heard.settle(names.values())
        await partition.commit(assembly, now)

    async def _bring_eras(self, partition: Partition) -> None:
        """Have all entities judged by the eras that are known."""
        mark = self._judge.era_mark
        if partition.eras_known == mark:
            return
        if partition.eras_known is not None or mark != b"1":
            async with partition.pen.turn():
                await partition.pen.drain()  # the scan comes by another way, and is to see what was sent
            async for names in self._names(partition):
                await partition.revisit(names)
        await partition.pen.mark({ERAS: mark})
        partition.eras_known = mark

    async def _count_anew(self, partition: Partition) -> None:
        """Have windows count what the catalogue asks: where it has changed, all facts anew, between two batches."""
        mark = self._judge.series_mark
        if partition.series_known == mark:
            return
        pen = partition.pen
        async with pen.turn():
            if pen.position is not None:
                log.info("%s: windows are counted anew, for the catalogue has changed", partition.tp)
                await self._forget_windows(partition)
                await pen.drain()
                async for names in self._names(partition):
                    await pen.more()
                    await self._recount(partition, names)
                await pen.more()
            pen.send(marks={SERIES: mark})
            partition.series_known = mark

    async def _forget_windows(self, partition: Partition) -> None:
        """Remove all buckets; within a turn of the pen."""
        pen = partition.pen
        partition.drawers.forget_all()
        for grain in map(grain_name, GRAINS):
            while some := await self._state.starts_before(partition.tp, grain, NEVER, FIRINGS):
                pen.send(trimmed=some)
                await pen.more()
        pen.send(trimmed=[GAUGES])

    async def _recount(self, partition: Partition, names: Sequence[bytes]) -> None:
        """Count the facts of entities into windows that do not have them; within a turn of the pen."""
        assembly = partition.assembly()
        await partition.stock.fetch(names)
        for name in names:
            kept = partition.stock.lives.get(name)
            if kept is not None:
                assembly.tally.add(kept.life.facts())
        await partition.commit(assembly, self._clock())

    async def _names(self, partition: Partition) -> AsyncIterator[list[bytes]]:
        """All entities' names, each once, though the scan may give one twice."""
        seen: set[bytes] = set()
        async for some in self._scan.entities(partition.tp, CHUNK):
            names = [name for name in some if name not in seen]
            seen.update(names)
            yield names


def _read_again(horizon: Horizon, heard: Heard) -> bool:
    """Whether all is read that the signals on the topic went by."""
    if horizon.caught_up:
        return True
    upto = horizon.reaches()
    return upto is not None and heard.since is not None and upto >= heard.since and not horizon.stalled
