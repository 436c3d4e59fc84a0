"""The survey: the report of the running system, read from Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Protocol

from stream_app.engine.drawers import grain_name
from stream_app.engine.judge import Judge
from stream_app.engine.kept import history_of, life_of
from stream_app.engine.keys import TP
from stream_app.engine.report import reported
from stream_app.engine.write import Standing
from stream_app.kpi.bucket import Bucket
from stream_app.kpi.windows import Tally
from stream_app.sla.history import State, as_of
from stream_app.sla.instant import Micros


class Reader(Protocol):
    """The state in Redis, as everybody sees it."""

    async def partitions(self) -> list[TP]: ...
    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]: ...
    def entities(self, tp: TP, chunk: int = ...) -> AsyncIterator[dict[bytes, bytes]]: ...
    async def histories(self, tp: TP, entities: Sequence[bytes]) -> list[list[bytes]]: ...
    async def buckets(self, tp: TP, grain: str, begin: int, end: int) -> dict[int, dict[bytes, bytes]]: ...
    async def gauges(self, tp: TP) -> dict[bytes, bytes]: ...


class Shown:
    """Window cells as Redis has them, less what happened after a moment."""

    def __init__(self, later: Tally) -> None:
        """`later` holds the facts to leave out."""
        self._later = later
        self._buckets: dict[tuple[int, int], dict[bytes, Bucket]] = {}
        self._gauges: dict[bytes, Bucket] = {}

    def add(self, grain: Micros, buckets: Mapping[int, Mapping[bytes, bytes]]) -> None:
        """Take in the buckets of a partition."""
        for start, cells in buckets.items():
            into = self._buckets.setdefault((grain, start), {})
            for cell, data in cells.items():
                into.setdefault(cell, Bucket()).merge(Bucket.decode(data))

    def add_gauges(self, cells: Mapping[bytes, bytes]) -> None:
        """Take in what holds now in a partition."""
        for cell, data in cells.items():
            self._gauges.setdefault(cell, Bucket()).merge(Bucket.decode(data))

    def merged(self, first: Micros, last: Micros, grain: Micros) -> Mapping[bytes, Bucket]:
        """The cells of all buckets of a grain that start from `first` to `last`."""
        found: dict[bytes, Bucket] = {}
        for (its, start), cells in self._buckets.items():
            if its == grain and first <= start <= last:
                for cell, bucket in cells.items():
                    found.setdefault(cell, Bucket()).merge(bucket)
        for cell, bucket in self._later.merged(first, last, grain).items():
            found.setdefault(cell, Bucket()).merge(bucket)
        return found

    def gauges(self) -> Mapping[bytes, Bucket]:
        """The cells of what stands now."""
        found = {cell: bucket.copy() for cell, bucket in self._gauges.items()}
        for cell, bucket in self._later.gauges().items():
            found.setdefault(cell, Bucket()).merge(bucket)
        return found


async def survey(reader: Reader, judge: Judge, until: Micros) -> dict[str, Any]:
    """The contract's report as of `until`, with `as_of`. Raises redis errors."""
    tps = await reader.partitions()
    states: list[State] = []
    difference = Tally(judge.catalogue)
    shown = Shown(difference)
    for tp in tps:
        await _entities(reader, tp, judge, until, states, difference)
        for grain in judge.catalogue.grains:
            name = grain_name(grain)
            spans = [window.span(until) for window in judge.catalogue.windows if window.grain == grain]
            first, last = min(span[0] for span in spans), max(span[1] for span in spans)
            shown.add(grain, await reader.buckets(tp, name, first, last + 1))
        shown.add_gauges(await reader.gauges(tp))
    standing = await reader.standing(tps)
    positions = {f"{tp.topic}-{tp.partition}": None if (at := standing[tp].next) is None else at - 1 for tp in tps}
    return {"as_of": positions, **reported(states, judge.eras, judge.catalogue, shown, until)}


async def _entities(
    reader: Reader, tp: TP, judge: Judge, until: Micros, states: list[State], difference: Tally
) -> None:
    """The states as of `until`; what their facts are now beyond what they were then goes into the difference.

    Facts that stand then and now are left to the buckets, which is why the report shows what is wrong in one.
    """
    seen: set[bytes] = set()
    async for some in reader.entities(tp):
        fresh = [name for name in some if name not in seen and not name.startswith(b"measure:")]
        seen.update(fresh)
        for name, history in zip(fresh, await reader.histories(tp, fresh), strict=True):
            state = as_of(history_of(history), judge.eras, until)
            now = life_of(some[name]).facts()
            then = [] if state is None else state.facts()
            if now != then:
                difference.withdraw(now)
                difference.add(then)
            if state is not None:
                states.append(state)
