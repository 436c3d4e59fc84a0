"""The sweep: removes from Redis what no generation at work or kept needs, a few keys at a time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from redis.asyncio import Redis

from stream_app.engine.keys import Names

CHUNK: Final = 1_000
"""Keys looked at in one answer: Redis serves others between two."""


def generation_of(root: str, key: bytes) -> int | None:
    """The generation that a key of the installation belongs to; None for keys of the whole installation and others'."""
    name = re.escape(root.encode())
    match = re.match(
        rb"(?:\{%b(?:@([0-9]+))?:[^}]*\}:|%b(?:@([0-9]+))?:(?:partitions|configurations)\Z)" % (name, name), key
    )
    return None if match is None else int(match[1] or match[2] or 0)


async def sweep(redis: Redis, names: Names, stale: Callable[[int], bool]) -> int:
    """Remove all keys of the generations that are stale; how many those were. Raises redis errors.

    Interrupted, it is done again from the beginning.
    """
    client: Any = redis
    gone = 0
    async for keys in _keys(client, names.root):
        its = [key for key in keys if (number := generation_of(names.root, key)) is not None and stale(number)]
        if its:
            gone += await client.unlink(*its)
    return gone


async def _keys(client: Any, root: str) -> AsyncIterator[list[bytes]]:  # noqa: ANN401 -- redis-py's types are for all shapes
    """All keys that may be the installation's; a name has no characters that mean something in a pattern."""
    for pattern in (f"{{{root}[@:]*", f"{root}[@:]*"):
        cursor = 0
        while True:
            cursor, keys = await client.scan(cursor, match=pattern, count=CHUNK)
            yield keys
            if not cursor:
                break
