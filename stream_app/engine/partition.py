"""One partition while it is ours: its batches folded and written, its deadlines said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from stream_app.engine.assembly import Assembly, name_of
from stream_app.engine.batch import Batch
from stream_app.engine.drawers import Drawers, slot_of
from stream_app.engine.fold import fold_entries, fold_time
from stream_app.engine.heard import Base, Heard
from stream_app.engine.horizon import Horizon
from stream_app.engine.intake import Intake, counted, taken_in
from stream_app.engine.judge import Judge
from stream_app.engine.kept import Kept
from stream_app.engine.keys import TP
from stream_app.engine.outlet import Outlet
from stream_app.engine.pen import Lost, Pen
from stream_app.engine.ports import Clock, Post, State
from stream_app.engine.stock import Stock
from stream_app.engine.write import Claim, Span
from stream_app.sla.admission import Outcome
from stream_app.sla.history import Entry
from stream_app.sla.instant import EARLIEST, HOUR
from stream_app.sla.kind import Kind
from stream_app.sla.life import Life, receive
from stream_app.sla.news import before
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

FIRINGS: Final = 1_000
"""Entities woken in one write."""
HEALING: Final = "healing"
"""The mark of a partition whose log is being read again."""
POSTPONED: Final = HOUR
"""How far an entity is put off whose evaluation failed."""


class Partition:
    """The state of one partition, at hand and in Redis. All its methods run in one event loop."""

    def __init__(
        self,
        tp: TP,
        kind: Kind,
        claim: Claim,
        state: State,
        post: Post,
        judge: Judge,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Begin where the claim left off."""
        self.tp: Final = tp
        self.kind: Final = kind
        self.pen: Final = Pen(tp, claim, state, telemetry)
        self.outlet: Final = Outlet(self.pen, post, claim.marks, telemetry)
        self.stock: Final = Stock(tp, state)
        self.drawers: Final = Drawers(tp, state)
        self.horizon: Final = Horizon(clock)
        self.latest = claim.latest
        """The latest event time seen, in microseconds."""
        self.next_wake: int | None = 0
        """Nothing wakes before then; None: nothing at all."""
        self.woken = asyncio.Event()
        """Set when something wakes earlier than was thought."""
        self.eras_known: bytes | None = None
        """The mark of the eras that all its entities know."""
        self.series_known: bytes | None = None
        """The mark of what its windows count."""
        self.tidied: int | None = None
        """The latest event time by which old things were removed."""
        self._state = state
        self._post = post
        self._judge = judge
        self._clock = clock
        self._telemetry = telemetry

    def assembly(self) -> Assembly:
        """For lives that are about to be changed."""
        return Assembly(self._judge.catalogue, self._judge.eras, self._judge.retention)

    # batches

    async def take(self, batch: Batch) -> None:
        """Fold a batch and send its write; returns before Redis has answered. Raises Lost where nothing is written."""
        async with self.pen.turn():
            if self.pen.position is not None and batch.base != self.pen.position:
                raise Lost
            now = self._clock()
            intake = taken_in(batch, self.kind, now + self._judge.max_ahead)
            assembly = self.assembly()
            outcomes = await self._receive(assembly, batch, intake, now)
            if intake.letters:
                await self._post.park(intake.letters)
            await self.commit(assembly, now, span=Span(batch.base, batch.next))
            if batch.records:
                self.horizon.read(batch.records[-1].timestamp * 1000)
            counted(self._telemetry, self.tp.topic, intake, outcomes, now)

    async def _receive(self, assembly: Assembly, batch: Batch, intake: Intake, now: int) -> dict[bytes, list[Outcome]]:
        """Fold events into the lives they belong to; each life is put into the assembly."""
        events = intake.events
        await self.stock.fetch(events)
        outcomes: dict[bytes, list[Outcome]] = {}
        news: dict[bytes, tuple[Kept, list[Entry]]] = {}
        for name, its in events.items():
            kept = self.stock.lives.get(name)
            if kept is None:
                kept = Kept(Life(self.kind, its[0].subject))
                self.stock.lives.put(name, kept)
            assembly.look(kept)
            entries, outcomes[name] = receive(kept.life, its, self._judge.eras)
            if entries:
                news[name] = (kept, entries)
                latest = kept.life.latest
                if latest is not None and (self.latest is None or latest > self.latest):
                    self.latest = latest
        if self.kind == "measure":
            for name, (kept, _) in news.items():
                assembly.changed(name, kept, (), now)
            return outcomes
        async for name, error in fold_entries(self.stock, assembly, news, self._judge.eras, now):
            if self.pen.fenced is not None:  # meanwhile we may have turned to a generation of other configurations
                raise Lost from error
            log.error("%s: its events could not be judged and are left out", name, exc_info=error)
            self.stock.drop(name)
            intake.refuse(name, batch, self.kind, repr(error))
        return outcomes

    async def commit(self, assembly: Assembly, now: int, *, span: Span | None = None, as_of: str | None = None) -> None:
        """Send what was assembled, with the window cells it changes, as one write; within a turn of the pen.

        `as_of` is said with each signal.
        """
        changes = assembly.tally.changes(self._judge.needed(self.latest))
        buckets = await self.drawers.merged({slot_of(slot): cells for slot, cells in changes.items()})
        self._telemetry.facts_found(assembly.found)
        self.pen.send(
            span=span,
            latest=self.latest,
            entities=assembly.entities,
            history=assembly.history,
            wake=assembly.wake,
            due=assembly.due,
            retire=assembly.retire,
            buckets=buckets,
            outbox=self.outlet.said(assembly.news, now, as_of),
        )
        earliest = min((moment for moment in assembly.wake.values() if moment is not None), default=None)
        if earliest is not None and (self.next_wake is None or earliest < self.next_wake):
            self.next_wake = earliest
            self.woken.set()
        self.stock.written(assembly.entities)
        self.stock.tidy()
        self.drawers.tidy()

    # healing

    @property
    def heard(self) -> Heard | None:
        """Signals that the topic holds and Redis does not know of, until the log is read again."""
        return self.outlet.heard

    @heard.setter
    def heard(self, heard: Heard | None) -> None:
        self.outlet.heard = heard

    async def heal(self, heard: Heard, waiting: Sequence[bytes], *, again: bool) -> None:
        """Say nothing of the entities that the topic tells of until the log is read again. Raises Lost.

        `waiting` is the outbox. `again`: an earlier owner did not get to the end of it, and what Redis says of those
        entities was not said.
        """
        for payload in waiting:
            heard.hear(payload)
        subjects = () if again else heard.subjects
        for start in range(0, len(subjects), FIRINGS):
            names = {name_of(self.kind, subject): subject for subject in subjects[start : start + FIRINGS]}
            await self.stock.fetch(names)
            for name, subject in names.items():
                if (kept := self.stock.lives.get(name)) is not None:
                    signals = {signal.id: signal for signal in before(kept.life).signals}
                    heard.rest_on(subject, Base(signals, dict(kept.life.again)))
            self.stock.tidy()
        await self.pen.mark({HEALING: b"1"})
        self.heard = heard

    # deadlines

    async def wake(self) -> None:
        """Say what has become true by now, as far as the log has been read. Raises Lost."""
        upto = self.horizon.reaches()
        if upto is None or self.next_wake is None or self.next_wake > upto:
            return
        async with self.pen.turn():
            ripe = await self._state.waking(self.tp, upto, FIRINGS)
            names = [name for name, _ in ripe.rows]
            self.next_wake = upto if len(names) == FIRINGS else ripe.following
            if names:
                await self._fire(names, upto)

    async def revisit(self, names: Sequence[bytes], known: int | None = None) -> None:
        """Judge entities by all configurations that are known, as far as the log has been read. Raises Lost.

        `known`: a moment up to which others have judged them.
        """
        async with self.pen.turn():
            reaches = self.horizon.reaches()
            await self._fire(names, reaches if known is None else max(known, reaches or known))

    async def _fire(self, names: Sequence[bytes], reaches: int | None) -> None:
        upto = EARLIEST if reaches is None else reaches
        eras, assembly, now = self._judge.eras, self.assembly(), self._clock()
        await self.stock.fetch(names)
        async for name, error in fold_time(self.stock, assembly, names, eras, upto, now):
            if self.pen.fenced is not None:  # as above
                raise Lost from error
            log.error("%s: its deadlines could not be judged; tried again in an hour", name, exc_info=error)
            self._telemetry.evaluation_failed(self.tp.topic)
            self.stock.drop(name)
            assembly.wake[name] = now + POSTPONED
        await self.commit(assembly, now, as_of=self.horizon.as_of)

    # publishing

    async def renew_marks(self) -> None:
        """As of the outlet. Raises Lost."""
        await self.outlet.renew_marks()
