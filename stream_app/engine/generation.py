"""Generations of the state in Redis: which one is at work, who makes another, and how all turn from one to the next."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from stream_app.engine.keys import TP, Names
from stream_app.engine.store import ACTIVE
from stream_app.engine.write import LEFT

SCRIPT: Final = resources.files(__package__).joinpath("switch.lua").read_text("utf-8")
_RENEW: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"
HELD: Final = 15.0
"""Seconds after which a rebuilder that was killed no longer stands in the way of another."""
RENEWED: Final = 3.0
"""Seconds between two renewals."""
_PREVIOUS: Final = b"previous"
_NEWEST: Final = b"newest"


class Busy(Exception):
    """Somebody else is rebuilding."""


class Turned(Struct, frozen=True):
    """Which generation is at work, and the one before it as long as it is kept."""

    active: int
    previous: int | None


class Hold:
    """The right to rebuild. Whoever loses it (too slow, or Redis was emptied) must write nothing more."""

    def __init__(self, redis: Redis, names: Names) -> None:
        """Not held yet."""
        self._redis: Any = redis
        self._key = names.rebuild
        self.lost = asyncio.Event()
        self.token: Final = f"{secrets.token_hex(8)} {socket.gethostname()}:{os.getpid()}".encode()

    async def take(self) -> None:
        """Raises Busy, or redis errors."""
        if not await self._redis.set(self._key, self.token, nx=True, px=int(HELD * 1000)):
            holder = (await self._redis.get(self._key) or b"").partition(b" ")[2].decode()
            raise Busy(f"another rebuild is running (on {holder}, as a process), or was killed within {HELD:g} s")

    async def keep(self) -> None:
        """Renew it, again and again; ends where it is lost."""
        held_at = time.monotonic()
        while time.monotonic() - held_at < HELD:
            await asyncio.sleep(RENEWED)
            with contextlib.suppress(RedisError):
                if not await self._redis.eval(_RENEW, 1, self._key, self.token, int(HELD * 1000)):
                    break
                held_at = time.monotonic()
        self.lost.set()

    async def release(self) -> None:
        """Let others rebuild. Raises redis errors."""
        await self._redis.eval(_RELEASE, 1, self._key, self.token)


async def active(redis: Redis, names: Names) -> int:
    """The generation at work by Redis, or where it says nothing (it was emptied), the one that the names mean.

    Raises redis errors.
    """
    client: Any = redis
    said = await client.hget(names.generations, ACTIVE)
    return names.generation if said is None else int(said)


async def turned(redis: Redis, names: Names) -> Turned:
    """What Redis says; the first generation where it says nothing. Raises redis errors."""
    client: Any = redis
    active, previous = await client.hmget(names.generations, ACTIVE, _PREVIOUS)
    return Turned(int(active or 0), None if previous is None else int(previous))


async def at_work(redis: Redis, namespace: str) -> Names:
    """The names of the generation at work, for whoever only reads. Raises redis errors."""
    names = Names(namespace)
    names.turn_to(await active(redis, names))
    return names


async def begun(redis: Redis, names: Names, newest: int) -> int:
    """The number of a generation that never was. `newest`: the highest that is known elsewhere. Raises redis errors."""
    client: Any = redis
    number = max(int(await client.hget(names.generations, _NEWEST) or 0), newest) + 1
    await client.hset(names.generations, _NEWEST, number)
    return number


async def forgotten(redis: Redis, names: Names) -> None:
    """Note that there is no way back. Raises redis errors."""
    client: Any = redis
    await client.hdel(names.generations, _PREVIOUS)


async def switch(
    redis: Redis, hold: Hold, there: Names, here: Names, tps: Sequence[TP], compared: Mapping[TP, str], *, back: bool
) -> str:
    """Have all turn from `there` to `here`; 'done', or what speaks against it. Raises redis errors.

    `compared`: up to which signal the outbox there counts as said here. `back`: `here` was at work before.
    """
    keys: list[bytes] = [there.rebuild, there.generations]
    for tp in tps:
        its, ours = there.of(tp), here.of(tp)
        keys += (its.meta, its.outbox, ours.meta, ours.outbox)
    arguments: list[bytes | str | int] = [
        hold.token, there.generation, here.generation, "back" if back else "first", LEFT,
        *(compared.get(tp, "") for tp in tps),
    ]  # fmt: skip
    client: Any = redis
    answer: bytes = await client.eval(SCRIPT, len(keys), *keys, *arguments)
    return answer.decode()


async def unclaimed(redis: Redis, names: Names, tps: Sequence[TP]) -> list[TP]:
    """Partitions that no worker has taken since the switch. Raises redis errors."""
    client: Any = redis
    owners = await asyncio.gather(*(client.hget(names.of(tp).meta, "owner") for tp in tps))
    return [tp for tp, owner in zip(tps, owners, strict=True) if owner in (None, LEFT)]
