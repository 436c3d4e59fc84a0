"""The state in Redis as its owner sees it: fenced writes and the reads between them, in the order they were asked."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import resources
from typing import Any, Final, Self, TypeAlias

import msgspec

from stream_app.engine.channel import Channel, Health, Unwatched, Watch
from stream_app.engine.connection import Address, Command, packed
from stream_app.engine.keys import GAUGES, TP, Names, OutboxId, Slot, member
from stream_app.engine.write import Applied, Claim, Fenced, Standing, Why, Write, commands

SCRIPT: Final = resources.files(__package__).joinpath("write.lua").read_text("utf-8")
_SHA: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_FENCE: Final = (b"owner", b"seq", b"next")
_MARK: Final = b"mark:"
ACTIVE: Final = b"active"
"""The field that says which generation is at work; without it the first."""

Turn: TypeAlias = Callable[[int], Awaitable[None]]
"""Has the store's names, and all that goes with them, turn to another generation."""


def nowhere(tp: TP) -> int | None:
    """No partition begins anywhere but at its log's start."""
    del tp
    return None


class Signal(msgspec.Struct, frozen=True):
    """A signal in the outbox."""

    id: OutboxId
    key: bytes
    payload: bytes


class Ripe(msgspec.Struct, frozen=True):
    """Entities whose moment has come, the earliest first, and the first moment after the one asked for, if any."""

    rows: Sequence[tuple[bytes, int]]
    following: int | None


class RedisStore:
    """A worker's way into Redis. All that it is asked runs in the order asked, also through cuts and restarts.

    No Redis error reaches the caller: what isn't answered is sent again until it is, a write that an earlier try did
    apply being known by its sequence. Only Closed is raised. A method sends when its call first runs, so a read sees
    every write made before it. Open it inside a running loop: `async with RedisStore(…) as store`.
    """

    def __init__(
        self,
        where: Address,
        names: Names,
        *,
        watch: Watch | None = None,
        patience: float = 15.0,
        longest_wait: float = 2.0,
        starts: Callable[[TP], int | None] = nowhere,
        turn: Turn | None = None,
    ) -> None:
        """`starts`: from which offset a partition is read that was never read; None: its log's start.

        `turn` is called where another generation is at work than the names mean; None: it is of no matter.
        """
        self._names: Final = names
        self._starts: Final = starts
        self._turn: Final = turn
        self._channel: Final = Channel(
            where,
            first=[("SCRIPT", "LOAD", SCRIPT)],
            watch=watch or Unwatched(),
            patience=patience,
            longest_wait=longest_wait,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, grace: float = 5.0) -> None:
        """Waits up to `grace` seconds for what is in flight; what is then unanswered raises Closed."""
        await self._channel.close(grace)

    @property
    def health(self) -> Health:
        """Whether Redis answers."""
        return self._channel.health

    @property
    def in_flight(self) -> int:
        """How many requests have not been answered."""
        return self._channel.in_flight

    async def claim(self, tp: TP) -> Claim:
        """Takes the partition under a new random token: from here on every write of an earlier owner is fenced."""
        while True:
            # A random token and not a counter: a counter would start again after a FLUSHALL and be somebody's again.
            token, generation = secrets.token_hex(8).encode(), self._names.generation
            *_, fields, active = await self._channel.ask(*self._claim(tp, token))
            # Asked after the claim: a switch that comes later than this answer takes the partition from us.
            if self._turn is None or int(active or 0) == generation:
                return claimed(token, dict(zip(fields[::2], fields[1::2], strict=True)))
            await self._turn(int(active or 0))

    def _claim(self, tp: TP, token: bytes) -> list[Command]:
        names, keys, start = self._names, self._names.of(tp), self._starts(tp)
        asked: list[Command] = []
        if names.generation and self._turn is not None:  # a Redis that forgot all forgot this too
            asked.append((b"HSETNX", names.generations, ACTIVE, names.generation))
        if start is not None:
            asked.append((b"HSETNX", keys.meta, b"next", start))
        return [
            *asked,
            (b"SADD", names.partitions, member(tp)),
            (b"HSETNX", keys.meta, b"seq", 0),
            (b"HSET", keys.meta, b"owner", token),
            (b"HGETALL", keys.meta),
            (b"HGET", names.generations, ACTIVE),
        ]

    def write(self, write: Write) -> asyncio.Future[Applied | Fenced]:
        """Sends the write at once; several may be in flight, each following the one before. Answers come in order.

        After Fenced nothing more may be written under this token.
        """
        told: asyncio.Future[Applied | Fenced] = asyncio.get_running_loop().create_future()
        keys, arguments = commands(write, self._names.of(write.tp))
        data = packed(b"EVALSHA", _SHA, len(keys), *keys, *arguments)
        self._channel.send(data, 1, partial(_judge, write, told), partial(_fail, told))
        return told

    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]:
        """Who owns each partition and how far it is."""
        tps = list(tps)
        replies = await self._channel.ask(*((b"HMGET", self._names.of(tp).meta, *_FENCE) for tp in tps))
        return {tp: found(*reply) for tp, reply in zip(tps, replies, strict=True)}

    async def read_entities(self, tp: TP, entities: Sequence[bytes]) -> list[bytes | None]:
        """The encoded state of each entity, None where there is none."""
        if not entities:
            return []
        values: list[bytes | None]
        (values,) = await self._channel.ask((b"HMGET", self._names.of(tp).entity, *entities))
        return values

    async def read_histories(self, tp: TP, entities: Iterable[bytes]) -> list[list[bytes]]:
        """The encoded events of each entity, in the order they were appended."""
        keys = self._names.of(tp)
        return await self._channel.ask(*((b"LRANGE", keys.history(entity), 0, -1) for entity in entities))

    async def slots(self, tp: TP, grains: Iterable[str]) -> set[Slot]:
        """The buckets of these grains that there are, also those whose last cell went; that of now if it has any."""
        grains, keys = list(grains), self._names.of(tp)
        *replies, now = await self._channel.ask(
            *((b"ZRANGE", keys.starts(grain), 0, -1) for grain in grains), (b"EXISTS", keys.bucket(GAUGES))
        )
        there = {Slot(grain, int(start)) for grain, starts in zip(grains, replies, strict=True) for start in starts}
        return there | {GAUGES} if now else there

    async def read_buckets(self, tp: TP, cells: Mapping[Slot, Sequence[bytes]]) -> dict[Slot, list[bytes | None]]:
        """The encoded values of these cells of buckets, None where there is none. Some of each that is asked for."""
        keys = self._names.of(tp)
        replies = await self._channel.ask(*((b"HMGET", keys.bucket(slot), *its) for slot, its in cells.items()))
        return dict(zip(cells, replies, strict=True))

    async def waking(self, tp: TP, upto: int, limit: int) -> Ripe:
        """At most `limit` entities to wake at or before `upto`, and when the next one after it wakes."""
        return await self._ripe(self._names.of(tp).wake, upto, limit)

    async def retiring(self, tp: TP, upto: int, limit: int) -> Ripe:
        """At most `limit` entities that may leave at or before `upto` (event time)."""
        return await self._ripe(self._names.of(tp).retire, upto, limit)

    async def starts_before(self, tp: TP, grain: str, moment: int, limit: int) -> list[Slot]:
        """At most `limit` buckets of the grain that start before the moment, the earliest first."""
        command = (b"ZRANGE", self._names.of(tp).starts(grain), b"-inf", f"({moment}", b"BYSCORE", b"LIMIT", 0, limit)
        (starts,) = await self._channel.ask(command)
        return [Slot(grain, int(start)) for start in starts]

    async def outbox(self, tp: TP, limit: int, after: OutboxId | None = None) -> list[Signal]:
        """The first `limit` signals not yet dropped as published, those beyond `after` if given."""
        begin = b"-" if after is None else f"({after.seq}-{after.place}"
        (entries,) = await self._channel.ask((b"XRANGE", self._names.of(tp).outbox, begin, b"+", b"COUNT", limit))
        return [Signal(outbox_id(name), fields[1], fields[3]) for name, fields in entries]

    async def _ripe(self, key: bytes, upto: int, limit: int) -> Ripe:
        rows, beyond = await self._channel.ask(
            (b"ZRANGE", key, b"-inf", upto, b"BYSCORE", b"LIMIT", 0, limit, b"WITHSCORES"),
            (b"ZRANGE", key, f"({upto}", b"+inf", b"BYSCORE", b"LIMIT", 0, 1, b"WITHSCORES"),
        )
        return Ripe(ranks(rows), score(beyond[1]) if beyond else None)


