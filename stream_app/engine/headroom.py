"""The headroom: whether a Redis has the memory for another generation of the state beside the one at work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FULL: Final = 0.95
"""The part of `maxmemory` at which a rebuild gives up, before the generation at work cannot write any more."""
_MB: Final = 1_000_000


def warning(info: Mapping[str, Any]) -> str | None:
    """What Redis's `INFO memory` speaks against it with: as much again as it holds may be needed."""
    needed = int(info.get("used_memory_dataset") or info.get("used_memory") or 0)
    bound, used = int(info.get("maxmemory") or 0), int(info.get("used_memory") or 0)
    what = "maxmemory"
    if not bound:
        bound, used = int(info.get("total_system_memory") or 0), int(info.get("used_memory_rss") or 0)
        what = "the machine"
    left = max(bound - used, 0)
    if not bound or needed <= left:
        return None
    return (
        f"Redis holds {needed / _MB:,.0f} MB, and a rebuild may need as much again until the old state is forgotten: "
        f"{what} leaves {left / _MB:,.0f} MB"
    )


def is_full(info: Mapping[str, Any]) -> bool:
    """Whether Redis is near its `maxmemory`."""
    bound = int(info.get("maxmemory") or 0)
    return bound > 0 and int(info.get("used_memory") or 0) > FULL * bound
