"""What tickets and incidents share: fields, clocks, policies, and the diary of facts that the KPIs are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.clock import Clock
from tests.oracle.envelope import Event
from tests.oracle.settings import Policy, Settings, terms
from tests.oracle.turn import Standing, Turn

DIMENSIONS = ("priority", "severity", "team", "agent", "channel", "category", "customer", "service", "tier")
OVER = ("resolved", "closed", "cancelled")


@dataclass(frozen=True)
class Fact:
    """A thing that happened, when, with the dimensions of that moment; `value` in microseconds where it is a time."""

    name: str
    at: int
    dims: dict[str, Any]
    value: int = 0


@dataclass(frozen=True)
class Activation:
    """A configuration and the moment from which it holds."""

    at: int
    settings: Settings


@dataclass
class Life:
    """One entity being folded."""

    kind: str
    id: str
    until: int
    dated: Sequence[Activation]
    fields: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    policy: Policy | None = None
    partial: bool = False
    early: bool = False
    began: int = 0
    clocks: list[Clock] = field(default_factory=list)
    diary: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    reassignments: int = 0
    reopens: int = 0
    facts: dict[str, Fact] = field(default_factory=dict)
    compliance: list[Fact] = field(default_factory=list)
    stop_dims: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    corners: set[str] = field(default_factory=set)
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = self.dated[0].settings

    def creator(self, history: list[Event], kind: str) -> tuple[Event, list[Event]]:
        """The event that begins the entity, and what lies before it; without a creating one it is the first."""
        born = next((i for i, e in enumerate(history) if e.type == kind and not e.late), None)
        creator, before = (history[0], []) if born is None else (history[born], history[:born])
        self.partial, self.early, self.began = born is None, bool(before), creator.at
        for activation in self.dated[1:]:
            if activation.at <= self.began:
                self.settings = activation.settings
        return creator, before

    # -- fields

    def take(self, event: Event, keys: Sequence[str]) -> None:
        """The keys present change; null clears."""
        for key in keys:
            if key in event.data:
                if key in ("priority", "severity") and event.data[key] is None:
                    self.corners.add("null_priority")
                    self.fields[key] = "medium"
                else:
                    self.fields[key] = event.data[key]
        moved = False
        for key in ("team", "agent"):
            value = self.fields.get(key)
            if value is not None:
                moved |= self.known.get(key) not in (None, value)
                self.known[key] = value
        self.reassignments += moved

    def dims(self) -> dict[str, Any]:
        return {k: self.fields[k] for k in DIMENSIONS if self.fields.get(k) is not None}

    def dims_at(self, at: int) -> dict[str, Any]:
        """The dimensions after all events up to an instant."""
        return [d for when, d in self.diary if when <= at or when == self.diary[0][0]][-1]

    # -- clocks

    def of(self, name: str) -> list[Clock]:
        return [c for c in self.clocks if c.name == name]

    def running(self, name: str) -> Clock | None:
        return next((c for c in self.of(name) if not c.ended), None)

    def start(self, name: str, at: int) -> Clock:
        rule = terms(self.policy, name)
        clock = Clock(name, len(self.of(name)) + 1)
        clock.add(Turn("start", at, terms=rule, paused=self.status in rule.pause_on))
        self.clocks.append(clock)
        return clock

    def stop(self, name: str, at: int, dims: dict[str, Any] | None = None) -> bool:
        clock = self.running(name)
        if clock is None:
            return False
        clock.stop(at, self.corners)
        self.stop_dims[(name, clock.cycle)] = self.dims() if dims is None else dims
        return True

    def cancel(self, at: int) -> None:
        for clock in self.clocks:
            if not clock.ended:
                clock.add(Turn("cancel", at))

    def judge(self, at: int) -> None:
        """Look for the policy anew, re-target what runs, and pause or resume by its rules."""
        self.policy = self.settings.policy(self.kind, self.fields)
        for clock in self.clocks:
            if not clock.ended and ":" in clock.name and not clock.name.startswith("ola:"):
                self.rewarn(clock, at)
            elif not clock.ended:
                self.retarget(clock, at)
        self.pauses(at)

    def retarget(self, clock: Clock, at: int) -> None:
        rule, mode = (
            terms(self.policy, clock.name),
            "recompute" if self.policy is None else self.policy.on_priority_change,
        )
        if rule != clock.terms:
            if clock.turns[-1].what == "continue":
                self.corners.add("policy_change_while_over")
            self.note_corners(clock, rule, mode, at)
            clock.add(Turn("terms", at, terms=rule, mode=mode))

    def note_corners(self, clock: Clock, rule: Any, mode: str, at: int) -> None:  # noqa: ANN401
        old = clock.terms
        assert old is not None
        if (old.target, old.calendar) == (rule.target, rule.calendar):
            return
        if any(t.what == "due" for t in clock.turns):
            self.corners.add("negotiated_policy_change")
        if mode == "forward" and old.calendar != rule.calendar:
            self.corners.add("forward_calendar")
        if mode in ("carry", "forward") and any(x is not None and x.kind != "span" for x in (old.target, rule.target)):
            self.corners.add("carried_business_days")
        if mode == "carry" and old.calendar != rule.calendar:
            self.corners.add("carry_calendar")
        earlier = {t.mode for t in clock.turns if t.what == "terms"}
        if earlier & {"forward", "reset", "carry"}:
            self.corners.add("mixed_modes")
        last = clock.turns[-1]
        if clock.paused != (self.status in rule.pause_on) or (last.at == at and last.what in ("pause", "resume")):
            self.corners.add("retarget_with_pause")

    def rewarn(self, clock: Clock, at: int) -> None:
        rule = terms(self.policy, clock.name)
        old = clock.terms
        assert old is not None
        if rule.warn != old.warn:
            self.corners.add("regulatory_rewarn")
        if rule.warn != old.warn and self.policy is not None:
            clock.add(Turn("terms", at, terms=rule))

    def pauses(self, at: int) -> None:
        for clock in self.clocks:
            if clock.ended or (":" in clock.name and not clock.name.startswith("ola:")):
                continue
            wanted = self.status in terms(self.policy, clock.name).pause_on
            if wanted != clock.paused:
                if clock.turns[-1].at == at and clock.turns[-1].what in ("terms", "due"):
                    self.corners.add("retarget_with_pause")
                clock.add(Turn("pause" if wanted else "resume", at))

    def write(self, at: int) -> None:
        self.diary.append((at, self.dims()))

    # -- the end

    def standings(self) -> list[Standing]:
        """Every clock as it stands at `until`, and the facts of compliance that follow."""
        out = [clock.standing(self.until) for clock in self.clocks]
        self.compliance = []
        for s in out:
            self.corners |= s.corners
            if s.target is None or s.state == "cancelled":
                continue
            if s.breached_at is not None:
                missed = s.breached_at if s.missed is None else s.missed
                self.compliance.append(Fact("breached", missed, self.dims_at(missed) | {"clock": s.clock}))
            elif s.stopped_at is not None:
                dims = self.stop_dims[(s.clock, s.cycle)]
                self.compliance.append(Fact("met", s.stopped_at, dims | {"clock": s.clock}))
        return out
