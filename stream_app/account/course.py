"""The course of a clock: what happened to it between two states, read off the difference of the states."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from stream_app.sla.clock import Clock, State, Warned


class What(StrEnum):
    """What can happen to a clock, as it is told."""

    STARTED = "started"
    REOPENED = "reopened"
    PAUSED = "paused"
    RESUMED = "resumed"
    RETARGETED = "retargeted"
    AGREED = "agreed"
    """Somebody agreed to the very deadline that it had: it no longer moves with pauses."""
    REJUDGED = "rejudged"
    """Another policy judges it, and the deadline is the same."""
    WITHDRAWN = "withdrawn"
    """A warning or a breach no longer stands."""
    WARNED = "warned"
    BREACHED = "breached"
    MET = "met"
    STOPPED = "stopped"
    """It stopped after its breach."""
    CANCELLED = "cancelled"


class Turned(Struct, frozen=True, kw_only=True):
    """One thing that happened to a clock, with its states on either side. Moments in microseconds."""

    what: What
    at: int
    before: Clock | None
    after: Clock
    warned: Warned | None = None
    """The warning that was said or withdrawn."""
    breached_at: int | None = None
    """The breach that was said or withdrawn."""

    @property
    def clock(self) -> tuple[str, int]:
        """Which clock: its name and cycle."""
        return self.after.name, self.after.cycle


def still(clock: Clock) -> Clock:
    """The clock as it is now: what happens to it later leaves this one alone."""
    return replace(clock, runs=tuple(clock.runs), warned=tuple(clock.warned))


def turns(before: Clock | None, after: Clock, at: int) -> Iterator[Turned]:
    """What happened to a clock by `at`, in the order in which it does: neither state is changed any more."""
    if before is None:
        yield Turned(what=What.STARTED, at=after.started_at, before=before, after=after)
    for what in (*_state(before, after), *_judge(before, after)):
        yield Turned(what=what, at=at, before=before, after=after)
    yield from _said(before, after, at)
    if after.stopped_at is not None and (before is None or before.state is not after.state):
        end = What.MET if after.breached_at is None else What.STOPPED
        what = What.CANCELLED if after.state is State.CANCELLED else end
        yield Turned(what=what, at=after.stopped_at, before=before, after=after)


def _state(before: Clock | None, after: Clock) -> Iterator[What]:
    """Whether it goes on after it had ended, and whether it waits."""
    was = State.RUNNING if before is None else before.state
    if was is State.STOPPED and after.unfinished:
        yield What.REOPENED
    if after.state is State.PAUSED and was is not State.PAUSED:
        yield What.PAUSED
    elif after.state is State.RUNNING and was is State.PAUSED:
        yield What.RESUMED


def _judge(before: Clock | None, after: Clock) -> Iterator[What]:
    """Whether it has another deadline, or another judge."""
    if before is None:
        return
    if after.version > before.version:
        yield What.RETARGETED
    elif after.fixed != before.fixed:
        yield What.AGREED
    elif after.judge != before.judge and after.target is not None:
        yield What.REJUDGED


def _said(before: Clock | None, after: Clock, at: int) -> Iterator[Turned]:
    """What it takes back of what it has said, and what it says anew."""
    warned = () if before is None else before.warned
    breached_at = None if before is None else before.breached_at
    for one in warned:
        if one not in after.warned:
            yield Turned(what=What.WITHDRAWN, at=at, before=before, after=after, warned=one)
    if breached_at is not None and after.breached_at != breached_at:
        yield Turned(what=What.WITHDRAWN, at=at, before=before, after=after, breached_at=breached_at)
    for one in after.warned:
        if one not in warned:
            yield Turned(what=What.WARNED, at=one.at, before=before, after=after, warned=one)
    if after.breached_at is not None and after.breached_at != breached_at:
        yield Turned(
            what=What.BREACHED, at=after.breached_at, before=before, after=after, breached_at=after.breached_at
        )
