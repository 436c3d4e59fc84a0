"""The store without Redis: the same answers from dictionaries, for tests that are to be fast."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from stream_app.engine.channel import Health
from stream_app.engine.keys import GAUGES, TP, OutboxId, Slot
from stream_app.engine.store import Ripe, Signal
from stream_app.engine.write import Applied, Claim, Fenced, Standing, Why, Write, outbox_ids

_Name = TypeVar("_Name")
_Value = TypeVar("_Value")


class _Partition:
    """What Redis would hold of one partition."""

    def __init__(self) -> None:
        self.owner: bytes | None = None
        self.seq = 0
        self.next: int | None = None
        self.latest: int | None = None
        self.marks: dict[str, bytes] = {}
        self.entities: dict[bytes, bytes] = {}
        self.history: dict[bytes, list[bytes]] = {}
        self.wake: dict[bytes, int] = {}
        self.due: dict[bytes, int] = {}
        self.retire: dict[bytes, int] = {}
        self.buckets: dict[Slot, dict[bytes, bytes]] = {}
        self.outbox: list[Signal] = []

    @property
    def standing(self) -> Standing:
        return Standing(owner=self.owner, seq=self.seq, next=self.next)

    def apply(self, write: Write) -> None:
        self.seq = write.seq + 1
        if write.span is not None:
            self.next = write.span.next
        if write.latest is not None:
            self.latest = write.latest
        _change(self.marks, write.marks)
        _change(self.entities, write.entities)
        for entity, state in write.entities.items():
            if state is None:
                self.history.pop(entity, None)
        for entity, events in write.history.items():
            self.history.setdefault(entity, []).extend(events)
        _change(self.wake, write.wake)
        _change(self.due, write.due)
        _change(self.retire, write.retire)
        for slot in write.trimmed:
            self.buckets.pop(slot, None)
        for slot, cells in write.buckets.items():
            _change(self.buckets.setdefault(slot, {}), cells)
        if write.published is not None:
            self.outbox = [signal for signal in self.outbox if signal.id > write.published]
        self.outbox += [
            Signal(place, key, payload) for place, (key, payload) in zip(outbox_ids(write), write.outbox, strict=True)
        ]


def why_refused(write: Write, found: Standing) -> Why | None:
    """What keeps the write from following what is found, if anything."""
    if found.owner != write.token:
        return Why.OWNER
    if found.seq != write.seq:
        return Why.SEQUENCE
    if write.span is not None and found.next not in (None, write.span.base):
        return Why.POSITION
    return None


class MemoryRedis:
    """The place that several stores share, as workers share a Redis."""

    def __init__(self) -> None:
        self.partitions: Final[dict[TP, _Partition]] = {}

    def of(self, tp: TP) -> _Partition:
        """What there is of the partition; nothing is remembered by asking."""
        return self.partitions.get(tp) or _Partition()

    def flush(self) -> None:
        """FLUSHALL."""
        self.partitions.clear()


class MemoryStore:
    """A worker's way into a MemoryRedis; as RedisStore."""

    def __init__(self, redis: MemoryRedis) -> None:
        self._redis: Final = redis
        self.health: Final = Health(reachable=True, seconds=0.0, why=None)
        self.in_flight: Final = 0

    async def close(self, grace: float = 5.0) -> None:
        """Nothing is in flight."""

    async def claim(self, tp: TP) -> Claim:
        """As RedisStore.claim."""
        partition = self._redis.partitions.setdefault(tp, _Partition())
        partition.owner = token = secrets.token_hex(8).encode()
        return Claim(
            token=token,
            seq=partition.seq,
            next=partition.next,
            latest=partition.latest,
            marks=dict(partition.marks),
        )

    def write(self, write: Write) -> asyncio.Future[Applied | Fenced]:
        """As RedisStore.write, answered at once."""
        told: asyncio.Future[Applied | Fenced] = asyncio.get_running_loop().create_future()
        partition = self._redis.of(write.tp)
        why = why_refused(write, partition.standing)
        if why is None:
            partition.apply(write)
            told.set_result(Applied(partition.seq))
        else:
            told.set_result(Fenced(why=why, found=partition.standing))
        return told

    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]:
        """As RedisStore.standing."""
        return {tp: self._redis.of(tp).standing for tp in tps}

    async def read_entities(self, tp: TP, entities: Sequence[bytes]) -> list[bytes | None]:
        """As RedisStore.read_entities."""
        held = self._redis.of(tp).entities
        return [held.get(entity) for entity in entities]

    async def read_histories(self, tp: TP, entities: Iterable[bytes]) -> list[list[bytes]]:
        """As RedisStore.read_histories."""
        held = self._redis.of(tp).history
        return [list(held.get(entity, ())) for entity in entities]

    async def slots(self, tp: TP, grains: Iterable[str]) -> set[Slot]:
        """As RedisStore.slots."""
        held = self._redis.of(tp)
        there = {slot for grain in grains for slot in _starts(held, grain)}
        return there | {GAUGES} if held.buckets.get(GAUGES) else there

    async def read_buckets(self, tp: TP, cells: Mapping[Slot, Sequence[bytes]]) -> dict[Slot, list[bytes | None]]:
        """As RedisStore.read_buckets."""
        held = self._redis.of(tp).buckets
        return {slot: [held.get(slot, {}).get(cell) for cell in its] for slot, its in cells.items()}

    async def waking(self, tp: TP, upto: int, limit: int) -> Ripe:
        """As RedisStore.waking."""
        return _ripe(self._redis.of(tp).wake, upto, limit)

    async def retiring(self, tp: TP, upto: int, limit: int) -> Ripe:
        """As RedisStore.retiring."""
        return _ripe(self._redis.of(tp).retire, upto, limit)

    async def starts_before(self, tp: TP, grain: str, moment: int, limit: int) -> list[Slot]:
        """As RedisStore.starts_before."""
        return [slot for slot in _starts(self._redis.of(tp), grain) if slot.start < moment][:limit]

    async def outbox(self, tp: TP, limit: int, after: OutboxId | None = None) -> list[Signal]:
        """As RedisStore.outbox."""
        return [signal for signal in self._redis.of(tp).outbox if after is None or signal.id > after][:limit]


