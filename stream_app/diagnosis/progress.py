"""Progress: whether the workers read and publish, by two looks at Redis a moment apart."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct
from redis.asyncio import Redis

from stream_app.diagnosis.broker import Broker
from stream_app.diagnosis.finding import Finding, fault, listed, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.engine.excerpt import Bounds, bounds
from stream_app.engine.keys import TP, Names
from stream_app.engine.partition import HEALING
from stream_app.engine.store import claimed
from stream_app.engine.write import LEFT

LAG: Final = "lag"
OUTBOX: Final = "outbox"
OWNERS: Final = "owners"
PAUSE: Final = 1.2
"""Seconds between the looks: a worker that works confirms a batch and publishes within a fraction of it."""


class Look(Struct, frozen=True):
    """A partition as Redis shows it."""

    position: int | None = None
    """The next offset; None: never read."""
    owned: bool = False
    healing: bool = False
    waiting: int = 0
    """Signals in the outbox."""
    first: bytes | None = None
    """The oldest of them."""


async def look(redis: Redis, names: Names, tps: Collection[TP]) -> dict[TP, Look]:
    """How far each partition is. Raises redis errors."""
    client: Any = redis
    async with client.pipeline(transaction=False) as pipe:
        for tp in tps:
            keys = names.of(tp)
            pipe.hgetall(keys.meta)
            pipe.xlen(keys.outbox)
            pipe.xrange(keys.outbox, count=1)
        replies: list[Any] = await pipe.execute()
    each = zip(replies[::3], replies[1::3], replies[2::3], strict=True)
    return {tp: _seen(*its) for tp, its in zip(tps, each, strict=True)}


def _seen(meta: Mapping[bytes, bytes], waiting: int, entries: list[Any]) -> Look:
    if b"seq" not in meta:
        return Look(waiting=waiting)
    claim = claimed(b"", meta)
    first: bytes | None = entries[0][0] if entries else None
    return Look(claim.next, meta.get(b"owner") not in (None, LEFT), HEALING in claim.marks, waiting, first)


async def twice(redis: Redis, names: Names, tps: Collection[TP]) -> tuple[dict[TP, Look], dict[TP, Look]]:
    """Two looks, a moment apart. Raises redis errors."""
    before = await look(redis, names, tps)
    await asyncio.sleep(PAUSE)
    return before, await look(redis, names, tps)


async def ends(broker: Broker, tps: Collection[TP]) -> dict[TP, Bounds]:
    """What Kafka holds of each partition. Raises KafkaError."""
    async with broker.consumer() as consumer:
        return await bounds(consumer, tps)


def lag(held: Mapping[TP, Bounds], before: Mapping[TP, Look], after: Mapping[TP, Look]) -> list[Finding]:
    """How far behind the log's end the state is, and whether it is coming nearer."""
    found: list[Finding] = []
    stuck: dict[str, int] = {}
    moving: dict[str, int] = {}
    for tp, its in held.items():
        then, now = before.get(tp, Look()).position, after.get(tp, Look()).position
        label = f"{tp.topic}-{tp.partition}"
        if now is not None and now > its.end:
            what = f"{label}: Redis is at offset {now}, the log ends at {its.end}"
            found.append(fault(LAG, Name.POSITION_BEYOND_LOG, what))
        if then is not None and then < its.begin and then == now:
            what = f"{label}: retention took {its.begin - then} records that were not read"
            found.append(fault(LAG, Name.LOG_LOST, what))
        behind = its.end - max(its.begin if now is None else now, its.begin)
        if behind > 0:
            (stuck if now == then else moving)[label] = behind
    if stuck:
        each = listed(f"{label} by {count}" for label, count in stuck.items())
        found.append(fault(LAG, Name.LAG, f"nothing was read in {PAUSE:g} s, behind the log's end: {each} records"))
    if moving:
        each = listed(f"{label} by {count}" for label, count in moving.items())
        found.append(warning(LAG, Name.LAG, f"behind the log's end and reading: {each} records"))
    return found or [ok(LAG, f"all {len(held)} partitions are read to the log's end")]


def outbox(before: Mapping[TP, Look], after: Mapping[TP, Look]) -> list[Finding]:
    """Whether signals go out."""
    stuck = {
        f"{tp.topic}-{tp.partition}": now.waiting
        for tp, now in after.items()
        if now.first is not None and now.first == before[tp].first
    }
    if not stuck:
        return [ok(OUTBOX, f"{sum(its.waiting for its in after.values())} signals wait to be published")]
    each = listed(f"{count} of {label}" for label, count in stuck.items())
    return [fault(OUTBOX, Name.OUTBOX_STUCK, f"signals wait and are not published: {each}")]


def owners(tps: Collection[TP], after: Mapping[TP, Look]) -> list[Finding]:
    """Whether each partition is taken and whole."""
    found = []
    none = [f"{tp.topic}-{tp.partition}" for tp in tps if not after.get(tp, Look()).owned]
    if none:
        found.append(warning(OWNERS, Name.UNCLAIMED, f"no worker has ever taken {listed(none)}"))
    healing = [f"{tp.topic}-{tp.partition}" for tp, its in after.items() if its.healing]
    if healing:
        what = f"the log is read again after a loss: {listed(healing)}"
        found.append(warning(OWNERS, Name.HEALING, what))
    return found or [ok(OWNERS, f"{len(tps)} partitions, each taken by a worker")]
