"""Silence: what a rebuild keeps to itself while the generation at work goes on saying and parking."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from stream_app.engine.heard import Heard
from stream_app.engine.keys import TP
from stream_app.engine.letters import Letter
from stream_app.sla.decode import Reason
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
    """The post of a rebuild: signals stay in the outbox, and the generation at work has parked what is no event.

    What that one could judge and the rebuild cannot is parked by neither: it is counted.
    """

    def __init__(self) -> None:
        """Nothing was left out."""
        self.mute: Final = True
        self.known: Mapping[str, bytes] = {}
        self._failed: set[tuple[TP, int]] = set()

    @property
    def failed(self) -> int:
        """How many events could not be judged, each once though it may be read again."""
        return len(self._failed)

    async def park(self, letters: Sequence[Letter]) -> None:
        """Nothing, but for the count."""
        self._failed.update((letter.tp, letter.offset) for letter in letters if letter.reason is Reason.FAILED)

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        """Nothing; never returns."""
        del signals
        never: asyncio.Future[Mapping[str, bytes]] = asyncio.get_running_loop().create_future()
        return await never
