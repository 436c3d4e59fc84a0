"""A ticket: what each of its events does to its fields, its status and its clocks."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import ClassVar, Final, assert_never

from msgspec import Struct

from stream_app.sla.entity import Entity, Place
from stream_app.sla.era import Era, Eras
from stream_app.sla.events import (
    TicketCommented,
    TicketCreated,
    TicketDeleted,
    TicketDiagnosed,
    TicketDueSet,
    TicketEscalated,
    TicketEvent,
    TicketMerged,
    TicketRated,
    TicketStatusChanged,
    TicketUpdated,
    TicketWorked,
)
from stream_app.sla.fact import DIMENSIONS, Dimensions
from stream_app.sla.instant import SECOND, micros
from stream_app.sla.payload import Author, StatusChange, TicketFields
from stream_app.sla.policy import Bench
from stream_app.sla.retarget import negotiate

FIELDS: Final = tuple(TicketFields.__struct_fields__)
DONE: Final = frozenset({"resolved", "closed"})
ENDED: Final = DONE | {"cancelled"}
UNKNOWN_PRIORITY: Final = "medium"
_dimensions: Final[Callable[[Ticket], Dimensions]] = attrgetter(*DIMENSIONS["ticket"])


class Ticket(Entity, kw_only=True, array_like=True, gc=False, tag="ticket"):
    """A help-desk ticket's state."""

    kind: ClassVar[str] = "ticket"

    status: str = "open"
    priority: str | None = UNKNOWN_PRIORITY
    channel: str | None = None
    category: str | None = None
    service: str | None = None
    customer: str | None = None
    requester: str | None = None
    team: str | None = None
    agent: str | None = None
    tier: int | None = None
    complexity: str | int | None = None
    tags: tuple[str, ...] | None = None
    title: str | None = None
    url: str | None = None
    known_team: str | None = None
    """The last team that was known, for the count of reassignments."""
    known_agent: str | None = None
    reassignments: int = 0
    escalations: int = 0
    replies: int = 0
    """Public replies by agents, up to the resolution."""
    first_contact: bool | None = None
    first_response_at: int | None = None
    resolved_at: int | None = None
    closed_at: int | None = None
    resolved_by: str | None = None
    """Who had it at the resolution."""
    handled: int = 0
    """Hands-on time, in microseconds."""
    waits: tuple[int, ...] = ()
    """When it began and ceased to be in statuses that pause the resolution clock, in turn."""

    def dimensions(self) -> Dimensions:
        """Its dimensions as they stand."""
        return _dimensions(self)

    def bench(self, era: Era) -> Bench:
        """The policies for tickets."""
        return era.tickets

    def ended(self) -> bool:
        """Whether it is resolved, closed or cancelled."""
        return self.status in ENDED

    def begin(self, eras: Eras, at: int) -> None:
        """Start its life, with the fields of its first event."""
        self.place(eras, at)
        self.known_team, self.known_agent = self.team, self.agent
        self.start("first_response", eras, at)
        self.start("resolution", eras, at)
        if self.team is not None:
            self.start(f"ola:{self.team}", eras, at)
        self._wait(eras, at)

    def open_as(self, status: str, eras: Eras, at: int) -> None:
        """Its status from the first moment on."""
        self._change_status(status, None, eras, Place(at, at))

    def apply(self, event: TicketEvent, place: Place, eras: Eras) -> None:  # noqa: C901, PLR0912 -- a table of types
        """What an event does, at its place in the history."""
        self.advance(eras, place.at)
        match event:
            case TicketCommented(data=data):
                if data.visibility != "internal":
                    self._hear(data.author, eras, place)
            case TicketStatusChanged(data=data):
                self._change_status(data.status, data, eras, place)
            case TicketCreated(data=data) | TicketUpdated(data=data):
                if data is not None:
                    self._set(data, FIELDS, eras, place)
            case TicketEscalated(data=data):
                self.escalations += 1
                if data is not None:
                    self._set(data, ("tier", "team"), eras, place)
                self.note("escalated", place.at)
            case TicketWorked(data=data):
                self.handled += round(data.seconds * SECOND)
            case TicketDueSet(data=data):
                self._set_due(data.clock, micros(data.due), eras, place.at)
            case TicketMerged() | TicketDeleted():
                self._change_status("cancelled", None, eras, place)
            case TicketRated(data=data):
                if data is not None and isinstance(data.score, float):
                    agent = self.agent if self.resolved_by is None else self.resolved_by
                    self.note("rated", place.at, round(data.score * SECOND), agent=agent)
            case TicketDiagnosed():
                pass
            case _:
                assert_never(event)

    # fields

    def _set(self, data: Struct, names: tuple[str, ...], eras: Eras, place: Place) -> None:
        team = self.team
        if not self.take(data, names):
            return
        if self.priority is None:
            self.priority = UNKNOWN_PRIORITY
        self.remember(place.at)
        self._count_reassignment()
        if self.team != team and team is not None:
            self.stop(f"ola:{team}", eras, Place(place.at, place.at))
        self.judge_anew(eras, place.at)
        if self.team != team and self.team is not None and not self.ended():
            self.start(f"ola:{self.team}", eras, place.at)

    def _count_reassignment(self) -> None:
        moved = (self.known_team is not None and self.team not in {None, self.known_team}) or (
            self.known_agent is not None and self.agent not in {None, self.known_agent}
        )
        self.reassignments += moved
        self.known_team = self.team or self.known_team
        self.known_agent = self.agent or self.known_agent

    def judge_anew(self, eras: Eras, at: int) -> None:
        """Find the policy anew; the present status is judged by its pauses from `at` on."""
        self.rejudge(eras, at)
        self._wait(eras, at)

    def _wait(self, eras: Eras, at: int) -> None:
        """Note when the resolution begins or ceases to wait for somebody else."""
        waiting = not self.ended() and self.pausing("resolution", self.judge(eras))
        if waiting != bool(len(self.waits) % 2):
            self.waits = (*self.waits, at)

    def waited(self, upto: int) -> int:
        """The wall time up to `upto`, in microseconds, that statuses which pause the resolution took."""
        edges = [min(edge, upto) for edge in self.waits]
        if len(edges) % 2:
            edges.append(upto)
        return sum(edges[1::2]) - sum(edges[::2])

    # status

    def _change_status(self, status: str, data: StatusChange | None, eras: Eras, place: Place) -> None:
        if data is not None and self.take(data, ("agent",)):
            self.remember(place.at)
            self._count_reassignment()
        before, self.status = self.status, status
        resolved_at = self.resolved_at if before in DONE else None
        if status != before:
            if status in DONE and before not in ENDED:
                self._resolve(eras, place)
            elif status == "cancelled":
                self.void(eras, place.at)
            elif status not in ENDED and before in ENDED:
                self._take_back_resolution(place.at)
            elif status not in ENDED:
                self._pause_or_resume(eras, place.at)
            if status == "closed":
                self.closed_at = max(place.stop_at, self.created_at)
        self.judge_anew(eras, place.at)
        if status not in ENDED and before in ENDED:
            for clock in ("resolution", *(() if self.team is None else (f"ola:{self.team}",))):
                self.reopen(clock, eras, place.at, stopped_at=resolved_at)

    def _pause_or_resume(self, eras: Eras, at: int) -> None:
        policy = self.judge(eras)
        for clock in self.clocks:
            if clock.unfinished:
                calendar = self.calendar(clock, eras)
                paused = self.pausing(clock.name, policy)
                self.wait_or_work(clock, policy.rule(clock.name), calendar, at, paused=paused)

    def _resolve(self, eras: Eras, place: Place) -> None:
        for clock in ("first_response", "next_response", "periodic_update", "resolution"):
            self.stop(clock, eras, place)
        if self.team is not None:
            self.stop(f"ola:{self.team}", eras, place)
        self.resolved_at = max(place.stop_at, self.created_at)
        self._wait(eras, self.resolved_at)
        self.waits = tuple([min(edge, self.resolved_at) for edge in self.waits])
        at_once = self.replies <= 1 and not self.escalations and not self.reassignments and not self.reopens
        self.first_contact = at_once
        self.resolved_by = self.agent
        self.note("resolved", self.resolved_at, first_contact=str(at_once).lower())
        if not self.partial and not self.clouded:
            self.note(
                "resolution", self.resolved_at, self.resolved_at - self.created_at - self.waited(self.resolved_at)
            )

    def _take_back_resolution(self, at: int) -> None:
        self.reopens += 1
        self.resolved_at = self.closed_at = self.first_contact = self.resolved_by = None
        self.happened.pop("resolved", None)
        self.happened.pop("resolution", None)
        self.note("reopened", at)

    def _set_due(self, name: str, due: int, eras: Eras, at: int) -> None:
        clock = self.running(name)
        if clock is None:
            return
        negotiate(clock, due, self.rule(clock, eras).warn, self.calendar(clock, eras), at)

    # comments

    def _hear(self, author: Author, eras: Eras, place: Place) -> None:
        """A public comment."""
        if place.opening:
            return
        known = author.id if isinstance(author.id, str) else None
        if author.role == "requester" or (known is not None and known == self.requester):
            if not self.ended() and self.first_response_at is not None and self.running("next_response") is None:
                self.start("next_response", eras, place.at)
        elif author.role == "agent":
            self._reply(known, eras, place)

    def _reply(self, agent: str | None, eras: Eras, place: Place) -> None:
        if self.status in DONE:
            return
        if self.first_response_at is None:
            self.first_response_at = max(place.stop_at, self.created_at)
        if self.ended():
            return
        self.replies += 1
        if self.stop("first_response", eras, place, agent=agent) and not self.partial and not self.clouded:
            at = self.first_response_at
            self.note("first_response", at, at - self.created_at, agent=agent)
        self.stop("next_response", eras, place, agent=agent)
        self.stop("periodic_update", eras, place)
        if "periodic_update" in self.judge(eras).clocks:
            self.start("periodic_update", eras, place.at)
