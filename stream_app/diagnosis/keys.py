"""The keys: whether producers put an entity's records where Kafka's own partitioner puts them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Struct

from stream_app.diagnosis.broker import Broker
from stream_app.diagnosis.finding import Finding, fault, listed, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.engine.excerpt import Bounds, bounds, excerpt
from stream_app.engine.hearing import partition_of
from stream_app.engine.keys import TP

ITEM: Final = "keys"
SAMPLE: Final = 100
"""Records looked at of each partition, the newest."""
PATIENCE: Final = 1.8
"""Seconds; then what has come by then is judged."""


class Sampled(Struct, frozen=True):
    """A record's key, where it is, and its log timestamp in milliseconds. `subject`: None for what is no event."""

    tp: TP
    key: bytes | None
    subject: str | None
    at: int


class _Subject(Struct):
    subject: str


_decoder: Final = msgspec.json.Decoder(_Subject)


async def sample(broker: Broker, tps: Sequence[TP]) -> list[Sampled]:
    """The newest records of each partition, as many as come in time. Raises KafkaError."""
    found: list[Sampled] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE), broker.consumer() as consumer:
            held = await bounds(consumer, tps)
            wanted = {tp: Bounds(max(its.begin, its.end - SAMPLE), its.end) for tp, its in held.items()}
            async for record in excerpt(consumer, wanted):
                tp = TP(record.topic, record.partition)
                found.append(Sampled(tp, record.key, _subject(record.value), record.timestamp))
    return found


def _subject(value: bytes | None) -> str | None:
    try:
        return _decoder.decode(value or b"").subject
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def librdkafka(subject: str, count: int) -> int:
    """The partition that librdkafka's default (`consistent_random`) gives a key: its CRC-32."""
    return crc32(subject.encode()) % count


def judged(sampled: Sequence[Sampled], counts: Mapping[str, int]) -> list[Finding]:
    """Whether records are where murmur2 puts them; `counts` are the partitions of the topics."""
    found: list[Finding] = []
    events = [its for its in sampled if its.subject is not None]
    for topic, count in counts.items():
        mine = [its for its in events if its.tp.topic == topic]
        keyed = [its for its in mine if its.key is not None and its.key == (its.subject or "").encode()]
        if len(keyed) < len(mine):
            what = f"{topic}: {len(mine) - len(keyed)} of the newest {len(mine)} events have a key other than their "
            found.append(warning(ITEM, Name.WRONG_KEY, f"{what}subject, or none: they go to the dead letters"))
        astray = [its for its in keyed if its.tp.partition != partition_of(its.subject or "", count)]
        if astray:
            found.append(_why(topic, count, keyed, astray))
    if not events:
        return [ok(ITEM, "there are no events yet to go by")]
    return found or [ok(ITEM, f"{len(events)} of the newest events are where murmur2 puts their keys")]


def _why(topic: str, count: int, keyed: Sequence[Sampled], astray: Sequence[Sampled]) -> Finding:
    parts = listed(dict.fromkeys(str(its.subject) for its in astray), shown=3)
    what = (
        f"{topic}: {len(astray)} of the newest {len(keyed)} events are in another partition than murmur2 gives their "
    )
    what = f"{what}key ({parts})"
    if _all_at(astray, librdkafka, count):
        return fault(ITEM, Name.WRONG_PARTITIONER, f"{what}: all where librdkafka's default, CRC-32, puts them")
    fewer = next((less for less in range(count - 1, 0, -1) if _all_at(astray, partition_of, less)), None)
    if fewer is not None and len(astray) > 1:
        return fault(ITEM, Name.PARTITIONS_ADDED, f"{what}: they were sent when it had {fewer} partitions, now {count}")
    return fault(ITEM, Name.WRONG_PARTITIONER, what)


def _all_at(sampled: Iterable[Sampled], rule: Callable[[str, int], int], count: int) -> bool:
    return all(its.tp.partition == rule(its.subject or "", count) for its in sampled)


def newest(sampled: Iterable[Sampled]) -> dict[str, int]:
    """The newest log timestamp of each topic, in milliseconds."""
    found: dict[str, int] = {}
    for its in sampled:
        found[its.tp.topic] = max(its.at, found.get(its.tp.topic, its.at))
    return found
