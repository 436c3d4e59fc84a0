"""Excerpts: the records that partitions hold between two offsets, read by a consumer that is in no group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.engine.keys import TP

POLL: Final = 200
"""Milliseconds that a fetch may wait."""


class Bounds(NamedTuple):
    """The first offset, and the one after the last."""

    begin: int
    end: int


async def bounds(consumer: AIOKafkaConsumer, tps: Collection[TP]) -> dict[TP, Bounds]:
    """What each partition holds now. Raises KafkaError."""
    its: Any = consumer
    parts = [TopicPartition(*tp) for tp in tps]
    if not parts:
        return {}
    begins, ends = await its.beginning_offsets(parts), await its.end_offsets(parts)
    return {TP(*part): Bounds(begins[part], ends[part]) for part in parts}


async def excerpt(consumer: AIOKafkaConsumer, wanted: Mapping[TP, Bounds]) -> AsyncIterator[Any]:
    """The records in these bounds, in the order of each partition. Raises KafkaError.

    What the consumer read before is no matter; start and stop are the caller's. Ends by the positions and not by the
    last record: compaction and transactions leave offsets without one.
    """
    its: Any = consumer
    ends = {TopicPartition(*tp): bound.end for tp, bound in wanted.items() if bound.begin < bound.end}
    its.assign(list(ends))
    for part in ends:
        its.seek(part, wanted[TP(*part)].begin)
    while ends:
        for part, records in (await its.getmany(*ends, timeout_ms=POLL)).items():
            for record in records:
                if record.offset < ends[part]:
                    yield record
        for part in list(ends):
            if await its.position(part) >= ends[part]:
                del ends[part]
                its.pause(part)
