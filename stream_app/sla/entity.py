"""What tickets and incidents have in common: fields, a policy that judges them, clocks that ring, facts that stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple

from msgspec import UNSET, Struct, field

from stream_app.sla import turn
from stream_app.sla.clock import Clock, State
from stream_app.sla.deadline import ring, schedule, settle
from stream_app.sla.era import Era, Eras, era_at
from stream_app.sla.fact import NOW, Fact, Labels, of_clock, with_labels
from stream_app.sla.instant import Micros
from stream_app.sla.policy import Bench, Calendar, ClockRule, OnReopen, Policy
from stream_app.sla.retarget import change_policy, change_warnings, measure, recount

PAUSES: Final[Mapping[str, frozenset[str]]] = {
    "periodic_update": frozenset({"pending"}),
    "resolution": frozenset({"pending", "on_hold"}),
    "ola": frozenset({"pending", "on_hold"}),
}
"""The statuses that pause a clock by default; a clock that is not here is never paused."""


class Place(NamedTuple):
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


class Entity(Struct, kw_only=True):
    """The state that an entity's history amounts to. Moments and spans in microseconds."""

    kind: ClassVar[str]

    id: str
    created_at: int
    status: str
    era: int = 0
    policy: str | None = None
    partial: bool = False
    """The stream started in the middle of its life: its creation is not known."""
    clouded: bool = False
    """Something happened before its creating event: its durations stay out of means."""
    reopens: int = 0
    clocks: list[Clock] = field(default_factory=list)
    happened: dict[str, Fact] = field(default_factory=dict)
    """The facts that stand, but for those of the clocks: by name, for of each there is one at most."""
    stood: list[tuple[int, Labels]] = field(default_factory=list)
    """Its dimensions with the moments since which they stand."""
    rung_at: int | None = None
    """Up to when its clocks have spoken of their own accord, if they have."""

    # what each kind says of itself

    def labels(self) -> Labels:
        """Its dimensions as they stand."""
        raise NotImplementedError

    def bench(self, era: Era) -> Bench:
        """The policies for its kind."""
        raise NotImplementedError

    def ended(self) -> bool:
        """Whether it is no longer worked on."""
        raise NotImplementedError

    # the policy in force

    def judge(self, eras: Eras) -> Policy:
        """The policy that judges it now."""
        return self.bench(eras[self.era]).named(self.policy)

    def rule(self, clock: Clock, eras: Eras) -> ClockRule:
        """What the policy that judges a clock says of it."""
        return self._judge_named(clock.judge, eras).rule(clock.name)

    def calendar(self, clock: Clock, eras: Eras) -> Calendar:
        """The calendar a clock counts on."""
        calendars = eras[self.era].calendars
        return calendars["always"] if clock.by_law else calendars[self.judge(eras).calendar]

    def pausing(self, clock: str, policy: Policy) -> bool:
        """Whether its status pauses a clock under a policy."""
        on = policy.rule(clock).pause_on
        if on is None:
            on = PAUSES.get(clock.partition(":")[0], frozenset())
        return self.status in on

    def rejudge(self, eras: Eras, at: int) -> None:
        """Find the policy anew, and judge the unfinished clocks by it from `at` on."""
        self._find_policy(eras)
        judge = (self.era, self.policy or "")
        for clock in self.clocks:
            if clock.unfinished and clock.judge != judge:
                self._change_judge(clock, judge, eras, at)

    def judge_anew(self, eras: Eras, at: int) -> None:
        """Find the policy anew, with all that hangs on it."""
        self.rejudge(eras, at)

    def _change_judge(self, clock: Clock, judge: tuple[int, str], eras: Eras, at: int) -> None:
        before, after = self._judge_named(clock.judge, eras), self._judge_named(judge, eras)
        old = eras[clock.judge[0]].calendars[before.calendar]
        new = eras[judge[0]].calendars[after.calendar]
        rule_before, rule = before.rule(clock.name), after.rule(clock.name)
        if clock.by_law:
            if self.policy is not None:  # where none matches, those that run are left as they are
                clock.judge = judge
                if rule.warn != rule_before.warn:
                    change_warnings(clock, rule.warn, self.calendar(clock, eras), at)
            return
        clock.judge = judge
        self.wait_or_work(clock, rule_before, old, at, paused=self.pausing(clock.name, after))
        if clock.fixed is not None:
            if old != new:
                recount(clock, rule.warn, new)
            elif rule.warn != rule_before.warn:
                change_warnings(clock, rule.warn, new, at)
        elif rule.target != rule_before.target or old != new:
            change_policy(clock, after.on_priority_change, rule.target, rule.warn, (old, new), at)
        elif rule.warn != rule_before.warn:
            change_warnings(clock, rule.warn, new, at)

    def _judge_named(self, judge: tuple[int, str], eras: Eras) -> Policy:
        return self.bench(eras[judge[0]]).named(judge[1] or None)

    def _find_policy(self, eras: Eras) -> None:
        bench = self.bench(eras[self.era])
        found = bench.first(tuple([self._field(name) for name in bench.looks_at]))
        self.policy = None if found is None else found.name

    def _field(self, name: str) -> str | tuple[str, ...] | None:
        """A field as policies see it: texts as they are, numbers and truth values as YAML writes them."""
        value = getattr(self, name)
        if value is None or isinstance(value, (str, tuple)):
            return value
        return str(value).lower()

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
        moments = [
            clock.rings + (clock.rings == clock.due) for clock in self.clocks if clock.rings is not None
        ]  # a deadline is missed once it has passed
        if self.era + 1 < len(eras) and any(clock.unfinished for clock in self.clocks):
            moments.append(eras[self.era + 1].since)
        return min(moments, default=None)

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

    def wait_or_work(self, clock: Clock, rule: ClockRule, calendar: Calendar, at: int, *, paused: bool) -> None:
        """Pause or resume a clock, as its entity's status wants it."""
        if paused:
            turn.pause(clock, rule.warn, calendar, at)
        else:
            turn.resume(clock, rule.warn, calendar, at)

    def stop(self, name: str, eras: Eras, place: Place, **labels: str | None) -> bool:
        """End the unfinished cycle of a clock as done: whether there was one.

        A late stop takes back what was counted and said since its own time. `labels` replace the entity's own.
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
            clock.labels = of_clock(with_labels(self.labels(), **labels), name, "met")
        elif not was_breached:
            self.breached(clock)
        return True

    def void(self, eras: Eras, at: int) -> None:
        """Cancel all unfinished clocks."""
        for clock in self.clocks:
            if clock.unfinished:
                turn.cancel(clock, self.calendar(clock, eras), at)
                clock.labels = ()

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
        if last.breached_at is None:
            last.labels = ()
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
        stood = next((labels for since, labels in reversed(self.stood) if since <= due), self.stood[0][1])
        clock.labels = of_clock(stood, clock.name, "breached")

    def remember(self, at: int) -> None:
        """Note its dimensions, if an event at `at` has changed them."""
        labels = self.labels()
        if self.stood and self.stood[-1][0] == at:
            self.stood[-1] = (at, labels)
        elif not self.stood or self.stood[-1][1] != labels:
            self.stood.append((at, labels))

    # its facts

    def note(self, name: str, at: int, value: int = 1, **labels: str | None) -> None:
        """A fact that stands from now on, in the place of an earlier one of that name."""
        self.happened[name] = Fact(name, Micros(at), value, with_labels(self.labels(), **labels))

    def facts(self) -> list[Fact]:
        """The facts that stand."""
        standing = list(self.happened.values())
        for clock in self.clocks:
            if clock.target is None or clock.state is State.CANCELLED:
                continue
            at = clock.due if clock.breached_at is not None else clock.stopped_at
            if at is not None and (clock.breached_at is not None or clock.state is State.STOPPED):
                standing.append(Fact("clock", Micros(at), 1, clock.labels))
        if not self.ended():
            standing.append(Fact("open", NOW, 1, with_labels(self.labels(), status=self.status)))
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
