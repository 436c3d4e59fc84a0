"""The state in Redis as everybody else sees it (`report`, `serve`): read only, across partitions, owning nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final, Self

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from stream_app.engine.connection import Address
from stream_app.engine.keys import GAUGES, TP, Names, Slot, parsed_member
from stream_app.engine.store import found, ranks
from stream_app.engine.write import Standing

ASKED_ONCE: Final = 5.0
"""Seconds that somebody who waits for a command is kept waiting by a Redis that does not answer."""


def client(where: Address, *, once: bool = False) -> Redis:
    """A pooled client for the address; its errors are redis-py's. `once`: for a command, which does not try again."""
    door: dict[str, Any] = {"host": where.host, "port": where.port}
    if where.path is not None:
        door = {"unix_socket_path": where.path}
    if (tls := where.tls) is not None:
        door |= {
            "ssl": True,
            "ssl_cert_reqs": tls.verify,
            "ssl_check_hostname": tls.check_hostname and tls.verify != "none",
            "ssl_ca_certs": tls.ca_certs,
            "ssl_certfile": tls.certfile,
            "ssl_keyfile": tls.keyfile,
        }
    if once:
        door |= {"retry": Retry(NoBackoff(), 0), "socket_connect_timeout": ASKED_ONCE, "socket_timeout": ASKED_ONCE}
    # Protocol 2: the answers have the same shape on every version of Redis and of its client.
    return Redis(**door, db=where.database, username=where.username, password=where.password, protocol=2)


class RedisReader:
    """Reads what the owners wrote. What it sees at two calls may lie two writes apart; Redis errors are raised."""

    def __init__(self, redis: Redis, names: Names) -> None:
        self._redis: Final[Any] = redis  # its types answer bytes or text, for clients that decode
        self._names: Final = names

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Lets the connections go."""
        await self._redis.aclose()

    async def partitions(self) -> list[TP]:
        """Every partition that was ever claimed, in order."""
        return sorted(map(parsed_member, await self._redis.smembers(self._names.partitions)))

    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]:
        """Who owns each partition and how far it is."""
        tps = list(tps)
        replies = await self._pipelined([("HMGET", self._names.of(tp).meta, "owner", "seq", "next") for tp in tps])
        return {tp: found(*reply) for tp, reply in zip(tps, replies, strict=True)}

    async def latest(self, tps: Iterable[TP]) -> dict[TP, int | None]:
        """The latest event time seen in each partition, in microseconds."""
        tps = list(tps)
        replies = await self._pipelined([("HGET", self._names.of(tp).meta, "latest") for tp in tps])
        return {tp: None if reply is None else int(reply) for tp, reply in zip(tps, replies, strict=True)}

    async def entities(self, tp: TP, chunk: int = 1_000) -> AsyncIterator[dict[bytes, bytes]]:
        """Encoded state by entity key, some `chunk` at a time; one that moves meanwhile may come twice."""
        cursor = 0
        while True:
            cursor, some = await self._redis.hscan(self._names.of(tp).entity, cursor, count=chunk)
            if some:
                yield some
            if not cursor:
                return

    async def lives(self, tp: TP, entities: Sequence[bytes]) -> list[bytes | None]:
        """The encoded state of each entity, None where there is none."""
        found: list[bytes | None] = await self._redis.hmget(self._names.of(tp).entity, entities) if entities else []
        return found

    async def histories(self, tp: TP, entities: Sequence[bytes]) -> list[list[bytes]]:
        """The encoded events of each entity, in the order they were appended."""
        keys = self._names.of(tp)
        return await self._pipelined([("LRANGE", keys.history(entity), 0, -1) for entity in entities])

    async def buckets(self, tp: TP, grain: str, begin: int, end: int) -> dict[int, dict[bytes, bytes]]:
        """The cells of the grain's buckets that start in [begin, end) microseconds, by start, in order."""
        keys = self._names.of(tp)
        starts = [int(start) for start in await self._redis.zrangebyscore(keys.starts(grain), begin, f"({end}")]
        replies = await self._pipelined([("HGETALL", keys.bucket(Slot(grain, start))) for start in starts])
        return {start: cells for start, cells in zip(starts, replies, strict=True) if cells}

    async def gauges(self, tp: TP) -> dict[bytes, bytes]:
        """The cells of what holds now."""
        cells: dict[bytes, bytes] = await self._redis.hgetall(self._names.of(tp).bucket(GAUGES))
        return cells

    async def due(self, tp: TP, upto: int, limit: int) -> list[tuple[bytes, int]]:
        """At most `limit` running deadlines at or before `upto`, the earliest first."""
        command = ("ZRANGE", self._names.of(tp).due, "-inf", upto, "BYSCORE", "LIMIT", 0, limit, "WITHSCORES")
        return ranks(await self._redis.execute_command(*command))

    async def unpublished(self, tps: Iterable[TP]) -> dict[TP, int]:
        """How many signals wait in each partition's outbox."""
        tps = list(tps)
        replies = await self._pipelined([("XLEN", self._names.of(tp).outbox) for tp in tps])
        return dict(zip(tps, replies, strict=True))

    async def last_signal(self, tp: TP) -> str | None:
        """The place of the newest signal in the partition's outbox, as its stream says it."""
        entries = await self._redis.xrevrange(self._names.of(tp).outbox, count=1)
        return entries[0][0].decode() if entries else None

    async def _pipelined(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        if not commands:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            replies: list[Any] = await pipe.execute()
        return replies
