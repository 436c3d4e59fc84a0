"""Turns: what happens to a clock. Where the table of states has no edge, nothing changes."""

from __future__ import annotations

from stream_app.sla.clock import NEXT, Clock, State, Turn
from stream_app.sla.deadline import length, over, owe, schedule, set_due, settle
from stream_app.sla.instant import Micros
from stream_app.sla.policy import Calendar, Threshold


def begin(clock: Clock, target: int | None, calendar: Calendar) -> None:
    """Set a clock going that has just been made, with its target in working time. It is yet to be scheduled."""
    clock.since = clock.started_at
    clock.target = target
    if clock.fixed is not None:
        clock.due = clock.fixed
    elif target is not None:
        clock.due = calendar.add(Micros(clock.started_at), Micros(target))
    clock.original_due = clock.due


def pause(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> None:
    """Stop counting for a while."""
    if (clock.state, Turn.PAUSE) not in NEXT:
        return
    clock.state = NEXT[clock.state, Turn.PAUSE]
    _end_run(clock, calendar, at)
    set_due(clock, calendar)
    schedule(clock, warn, calendar)


def resume(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> None:
    """Go on counting."""
    if (clock.state, Turn.RESUME) not in NEXT:
        return
    clock.state = NEXT[clock.state, Turn.RESUME]
    clock.since = at
    if clock.owes_at is not None:
        clock.owes_at = at
    set_due(clock, calendar)
    schedule(clock, warn, calendar)


def _end_run(clock: Clock, calendar: Calendar, at: int) -> None:
    if clock.since is not None:
        clock.done += calendar.between(Micros(clock.since), Micros(at))
        clock.runs = (*clock.runs, clock.since, at)
        clock.since = None


def stop(clock: Clock, calendar: Calendar, at: int) -> None:
    """End it as done. A clock that owes a breach is breached by the stop."""
    if (clock.state, Turn.STOP) not in NEXT:
        return
    if clock.breached_at is None:
        if clock.owes_at is not None and over(clock, calendar, at):
            settle(clock, (), calendar, at)
        elif clock.since is None and clock.fixed is None and clock.target is not None:
            clock.due = calendar.add(Micros(at), Micros(max(0, clock.base + clock.target - clock.done)))
    clock.state = NEXT[clock.state, Turn.STOP]
    _end_run(clock, calendar, at)
    clock.stopped_at = at
    clock.owes_at = None
    clock.rings = None


def rewind(clock: Clock, calendar: Calendar, at: int) -> None:
    """Take back what an unfinished clock counted and said from `at` on: it turns out to have stopped then."""
    if not clock.unfinished:
        return
    edges = clock.runs if clock.since is None else [*clock.runs, clock.since]
    kept = [edge for edge in edges if edge < at]
    # what earlier calendars counted stays as they did, unless the cut goes through it
    carried = clock.done - length(clock.runs[clock.settled_runs :], calendar)
    clock.since = kept.pop() if len(kept) % 2 else None
    clock.state = State.PAUSED if clock.since is None else State.RUNNING
    if len(kept) < clock.settled_runs:
        clock.settled_runs, clock.done = len(kept), min(carried, length(kept, calendar))
    else:
        clock.done = carried + length(kept[clock.settled_runs :], calendar)
    clock.runs = tuple(kept)
    clock.warned = tuple([said for said in clock.warned if said.at < at])
    if clock.breached_at is not None and clock.breached_at >= at:
        clock.breached_at, clock.on_attach = None, False
    set_due(clock, calendar)


def cancel(clock: Clock, calendar: Calendar, at: int) -> None:
    """End it as void: its warnings and its breach are withdrawn."""
    if (clock.state, Turn.CANCEL) not in NEXT:
        return
    clock.state = NEXT[clock.state, Turn.CANCEL]
    _end_run(clock, calendar, at)
    clock.stopped_at = at
    clock.warned = ()
    clock.breached_at, clock.on_attach, clock.owes_at = None, False, None
    clock.rings = None


def reopen(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, at: int, *, counting: bool) -> None:
    """Go on with a clock that had stopped; where `counting`, the time since then counts."""
    if (clock.state, Turn.REOPEN) not in NEXT or clock.stopped_at is None:
        return
    stopped_at, clock.stopped_at = clock.stopped_at, None
    clock.state = NEXT[clock.state, Turn.REOPEN]
    clock.since = stopped_at if counting else at
    if clock.breached_at is None and (counting or clock.fixed is not None):
        owe(clock, warn, calendar, at)
    else:
        set_due(clock, calendar)
        schedule(clock, warn, calendar)
