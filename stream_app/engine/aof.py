"""The append-only file: Redis is asked to write it anew once after each of its starts."""

from __future__ import annotations

import logging
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from stream_app.engine.pause import pause

log = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two looks."""


async def kept_whole(redis: Redis) -> None:
    """Never ends. A file that was cut inside a transaction keeps its first half, and the start after next applies it.

    Redis 7.0 truncates such a file after the last whole command, not before the MULTI (reproduced on 7.0.15; Valkey's
    pull request 4342 mends it). The half is not in memory, so a file written from memory does not have it.
    """
    anything: Any = redis  # its types answer bytes or text, for clients that decode
    while True:
        await pause(EVERY)
        try:
            info = await anything.info()
            if info.get("aof_enabled") and not (
                info.get("aof_rewrites") or info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]
            ):
                await anything.bgrewriteaof()
        except ResponseError as error:
            if "in progress" in str(error):  # another worker was quicker
                continue
            log.warning("Redis does not write its append-only file anew: %s", error)
            return
        except RedisError:  # /readyz says so
            pass
