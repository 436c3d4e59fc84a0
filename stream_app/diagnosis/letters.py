"""The dead letters: how many wait, and for what reasons."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from typing import Final

from stream_app.diagnosis.broker import Broker
from stream_app.diagnosis.finding import Finding, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.dlq.office import Office
from stream_app.dlq.selection import ALL
from stream_app.engine.keys import TP

ITEM: Final = "dead letters"
PATIENCE: Final = 2.0
FETCH: Final = 1_048_576


async def examine(broker: Broker, tps: Collection[TP]) -> list[Finding]:
    """Count those that wait in these partitions, as far as there is time. Raises KafkaError."""
    reasons: Counter[str] = Counter()
    whole = True
    try:
        async with asyncio.timeout(PATIENCE), broker.consumer(FETCH) as consumer:
            office = Office(consumer, tps)
            await office.look()
            async for letter in office.waiting(ALL):
                reasons[letter.reason] += 1
    except TimeoutError:
        whole = False
    return judged(reasons, whole=whole)


def judged(reasons: Counter[str], *, whole: bool) -> list[Finding]:
    """What they come to; `whole`: all were counted."""
    if not reasons and whole:
        return [ok(ITEM, "none waits")]
    each = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    count = f"{reasons.total()}" if whole else f"at least {reasons.total()} (there was no time to count all)"
    return [warning(ITEM, Name.DEAD_LETTERS, f"{count} wait{': ' + each if each else ''}")]
