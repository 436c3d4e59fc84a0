"""What policies judge: something with a status and clocks, under the policy that is in force for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from stream_app.sla import turn
from stream_app.sla.clock import Clock
from stream_app.sla.era import Era, Eras
from stream_app.sla.policy import Bench, Calendar, ClockRule, Policy
from stream_app.sla.retarget import change_policy, change_warnings, recount

PAUSES: Final[Mapping[str, frozenset[str]]] = {
    "periodic_update": frozenset({"pending"}),
    "resolution": frozenset({"pending", "on_hold"}),
    "ola": frozenset({"pending", "on_hold"}),
}
"""The statuses that pause a clock by default; a clock that is not here is never paused."""


_NEVER: Final[frozenset[str]] = frozenset()


class Judged(Struct, kw_only=True, array_like=True, gc=False):
    """Its clocks, and who judges them."""

    status: str
    era: int = 0
    """The number of the configuration that holds for it."""
    policy: str | None = None
    """The policy of that configuration that matches it; None: none does."""
    clocks: list[Clock] = field(default_factory=list)

    def bench(self, era: Era) -> Bench:
        """The policies for its kind."""
        raise NotImplementedError

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
            on = PAUSES.get("ola" if clock.startswith("ola:") else clock, _NEVER)
        return self.status in on

    def rejudge(self, eras: Eras, at: int) -> None:
        """Find the policy anew, and judge the unfinished clocks by it from `at` on."""
        self._find_policy(eras)
        judge = (self.era, self.policy or "")
        for clock in self.clocks:
            if clock.stopped_at is None and clock.judge != judge:
                self._change_judge(clock, judge, eras, at)

    def judge_anew(self, eras: Eras, at: int) -> None:
        """Find the policy anew, with all that hangs on it in its kind."""
        raise NotImplementedError

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
                recount(clock, clock.fixed, rule.warn, new, at)
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

    def wait_or_work(self, clock: Clock, rule: ClockRule, calendar: Calendar, at: int, *, paused: bool) -> None:
        """Pause or resume a clock, as its entity's status wants it."""
        if paused:
            turn.pause(clock, rule.warn, calendar, at)
        else:
            turn.resume(clock, rule.warn, calendar, at)
