"""What can happen to a clock, and how it stands afterwards."""

from dataclasses import dataclass, field

from tests.oracle.settings import Terms


@dataclass(frozen=True)
class Turn:
    """Something that happened to a clock: what, when, and what goes with it."""

    what: str
    at: int
    terms: Terms | None = None
    mode: str = ""
    due: int = 0
    paused: bool = False
    began: int = 0


@dataclass
class Standing:
    """How a clock stands at a moment; times are microseconds, `warnings` pairs of threshold and instant.

    `missed` is the due time that a breach belongs to; it lies before `breached_at` when a re-target found it over.
    """

    clock: str
    cycle: int
    state: str = "running"
    started_at: int = 0
    due_at: int | None = None
    stopped_at: int | None = None
    elapsed: int = 0
    target: int | None = None
    breached_at: int | None = None
    missed: int | None = None
    warnings: list[tuple[str, int]] = field(default_factory=list)
    corners: set[str] = field(default_factory=set)
