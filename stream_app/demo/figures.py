"""The worker's own figures, from its metrics: what it has taken in, what it has said and how soon."""

from __future__ import annotations

from typing import Final

import aiohttp
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

PATIENCE: Final = aiohttp.ClientTimeout(total=2)


class Figures(Struct, frozen=True, kw_only=True):
    """Totals since the worker's start."""

    applied: int = 0
    """Events that count."""
    duplicate: int = 0
    late: int = 0
    malformed: int = 0
    lag: int = 0
    """Records that it has not read yet."""
    waiting: int = 0
    """Signals that are written and not yet published."""
    said: int = 0
    """Signals written."""
    delay: float = 0
    """The sum of the seconds from their becoming true to their writing, by the worker's clock."""
    published: int = 0
    healed: int = 0
    """Losses of state that were found and healed."""
    refused: int = 0
    """Writes that Redis refused."""


_FIELDS: Final = {
    "tenggat_consumer_lag_records": "lag",
    "tenggat_outbox_signals": "waiting",
    "tenggat_signal_delay_seconds_count": "said",
    "tenggat_signal_delay_seconds_sum": "delay",
    "tenggat_signals_published_total": "published",
    "tenggat_state_rewinds_total": "healed",
    "tenggat_fenced_total": "refused",
}
"""Where each figure comes from; events go by their outcome."""


def figures(text: str) -> Figures:
    """The figures that metrics in Prometheus's text format add up to."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.labels["outcome"] if sample.name == "tenggat_events_total" else _FIELDS.get(sample.name)
            if name is not None:
                sums[name] = sums.get(name, 0) + sample.value
    delay = sums.pop("delay", 0.0)
    return Figures(delay=delay, **{name: int(total) for name, total in sums.items()})


async def ask(session: aiohttp.ClientSession, port: int) -> Figures | None:
    """What the worker shows now; None where it does not answer."""
    try:
        async with session.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            return figures(await answer.text())
    except (aiohttp.ClientError, TimeoutError):
        return None
