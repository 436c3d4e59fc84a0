"""Re-targeting in words: which rule gave a clock another deadline, and by what arithmetic."""

from __future__ import annotations

from typing import assert_never

from stream_app.account.account import Step
from stream_app.account.course import Turned
from stream_app.account.start import Words
from stream_app.account.wording import on, span, target
from stream_app.sla.clock import Clock, State
from stream_app.sla.policy import OnChange


def retargeted(words: Words, turn: Turned, step: Step) -> str:
    """The sentence for a clock that got another deadline, a target where it had none, or none where it had one."""
    before, after = turn.before or turn.after, turn.after
    if after.fixed != before.fixed and after.fixed is not None:
        said = (
            f"is due by agreement: {words.due(after)}{_earlier(words, before)}; that is {span(after.target or 0)} "
            f"{on(words.account.calendar(after))} from its start, and pauses do not move it"
        )
    else:
        said = f"is judged by {words.policy(after)} instead of {words.policy(before)}, {_by_mode(words, turn, step)}"
        said += _earlier(words, before)
    if after.breached_at is not None and after.breached_at == before.breached_at:
        said += (
            f"; under the new deadline it is over too, so the breach of {words.wall.moment(after.breached_at)} stands"
        )
    return said


def _earlier(words: Words, clock: Clock) -> str:
    return "" if clock.due is None else f" (before: {words.due(clock)})"


def _by_mode(words: Words, turn: Turned, step: Step) -> str:
    before, after, at = turn.before or turn.after, turn.after, step.at
    calendar = words.account.calendar(after)
    policy = words.account.policy(after)
    if after.target is None:
        return "which sets no target"
    mode = policy.on_priority_change
    goal = target(policy.rule(after.name).target, after.target, calendar)
    elapsed = after.elapsed(calendar, at)
    left = after.base + after.target - elapsed
    match mode:
        case OnChange.RECOMPUTE:
            how = (
                f"{goal} from the start at {words.wall.moment(after.started_at)}, of which {span(elapsed)} are counted"
            )
        case OnChange.CARRY:
            how = f"{goal} less the {span(elapsed)} already counted"
        case OnChange.FORWARD:
            how = f"{goal} from now on, whatever the {span(elapsed)} counted before"
        case OnChange.RESET:
            gone = before.elapsed(words.account.calendar(before), at)
            how = f"it starts anew now, the {span(gone)} counted before do not count: {goal}"
        case _:
            assert_never(mode)
    return f"on_priority_change: {mode}: {how}, {_outcome(words, after, left)}"


def _outcome(words: Words, after: Clock, left: int) -> str:
    if left < 0:
        return f"over by {span(-left)}"
    rest = f"{span(left)} left"
    if after.state is State.PAUSED:
        return f"{rest}; it is paused, and has no deadline meanwhile"
    return f"{rest}: {words.due(after)}"
