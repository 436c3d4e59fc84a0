"""The dead letter office: finds the letters that wait, by the notes that lie among them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from typing import Final

from aiokafka import AIOKafkaConsumer

from stream_app.dlq.letter import Fate, Letter, Note, Settled, opened, partition
from stream_app.dlq.selection import Selection
from stream_app.engine.excerpt import Bounds, bounds, excerpt
from stream_app.engine.keys import TP

Seen = Callable[[int], None]
"""Is told how many records were read."""


def unseen(count: int) -> None:
    """Nobody looks."""
    del count


class Office:
    """The dead letters of some partitions, as they lay when it looked."""

    def __init__(self, consumer: AIOKafkaConsumer, tps: Collection[TP]) -> None:
        """`tps` must be there; the consumer is in no group, its start and stop are the caller's."""
        self._consumer: Final = consumer
        self._tps: Final = list(tps)
        self._settled: Final = {tp: Settled() for tp in tps}
        self.held: dict[TP, Bounds] = {}
        """What the partitions held when it looked."""

    async def look(self, seen: Seen = unseen) -> None:
        """Learn how far the topics go and what is done with. Raises KafkaError."""
        self.held = await bounds(self._consumer, self._tps)
        async for record in excerpt(self._consumer, self.held):
            seen(1)
            found = opened(record)
            if isinstance(found, Note):
                tp = TP(record.topic, record.partition)
                self._settled[tp].note(found, self.held[tp].begin, record.offset)

    @property
    def size(self) -> int:
        """How many offsets there are to read."""
        return sum(its.end - its.begin for its in self.held.values())

    def fate(self, letter: Letter) -> Fate | None:
        """What became of a letter; None: it waits."""
        return self._settled[partition(letter.place)].fate(letter.place.offset)

    async def letters(self, selection: Selection, seen: Seen = unseen) -> AsyncIterator[Letter]:
        """Those that are meant, done with or not, in each partition's order. Raises KafkaError."""
        async for record in excerpt(self._consumer, self.held):
            seen(1)
            found = opened(record)
            if isinstance(found, Letter) and selection.has(found):
                yield found

    async def waiting(self, selection: Selection, seen: Seen = unseen) -> AsyncIterator[Letter]:
        """Those that are meant and wait. Raises KafkaError."""
        async for letter in self.letters(selection, seen):
            if self.fate(letter) is None:
                yield letter
