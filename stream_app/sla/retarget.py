"""Re-targeting: a running or paused clock gets another deadline, and says anew what is true under it."""

from __future__ import annotations

from typing import assert_never

from stream_app.sla.clock import Clock
from stream_app.sla.deadline import length, over, owe, passed_due, reached, schedule, steps
from stream_app.sla.instant import Micros
from stream_app.sla.policy import (
    BusinessDays,
    Calendar,
    EndOfBusinessDay,
    OnChange,
    Span,
    Target,
    Threshold,
)


def measure(target: Target | None, calendar: Calendar, start: int) -> int | None:
    """The target in working time, for a clock that starts at `start`."""
    begun = Micros(start)
    match target:
        case None:
            return None
        case Span(length=span):
            return span
        case BusinessDays(count=count):
            return calendar.between(begun, calendar.business_days(begun, count))
        case EndOfBusinessDay():
            return calendar.between(begun, calendar.end_of_business_day(begun))
        case _:
            assert_never(target)


def change_policy(
    clock: Clock,
    mode: OnChange,
    target: Target | None,
    warn: tuple[Threshold, ...],
    calendars: tuple[Calendar, Calendar],
    at: int,
) -> None:
    """Judge the clock by another policy from `at` on: its target, and its calendar (the old and the new one)."""
    old, new = calendars
    clock.missed = None
    match mode:
        case OnChange.RECOMPUTE:
            clock.base = 0
            clock.target = measure(target, new, clock.started_at)
            clock.done, clock.settled_runs = length(clock.runs, new), 0
        case OnChange.CARRY:
            clock.base = 0
            clock.target = measure(target, new, clock.started_at)
            clock.missed = passed_due(clock, old, at)
            if old != new:
                _keep_elapsed(clock, old, at)
        case OnChange.FORWARD:
            clock.base = clock.elapsed(old, at)
            if old != new:
                _keep_elapsed(clock, old, at)
            clock.target = measure(target, new, at)
        case OnChange.RESET:
            clock.started_at = at
            clock.runs, clock.settled_runs = (), 0
            clock.done = clock.base = 0
            clock.since = None if clock.since is None else at
            clock.target = measure(target, new, at)
        case _:
            assert_never(mode)
    _say_anew(clock, warn, new, at)


def _keep_elapsed(clock: Clock, calendar: Calendar, at: int) -> None:
    """Close the present run, so that what it counted stays as its calendar counted it."""
    if clock.since is not None:
        clock.done += calendar.between(Micros(clock.since), Micros(at))
        clock.runs = (*clock.runs, clock.since, at)
        clock.since = at
    clock.settled_runs = len(clock.runs)


def negotiate(clock: Clock, due: int, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> None:
    """Give the clock an agreed deadline, a fixed instant. The deadline that it has already changes nothing."""
    same = clock.due == due
    clock.fixed = due
    clock.base = 0
    clock.target = calendar.between(Micros(clock.started_at), Micros(due))
    if same:
        schedule(clock, warn, calendar)
    else:
        _say_anew(clock, warn, calendar, at)


def change_warnings(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> None:
    """Warn at other thresholds from `at` on: the deadline is the same, so nothing is said of what has passed."""
    if clock.owes_at is None and clock.target is not None:
        values = [value for value, _ in steps(warn, clock.base, clock.target)]
        passed = [value for value in values if reached(clock, value, calendar, at) is not None]
        clock.mark = max(clock.mark, *passed) if passed else clock.mark
    schedule(clock, warn, calendar)


def recount(clock: Clock, due: int, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> None:
    """Count a clock with an agreed deadline on another calendar from `at` on: only its working time differs.

    The deadline is the same, so what was said of it is not said again, nor is anything of what has passed.
    """
    clock.done, clock.settled_runs = length(clock.runs, calendar), 0
    clock.target = calendar.between(Micros(clock.started_at), Micros(due))
    said = {warning.threshold for warning in clock.warned}
    behind = [
        value
        for value, text in steps(warn, clock.base, clock.target)
        if text in said or reached(clock, value, calendar, at) is not None
    ]
    clock.mark = max(behind, default=clock.base)
    schedule(clock, warn, calendar)


def _say_anew(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> None:
    """Withdraw what the earlier version said, and let the new one say what it makes true."""
    clock.version += 1
    clock.warned = ()
    clock.mark = clock.base
    if clock.breached_at is not None:
        if over(clock, calendar, at):
            return
        clock.breached_at, clock.on_attach = None, False
    owe(clock, warn, calendar, at)
