"""Policies: which clocks an entity has, with which targets, on which calendar. Frozen; made by the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from stream_app.sla.instant import Micros


class Calendar(Protocol):
    """Working time, as clocks need it. Moments are microseconds since the epoch, spans working microseconds."""

    @property
    def name(self) -> str: ...

    def add(self, start: Micros, span: Micros) -> Micros:
        """The earliest moment, not before `start`, by which `span` of working time has passed since `start`."""

    def between(self, start: Micros, end: Micros) -> Micros:
        """The working time in [start, end); 0 where `end` is not after `start`."""

    def business_days(self, start: Micros, count: int) -> Micros:
        """The end of the count-th working day that begins at or after `start`."""

    def end_of_business_day(self, start: Micros) -> Micros:
        """The end of the working day that `start` lies in, else of the next."""


class OnChange(StrEnum):
    """What a change of priority or policy does to a running clock."""

    RECOMPUTE = "recompute"
    CARRY = "carry"
    FORWARD = "forward"
    RESET = "reset"


class OnReopen(StrEnum):
    """What a reopen does to the resolution clock."""

    NEW_CYCLE = "new_cycle"
    CONTINUE = "continue"
    CONTINUE_COUNTING = "continue_counting"


class Span(Struct, frozen=True, tag=True):
    """A target of so much working time."""

    length: Micros


class BusinessDays(Struct, frozen=True, tag=True):
    """A target of whole working days, turned into working time when the clock starts."""

    count: int


class EndOfBusinessDay(Struct, frozen=True, tag=True):
    """A target that lies at the end of the working day."""


Target = Span | BusinessDays | EndOfBusinessDay


class Threshold(Struct, frozen=True, cache_hash=True):
    """A moment to warn at: a share of the target, or so long before the deadline. Exactly one of the two is set."""

    text: str
    """As written in the configuration: `75%`, `5m`, `12.5%`."""
    share: tuple[int, int] | None = None
    """The share of the target as a fraction (numerator, denominator): 12.5 % is (125, 1000)."""
    before: Micros | None = None
    """Working time before the deadline."""


class ClockRule(Struct, frozen=True):
    """What a policy says of one clock."""

    target: Target | None = None
    warn: tuple[Threshold, ...] = ()
    pause_on: frozenset[str] | None = None
    """Statuses that pause the clock; None: the clock's own default."""


class Condition(Struct, frozen=True):
    """A field's condition: any of `values`, or none of them where `negated`. Compared as text (tier 2 is "2")."""

    values: frozenset[str]
    negated: bool = False


class Policy(Struct, frozen=True, kw_only=True):
    """The first policy that matches an entity judges its clocks."""

    name: str
    calendar: str = "always"
    match: tuple[tuple[str, Condition], ...] = ()
    clocks: Mapping[str, ClockRule] = {}
    """The rules of the clocks that it lists, with the policy's own `warn` and `pause_on` already worked in."""
    otherwise: ClockRule = ClockRule()
    """The rule of a clock that is not listed: no target, the policy's `warn` and `pause_on`."""
    on_priority_change: OnChange = OnChange.RECOMPUTE
    on_reopen: OnReopen = OnReopen.NEW_CYCLE
    regulations: tuple[str, ...] = ()

    def rule(self, clock: str) -> ClockRule:
        """What this policy says of a clock."""
        return self.clocks.get(clock, self.otherwise)


NO_POLICY: Final = Policy(name="")
"""What judges an entity that no policy matches: no targets, `always`, the clocks' own pauses."""


class Rules(Struct, frozen=True, kw_only=True):
    """All that the core needs of one configuration."""

    calendars: Mapping[str, Calendar]
    """By name; `always` is in it."""
    tickets: tuple[Policy, ...]
    incidents: tuple[Policy, ...]


Fields = tuple[str | tuple[str, ...] | None, ...]
"""The values of the fields that a bench of policies looks at, in its order."""

REMEMBERED: Final = 10_000
"""Combinations of fields whose policy is kept at hand."""


class Bench:
    """Policies in their order, of which the first that matches judges. It remembers what it has decided."""

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        """Policies of one kind of entity, with names of their own."""
        self.policies: Final = policies
        """In their order."""
        self._named = {policy.name: policy for policy in policies}
        self.looks_at = tuple(sorted({field for policy in policies for field, _ in policy.match}))
        """The fields that any of them looks at."""
        self._found: dict[Fields, Policy | None] = {}

    def named(self, name: str | None) -> Policy:
        """The policy of that name; `NO_POLICY` where there is none."""
        return self._named.get(name, NO_POLICY) if name is not None else NO_POLICY

    def first(self, fields: Fields) -> Policy | None:
        """The first policy all of whose conditions hold; an absent field matches only a negated one."""
        if fields in self._found:
            return self._found[fields]
        values = dict(zip(self.looks_at, fields, strict=True))
        match = next(
            (
                policy
                for policy in self.policies
                if all(holds(condition, values[field]) for field, condition in policy.match)
            ),
            None,
        )
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        self._found[fields] = match
        return match


def holds(condition: Condition, value: str | tuple[str, ...] | None) -> bool:
    """Whether a field's value meets the condition; of several values (tags) one is enough."""
    if value is None:
        met = False
    elif isinstance(value, str):
        met = value in condition.values
    else:
        met = not condition.values.isdisjoint(value)
    return met != condition.negated
