"""A row of the table: one fault, how often it is tried, what its runs saw and what was found in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.chaos.scene import Ending, Servers
from tests.chaos.witness import Seen

Says = Callable[[str], None]
"""Told about progress."""
SPARE: Final = 3
"""Runs beyond twice those wanted that are tried, for some do not count."""


@dataclass(frozen=True)
class Result:
    """What became of a row."""

    seen: Sequence[Seen]
    endings: Sequence[Ending]
    wanted: int

    @property
    def counted(self) -> int:
        """Runs that met what they were to meet."""
        return sum(one.counts for one in self.seen)

    @property
    def wrong(self) -> list[str]:
        """What speaks against it; nothing where it holds."""
        found = [said for ending in self.endings for said in ending.wrong]
        if self.counted < self.wanted:
            found.append(f"{self.counted} of {len(self.seen)} runs counted, {self.wanted} were wanted")
        return found


@dataclass(frozen=True)
class Row:
    """A fault and its runs."""

    name: str
    fault: str
    """What is done, for the table."""
    runs: int
    """How many must count."""
    plays: Callable[[Servers, int, Says], Result]
    """Tries until so many count, or too many were tried."""


def tried(attempt: Callable[[int], Seen], runs: int, says: Says) -> list[Seen]:
    """Runs until so many count; each is told its number."""
    seen: list[Seen] = []
    while sum(one.counts for one in seen) < runs and len(seen) < 2 * runs + SPARE:
        seen.append(attempt(len(seen)))
        says(f"run {len(seen)}: {told(seen[-1])}")
    return seen


def told(one: Seen) -> str:
    """A run in a line."""
    parts = [f"in flight {one.in_flight}"]
    parts += [f"{name} {count}" for name, count in counts(one).items() if count]
    if one.else_seen:
        parts.append(one.else_seen)
    if not one.counts:
        parts.append("does not count")
    return f"{', '.join(parts)}; right after {one.seconds:.1f} s"


def counts(one: Seen) -> dict[str, int]:
    """What had to be done again, by its name."""
    return {"rewinds": one.rewinds, "fenced": one.fenced, "sent again": one.resent, "left signals": one.left}
