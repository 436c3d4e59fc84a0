"""The comparison: what a rebuilt partition comes to, held against what the generation at work has said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from stream_app.engine.assembly import name_of
from stream_app.engine.heard import Base, Heard
from stream_app.engine.judge import Judge
from stream_app.engine.kept import life_of
from stream_app.engine.keys import TP
from stream_app.engine.pace import GLANCE, Pace
from stream_app.engine.partition import HEALING, Partition
from stream_app.engine.ports import Clock, State
from stream_app.engine.silence import Silence
from stream_app.engine.takeover import Hearing
from stream_app.engine.upkeep import CHUNK, Scan, Upkeep
from stream_app.sla.life import DIGEST, Life
from stream_app.sla.news import Before, before, news

log = logging.getLogger(__name__)

NEAR: Final = 5_000
"""Records of a partition that may be left to read when the comparison begins."""


class Said(Protocol):
    """The generation at work, as everybody sees it."""

    def entities(self, tp: TP, chunk: int = ...) -> AsyncIterator[dict[bytes, bytes]]: ...
    async def lives(self, tp: TP, entities: Sequence[bytes]) -> list[bytes | None]: ...
    async def last_signal(self, tp: TP) -> str | None: ...


class Told(Struct, frozen=True):
    """What has been said of an entity so far."""

    before: Before
    again: dict[str, int]
    last: bytes | None
    """The digest of the last event that the generation at work had of it; None: it has no such entity."""

    def agrees(self, life: Life) -> bool:
        """Whether a life has nothing else to say."""
        stands = before(life)
        return (
            set(stands.signals) == set(self.before.signals)
            and set(stands.clocks) == set(self.before.clocks)
            and stands.carried == self.before.carried
            and life.again == self.again
        )


class Comparison(Upkeep):
    """The upkeep of a rebuild: silent partitions are compared when their log is read, and speak from then on.

    What it finds goes into the rebuilt outbox, which is published after the switch.
    """

    def __init__(
        self, scan: Scan, state: State, judge: Judge, clock: Clock, said: Said, hearing: Hearing, pace: Pace
    ) -> None:
        """`scan` and `state` are of the rebuilt generation, `said` of the one at work; `hearing` reads the topic."""
        super().__init__(scan, state, judge, clock)
        self._said = said
        self._hearing = hearing
        self._pace = pace
        self.differing = 0
        """How many messages say what differs."""
        self.compared: dict[TP, str] = {}
        """Partitions that are done, each with the last signal that was in the outbox of the generation at work."""

    async def agree(self, partition: Partition, marks: Mapping[str, bytes]) -> None:
        """Begin anew: what an earlier comparison found is found again."""
        self.compared.pop(partition.tp, None)
        if partition.pen.outbox:
            await partition.pen.note(partition.pen.outbox[-1][0], {})
            partition.pen.outbox.clear()
        await super().agree(partition, marks)

    async def reconcile(self, partition: Partition) -> None:
        """Once the log is read nearly as far as the generation at work has, compare all entities. Raises Lost."""
        tp, silence = partition.tp, partition.heard
        limit = self._pace.limits.get(tp, 0)
        if not isinstance(silence, Silence) or limit - (partition.pen.position or 0) > NEAR:
            return
        topic = await self._hearing(tp, partition.kind, {})
        if partition.kind != "measure":
            silence.kept.clear()
            async for some in self._said.entities(tp, CHUNK):
                await self._compare(partition, silence, topic, some)
            async for names in self._names(partition):
                await self._look(partition, silence, topic, names)
            while silence.kept:  # what came while we compared
                await self._look(
                    partition, silence, topic, [name_of(partition.kind, its) for its in list(silence.kept)[:CHUNK]]
                )
        partition.heard = None
        last = await self._said.last_signal(tp)
        await partition.pen.mark({HEALING: None, **topic.marks})
        self.compared[tp] = last or ""
        log.info("%s: compared with what has been said", tp)

    async def _look(self, partition: Partition, silence: Silence, topic: Heard, names: Sequence[bytes]) -> None:
        """Compare entities of which the generation at work is to be asked."""
        left = [name for name in names if subject_of(name) not in silence.compared]
        found = zip(left, await self._said.lives(partition.tp, left), strict=True)
        await self._compare(partition, silence, topic, dict(found))

    async def _compare(
        self, partition: Partition, silence: Silence, topic: Heard, said: Mapping[bytes, bytes | None]
    ) -> None:
        """Compare entities with their lives in the generation at work."""
        told = {name: _told(topic, name, data) for name, data in said.items()}
        await self._reached(partition)
        async with partition.pen.turn():
            await partition.stock.fetch(told)
            differing = []
            for name, its in told.items():
                kept = partition.stock.lives.get(name)
                if kept is None or its.agrees(kept.life):
                    silence.compare(subject_of(name))
                else:
                    differing.append(name)
            partition.stock.tidy()
        if differing:
            # What has been said counts as having come, whatever our clock says.
            known = max((signal.at for name in differing for signal in told[name].before.signals), default=None)
            await partition.revisit(differing, known=known)
            async with partition.pen.turn():
                await self._say(partition, silence, {name: told[name] for name in differing})

    async def _say(self, partition: Partition, silence: Silence, told: Mapping[bytes, Told]) -> None:
        assembly, now = partition.assembly(), self._clock()
        await partition.stock.fetch(told)
        for name, its in told.items():
            silence.compare(subject_of(name))
            if (kept := partition.stock.lives.get(name)) is None:
                continue
            stands = assembly.look(kept).said
            kept.life.again = dict(its.again)
            found = news(its.before, stands, kept.life, now)
            if its.last in (None, kept.life.ids[-DIGEST:]):  # else an event came meanwhile, and all say this
                self.differing += len(found)
            assembly.news += found
            assembly.changed(name, kept, (), now)
        await partition.commit(assembly, now)

    async def _reached(self, partition: Partition) -> None:
        """Wait until all is read that the generation at work had read just now."""
        await self._pace.look()
        limit = self._pace.limits.get(partition.tp, 0)
        while True:
            if (partition.pen.position or 0) >= limit or partition.pen.fenced is not None:
                return
            await asyncio.sleep(GLANCE / 10)


def _told(topic: Heard, name: bytes, data: bytes | None) -> Told:
    """What has been said of an entity, by the generation at work or by the topic, whichever knows more."""
    life: Life | None = None if data is None else life_of(data)
    stood = Before((), (), ()) if life is None else before(life)
    said = Base({signal.id: signal for signal in stood.signals}, {} if life is None else life.again)
    subject = subject_of(name)
    if topic.tells(subject):
        said = later(said, topic.told(subject))
    last = None if life is None else life.ids[-DIGEST:]
    return Told(Before(list(said.signals.values()), stood.clocks, stood.carried), said.again, last)


def later(one: Base, other: Base) -> Base:
    """Of each signal what the one says of it or, where it knows more, the other.

    A signal is said, withdrawn, said again, and so on: who has seen more of these turns knows more.
    """
    signals, again = {}, {}
    for name in {**one.signals, **one.again, **other.signals, **other.again}:
        its = max(one, other, key=lambda base: 2 * base.again.get(name, 0) + (name in base.signals))
        if name in its.signals:
            signals[name] = its.signals[name]
        if its.again.get(name):
            again[name] = its.again[name]
    return Base(signals, again)


def subject_of(name: bytes) -> str:
    """The subject of an entity, from its key within its partition."""
    return name.decode().partition(":")[2]
