"""The clocks: whether this host agrees with Redis' host and with those that stamp the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from redis.asyncio import Redis

from stream_app.diagnosis.finding import Finding, fault, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.engine.ports import Clock
from stream_app.sla.instant import SECOND

ITEM: Final = "clock"
TRIES: Final = 3
NOTED: Final = SECOND
BAD: Final = 30 * SECOND
"""Skew, in microseconds, that is a warning and a fault: signals come that much early or late."""


async def skew(redis: Redis, clock: Clock) -> tuple[int, int]:
    """How far our clock is ahead of Redis' in microseconds, and by how much that may be wrong. Raises redis errors."""
    client: Any = redis
    asked: list[tuple[int, int]] = []
    for _ in range(TRIES):  # the first one may wait for a connection
        before = clock()
        seconds, micros = await client.time()
        after = clock()
        asked.append(((after - before) // 2, (before + after) // 2 - (int(seconds) * 1_000_000 + int(micros))))
    error, ahead = min(asked)
    return ahead, error


def judged(ahead: int, error: int, address: str) -> list[Finding]:
    """What the difference to Redis' clock means."""
    sure = max(0, abs(ahead) - error)
    way = "ahead of" if ahead > 0 else "behind"
    if sure < NOTED:
        return [ok(ITEM, f"this host and Redis agree within {max(abs(ahead), error) / SECOND:.2f} s")]
    what = f"this host is {abs(ahead) / SECOND:.1f} s {way} Redis at {address}"
    return [(fault if sure >= BAD else warning)(ITEM, Name.CLOCK_SKEW, what)]


def stamped(newest: Mapping[str, int], now: int, max_ahead: int) -> list[Finding]:
    """What log timestamps (milliseconds, the newest by topic) ahead of our clock mean; `max_ahead` in microseconds.

    One that is behind means nothing: nobody may have sent anything since.
    """
    found = []
    for topic, at in newest.items():
        ahead = at * 1_000 - now
        if ahead >= NOTED:
            say = fault if ahead > max_ahead else warning
            what = f"the newest record of {topic} is stamped {ahead / SECOND:.1f} s ahead of this host"
            found.append(say(ITEM, Name.CLOCK_SKEW, f"{what}: its producer's, its broker's or this clock is wrong"))
    return found
