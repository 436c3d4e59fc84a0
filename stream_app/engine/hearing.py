"""Hearing: reading from the topic of signals what a partition's state in Redis may no longer know of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from stream_app.engine.heard import Heard
from stream_app.engine.keys import TP
from stream_app.engine.ports import SAID
from stream_app.engine.post import RETRY, SIGNALS
from stream_app.sla.kind import Kind

log = logging.getLogger(__name__)

Counts = Callable[[tuple[str, ...]], Awaitable[Mapping[str, int]]]
"""The number of partitions of topics, of those that are there."""

POLL: Final = 500
"""Milliseconds that a fetch may wait."""


class KafkaHearing:
    """Reads with a consumer of its own, in no group, made anew each time."""

    def __init__(self, make: Callable[[], AIOKafkaConsumer], counts: Counts, prefix: str) -> None:
        """`make` gives a consumer that is not started, in no group; `prefix` stands before the names of the topics."""
        self._make = make
        self._counts = counts
        self._topic = f"{prefix}{SIGNALS}"

    async def __call__(self, tp: TP, kind: Kind, marks: Mapping[str, bytes]) -> Heard:
        """What the topic holds about the partition's entities beyond the marks; tried until Kafka answers."""
        while True:
            try:
                return await self._read(tp, kind, marks)
            except KafkaError as error:
                log.warning("the topic %s cannot be read (%s); tried again", self._topic, error)
                await asyncio.sleep(RETRY)

    async def _read(self, tp: TP, kind: Kind, marks: Mapping[str, bytes]) -> Heard:
        counts = await self._counts((tp.topic, self._topic))
        count = counts.get(tp.topic, 1)
        heard = Heard(lambda its, subject: its == kind and partition_of(subject, count) == tp.partition)
        parts = [TopicPartition(self._topic, number) for number in range(counts.get(self._topic, 0))]
        if not parts:
            return heard
        consumer: Any = self._make()
        try:
            await consumer.start()
            consumer.assign(parts)
            ends = await consumer.end_offsets(parts)
            begins = await consumer.beginning_offsets(parts)
            reached = {part: max(begins[part], int(marks.get(f"{SAID}{part.partition}", b"0"))) for part in parts}
            for part, offset in reached.items():
                consumer.seek(part, offset)
            while left := [part for part in parts if reached[part] < ends[part]]:
                for part, records in (await consumer.getmany(*left, timeout_ms=POLL)).items():
                    for record in records:
                        heard.hear(record.value)
                    reached[part] = await consumer.position(part)
                for part in left:
                    reached[part] = await consumer.position(part)
        finally:
            await consumer.stop()
        heard.marks = {f"{SAID}{part.partition}": str(end).encode() for part, end in ends.items()}
        return heard


def partition_of(subject: str, count: int) -> int:
    """The partition that Kafka's default partitioner gives a key."""
    return (int(murmur2(subject.encode())) & 0x7FFFFFFF) % count
