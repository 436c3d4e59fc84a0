"""Starts: why a clock began, and how it comes by its first deadline."""

from __future__ import annotations

from typing import Protocol

from stream_app.account.account import Account, Step
from stream_app.account.course import Turned
from stream_app.account.wording import Wall, span, target
from stream_app.sla.clock import Clock
from stream_app.sla.events import TicketCommented
from stream_app.sla.incident import Incident
from stream_app.sla.policy import OnReopen
from stream_app.sla.regulation import STAGES, Stage


class Words(Protocol):
    """What sentences are made of."""

    @property
    def account(self) -> Account: ...
    @property
    def wall(self) -> Wall: ...
    def policy(self, clock: Clock) -> str: ...
    def due(self, clock: Clock) -> str: ...


def started(words: Words, turn: Turned, step: Step) -> str:
    """The sentence for a clock that began."""
    after = turn.after
    stage = next((stage for stage in STAGES if stage.clock == after.name), None)
    if stage is not None and after.fixed is not None:
        return _by_law(words, turn, stage)
    begins = f"starts{_occasion(words, turn, step)}"
    if not after.judge[1]:
        return f"{begins}: no policy matches, so it has no target and is measured round the clock"
    rule = words.account.policy(after).rule(after.name)
    # what it started with; a deadline that was agreed later is told when it was
    calendar = words.account.calendar(after)
    if after.target is None:
        return f"{begins} without a target: {words.policy(after)} sets none"
    goal = target(rule.target, after.target, calendar)
    at = after.original_due if after.original_due is not None else after.started_at
    due = f"due {words.wall.day(at)} {words.wall.time(at)}"
    return f"{begins}: {words.policy(after)} gives it {goal} from {words.wall.moment(after.started_at)}: {due}"


def _occasion(words: Words, turn: Turned, step: Step) -> str:
    name, cycle = turn.clock
    event = None if step.entry is None else step.entry.event
    if name.startswith("ola:"):
        return " with the team" + _again(words, turn, step)
    if name == "next_response":
        return ", for the requester has asked after the first response"
    if name == "periodic_update" and isinstance(event, TicketCommented):
        return ", for after each reply the next update is owed"
    return _again(words, turn, step) if cycle > 1 else ""


def _again(words: Words, turn: Turned, step: Step) -> str:
    """Whether it begins anew because the entity was reopened, and by which rule."""
    reopened = any(changed.field == "reopens" for changed in step.changes)
    if not reopened or turn.clock[1] == 1:
        return ""
    mode = words.account.policy(turn.after).on_reopen
    if mode is OnReopen.NEW_CYCLE:
        return f" anew (on_reopen: {mode}); the cycle before stays as it ended"
    return " anew, for the cycle before did not end with the resolution"


def _by_law(words: Words, turn: Turned, stage: Stage) -> str:
    after = turn.after
    wall = words.wall
    state = words.account.state
    match stage.starts:
        case "aware":
            since = f"when it became known ({wall.moment(after.started_at)})"
        case "classified":
            since = f"the classification ({wall.moment(after.started_at)})"
        case earlier:
            since = f"the report of {earlier} ({wall.moment(after.started_at)})"
    kinds = state.kinds if isinstance(state, Incident) else {}
    kind = f"it is classified as {stage.kind} since {wall.moment(kinds.get(stage.kind, after.started_at))}"
    return (
        f"starts: {words.policy(after)} lists {stage.regulation}, and {kind}. {stage.source}. Counted from {since}: "
        f"{words.due(after)}, {span(after.target or 0)} after the start, which no pause moves"
    )
