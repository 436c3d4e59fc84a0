"""A security incident: its stages, its classification, its clocks by policy and by law."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import ClassVar, Final, assert_never

from msgspec import UNSET, Struct, field

from stream_app.sla import turn
from stream_app.sla.clock import Clock
from stream_app.sla.deadline import owe
from stream_app.sla.entity import Entity, Place
from stream_app.sla.era import Era, Eras
from stream_app.sla.events import (
    IncidentAcknowledged,
    IncidentClassified,
    IncidentClosed,
    IncidentContained,
    IncidentDetected,
    IncidentDismissed,
    IncidentEradicated,
    IncidentEvent,
    IncidentNotified,
    IncidentRecovered,
    IncidentReopened,
    IncidentResolved,
    IncidentUpdated,
)
from stream_app.sla.fact import DIMENSIONS, Dimensions
from stream_app.sla.instant import micros
from stream_app.sla.payload import IncidentFields
from stream_app.sla.policy import Bench
from stream_app.sla.regulation import Stage, starting

STAGES: Final = ("detected", "acknowledged", "contained", "eradicated", "recovered", "resolved", "closed")
"""In their order: each implies those before it."""
CLOCKS: Final[Mapping[str, str]] = {"acknowledged": "acknowledge", "contained": "contain", "resolved": "resolve"}
"""The clock that each stage stops."""
ENDED: Final = frozenset({"resolved", "closed", "dismissed"})
FIELDS: Final = tuple(name for name in IncidentFields.__struct_fields__ if name != "occurred_at")
UNKNOWN_SEVERITY: Final = "medium"
_dimensions: Final[Callable[[Incident], Dimensions]] = attrgetter(*DIMENSIONS["incident"])


class Incident(Entity, kw_only=True, array_like=True, gc=False, tag="incident"):
    """A security incident's state."""

    kind: ClassVar[str] = "incident"

    status: str = "detected"
    severity: str | None = UNKNOWN_SEVERITY
    category: str | None = None
    service: str | None = None
    asset: str | None = None
    team: str | None = None
    agent: str | None = None
    personal_data: bool | None = None
    title: str | None = None
    url: str | None = None
    occurred_at: int | None = None
    reached: dict[str, int] = field(default_factory=dict)
    """When each stage was first reached."""
    kinds: dict[str, int] = field(default_factory=dict)
    """When it was first classified as each kind."""
    sent: dict[str, int] = field(default_factory=dict)
    """When each regulatory stage was first reported."""

    def dimensions(self) -> Dimensions:
        """Its dimensions as they stand."""
        return _dimensions(self)

    def bench(self, era: Era) -> Bench:
        """The policies for incidents."""
        return era.incidents

    def ended(self) -> bool:
        """Whether it is resolved, closed or dismissed."""
        return self.status in ENDED

    def begin(self, eras: Eras, at: int) -> None:
        """Start its life, with the fields of its first event."""
        self.place(eras, at)
        self.reached["detected"] = at
        for name in CLOCKS.values():
            self.start(name, eras, at)

    def apply(self, event: IncidentEvent, place: Place, eras: Eras) -> None:
        """What an event does, at its place in the history."""
        self.advance(eras, place.at)
        match event:
            case IncidentDetected(data=data) | IncidentUpdated(data=data):
                if data is not None:
                    if data.occurred_at is not UNSET:
                        self.occurred_at = None if data.occurred_at is None else micros(data.occurred_at)
                    self._set(data, FIELDS, eras, place.at)
            case IncidentClassified(data=data):
                self._set(data, ("agent", "team"), eras, place.at)
                self.kinds.setdefault(data.kind, place.at)
            case IncidentNotified(data=data):
                self._set(data, ("agent", "team"), eras, place.at)
                self.sent.setdefault(data.stage, max(place.stop_at, self.created_at))
                self.stop(data.stage, eras, place)
            case IncidentAcknowledged() | IncidentContained() | IncidentEradicated() | IncidentRecovered():
                self._reach(event, eras, place)
            case IncidentResolved() | IncidentClosed():
                self._reach(event, eras, place)
            case IncidentReopened(data=data):
                self._handled(data, eras, place.at)
                self._reopen(eras, place.at)
            case IncidentDismissed(data=data):
                self._handled(data, eras, place.at)
                self.status = "dismissed"
                self.void(eras, place.at)
            case _:
                assert_never(event)
        self._follow_the_law(eras, place.at)

    def _set(self, data: Struct, names: tuple[str, ...], eras: Eras, at: int) -> None:
        if not self.take(data, names):
            return
        if self.severity is None:
            self.severity = UNKNOWN_SEVERITY
        self.remember(at)
        if self.personal_data:
            self.kinds.setdefault("personal_data_breach", at)
        self.judge_anew(eras, at)

    def _handled(self, data: Struct | None, eras: Eras, at: int) -> None:
        if data is not None:
            self._set(data, ("agent", "team"), eras, at)

    # stages

    def _reach(
        self,
        event: IncidentAcknowledged
        | IncidentContained
        | IncidentEradicated
        | IncidentRecovered
        | IncidentResolved
        | IncidentClosed,
        eras: Eras,
        place: Place,
    ) -> None:
        stage = type(event).__struct_config__.tag.partition(".")[2]  # type: ignore[union-attr] # tags of events are texts
        if event.data is not None:
            self.take(event.data, ("agent", "team"))
            self.remember(place.at)
        rank = STAGES.index(stage)
        first = stage not in self.reached
        if first and self.status != "dismissed" and rank > STAGES.index(self.status):
            self.status = stage
        at = max(place.stop_at, self.created_at)
        for implied in STAGES[1 : rank + 1]:
            if implied not in self.reached:
                self.reached[implied] = at
                self._stop_stage(implied, eras, place, at)
        self.judge_anew(eras, place.at)

    def _stop_stage(self, stage: str, eras: Eras, place: Place, at: int) -> None:
        clock = CLOCKS.get(stage)
        if clock is None:
            return
        self.stop(clock, eras, place)
        self.note(stage, at)
        if not self.partial and not self.clouded:
            self.note(f"{clock}_time", at, at - self.created_at)

    def _reopen(self, eras: Eras, at: int) -> None:
        if not self.ended():
            return
        resolved_at = None if self.status == "dismissed" else self.reached.get("resolved")
        self.status = "acknowledged"
        self.reopens += 1
        for stage in ("resolved", "closed"):
            self.reached.pop(stage, None)
        for fact in ("resolved", "resolve_time"):
            self.happened.pop(fact, None)
        self.note("reopened", at)
        self.reopen("resolve", eras, at, stopped_at=resolved_at)

    # the law

    def judge_anew(self, eras: Eras, at: int) -> None:
        """Find the policy anew; regulations that it brings start their clocks from `at` on."""
        self.rejudge(eras, at)
        self._follow_the_law(eras, at)

    def _follow_the_law(self, eras: Eras, at: int) -> None:
        regulations = self.judge(eras).regulations
        if not regulations or not self.kinds or self.status == "dismissed":
            return
        for stage, started_at in starting(regulations, self.kinds, self.sent, self.created_at):
            if self.find(stage.clock) is None:
                self._start_by_law(stage, started_at, eras, at)

    def _start_by_law(self, stage: Stage, started_at: int, eras: Eras, at: int) -> None:
        clock = Clock(name=stage.clock, cycle=1, started_at=started_at, judge=(self.era, self.policy or ""))
        clock.fixed = stage.due(started_at, self.created_at)
        clock.by_law = True
        self.clocks.append(clock)
        calendar = self.calendar(clock, eras)
        turn.begin(clock, clock.fixed - started_at, calendar)
        if stage.clock in self.sent:
            self.stop(stage.clock, eras, Place(started_at, started_at))
        else:
            owe(clock, self.rule(clock, eras).warn, calendar, at)
