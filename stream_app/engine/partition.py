"""One partition while it is ours: its batches folded and written, its deadlines said, its signals published."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from stream_app.engine.assembly import Assembly, name_of
from stream_app.engine.batch import Batch
from stream_app.engine.drawers import Drawers, slot_of
from stream_app.engine.heard import Base, Heard
from stream_app.engine.horizon import Horizon
from stream_app.engine.intake import Intake, counted, taken_in
from stream_app.engine.judge import Judge
from stream_app.engine.kept import Kept
from stream_app.engine.keys import TP
from stream_app.engine.pen import Lost, Pen
from stream_app.engine.ports import SAID, Clock, Post, State
from stream_app.engine.stock import Stock
from stream_app.engine.write import Claim, Span
from stream_app.sla.admission import Outcome
from stream_app.sla.history import Entry
from stream_app.sla.instant import EARLIEST, HOUR
from stream_app.sla.kind import Kind
from stream_app.sla.life import Life, follows, grow, pass_time, receive, regrow
from stream_app.sla.news import before
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

FIRINGS: Final = 1_000
"""Entities woken in one write."""
OUTCOMES: Final = {"sla.met": "met", "sla.breached": "breached", "sla.cancelled": "cancelled"}
"""How clocks end, by the signal that says so."""
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
        self.stock: Final = Stock(tp, state)
        self.drawers: Final = Drawers(tp, state)
        self.horizon: Final = Horizon(clock)
        self.latest = claim.latest
        """The latest event time seen, in microseconds."""
        self.heard: Heard | None = None
        """Signals that the topic holds and Redis does not know of."""
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
        self._posting: asyncio.Task[Mapping[str, bytes]] | None = None
        self._marks = {name: mark for name, mark in claim.marks.items() if name.startswith(SAID)}
        """How far Redis says that the topic of signals is known, as far as we have written it."""
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
        async for name, error in self._fold(assembly, news, now):
            log.error("%s: its events could not be judged and are parked", name, exc_info=error)
            self.stock.drop(name)
            intake.refuse(name, batch, self.kind, repr(error))
        return outcomes

    async def _fold(
        self, assembly: Assembly, news: Mapping[bytes, tuple[Kept, list[Entry]]], now: int
    ) -> AsyncIterator[tuple[bytes, Exception]]:
        """Fold new entries into lives; gives those that cannot be folded, whose change is not taken in."""
        eras = self._judge.eras
        astray = [name for name, (kept, entries) in news.items() if not follows(kept.life, entries, eras, now)]
        histories = await self.stock.histories(astray)
        for name, (kept, entries) in news.items():
            try:
                if name in histories:
                    regrow(kept.life, [*histories[name], *entries], eras, now)
                else:
                    grow(kept.life, entries, eras, now)
            except Exception as error:  # noqa: BLE001 -- whatever it is, one entity must not stop the stream
                yield name, error
                continue
            assembly.changed(name, kept, entries, now)

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
            outbox=self._said(assembly, now, as_of),
        )
        earliest = min((moment for moment in assembly.wake.values() if moment is not None), default=None)
        if earliest is not None and (self.next_wake is None or earliest < self.next_wake):
            self.next_wake = earliest
            self.woken.set()
        self.stock.written(assembly.entities)
        self.stock.tidy()
        self.drawers.tidy()

    def _said(self, assembly: Assembly, now: int, as_of: str | None) -> list[tuple[bytes, bytes]]:
        """The signals to publish; what the topic holds already is not said again."""
        outbox = []
        delays: dict[str, list[int]] = {}
        ends: list[tuple[str, str, str, str]] = []
        for item in assembly.news:
            if self.heard is not None and self.heard.has(item):
                continue
            delays.setdefault(item.type, []).append(now - item.at)
            if (outcome := OUTCOMES.get(item.type)) is not None:
                urgency = item.data.get("priority") or item.data.get("severity") or ""
                ends.append((item.data["kind"], item.data["clock"], urgency, outcome))
            if as_of is not None:
                item.data["as_of"] = as_of
            outbox.append((item.subject.encode(), item.envelope()))
        self._telemetry.signals_said(delays)
        self._telemetry.clocks_finished(Counter(ends))
        return outbox

    # healing

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
        eras = self._judge.eras
        now = self._clock()
        assembly = self.assembly()
        await self.stock.fetch(names)
        found = {name: kept for name in names if (kept := self.stock.lives.get(name)) is not None}
        assembly.wake.update((name, None) for name in names if name not in found)
        astray = [name for name, kept in found.items() if not follows(kept.life, (), eras, now)]
        histories = await self.stock.histories(astray)
        for name, kept in found.items():
            life = kept.life
            assembly.look(kept)
            try:
                if name in histories:
                    regrow(life, histories[name], eras, now)
                pass_time(life, eras, upto)
            except Exception:
                log.exception("%s: its deadlines could not be judged; tried again in an hour", name)
                self._telemetry.evaluation_failed(self.tp.topic)
                self.stock.drop(name)
                assembly.wake[name] = now + POSTPONED
                continue
            wake = assembly.changed(name, kept, (), now).wake
            # written in any case, for what Redis has may be of other eras
            assembly.wake[name] = wake if wake is None else max(wake, upto + 1)  # never twice in one pass
        await self.commit(assembly, now, as_of=self.horizon.as_of)

    # publishing

    async def publish(self, limit: int = 1_000) -> None:
        """Publish what waits, in its order, and note in Redis that it is done. Raises Lost."""
        some = self.pen.outbox[:limit]
        if not some:
            return
        posting = self._posting = asyncio.create_task(self._post.publish([(key, payload) for _, key, payload in some]))
        marks = await asyncio.shield(posting)
        if self.heard is not None:
            marks = {}  # whoever claims while we heal has to hear all of it again
        async with self.pen.turn():
            self.pen.send(published=some[-1][0], marks=marks)
            self._marks.update(marks)
            del self.pen.outbox[: len(some)]

    async def posted(self) -> None:
        """Wait until nothing of ours is on its way to the topic, where whoever claims next would miss it."""
        if self._posting is not None:
            await asyncio.wait([self._posting])

    async def renew_marks(self) -> None:
        """Note how far the topic of signals is known, so that whoever claims next need not read it again. Raises Lost.

        Only while nothing of ours is on its way there, and nothing that was heard waits to be judged.
        """
        # an earlier owner's workers may know of more than ours does
        known = self._marks | {
            name: mark for name, mark in self._post.known.items() if int(mark) > int(self._marks.get(name, b"0"))
        }
        if known != self._marks and not self.pen.outbox and self.pen.quiet and self.heard is None:
            self._marks = known
            await self.pen.mark(known)
