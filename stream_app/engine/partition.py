"""One partition while it is ours: its batches folded and written, its deadlines said, its signals published."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from stream_app.engine.assembly import Assembly, Earlier, entry_of, life_of, name_of
from stream_app.engine.batch import TP, Batch
from stream_app.engine.heard import Heard
from stream_app.engine.horizon import Horizon
from stream_app.engine.judge import Judge
from stream_app.engine.keys import GAUGES, OutboxId, Slot
from stream_app.engine.letters import Letter, opened
from stream_app.engine.ports import Clock, Post, State
from stream_app.engine.shelf import Shelf
from stream_app.engine.write import Applied, Claim, Fenced, Span, Write, outbox_ids
from stream_app.kpi.bucket import Bucket
from stream_app.kpi.grain import GRAINS
from stream_app.kpi.windows import GAUGES as NOW_SLOT
from stream_app.sla.admission import Outcome
from stream_app.sla.events import Event
from stream_app.sla.history import Entry
from stream_app.sla.instant import HOUR, MINUTE, NEVER, Micros, micros
from stream_app.sla.kind import Kind, type_of
from stream_app.sla.life import Life, follows, grow, pass_time, receive, regrow
from stream_app.sla.news import withdrawn
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 4
"""Writes that Redis has not answered yet: with one at a time the worker would wait for Redis after each batch."""
LIVES: Final = 50_000
"""Entities kept at hand in each partition."""
CELLS: Final = 100_000
"""Window cells kept at hand in each partition."""
FIRINGS: Final = 1_000
"""Entities woken in one write."""
OUTCOMES: Final = {"sla.met": "met", "sla.breached": "breached", "sla.cancelled": "cancelled"}
"""How clocks end, by the signal that says so."""
POSTPONED: Final = HOUR
"""How far an entity is put off whose evaluation failed."""


class Lost(Exception):  # noqa: N818 -- named by what to do next: let go
    """The partition is no longer ours as we knew it."""


class Partition:
    """The state of one partition, at hand and in Redis. All its methods run in one event loop."""

    def __init__(  # noqa: PLR0913 -- what it works with, each of its own kind
        self, tp: TP, kind: Kind, claim: Claim, state: State, post: Post, judge: Judge, clock: Clock, telemetry: Telemetry
    ) -> None:
        """Begin where the claim left off."""
        self.tp: Final = tp
        self.kind: Final = kind
        self._token = claim.token
        self._seq = claim.seq
        self.position = claim.next
        """The offset after the last batch that was sent to Redis; None: none yet."""
        self.latest = claim.latest
        self._state = state
        self._post = post
        self._judge = judge
        self._clock = clock
        self._telemetry = telemetry
        self.horizon = Horizon(clock)
        self.heard: Heard | None = None
        """Signals that the topic holds and Redis does not know of."""
        self._lives: Shelf[bytes, Life] = Shelf(LIVES)
        self._cells: Shelf[tuple[Slot, bytes], Bucket] = Shelf(CELLS)
        self._lock = asyncio.Lock()
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._answers: set[asyncio.Task[None]] = set()
        self.fenced: Fenced | None = None
        """What was found in Redis in the place of our state; nothing more is written then."""
        self.on_fenced = asyncio.Event()
        self._outbox: list[tuple[OutboxId, bytes, bytes]] = []
        """Signals that are in Redis and not yet published."""
        self.to_publish = asyncio.Event()
        self.next_wake: int | None = 0
        """Nothing wakes before then; None: nothing at all."""
        self.woken = asyncio.Event()
        self._tidied: int | None = None
        self.eras_known: bytes | None = None
        """The mark of the eras that all its entities know."""
        self.known: OutboxId | None = None
        """Up to where the outbox held signals when it was taken over."""

    # writing

    @property
    def waiting(self) -> int:
        """Signals that are not published yet."""
        return len(self._outbox)

    @property
    def quiet(self) -> bool:
        """Whether all that was sent to Redis is confirmed."""
        return not self._answers

    @property
    def expected(self) -> tuple[bytes, int, int | None]:
        """Owner, sequence and position that Redis must show once all is confirmed."""
        return self._token, self._seq, self.position

    def _send(self, write: Write) -> None:
        future = self._state.write(write)
        self._seq += 1
        task = asyncio.create_task(self._answered(write, future))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answered(self, write: Write, future: asyncio.Future[Applied | Fenced]) -> None:
        try:
            answer = await future
        finally:
            self._room.release()
        if isinstance(answer, Fenced):
            if self.fenced is None:
                self._telemetry.write_refused(self.tp.topic, answer.why)
                self.lose(answer)
            return
        if write.outbox:
            places = outbox_ids(write)
            self._outbox.extend((place, *signal) for place, signal in zip(places, write.outbox, strict=True))
            self.to_publish.set()

    def lose(self, found: Fenced) -> None:
        """Write nothing more: Redis holds something else than we believe."""
        self.fenced = found
        self.on_fenced.set()
        self.to_publish.set()
        self.woken.set()

    async def drain(self) -> None:
        """Wait until all that was sent is answered."""
        while self._answers:
            await asyncio.wait(self._answers)

    def _write(self, **parts: object) -> Write:
        return Write(tp=self.tp, token=self._token, seq=self._seq, **parts)  # type: ignore[arg-type] # checked where they are made

    @contextlib.asynccontextmanager
    async def _turn(self):  # type: ignore[no-untyped-def] # noqa: ANN202 -- an async context manager
        """One change at a time, and not more of them in flight than there is room for."""
        async with self._lock:
            await self._room.acquire()
            try:
                if self.fenced is not None:
                    raise Lost
                sent = self._seq
                yield
            finally:
                if self._seq == sent:
                    self._room.release()

    # batches

    async def take(self, batch: Batch) -> None:
        """Fold a batch and send its write; returns before Redis has answered. Raises Lost where nothing is written."""
        async with self._turn():
            if self.position is not None and batch.base != self.position:
                raise Lost
            now = self._clock()
            events, letters = self._open(batch, now)
            assembly = Assembly(self._judge.catalogue, self._judge.eras, self._judge.retention)
            outcomes = await self._receive(assembly, events, now)
            if letters:
                await self._post.park(letters)
                for letter in letters:
                    self._telemetry.event_refused(self.tp.topic, letter.reason)
            await self._commit(assembly, now, span=Span(batch.base, batch.next))
            self.position = batch.next
            if batch.records:
                self.horizon.read(batch.records[-1].timestamp * 1000)
            self._count(events, outcomes, now)

    def _open(self, batch: Batch, now: int) -> tuple[dict[bytes, list[Event]], list[Letter]]:
        events: defaultdict[bytes, list[Event]] = defaultdict(list)
        letters: list[Letter] = []
        allowed = now + self._judge.max_ahead
        for record in batch.records:
            found = opened(record, self.tp, self.kind, allowed)
            if isinstance(found, Letter):
                letters.append(found)
            else:
                events[name_of(self.kind, found.subject)].append(found)
        return dict(events), letters

    def _count(
        self, events: Mapping[bytes, Sequence[Event]], outcomes: Mapping[bytes, Sequence[Outcome]], now: int
    ) -> None:
        taken: Counter[tuple[str, Outcome]] = Counter()
        ages: list[int] = []
        for name, its in events.items():
            for event, outcome in zip(its, outcomes[name], strict=True):
                taken[type_of(event), outcome] += 1
                if outcome is not Outcome.DUPLICATE:
                    ages.append(now - micros(event.time))
        self._telemetry.events_taken(self.tp.topic, taken, ages)

    async def _receive(
        self, assembly: Assembly, events: Mapping[bytes, Sequence[Event]], now: int
    ) -> dict[bytes, list[Outcome]]:
        """Fold events into the lives they belong to; each life is put into the assembly."""
        eras = self._judge.eras
        await self._fetch(events)
        outcomes: dict[bytes, list[Outcome]] = {}
        news: dict[bytes, tuple[Life, Earlier, list[Entry]]] = {}
        for name, its in events.items():
            life = self._lives.get(name)
            if life is None:
                life = Life(self.kind, its[0].subject)
                self._lives.put(name, life)
            earlier = assembly.earlier(name, life)
            entries, outcomes[name] = receive(life, its, eras)
            if entries:
                news[name] = (life, earlier, entries)
                self.latest = max(self.latest or entries[0].at, *(entry.at for entry in entries))
        if self.kind == "measure":
            for name, (life, earlier, _) in news.items():
                assembly.changed(name, life, earlier, (), now)
            return outcomes
        astray = [name for name, (life, _, entries) in news.items() if not follows(life, entries, eras, now)]
        histories = await self._histories(astray)
        for name, (life, earlier, entries) in news.items():
            if name in histories:
                regrow(life, [*histories[name], *entries], eras, now)
            else:
                grow(life, entries, eras, now)
            assembly.changed(name, life, earlier, entries, now)
        return outcomes

    async def _fetch(self, names: Iterable[bytes]) -> None:
        missing = [name for name in names if name not in self._lives]
        if missing:
            for name, data in zip(missing, await self._state.read_entities(self.tp, missing), strict=True):
                if data is not None:
                    self._lives.put(name, life_of(data))

    async def _histories(self, names: Sequence[bytes]) -> dict[bytes, list[Entry]]:
        found = await self._state.read_histories(self.tp, names) if names else []
        return {name: [entry_of(data) for data in its] for name, its in zip(names, found, strict=True)}

    async def _commit(self, assembly: Assembly, now: int, *, span: Span | None = None) -> None:
        """Send what was assembled, with the window cells it changes, as one write."""
        buckets = await self._buckets(assembly)
        outbox = self._said(assembly, now)
        for fact in assembly.found:
            self._telemetry.fact_found(fact)
        self._send(
            self._write(
                span=span,
                latest=self.latest,
                entities=assembly.entities,
                history=assembly.history,
                wake=assembly.wake,
                due=assembly.due,
                retire=assembly.retire,
                buckets=buckets,
                outbox=outbox,
            )
        )
        earliest = min((moment for moment in assembly.wake.values() if moment is not None), default=None)
        if earliest is not None and (self.next_wake is None or earliest < self.next_wake):
            self.next_wake = earliest
            self.woken.set()
        self._lives.tidy()
        self._cells.tidy()

    async def _buckets(self, assembly: Assembly) -> dict[Slot, dict[bytes, bytes | None]]:
        """The absolute values of the cells that the change touches."""
        changes = {
            slot_of(slot): cells for slot, cells in assembly.tally.changes().items() if not self._judge.is_old(slot, self.latest)
        }
        touched = [(slot, cell) for slot, cells in changes.items() for cell in cells]
        missing = [place for place in touched if place not in self._cells]
        if missing:
            for place, data in zip(missing, await self._state.read_buckets(self.tp, missing), strict=True):
                self._cells.put(place, Bucket() if data is None else Bucket.decode(data))
        values: dict[Slot, dict[bytes, bytes | None]] = {}
        for slot, cells in changes.items():
            values[slot] = {}
            for cell, change in cells.items():
                bucket = self._cells.get((slot, cell)) or Bucket()
                bucket.merge(change)
                self._cells.put((slot, cell), bucket)
                values[slot][cell] = bucket.encode() or None
        return values

    def _said(self, assembly: Assembly, now: int) -> list[tuple[bytes, bytes]]:
        """The signals to publish; what the topic holds already is not said again."""
        outbox = []
        for item in assembly.news:
            if self.heard is not None and self.heard.has(item):
                continue
            self._telemetry.signal_said(item.type, now - item.at)
            if (outcome := OUTCOMES.get(item.type)) is not None:
                urgency = item.data.get("priority") or item.data.get("severity") or ""
                self._telemetry.clock_finished(item.data["kind"], item.data["clock"], urgency, outcome)
            outbox.append((item.subject.encode(), item.envelope()))
        return outbox

    # deadlines

    async def wake(self) -> None:
        """Say what has become true by now, as far as the log has been read. Raises Lost."""
        upto = self.horizon.reaches()
        if upto is None or self.next_wake is None or self.next_wake > upto:
            return
        async with self._turn():
            ripe = await self._state.waking(self.tp, upto, FIRINGS)
            names = [name for name, _ in ripe.rows]
            if names:
                await self._fire(names, Micros(upto))
            more = len(names) == FIRINGS
            self.next_wake = upto if more else ripe.following

    async def _fire(self, names: Sequence[bytes], upto: Micros) -> None:
        eras = self._judge.eras
        now = self._clock()
        assembly = Assembly(self._judge.catalogue, eras, self._judge.retention)
        await self._fetch(names)
        lives = {name: life for name in names if (life := self._lives.get(name)) is not None}
        for name in names:
            if name not in lives:
                assembly.wake[name] = None
        histories = await self._histories([name for name, life in lives.items() if not follows(life, (), eras, upto)])
        for name, life in lives.items():
            earlier = assembly.earlier(name, life)
            try:
                if name in histories:
                    regrow(life, histories[name], eras, upto)
                pass_time(life, eras, upto)
            except Exception:
                log.exception("%s: its deadlines could not be judged; tried again in an hour", name)
                self._telemetry.evaluation_failed(self.tp.topic)
                self._lives.drop(name)
                assembly.wake[name] = now + POSTPONED
                continue
            assembly.changed(name, life, earlier, (), now)
            if (wake := life.wakes_at(eras)) is not None and wake <= upto:
                assembly.wake[name] = upto + 1  # never twice in one pass
        await self._commit(assembly, now)

    # publishing

    def resume_outbox(self, signals: Iterable[tuple[OutboxId, bytes, bytes]]) -> None:
        """Take over what an earlier owner wrote and did not publish."""
        self._outbox.extend(signals)
        if self._outbox:
            self.to_publish.set()

    async def publish(self, limit: int = 1_000) -> None:
        """Publish what waits, in its order, and note in Redis that it is done. Raises Lost."""
        some = self._outbox[:limit]
        if not some:
            return
        marks = await self._post.publish([(key, payload) for _, key, payload in some])
        async with self._turn():
            self._send(self._write(published=some[-1][0], marks=marks))
            del self._outbox[: len(some)]


    # upkeep

    async def mark(self, marks: Mapping[str, bytes | None]) -> None:
        """Note small facts about the partition in Redis. Raises Lost."""
        async with self._turn():
            self._send(self._write(marks=marks))

    async def move(self, offset: int) -> None:
        """Put the position elsewhere: the log is another one. Raises Lost."""
        async with self._turn():
            if self.position is not None:
                self._send(self._write(span=Span(self.position, offset)))
            self.position = offset

    async def tidy(self) -> None:
        """Remove buckets that no window reads any more, and entities whose retention is over. Raises Lost."""
        if self.latest is None or self.latest == self._tidied:
            return
        async with self._turn():
            latest = self._tidied = self.latest
            old = []
            for grain in self._judge.catalogue.grains:
                name = slot_of((grain, 0)).grain
                old += await self._state.starts_before(self.tp, name, self._judge.oldest(grain, latest), FIRINGS)
            leaving = [name for name, _ in (await self._state.retiring(self.tp, latest, FIRINGS)).rows]
            if not old and not leaving:
                return
            gone: dict[bytes, None] = dict.fromkeys(leaving)
            for name in leaving:
                self._lives.drop(name)
            self._send(self._write(trimmed=old, entities=gone, retire=gone))

    async def forget_windows(self) -> None:
        """Remove all buckets, to be counted anew. Raises Lost."""
        async with self._turn():
            self._cells.clear()
            for grain in GRAINS:
                while some := await self._state.starts_before(self.tp, slot_of((grain, 0)).grain, NEVER, FIRINGS):
                    self._send(self._write(trimmed=some))
                    await self._room.acquire()
            self._send(self._write(trimmed=[GAUGES]))

    async def recount(self, names: Sequence[bytes]) -> None:
        """Count the facts of entities into windows that do not have them. Raises Lost."""
        async with self._turn():
            assembly = Assembly(self._judge.catalogue, self._judge.eras, self._judge.retention)
            await self._fetch(names)
            for name in names:
                life = self._lives.get(name)
                if life is not None:
                    assembly.tally.add(life.facts())
            await self._commit(assembly, self._clock())

    async def revisit(self, names: Sequence[bytes]) -> None:
        """Judge entities by the configuration that is in force now. Raises Lost."""
        async with self._turn():
            await self._fire(names, self._clock())

    async def reconcile(self) -> None:
        """Once the log is read to where it ended at a loss, withdraw what the topic says and nobody said anew."""
        heard = self.heard
        if heard is None or not self.horizon.caught_up:
            return
        left = list(heard.left())
        async with self._turn():
            names = [name_of(self.kind, said.subject) for _, said in left]
            await self._fetch(names)
            assembly = Assembly(self._judge.catalogue, self._judge.eras, self._judge.retention)
            now = self._clock()
            for name, (wire, said) in zip(names, left, strict=True):
                life = self._lives.get(name) or Life(self.kind, said.subject)
                earlier = assembly.earlier(name, life)
                if (item := withdrawn(life, wire, said.at, now)) is not None:
                    assembly.news.append(item)
                    assembly.changed(name, life, earlier, (), now)
            self.heard = None
            await self._commit(assembly, now)


def slot_of(slot: tuple[int, int]) -> Slot:
    """The name in Redis of a bucket of windows."""
    if slot == NOW_SLOT:
        return GAUGES
    grain, start = slot
    return Slot(f"{grain // MINUTE}m", start)
