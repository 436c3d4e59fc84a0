"""The mirror of the ledger in Redis: what `report` and the exporter judge by without asking Kafka."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from stream_app.engine.keys import Names
from stream_app.engine.ledger import Activation

_decoder: Final = msgspec.json.Decoder(list[Activation])


def key(names: Names) -> bytes:
    """Where it is."""
    return f"{names.namespace}:configurations".encode()


async def put(redis: Redis, names: Names, activations: list[Activation]) -> None:
    """Write what was activated. Raises redis errors."""
    client: Any = redis
    await client.set(key(names), msgspec.json.encode(activations))


async def get(redis: Redis, names: Names) -> list[Activation]:
    """What was activated; nothing where no worker has run yet. Raises redis errors."""
    client: Any = redis
    data = await client.get(key(names))
    return [] if data is None else _decoder.decode(data)
