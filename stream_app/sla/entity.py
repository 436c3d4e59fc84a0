"""What tickets and incidents have in common: clocks that start, speak and stop, and facts that stand."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import UNSET, Struct, field

from stream_app.sla import turn
from stream_app.sla.clock import Clock, State
from stream_app.sla.deadline import ring, schedule, settle
from stream_app.sla.era import Eras, era_at
from stream_app.sla.fact import NOW, Dimensions, Fact, Noted, labels_of
from stream_app.sla.instant import Micros
from stream_app.sla.judged import Judged
from stream_app.sla.policy import OnReopen
from stream_app.sla.retarget import measure


class Place(Struct, frozen=True, gc=False):
    """Where an event stands in its entity's history. Moments in microseconds."""

    at: int
    """When it counts."""
    stop_at: int
    """When what it stops has stopped: earlier than `at` for an event that came too late for its place."""
    opening: bool = False
    """It happened at the very creation of the entity."""

    @property
    def late(self) -> bool:
        """Whether its own time is behind what the history already says."""
        return self.stop_at < self.at


class Entity(Judged, kw_only=True, array_like=True, gc=False):
    """The state that an entity's history amounts to. Moments and spans in microseconds."""

    kind: ClassVar[str]

    id: str
    created_at: int
    partial: bool = False
    """The stream started in the middle of its life: its creation is not known."""
    clouded: bool = False
    """Something happened before its creating event: its durations stay out of means."""
    reopens: int = 0
    happened: dict[str, Noted] = field(default_factory=dict)
    """The facts that stand, but for those of the clocks: by name, for of each there is one at most."""
    stood: tuple[tuple[int, Dimensions], ...] = ()
    """Its dimensions with the moments since which they stand."""
    rung_at: int | None = None
    """Up to when its clocks have spoken of their own accord, if they have."""

    # what each kind says of itself

    def dimensions(self) -> Dimensions:
        """Its dimensions as they stand."""
        raise NotImplementedError

    def ended(self) -> bool:
        """Whether it is no longer worked on."""
        raise NotImplementedError

    # time passes

    def advance(self, eras: Eras, upto: int, *, at_end: bool = False) -> None:
        """Let its clocks say what becomes true before `upto`, under the configuration in force at each moment.

        At the end of what is known, warnings of that very instant are true too.
        """
        while self.era + 1 < len(eras) and eras[self.era + 1].since <= upto:
            since = eras[self.era + 1].since
            self._ring(eras, since, at_end=False)
            self.era += 1
            self.rung_at = max(since - 1, self.rung_at or since - 1)
            self.judge_anew(eras, since)
        self._ring(eras, upto, at_end=at_end)

    def _ring(self, eras: Eras, upto: int, *, at_end: bool) -> None:
        for clock in self.clocks:
            if clock.rings is None or clock.rings > upto or (clock.rings == upto and not at_end):
                continue
            said = len(clock.warned)
            warn = self.rule(clock, eras).warn
            if ring(clock, warn, self.calendar(clock, eras), upto, at_end=at_end):
                self.breached(clock)
            elif said == len(clock.warned):
                continue
            self.rung_at = upto if at_end else upto - 1

    def wakes_at(self, eras: Eras) -> int | None:
        """The next moment at which it has something to say by itself; None: never, as things stand."""
        earliest: int | None = None
        for clock in self.clocks:
            if clock.rings is not None:
                moment = clock.rings + (clock.rings == clock.due)  # a deadline is missed once it has passed
                if earliest is None or moment < earliest:
                    earliest = moment
        if self.era + 1 < len(eras) and any(clock.unfinished for clock in self.clocks):
            since = eras[self.era + 1].since
            return since if earliest is None else min(since, earliest)
        return earliest

    # its clocks

    def find(self, name: str) -> Clock | None:
        """The last cycle of a clock."""
        for clock in reversed(self.clocks):
            if clock.name == name:
                return clock
        return None

    def running(self, name: str) -> Clock | None:
        """The cycle of a clock that is not finished."""
        clock = self.find(name)
        return clock if clock is not None and clock.unfinished else None

    def start(self, name: str, eras: Eras, at: int) -> None:
        """A new cycle of a clock."""
        last = self.find(name)
        policy = self.judge(eras)
        clock = Clock(
            name=name,
            cycle=1 if last is None else last.cycle + 1,
            started_at=at,
            judge=(self.era, self.policy or ""),
        )
        self.clocks.append(clock)
        calendar = self.calendar(clock, eras)
        rule = policy.rule(name)
        turn.begin(clock, measure(rule.target, calendar, at), calendar)
        schedule(clock, rule.warn, calendar)
        if self.pausing(name, policy):
            turn.pause(clock, rule.warn, calendar, at)

    def stop(self, name: str, eras: Eras, place: Place, **others: str | None) -> bool:
        """End the unfinished cycle of a clock as done: whether there was one.

        A late stop takes back what was counted and said since its own time. `others` are labels of its fact in the
        place of the entity's own.
        """
        clock = self.running(name)
        if clock is None:
            return False
        calendar = self.calendar(clock, eras)
        at = max(place.stop_at, clock.started_at)
        if place.late:
            turn.rewind(clock, calendar, at)
        was_breached = clock.breached_at is not None
        turn.stop(clock, calendar, at)
        if clock.breached_at is None:
            clock.stood, clock.others = len(self.stood) - 1, tuple(others.items())
        elif not was_breached:
            self.breached(clock)
        return True

    def void(self, eras: Eras, at: int) -> None:
        """Cancel all unfinished clocks."""
        for clock in self.clocks:
            if clock.unfinished:
                turn.cancel(clock, self.calendar(clock, eras), at)

    def reopen(self, name: str, eras: Eras, at: int, *, stopped_at: int | None) -> None:
        """Go on with a clock that stopped when the entity was resolved, or start a new cycle, by the policy's mode."""
        policy = self.judge(eras)
        last = self.find(name)
        mode = policy.on_reopen
        if last is None or last.state is not State.STOPPED or last.stopped_at != stopped_at:
            mode = OnReopen.NEW_CYCLE
        if mode is OnReopen.NEW_CYCLE or last is None:
            self.start(name, eras, at)
            return
        calendar = self.calendar(last, eras)
        warn = policy.rule(name).warn
        turn.reopen(last, warn, calendar, at, counting=mode is OnReopen.CONTINUE_COUNTING)
        if self.pausing(name, policy):
            if last.owes_at is not None and settle(last, warn, calendar, at):
                self.breached(last)
            turn.pause(last, warn, calendar, at)
        if last.judge != (self.era, self.policy or ""):
            self._change_judge(last, (self.era, self.policy or ""), eras, at)

    def breached(self, clock: Clock) -> None:
        """Note the dimensions that stood at a clock's deadline, which may be long past when it is found over."""
        due = clock.due if clock.due is not None else self.created_at
        later = (number for number in range(len(self.stood) - 1, 0, -1) if self.stood[number][0] <= due)
        clock.stood, clock.others = next(later, 0), ()

    def remember(self, at: int) -> None:
        """Note its dimensions, if an event at `at` has changed them."""
        dimensions = self.dimensions()
        if not self.stood or self.stood[-1][1] != dimensions:
            self.stood = (*self.stood, (at, dimensions))

    # its facts

    def note(self, name: str, at: int, value: int = 1, **others: str | None) -> None:
        """A fact that stands from now on, in the place of an earlier one of that name."""
        self.happened[name] = Noted(at, value, len(self.stood) - 1, tuple(others.items()))

    def facts(self) -> list[Fact]:
        """The facts that stand."""
        kind, stood = self.kind, self.stood
        standing = [
            Fact(name, Micros(noted.at), noted.value, labels_of(kind, stood[noted.stood][1], noted.others))
            for name, noted in self.happened.items()
        ]
        for clock in self.clocks:
            if clock.target is None or clock.stood is None or clock.state is State.CANCELLED:
                continue
            breached = clock.breached_at is not None
            at = clock.due if breached else clock.stopped_at
            if at is not None and (breached or clock.state is State.STOPPED):
                others = (*clock.others, ("clock", clock.name), ("outcome", "breached" if breached else "met"))
                standing.append(Fact("clock", Micros(at), 1, labels_of(kind, stood[clock.stood][1], others)))
        if not self.ended():
            labels = labels_of(kind, self.dimensions(), (("status", self.status),))
            standing.append(Fact("open", NOW, 1, labels))
        return standing

    def place(self, eras: Eras, at: int) -> None:
        """Put a new entity under the configuration and the policy of its first moment."""
        self.era = era_at(eras, at)
        self.remember(at)
        self._find_policy(eras)

    def take(self, data: Any, names: tuple[str, ...]) -> bool:  # noqa: ANN401 -- one of many structs of fields
        """Take over the fields that data sets; whether there were any. None clears one."""
        changed = False
        for name in names:
            value = getattr(data, name)
            if value is not UNSET:
                setattr(self, name, value)
                changed = True
        return changed