class MemoryReader:
    """A reader of a MemoryRedis; as RedisReader."""

    def __init__(self, redis: MemoryRedis) -> None:
        self._redis: Final = redis

    async def close(self) -> None:
        """Nothing is held."""

    async def partitions(self) -> list[TP]:
        """As RedisReader.partitions."""
        return sorted(self._redis.partitions)

    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]:
        """As RedisReader.standing."""
        return {tp: self._redis.of(tp).standing for tp in tps}

    async def latest(self, tps: Iterable[TP]) -> dict[TP, int | None]:
        """As RedisReader.latest."""
        return {tp: self._redis.of(tp).latest for tp in tps}

    async def entities(self, tp: TP, chunk: int = 1_000) -> AsyncIterator[dict[bytes, bytes]]:
        """As RedisReader.entities."""
        held = list(self._redis.of(tp).entities.items())
        for start in range(0, len(held), chunk):
            yield dict(held[start : start + chunk])

    async def histories(self, tp: TP, entities: Sequence[bytes]) -> list[list[bytes]]:
        """As RedisReader.histories."""
        held = self._redis.of(tp).history
        return [list(held.get(entity, ())) for entity in entities]

    async def lives(self, tp: TP, entities: Sequence[bytes]) -> list[bytes | None]:
        """As RedisReader.lives."""
        held = self._redis.of(tp).entities
        return [held.get(entity) for entity in entities]

    async def last_signal(self, tp: TP) -> str | None:
        """As RedisReader.last_signal."""
        outbox = self._redis.of(tp).outbox
        return f"{outbox[-1].id.seq}-{outbox[-1].id.place}" if outbox else None

    async def buckets(self, tp: TP, grain: str, begin: int, end: int) -> dict[int, dict[bytes, bytes]]:
        """As RedisReader.buckets."""
        held = self._redis.of(tp)
        wanted = [slot for slot in _starts(held, grain) if begin <= slot.start < end]
        return {slot.start: dict(held.buckets[slot]) for slot in wanted if held.buckets[slot]}

    async def gauges(self, tp: TP) -> dict[bytes, bytes]:
        """As RedisReader.gauges."""
        return dict(self._redis.of(tp).buckets.get(GAUGES, {}))

    async def due(self, tp: TP, upto: int, limit: int) -> list[tuple[bytes, int]]:
        """As RedisReader.due."""
        return list(_ripe(self._redis.of(tp).due, upto, limit).rows)

    async def unpublished(self, tps: Iterable[TP]) -> dict[TP, int]:
        """As RedisReader.unpublished."""
        return {tp: len(self._redis.of(tp).outbox) for tp in tps}


def _change(held: dict[_Name, _Value], changes: Mapping[_Name, _Value | None]) -> None:
    for name, value in changes.items():
        if value is None:
            held.pop(name, None)
        else:
            held[name] = value


def _ripe(scores: Mapping[bytes, int], upto: int, limit: int) -> Ripe:
    rows = sorted(scores.items(), key=lambda row: (row[1], row[0]))
    return Ripe([row for row in rows if row[1] <= upto][:limit], next((at for _, at in rows if at > upto), None))


def _starts(partition: _Partition, grain: str) -> list[Slot]:
    return sorted(slot for slot in partition.buckets if slot.grain == grain and slot != GAUGES)