def _judge(write: Write, told: asyncio.Future[Applied | Fenced], replies: list[Any], tries: int) -> None:
    if told.done():  # its caller no longer waits
        return
    if replies[0] == 1:
        told.set_result(Applied(write.seq + 1))
        return
    why, *fence = replies[0]
    there = found(*fence)
    if tries > 1 and there.owner == write.token and there.seq > write.seq:
        # Only this write can have moved the sequence past itself under its token: an earlier try was applied and its
        # answer was lost.
        told.set_result(Applied(write.seq + 1))
        return
    told.set_result(Fenced(why=Why(why.decode()), found=there))


def _fail(told: asyncio.Future[Any], error: Exception) -> None:
    if not told.done():
        told.set_exception(error)
        told.exception()  # it counts as seen: a partition that was let go no longer looks at its writes


def found(owner: bytes | None, seq: bytes | None, position: bytes | None) -> Standing:
    """The standing as the fields of a partition's meta hash say it."""
    return Standing(owner=owner, seq=int(seq or 0), next=None if position is None else int(position))


def claimed(token: bytes, meta: Mapping[bytes, bytes]) -> Claim:
    """The claim as a partition's meta hash says it."""
    position, latest = meta.get(b"next"), meta.get(b"latest")
    return Claim(
        token=token,
        seq=int(meta[b"seq"]),
        next=None if position is None else int(position),
        latest=None if latest is None else int(latest),
        marks={name.removeprefix(_MARK).decode(): value for name, value in meta.items() if name.startswith(_MARK)},
    )


def outbox_id(name: bytes) -> OutboxId:
    """The place in the outbox that a stream entry's id says."""
    seq, _, place = name.partition(b"-")
    return OutboxId(int(seq), int(place))


def score(text: bytes) -> int:
    """The microseconds that a sorted set's score says: a double, so exact up to the year 2255."""
    return int(text) if text.isdigit() else int(float(text))


def ranks(flat: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """The members and scores of a `WITHSCORES` reply."""
    return list(zip(flat[::2], map(score, flat[1::2]), strict=True))
