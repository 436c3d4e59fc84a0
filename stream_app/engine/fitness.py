"""What speaks against trusting a Redis with the state: asked at the start and by the doctor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

OLDEST: Final = (7, 0)
"""The oldest that the tests are run on."""


class Weight(StrEnum):
    """Whether the worker can run at all."""

    REFUSED = "refused"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong, and what to do."""

    name: str
    """Stable, for scripts and the guide."""
    weight: Weight
    text: str


async def findings(redis: Redis) -> list[Finding]:
    """What is wrong with this Redis, the worst first; empty if nothing. Raises redis-py's errors when it is away."""
    anything: Any = redis  # its types answer bytes or text, for clients that decode
    info: Mapping[str, Any] = await anything.info()
    try:
        settings: Mapping[Any, Any] = await anything.config_get("appendfsync")
    except ResponseError:  # hosted ones forbid CONFIG; what matters most is in INFO too
        settings = {}
    fsync = next(iter(settings.values()), b"")
    return judged(info, fsync.decode() if isinstance(fsync, bytes) else str(fsync))


def judged(info: Mapping[str, Any], appendfsync: str = "") -> list[Finding]:
    """What Redis's INFO (and its `appendfsync`, where known) gives away."""
    found: list[Finding] = []

    def say(name: str, weight: Weight, text: str) -> None:
        found.append(Finding(name, weight, text))

    version = str(info.get("redis_version", ""))
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        say("redis-version", Weight.REFUSED, f"Redis {version or 'of unknown version'}: 7.0 or newer is needed")
    if info.get("role") in ("slave", "replica"):
        say("redis-replica", Weight.REFUSED, "this Redis is a replica: connect to its primary")
    if int(info.get("cluster_enabled", 0)):
        say("redis-cluster", Weight.REFUSED, "this Redis is a Cluster node: connect to one that is not")
    if int(info.get("loading", 0)):
        say("redis-loading", Weight.WARNING, "Redis is still loading its data")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        text = f"maxmemory-policy is {policy}: Redis may throw state away; set it to noeviction"
        say("eviction-policy", Weight.WARNING, text)
    if not int(info.get("aof_enabled", 0)):
        text = "appendonly is off: after a crash of Redis the log is read again from its last snapshot"
        say("no-persistence", Weight.WARNING, text)
    elif info.get("aof_last_write_status", "ok") != "ok":
        say("persistence-failing", Weight.WARNING, "Redis could not write its append-only file: look at its disk")
    if appendfsync == "no":
        text = "appendfsync is no: a crash of the machine may lose more than a second; set it to everysec"
        say("lax-fsync", Weight.WARNING, text)
    return found
