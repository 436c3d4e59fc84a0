"""One write of a partition and what can become of it: position, state, deadlines, windows and news, all or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

import msgspec

from stream_app.engine.keys import GAUGES, TP, Keys, OutboxId, Slot

CHUNK: Final = 7_000
"""Arguments of one command inside the script: Lua's `unpack` refuses more than 8 000. Even: pairs stay whole."""

LEFT: Final = b"left"
"""The owner of a partition whose generation was left: nobody, for a token is longer."""

Packable: TypeAlias = bytes | str | int


class Span(NamedTuple):
    """The offsets of a batch: the fetch position it began at, and the position after it."""

    base: int
    next: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns a partition in Redis and how far it is; all empty after a loss."""

    owner: bytes | None
    seq: int
    next: int | None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A partition just taken: the token that every write carries, and where the earlier owner left off."""

    token: bytes
    seq: int
    next: int | None
    latest: int | None
    marks: Mapping[str, bytes]


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch, one firing or one publication changes. A value of None removes; all values are absolute.

    `seq` is the sequence this write follows (the claim's at first, then one more with each write). A batch has a
    `span`; its base must be the `next` in Redis. Moments and scores are microseconds since the epoch.
    """

    tp: TP
    token: bytes
    seq: int
    span: Span | None = None
    latest: int | None = None
    marks: Mapping[str, bytes | None] = {}
    """Small facts about the partition that the claim gives back."""
    entities: Mapping[bytes, bytes | None] = {}
    """Encoded state by entity key; one removed takes its history with it."""
    history: Mapping[bytes, Sequence[bytes]] = {}
    """Encoded events to append, by entity key."""
    wake: Mapping[bytes, int | None] = {}
    due: Mapping[bytes, int | None] = {}
    retire: Mapping[bytes, int | None] = {}
    """When finished entities may leave, in event time (as `latest`)."""
    buckets: Mapping[Slot, Mapping[bytes, bytes | None]] = {}
    trimmed: Collection[Slot] = ()
    """Buckets that leave whole."""
    outbox: Sequence[tuple[bytes, bytes]] = ()
    """Signals to publish: (Kafka key, payload)."""
    published: OutboxId | None = None
    """The outbox is dropped up to and including this one."""


class Applied(msgspec.Struct, frozen=True):
    """It is in Redis, once; the partition's next write follows `seq`."""

    seq: int


class Why(StrEnum):
    """What a refused write was wrong about."""

    OWNER = "owner"
    SEQUENCE = "sequence"
    POSITION = "position"


class Fenced(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing of it is in Redis: let go of what is in memory, claim anew if still assigned, rewind to what is found."""

    why: Why
    found: Standing


def outbox_ids(write: Write) -> list[OutboxId]:
    """The places that the write's signals take, once it is applied."""
    return [OutboxId(write.seq + 1, place) for place in range(1, len(write.outbox) + 1)]


class _Commands:
    """KEYS and ARGV of write.lua."""

    __slots__ = ("arguments", "keys")

    def __init__(self) -> None:
        self.keys: Final[list[bytes]] = []
        self.arguments: Final[list[Packable]] = []

    def one(self, name: bytes, key: bytes, *arguments: Packable) -> None:
        self.keys.append(key)
        self.arguments.extend((name, len(arguments), *arguments))

    def many(self, name: bytes, key: bytes, arguments: Sequence[Packable]) -> None:
        for start in range(0, len(arguments), CHUNK):
            self.one(name, key, *arguments[start : start + CHUNK])

    def hash(self, key: bytes, fields: Mapping[bytes, bytes | None]) -> None:
        self.many(b"HDEL", key, _removed(fields))
        self.many(b"HSET", key, [part for pair in fields.items() if pair[1] is not None for part in pair])  # type: ignore[misc]  # None is filtered out

    def ranked(self, key: bytes, scores: Mapping[bytes, int | None]) -> None:
        self.many(b"ZREM", key, _removed(scores))
        self.many(b"ZADD", key, [part for name, score in scores.items() if score is not None for part in (score, name)])


def _removed(changes: Mapping[bytes, object]) -> list[bytes]:
    return [name for name, value in changes.items() if value is None]


def commands(write: Write, keys: Keys) -> tuple[list[bytes], list[Packable]]:
    """The write as KEYS and ARGV of write.lua."""
    its = _Commands()
    its.keys.append(keys.meta)
    its.arguments.extend((write.token, write.seq, b"" if write.span is None else write.span.base))
    _meta(its, write, keys)
    its.hash(keys.entity, write.entities)
    for entity in _removed(write.entities):
        its.one(b"UNLINK", keys.history(entity))
    for entity, events in write.history.items():
        if len(events) == 1:  # nearly always, and one for each entity of a batch: this is where the packing time goes
            its.keys.append(keys.histories + entity)
            its.arguments.extend((b"RPUSH", 1, events[0]))
        else:
            its.many(b"RPUSH", keys.history(entity), events)
    its.ranked(keys.wake, write.wake)
    its.ranked(keys.due, write.due)
    its.ranked(keys.retire, write.retire)
    _buckets(its, write, keys)
    if write.published is not None:
        seq, place = write.published
        its.one(b"XTRIM", keys.outbox, b"MINID", f"{seq}-{place + 1}")
    for (seq, place), (key, payload) in zip(outbox_ids(write), write.outbox, strict=True):
        its.one(b"XADD", keys.outbox, f"{seq}-{place}", b"k", key, b"p", payload)
    return its.keys, its.arguments


def _meta(its: _Commands, write: Write, keys: Keys) -> None:
    fields: list[Packable] = [b"seq", write.seq + 1]
    if write.span is not None:
        fields += (b"next", write.span.next)
    if write.latest is not None:
        fields += (b"latest", write.latest)
    its.many(b"HSET", keys.meta, fields)
    if write.marks:
        its.hash(keys.meta, {b"mark:" + name.encode(): value for name, value in write.marks.items()})


def _buckets(its: _Commands, write: Write, keys: Keys) -> None:
    for slot in write.trimmed:
        its.one(b"UNLINK", keys.bucket(slot))
    for grain, starts in _by_grain(write.trimmed).items():
        its.many(b"ZREM", keys.starts(grain), starts)
    for slot, cells in write.buckets.items():
        its.hash(keys.bucket(slot), cells)
    for grain, starts in _by_grain(slot for slot, cells in write.buckets.items() if slot != GAUGES and cells).items():
        its.many(b"ZADD", keys.starts(grain), [part for start in starts for part in (start, start)])


def _by_grain(slots: Iterable[Slot]) -> dict[str, list[int]]:
    grains: dict[str, list[int]] = {}
    for slot in slots:
        grains.setdefault(slot.grain, []).append(slot.start)
    return grains
