"""The pen: writes a partition's state to Redis, one write after another under its token, until Redis refuses one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final

from stream_app.engine.keys import TP, OutboxId
from stream_app.engine.ports import State
from stream_app.engine.write import Applied, Claim, Fenced, Span, Write, outbox_ids
from stream_app.telemetry import Telemetry

IN_FLIGHT: Final = 4
"""Writes that Redis has not answered yet: with one at a time the worker would wait for Redis after each batch."""


class Lost(Exception):
    """The partition is no longer ours as we knew it: let go."""


class Pen:
    """The writing side of one partition. What it wrote and Kafka does not have yet is in the outbox."""

    def __init__(self, tp: TP, claim: Claim, state: State, telemetry: Telemetry) -> None:
        """Begin where the claim left off."""
        self.tp: Final = tp
        self._token: Final = claim.token
        self._seq = claim.seq
        self.position = claim.next
        """The offset after the last batch that was sent to Redis; None: none yet."""
        self._state = state
        self._telemetry = telemetry
        self._lock = asyncio.Lock()
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._answers: set[asyncio.Task[None]] = set()
        self.fenced: Fenced | None = None
        """What was found in Redis in the place of our state; nothing more is written then."""
        self.on_fenced = asyncio.Event()
        self.outbox: list[tuple[OutboxId, bytes, bytes]] = []
        """Signals that are in Redis and not yet published: place, key, payload."""
        self.to_publish = asyncio.Event()

    @property
    def quiet(self) -> bool:
        """Whether all that was sent to Redis is confirmed."""
        return not self._answers

    @property
    def expected(self) -> tuple[bytes, int, int | None]:
        """Owner, sequence and position that Redis must show once all is confirmed."""
        return self._token, self._seq, self.position

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One change at a time, and not more of them in flight than there is room for. Raises Lost."""
        async with self._lock:
            await self._room.acquire()
            sent = self._seq
            try:
                if self.fenced is not None:
                    raise Lost
                yield
            finally:
                if self._seq == sent:
                    self._room.release()

    def send(self, **parts: Any) -> None:  # noqa: ANN401 -- the fields of Write
        """Send a write, within a turn, without waiting for the answer."""
        write = Write(tp=self.tp, token=self._token, seq=self._seq, **parts)
        future = self._state.write(write)
        self._seq += 1
        if write.span is not None:
            self.position = write.span.next
        task = asyncio.create_task(self._answered(write, future))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def more(self) -> None:
        """Wait for room for one more write of the same turn. Raises Lost."""
        await self._room.acquire()
        if self.fenced is not None:
            self._room.release()
            raise Lost

    async def _answered(self, write: Write, future: asyncio.Future[Applied | Fenced]) -> None:
        try:
            answer = await future
        finally:
            self._room.release()
        if isinstance(answer, Fenced):
            if self.fenced is None:
                self._telemetry.write_refused(self.tp.topic)
                self.lose(answer)
            return
        places = outbox_ids(write)
        self.resume((place, *signal) for place, signal in zip(places, write.outbox, strict=True))

    def resume(self, signals: Iterable[tuple[OutboxId, bytes, bytes]]) -> None:
        """Have these published, which are in Redis: just written, or by an earlier owner."""
        self.outbox.extend(signals)
        if self.outbox:
            self.to_publish.set()

    def lose(self, found: Fenced) -> None:
        """Write nothing more: Redis holds something else than we believe."""
        self.fenced = found
        self.on_fenced.set()

    async def drain(self) -> None:
        """Wait until all that was sent is answered."""
        while self._answers:
            await asyncio.wait(self._answers)

    async def move(self, offset: int) -> None:
        """Put the position elsewhere: the log is another one. Raises Lost."""
        async with self.turn():
            if self.position is not None:
                self.send(span=Span(self.position, offset))
            self.position = offset

    async def mark(self, marks: Mapping[str, bytes | None]) -> None:
        """Note small facts about the partition in Redis. Raises Lost."""
        async with self.turn():
            self.send(marks=marks)

    async def note(self, published: OutboxId, marks: Mapping[str, bytes]) -> None:
        """Note that the topic has the outbox up to there. Raises Lost."""
        async with self.turn():
            self.send(published=published, marks=marks)
