"""Deadlines and thresholds: when a clock has something to say, and what it says when that moment comes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from stream_app.sla.clock import Clock, Warned
from stream_app.sla.instant import NEVER, Micros
from stream_app.sla.policy import Calendar, Threshold


@lru_cache(maxsize=4096)
def steps(warn: tuple[Threshold, ...], base: int, target: int) -> tuple[tuple[int, str], ...]:
    """The elapsed times at which to warn, ascending; at one instant in the configuration's order.

    One that lies at or before the start is left out.
    """
    values = []
    for threshold in warn:
        if threshold.share is not None:
            numerator, denominator = threshold.share
            value = base - (-target * numerator // denominator)
        else:
            value = base + target - (threshold.before or 0)
        if value > base:
            values.append((value, threshold.text))
    return tuple(sorted(values, key=lambda step: step[0]))


def schedule(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar) -> None:
    """Work out the next moment at which the clock has something to say."""
    clock.rings = None
    if not clock.unfinished or clock.breached_at is not None:
        return
    if clock.owes_at is not None:
        clock.rings = clock.owes_at if clock.since is not None or clock.fixed is not None else None
    elif clock.due is not None:
        upcoming = _upcoming(clock, warn)
        clock.rings = clock.due if upcoming is None else min(clock.due, _moment_of(clock, upcoming[0], calendar))


def _upcoming(clock: Clock, warn: tuple[Threshold, ...]) -> tuple[int, str] | None:
    """The next threshold that time will reach, for a clock whose deadline is known."""
    mark = clock.mark
    for step in steps(warn, clock.base, clock.target or 0):
        if step[0] > mark:
            return step
    return None


def _moment_of(clock: Clock, value: int, calendar: Calendar) -> int:
    """When the clock counts so much; where its deadline is fixed, pauses move nothing."""
    if clock.fixed is not None or clock.since is None:
        return calendar.add(Micros(clock.started_at), Micros(value))
    return calendar.add(Micros(clock.since), Micros(max(0, value - clock.done)))


def progress(clock: Clock, calendar: Calendar, at: int) -> int:
    """What thresholds are compared with: the elapsed time; where the deadline is fixed, pauses and all."""
    if clock.fixed is not None:
        return calendar.between(Micros(clock.started_at), Micros(at))
    return clock.elapsed(calendar, at)


def ring(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, upto: int, *, at_end: bool) -> bool:
    """Say what becomes true before `upto`; at the end of what is known, warnings of that very instant too.

    Whether it breached by that. A deadline itself is missed only once it has passed.
    """
    while clock.rings is not None and (clock.rings < upto or (at_end and clock.rings == upto)):
        if clock.owes_at is not None:
            if settle(clock, warn, calendar, clock.owes_at):
                return True
            continue
        upcoming = _upcoming(clock, warn)
        due = NEVER if clock.due is None else clock.due
        if clock.target is not None and upcoming is not None:
            moment = _moment_of(clock, upcoming[0], calendar)
            if moment <= due:
                its = [text for value, text in steps(warn, clock.base, clock.target) if value == upcoming[0]]
                clock.warned = (*clock.warned, *[Warned(text, Micros(moment)) for text in its])
                clock.mark = upcoming[0]
                schedule(clock, warn, calendar)
                continue
        if due >= upto:
            break
        _breach(clock, due)
        return True
    return False


def _breach(clock: Clock, at: int) -> None:
    clock.breached_at = at
    clock.breach_version = clock.version
    clock.rings = None


def set_due(clock: Clock, calendar: Calendar) -> None:
    """Work out the deadline, unless it was missed already; a paused clock has none that is not fixed."""
    if clock.breached_at is not None:
        return
    if clock.fixed is not None:
        clock.due = clock.fixed
    elif clock.target is None or clock.since is None:
        clock.due = None
    else:
        clock.due = calendar.add(Micros(clock.since), Micros(max(0, clock.base + clock.target - clock.done)))


def owe(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> None:
    """Let the clock say, once all that happens at `at` has happened, what is true under its target."""
    clock.owes_at = at
    set_due(clock, calendar)
    schedule(clock, warn, calendar)


def settle(clock: Clock, warn: tuple[Threshold, ...], calendar: Calendar, at: int) -> bool:
    """Say what was owed: whether it is over by `at`.

    Of several thresholds already passed only the last is said; of several at one instant the first as configured.
    """
    clock.owes_at = None
    due = passed_due(clock, calendar, at)
    if due is not None:
        clock.due = due
        _breach(clock, at)
        clock.on_attach = True
        return True
    if clock.target is not None:
        passed = progress(clock, calendar, at)
        behind = [step for step in steps(warn, clock.base, clock.target) if clock.mark < step[0] <= passed]
        if behind:
            last = behind[-1][0]
            clock.warned = (*clock.warned, Warned(next(text for value, text in behind if value == last), Micros(at)))
        clock.mark = max(clock.mark, passed)
    schedule(clock, warn, calendar)
    return False


def over(clock: Clock, calendar: Calendar, at: int) -> bool:
    """Whether its deadline has passed at `at`, by the target in force."""
    return passed_due(clock, calendar, at) is not None


def passed_due(clock: Clock, calendar: Calendar, at: int) -> int | None:
    """The deadline that has passed by `at`; None while it has not."""
    if clock.fixed is not None:
        return clock.fixed if at > clock.fixed else None
    if clock.target is None or clock.missed is not None:
        return clock.missed
    return reached(clock, clock.base + clock.target, calendar, at)


def reached(clock: Clock, value: int, calendar: Calendar, at: int) -> int | None:
    """The earliest moment, before `at`, by which the clock had counted so much; None if it had not.

    What is counted to the full at the very instant of a pause is reached at the resume.
    """
    if clock.fixed is not None:
        moment = _moment_of(clock, value, calendar)
        return moment if moment < at else None
    runs = clock.runs[clock.settled_runs :]
    if clock.since is not None:
        runs = (*runs, clock.since, at)
    # what was carried over from another calendar stands before the first run
    left = value - (clock.elapsed(calendar, at) - length(runs, calendar))
    for begun, ended in zip(runs[::2], runs[1::2], strict=True):
        moment = calendar.add(Micros(begun), Micros(max(0, left)))
        if moment < ended:
            return moment
        left -= calendar.between(Micros(begun), Micros(ended))
    return None


def length(runs: Sequence[int], calendar: Calendar) -> int:
    """The working time in the ended runs."""
    return sum(
        calendar.between(Micros(begun), Micros(ended)) for begun, ended in zip(runs[::2], runs[1::2], strict=True)
    )
