"""One clock: when it started, how much working time it has counted, what it has said, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from stream_app.sla.fact import Labels
from stream_app.sla.instant import NEVER, Micros
from stream_app.sla.policy import Calendar, Threshold


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


class Clock(Struct, array_like=True):
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
    runs: list[int] = []
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
    warned: list[Warned] = []
    breached_at: int | None = None
    breach_version: int = 0
    on_attach: bool = False
    """It was over at the moment it was re-targeted (or came into being)."""
    stopped_at: int | None = None
    labels: Labels = ()
    """The entity's dimensions when it stopped, or at its breach."""

    @property
    def unfinished(self) -> bool:
        """Whether it still counts or waits to."""
        return self.state is State.RUNNING or self.state is State.PAUSED

    def elapsed(self, calendar: Calendar, now: int) -> int:
        """The working time it has counted up to `now`, pauses out."""
        if self.since is None:
            return self.done
        return self.done + calendar.between(Micros(self.since), Micros(now))


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


def begin(clock: Clock, target: int | None, calendar: Calendar) -> None:
    """Set a clock going that has just been made, with its target in working time."""
    clock.since = clock.started_at
    clock.target = target
    if clock.fixed is not None:
        clock.due = clock.fixed
    elif target is not None:
        clock.due = calendar.add(Micros(clock.started_at), Micros(target))
    clock.original_due = clock.due
    schedule(clock, (), calendar)


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
    """The next threshold that time will reach; none while the clock is paused, unless its deadline is fixed."""
    if clock.target is None or (clock.since is None and clock.fixed is None):
        return None
    return next((step for step in steps(warn, clock.base, clock.target) if step[0] > clock.mark), None)


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
                clock.warned = [*clock.warned, *(Warned(text, Micros(moment)) for text in its)]
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
        clock.runs = [*clock.runs, clock.since, at]
        clock.since = None


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
            clock.warned = [*clock.warned, Warned(next(text for value, text in behind if value == last), Micros(at))]
        clock.mark = max(clock.mark, passed)
    schedule(clock, warn, calendar)
    return False


def over(clock: Clock, calendar: Calendar, at: int) -> bool:
    """Whether its deadline has passed at `at`, by the target in force."""
    return passed_due(clock, calendar, at) is not None


def passed_due(clock: Clock, calendar: Calendar, at: int) -> int | None:
    """The deadline that has passed by `at`: the earliest moment by which the clock had counted its target.

    None while it has not. A target counted to the full at the very instant of a pause is reached at the resume.
    """
    if clock.fixed is not None:
        return clock.fixed if at > clock.fixed else None
    if clock.target is None or clock.missed is not None:
        return clock.missed
    runs = clock.runs[clock.settled_runs :]
    if clock.since is not None:
        runs = [*runs, clock.since, at]
    left = clock.base + clock.target - (clock.elapsed(calendar, at) - length(runs, calendar))
    for begun, ended in zip(runs[::2], runs[1::2], strict=True):
        due = calendar.add(Micros(begun), Micros(max(0, left)))
        if due < ended:
            return due
        left -= calendar.between(Micros(begun), Micros(ended))
    return None


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
    carried = clock.done - length(clock.runs, calendar)
    edges = clock.runs if clock.since is None else [*clock.runs, clock.since]
    kept = [edge for edge in edges if edge < at]
    clock.since = kept.pop() if len(kept) % 2 else None
    clock.state = State.PAUSED if clock.since is None else State.RUNNING
    clock.runs = kept
    clock.done = carried + length(kept, calendar)
    clock.warned = [said for said in clock.warned if said.at < at]
    if clock.breached_at is not None and clock.breached_at >= at:
        clock.breached_at, clock.on_attach = None, False
        set_due(clock, calendar)


def length(runs: list[int], calendar: Calendar) -> int:
    """The working time in the ended runs."""
    return sum(
        calendar.between(Micros(begun), Micros(ended)) for begun, ended in zip(runs[::2], runs[1::2], strict=True)
    )


def cancel(clock: Clock, calendar: Calendar, at: int) -> None:
    """End it as void: its warnings and its breach are withdrawn."""
    if (clock.state, Turn.CANCEL) not in NEXT:
        return
    clock.state = NEXT[clock.state, Turn.CANCEL]
    _end_run(clock, calendar, at)
    clock.stopped_at = at
    clock.warned = []
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
