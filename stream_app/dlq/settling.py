"""Settling: letters are sent again or dropped, and a note of it is written beside them.

The note is a record of the dead letters' own topic, so it lasts as long as they do and needs no other store. It is
written once Kafka has acknowledged what it tells of: after a crash between the two a letter is sent once more, which
changes nothing, for an event that is known is a duplicate.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import MessageSizeTooLargeError

from stream_app.dlq.letter import REDRIVEN, Fate, Letter, Note, Place, partition, spans
from stream_app.dlq.office import Office, Seen, unseen
from stream_app.dlq.selection import ALL, Selection
from stream_app.engine.keys import TP
from stream_app.engine.post import DEAD

CHUNK: Final = 200
"""Letters that one round takes."""
HEAVY: Final = 4_194_304
"""Bytes of values after which a round ends all the same."""


class Settling:
    """What was done so far, also where it could not be done to the end."""

    def __init__(self, producer: AIOKafkaProducer, patience: float) -> None:
        """`patience`: seconds that Kafka has to acknowledge a round. The producer's start and stop are the caller's."""
        self._producer: Final[Any] = producer
        self._patience: Final = patience
        self.done: Final[Counter[str]] = Counter()
        """Letters that were sent again, by topic, or dropped, by the topic they lay on."""
        self.left: Final[list[tuple[Place, str]]] = []
        """Those that could not be sent, and why; they go on waiting."""

    async def redrive(
        self,
        office: Office,
        selection: Selection,
        topics: Collection[str],
        limit: int | None = None,
        seen: Seen = unseen,
    ) -> None:
        """Send letters again to the topic they came from, at most `limit`; `topics` are those that exist.

        Raises KafkaError, TimeoutError.
        """
        async for some in _rounds(office.waiting(selection, seen), limit):
            sent: list[Letter] = []
            futures: list[Awaitable[Any]] = []
            for letter in some:
                if (why := unsendable(letter, topics)) is not None:
                    self.left.append((letter.place, why))
                    continue
                try:
                    futures.append(await self._sent(letter))
                except MessageSizeTooLargeError:
                    self.left.append((letter.place, "larger than a request may be"))
                else:
                    sent.append(letter)
            await asyncio.wait_for(asyncio.gather(*futures), self._patience)
            await self._note(Fate.REDRIVEN, sent)
            self.done.update(home(letter.place.topic) for letter in sent)

    async def drop(self, office: Office, selection: Selection, seen: Seen = unseen) -> Mapping[TP, int]:
        """Drop letters for good; gives for each partition up to where nothing waits any more, to be deleted.

        Raises KafkaError, TimeoutError.
        """
        upto = {tp: its.end for tp, its in office.held.items()}

        async def chosen() -> AsyncIterator[Letter]:
            async for letter in office.waiting(ALL, seen):
                if selection.has(letter):
                    yield letter
                else:
                    tp = partition(letter.place)
                    upto[tp] = min(upto[tp], letter.place.offset)

        async for some in _rounds(chosen(), None):
            await self._note(Fate.DROPPED, some)
            self.done.update(letter.place.topic for letter in some)
        return {tp: end for tp, end in upto.items() if end > office.held[tp].begin}

    async def _sent(self, letter: Letter) -> Awaitable[Any]:
        headers = [(REDRIVEN, str(letter.place).encode())]
        future: Awaitable[Any] = await self._producer.send(
            home(letter.place.topic), value=letter.value, key=letter.key, headers=headers
        )
        return future

    async def _note(self, fate: Fate, letters: Sequence[Letter]) -> None:
        offsets: dict[TP, list[int]] = {}
        for letter in letters:
            offsets.setdefault(partition(letter.place), []).append(letter.place.offset)
        for tp, its in offsets.items():
            value, headers = Note(fate, spans(its)).record()
            future = await self._producer.send(tp.topic, value=value, partition=tp.partition, headers=headers)
            await asyncio.wait_for(future, self._patience)


async def delete(admin: AIOKafkaAdminClient, upto: Mapping[TP, int]) -> None:
    """Have Kafka give the room back of all that lies before these offsets. Raises KafkaError."""
    if upto:
        await admin.delete_records(
            {TopicPartition(*tp): RecordsToDelete(before_offset=end) for tp, end in upto.items()}
        )


def home(topic: str) -> str:
    """The topic whose dead letters these are: the worker parks a record on its topic's own."""
    return topic.removesuffix(DEAD)


def unsendable(letter: Letter, topics: Collection[str]) -> str | None:
    """Why a letter cannot be sent again."""
    if home(letter.place.topic) not in topics:
        return f"the topic {home(letter.place.topic)} does not exist"
    if letter.key is None and letter.value is None:
        return "it has neither key nor value"
    return None


async def _rounds(letters: AsyncIterator[Letter], limit: int | None) -> AsyncIterator[list[Letter]]:
    """Letters some at a time, at most `limit` in all."""
    some: list[Letter] = []
    weight = count = 0
    async for letter in letters:
        if limit is not None and count >= limit:
            break
        some.append(letter)
        count += 1
        weight += len(letter.value or b"")
        if len(some) >= CHUNK or weight >= HEAVY:
            yield some
            some, weight = [], 0
    if some:
        yield some
