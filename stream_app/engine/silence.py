"""Silence: what a rebuild keeps to itself while the generation at work goes on saying and parking."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from stream_app.engine.heard import Heard
from stream_app.engine.letters import Letter
from stream_app.engine.pen import Lost
from stream_app.sla.news import News


class Silence(Heard):
    """Of a partition: nothing is said of an entity before it was compared with what has been said of it."""

    def __init__(self) -> None:
        """Nothing is compared yet."""
        super().__init__(lambda _kind, _subject: False)
        self.compared: set[str] = set()
        self.kept: set[str] = set()
        """Entities that had something to say and were not compared yet."""

    def has(self, item: News) -> bool:
        """Whether this is not to be said now."""
        if item.subject in self.compared:
            return False
        self.kept.add(item.subject)
        return True

    def beyond(self, payloads: object) -> bool:
        """Whether the partition is to be silent: always."""
        del payloads
        return True

    def compare(self, subject: str) -> None:
        """It was compared: from now on what it has to say is said."""
        self.compared.add(subject)
        self.kept.discard(subject)


class Mute:
    """The post of a rebuild: signals stay in the outbox, and the generation at work has parked what is no event."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._given_up = asyncio.Event()
        self.known: Mapping[str, bytes] = {}

    async def park(self, letters: Sequence[Letter]) -> None:
        """Nothing."""

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        """Waits until a partition is given up. Raises Lost then."""
        del signals
        if (posting := asyncio.current_task()) is not None:
            posting.add_done_callback(_seen)
        await self._given_up.wait()
        raise Lost

    def give_up(self) -> None:
        """A partition is to be closed, which waits for what is being published."""
        self._given_up.set()
        self._given_up = asyncio.Event()


def _seen(posting: asyncio.Task[object]) -> None:
    """Nobody who closes a partition asks how its publication ended."""
    if not posting.cancelled():
        posting.exception()
