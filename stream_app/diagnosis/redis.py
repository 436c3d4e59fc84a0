"""Redis: whether it answers, may hold the state, and has room for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from stream_app.diagnosis.finding import Finding, Weight, fault, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.engine import fitness
from stream_app.engine.connection import Address, dial

ITEM: Final = "redis"
MEMORY: Final = "memory"
PATIENCE: Final = 2.0
"""Seconds that Redis has to let us in."""
GRAVE: Final = frozenset({Name.EVICTION_POLICY, Name.NO_PERSISTENCE, Name.PERSISTENCE_FAILING})
"""A worker runs with these, and what it keeps may be lost."""
TIGHT, FULL = 0.8, 0.95
"""Parts of the memory that are a warning and a fault."""


async def knock(where: Address) -> None:
    """See that it lets us in. Raises OSError or Refused, at once where nobody listens."""
    line = await dial(where, name="tenggat-doctor", first=[("PING",)], limit=PATIENCE)
    line.abort("seen")


def shown(where: Address) -> str:
    """The address without its secrets."""
    return where.path or f"{where.host}:{where.port}"


async def examine(redis: Redis, where: Address) -> list[Finding]:
    """What is wrong with it. Raises redis errors."""
    anything: Any = redis
    info: Mapping[str, Any] = await anything.info()
    return [*judged(await fitness.findings(redis), info, shown(where)), *room(info)]


def judged(wrong: Sequence[fitness.Finding], info: Mapping[str, Any], address: str) -> list[Finding]:
    """What the worker's own examination found, weighed for an installation that is to last."""
    found = []
    for its in wrong:
        name = Name(its.name)
        grave = its.weight is fitness.Weight.REFUSED or name in GRAVE
        found.append(Finding(ITEM, Weight.FAULT if grave else Weight.WARNING, its.text, name))
    return found or [ok(ITEM, f"Redis {info['redis_version']} at {address}: appendonly, noeviction")]


def room(info: Mapping[str, Any]) -> list[Finding]:
    """How much of its memory is taken: of maxmemory, else of the machine's."""
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    whose = "maxmemory"
    if not limit:
        used, limit = int(info.get("used_memory_rss", used)), int(info.get("total_system_memory", 0))
        whose = "the machine's memory"
    if not limit:
        return [ok(MEMORY, f"{_size(used)} used")]
    what = f"{_size(used)} used, {used / limit:.0%} of {whose} ({_size(limit)})"
    if used < TIGHT * limit:
        return [ok(MEMORY, what)]
    return [(fault if used >= FULL * limit else warning)(MEMORY, Name.MEMORY_SHORT, what)]


def _size(count: int) -> str:
    mebi = count / 1_048_576
    return f"{mebi / 1024:.1f} GiB" if mebi >= 1024 else f"{mebi:.1f} MiB"  # noqa: PLR2004 -- as it is counted
