"""The sentences: each turn of a clock in words, with the rule it follows and the arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from stream_app.account.account import Account, Step
from stream_app.account.course import Turned, What
from stream_app.account.reason import Sign
from stream_app.account.retargeting import retargeted
from stream_app.account.start import started
from stream_app.account.wording import Wall, listed, on, plain, span
from stream_app.sla.clock import Clock, State
from stream_app.sla.deadline import progress
from stream_app.sla.events import IncidentDismissed, TicketDeleted, TicketMerged
from stream_app.sla.policy import OnReopen

_KINDS: Final = {True: "deadline by law", False: "agreed deadline"}


class Teller:
    """Tells the turns of one account."""

    def __init__(self, account: Account, wall: Wall, sign: Sign) -> None:
        """Moments are told as the wall shows them, policies with the sign of where they are written."""
        self.account: Final = account
        self.wall: Final = wall
        self.sign: Final = sign

    def tell(self, turn: Turned, step: Step) -> str:
        """The sentence, without the clock's name."""
        return _TOLD[turn.what](self, turn, step)

    # what sentences are made of

    def policy(self, clock: Clock) -> str:
        """`policy "rest" (tenggat.yaml:21)`."""
        era, name = clock.judge
        return f'policy "{plain(name)}" ({self.sign(era, name)})' if name else "no policy"

    def counted(self, clock: Clock, at: int) -> int:
        """What counts towards a clock's target at a moment."""
        return progress(clock, self.account.calendar(clock), at) - clock.base

    def left(self, clock: Clock, at: int) -> str:
        """`7 h 30 min left of 30 h, due 2016-03-02 18:00`; for a clock without a target what is counted."""
        counted = self.counted(clock, at)
        if clock.target is None:
            return f"{span(counted)} counted so far"
        if clock.breached_at is not None:
            return f"{span(counted)} counted, breached since {self.wall.moment(clock.breached_at)}"
        left = clock.target - counted
        if left < 0:
            return f"{span(-left)} over its {span(clock.target)}"
        calendar = on(self.account.calendar(clock))
        if clock.due is None:
            return f"{span(counted)} counted, {span(left)} left of {span(clock.target)}; no deadline meanwhile"
        if clock.fixed is not None:
            return f"{_KINDS[clock.by_law]} {self.wall.moment(clock.fixed)}, which no pause moves"
        return (
            f"{span(left)} left of {span(clock.target)}, counted {calendar} from {self.wall.moment(at)}: "
            + self.due(clock)
        )

    def stands(self, clock: Clock) -> str:
        """How a clock stands as of the end of the account."""
        until, stopped = self.account.until, clock.stopped_at
        if clock.state is State.CANCELLED and stopped is not None:
            return f"at {self.wall.moment(stopped)}"
        if clock.target is None:
            return f"{span(clock.elapsed(self.account.calendar(clock), until))} counted, no target"
        if clock.breached_at is not None:
            over = self.counted(clock, until) if stopped is None else clock.done - clock.base
            late = f"; {span(over)} counted" if clock.fixed is None else ""
            end = "still running" if stopped is None else f"stopped {self.wall.moment(stopped)}"
            return f"{self.due(clock)}, {end}{late}"
        if stopped is None:
            return self.left(clock, until)
        return f"stopped {self.wall.moment(stopped)}, {self.due(clock)}"

    def due(self, clock: Clock) -> str:
        """`due Wed 2016-03-02 18:00`."""
        return "no deadline" if clock.due is None else f"due {self.wall.day(clock.due)} {self.wall.time(clock.due)}"

    # the turns

    def started(self, turn: Turned, step: Step) -> str:
        """It began."""
        return started(self, turn, step)

    def reopened(self, turn: Turned, step: Step) -> str:
        """It goes on after it had stopped."""
        before, after = turn.before or turn.after, turn.after
        policy = self.account.policy(after)
        stopped = before.stopped_at if before.stopped_at is not None else step.at
        took = "" if before.breached_at is not None or before.target is None else "; that it was met is taken back"
        calendar = self.account.calendar(after)
        if policy.on_reopen is OnReopen.CONTINUE_COUNTING:
            how = f"the time since {self.wall.moment(stopped)} counts, {span(after.elapsed(calendar, step.at))} in all"
        else:
            how = f"the time since {self.wall.moment(stopped)} does not count, the {span(before.done)} before it do"
        rule = f"goes on (on_reopen: {policy.on_reopen} of {self.policy(after)}): {how}{took}"
        return rule if after.due is None else f"{rule}; {self.due(after)}"

    def paused(self, turn: Turned, step: Step) -> str:
        """It waits."""
        status = self.account.policy(turn.after).rule(turn.after.name).pause_on
        rule = f"pause_on of {self.policy(turn.after)}" if status is not None else "pause_on by default"
        at = max(step.at, turn.after.started_at)
        return f"pauses while {step.status} ({rule}): {self.left(turn.after, at)}"

    def resumed(self, turn: Turned, step: Step) -> str:
        """It goes on."""
        return f"goes on, being {step.status}: {self.left(turn.after, step.at)}"

    def withdrawn(self, turns: Iterable[Turned]) -> str:
        """Things said of one clock no longer stand."""
        gone, why = [], ""
        for turn in turns:
            after = turn.after
            if turn.warned is not None:
                gone.append(f"the warning {turn.warned.threshold} of {self.wall.moment(turn.warned.at)}")
            else:
                gone.append(f"the breach of {self.wall.moment(turn.breached_at or 0)}")
            if after.state is State.CANCELLED:
                why = "nothing but the cancellation stands"
            elif turn.before is not None and after.version > turn.before.version:
                why = "said of the deadline before"
            else:
                why = "it had stopped by then, as is known only now"
        return f"takes back {listed(gone, 'and')}: {why}"

    def _withdrawn(self, turn: Turned, _: Step) -> str:
        return self.withdrawn([turn])

    def retargeted(self, turn: Turned, step: Step) -> str:
        """It has another deadline."""
        return retargeted(self, turn, step)

    def agreed(self, turn: Turned, _: Step) -> str:
        """Its deadline is fixed where it is."""
        return (
            f"the deadline that it has, {self.wall.moment(turn.after.fixed or 0)}, is agreed: pauses no longer move it"
        )

    def rejudged(self, turn: Turned, _: Step) -> str:
        """Another policy, the same deadline."""
        after, before = turn.after, turn.before or turn.after
        warn = self.account.policy(after).rule(after.name).warn
        said = f"is judged by {self.policy(after)}: "
        if after.fixed is not None and after.target != before.target:
            return f"{said}the fixed deadline stays; on the new calendar it is {span(after.target or 0)} from the start"
        said += "the same target, and the deadline stays"
        if warn != self.account.policy(before).rule(before.name).warn:
            said += f"; it warns at {listed([one.text for one in warn], 'and') if warn else 'nothing'} from now on"
        return said

    def warned(self, turn: Turned, _: Step) -> str:
        """A threshold was passed."""
        after, said = turn.after, turn.warned
        counted = self.counted(after, turn.at)
        threshold = "" if said is None else said.threshold
        ending = "" if after.due is None else f", {self.due(after)}"
        return f"warning {threshold}: {span(counted)} of {span(after.target or 0)} counted{ending}"

    def breached(self, turn: Turned, _: Step) -> str:
        """It missed its deadline."""
        after = turn.after
        due = after.due if after.due is not None else turn.at
        if after.on_attach:
            return f"breached at once: its deadline, {self.wall.moment(due)}, is behind it already"
        if after.fixed is not None:
            return f"breached: the {_KINDS[after.by_law]} has passed"
        return f"breached: its {span(after.target or 0)} are counted in full, and it has not stopped"

    def met(self, turn: Turned, step: Step) -> str:
        """It stopped in time."""
        after = turn.after
        counted = after.done - after.base
        if after.target is None:
            return f"stops after {span(after.done)} (no target){self._late(turn, step)}"
        if after.fixed is not None:
            spare = f"{span(after.fixed - turn.at)} before the {_KINDS[after.by_law]}"
            return f"met: stops {spare} {self.wall.moment(after.fixed)}{self._late(turn, step)}"
        spare = f"{span(after.target - counted)} to spare" if after.target > counted else "at the very deadline"
        return f"met: stops after {span(counted)} of {span(after.target)}, {spare}; {self.due(after)}" + self._late(
            turn, step
        )

    def stopped(self, turn: Turned, step: Step) -> str:
        """It stopped after its breach."""
        after = turn.after
        if after.fixed is not None:
            return f"stops {span(turn.at - after.fixed)} after the {_KINDS[after.by_law]}{self._late(turn, step)}"
        counted, goal = after.done - after.base, after.target or 0
        over = f", {span(counted - goal)} over its {span(goal)}" if counted > goal else f" of {span(goal)}"
        return f"stops after {span(counted)}{over}; the breach stands{self._late(turn, step)}"

    def cancelled(self, turn: Turned, step: Step) -> str:
        """It was cancelled."""
        match None if step.entry is None else step.entry.event:
            case TicketMerged(data=data):
                why = f"the ticket was merged into {plain(data.into)}"
            case TicketDeleted():
                why = "the ticket was deleted"
            case IncidentDismissed():
                why = "the incident was dismissed"
            case _:
                why = "the ticket was cancelled"
        return f"cancelled after {span(turn.after.done)}: {why}; it is neither met nor breached"

    def _late(self, turn: Turned, step: Step) -> str:
        if step.entry is None or not step.entry.late or turn.at >= step.at:
            return ""
        return "; the event came late, but what it stops ends at its own time"


_TOLD: Final[dict[What, Callable[[Teller, Turned, Step], str]]] = {
    What.STARTED: Teller.started,
    What.REOPENED: Teller.reopened,
    What.PAUSED: Teller.paused,
    What.RESUMED: Teller.resumed,
    What.WITHDRAWN: Teller._withdrawn,  # noqa: SLF001 -- its own
    What.RETARGETED: Teller.retargeted,
    What.AGREED: Teller.agreed,
    What.REJUDGED: Teller.rejudged,
    What.WARNED: Teller.warned,
    What.BREACHED: Teller.breached,
    What.MET: Teller.met,
    What.STOPPED: Teller.stopped,
    What.CANCELLED: Teller.cancelled,
}
