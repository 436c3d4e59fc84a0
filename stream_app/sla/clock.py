"""A clock: when it started, how much working time it has counted, what it has said, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from stream_app.sla.fact import Others
from stream_app.sla.instant import Micros
from stream_app.sla.policy import Calendar


class Turn(StrEnum):
    """What can happen to a clock."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CANCEL = "cancel"
    REOPEN = "reopen"


class State(StrEnum):
    """Whether a clock counts. A breach is kept beside it: a breached clock goes on counting."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


NEXT: Final[Mapping[tuple[State, Turn], State]] = {
    (State.RUNNING, Turn.PAUSE): State.PAUSED,
    (State.PAUSED, Turn.RESUME): State.RUNNING,
    (State.RUNNING, Turn.STOP): State.STOPPED,
    (State.PAUSED, Turn.STOP): State.STOPPED,
    (State.RUNNING, Turn.CANCEL): State.CANCELLED,
    (State.PAUSED, Turn.CANCEL): State.CANCELLED,
    (State.STOPPED, Turn.REOPEN): State.RUNNING,
}
"""What each turn makes of a clock; where there is no edge, nothing changes."""


class Warned(Struct, frozen=True, array_like=True, gc=False):
    """A threshold that was passed while the present target was in force."""

    threshold: str
    at: Micros


class Clock(Struct, array_like=True, gc=False):
    """A clock's whole state. Moments and spans in microseconds; spans are working time of the policy's calendar."""

    name: str
    cycle: int
    started_at: int
    state: State = State.RUNNING
    version: int = 0
    """Raised by each re-target."""
    judge: tuple[int, str] = (0, "")
    """The configuration (its number) and the policy that set its target."""
    target: int | None = None
    base: int = 0
    """The elapsed time from which the target counts (0, but for a clock set forward)."""
    fixed: int | None = None
    """A deadline that pauses do not move: negotiated, or set by law."""
    by_law: bool = False
    done: int = 0
    """What had elapsed when the present run began."""
    since: int | None = None
    """When the present run began; None while it does not run."""
    runs: tuple[int, ...] = ()
    """The ended runs: beginning, end, beginning, end …"""
    settled_runs: int = 0
    """So many of the edges of its runs were counted on an earlier calendar, and are not counted again."""
    mark: int = 0
    """Thresholds up to this elapsed time are dealt with."""
    due: int | None = None
    """The deadline: in force while running, missed once breached, what it was once stopped."""
    original_due: int | None = None
    missed: int | None = None
    """The deadline that it turned out to have missed when it was carried over, as the earlier calendar counted."""
    rings: int | None = None
    """The next moment at which it has something to say; None: never, as things stand."""
    owes_at: int | None = None
    """It was re-targeted (or came into being, or goes on counted) then, and has yet to say what that makes true.

    It says so once all that happens at that moment has happened; one that is paused by then, at the resume.
    """
    warned: tuple[Warned, ...] = ()
    breached_at: int | None = None
    breach_version: int = 0
    on_attach: bool = False
    """It was over at the moment it was re-targeted (or came into being)."""
    stopped_at: int | None = None
    stood: int | None = None
    """The number of the entity's dimensions that stood when it stopped, or at its breach."""
    others: Others = ()
    """Labels of its fact in the place of those."""

    @property
    def unfinished(self) -> bool:
        """Whether it still counts or waits to."""
        return self.stopped_at is None

    def elapsed(self, calendar: Calendar, now: int) -> int:
        """The working time it has counted up to `now`, pauses out."""
        if self.since is None:
            return self.done
        return self.done + calendar.between(Micros(self.since), Micros(now))
