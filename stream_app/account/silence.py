"""Silence: why an event changed nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream_app.sla.clock import Clock
from stream_app.sla.events import (
    Event,
    IncidentClassified,
    IncidentDismissed,
    IncidentNotified,
    IncidentReopened,
    TicketCommented,
    TicketDeleted,
    TicketDiagnosed,
    TicketDueSet,
    TicketMerged,
    TicketRated,
    TicketStatusChanged,
    TicketWorked,
)
from stream_app.sla.kind import type_of
from stream_app.sla.payload import Author
from stream_app.sla.ticket import ENDED

Was = Mapping[str, Any]
"""An entity's fields before the event."""


def silence(event: Event, was: Was, clocks: list[Clock], *, opening: bool) -> str:  # noqa: PLR0911 -- a table
    """The reason, for an event that came to nothing; `opening`: at the creation's own moment."""
    match event:
        case TicketStatusChanged(data=data):
            return f"the status was {data.status} already"
        case TicketCommented(data=data) if data.visibility == "internal":
            return "an internal comment is neither reply nor question"
        case TicketCommented() if opening:
            return "a comment at the creation's own moment is the opening text: neither reply nor question"
        case TicketCommented(data=data):
            return _comment(data.author, was, clocks)
        case TicketDueSet(data=data):
            return _due_set(data.clock, clocks)
        case TicketMerged() | TicketDeleted():
            return "it was cancelled already"
        case TicketDiagnosed():
            return "a diagnosis changes neither the category nor a clock"
        case TicketRated(data=data):
            return "the rating has no score" if data is None or not data.score else "that score was the rating already"
        case TicketWorked():
            return "no time was worked"
        case _:
            return _other(event, was)


def _comment(author: Author, was: Was, clocks: list[Clock]) -> str:
    if author.role == "requester" or author.id == was["requester"] is not None:
        if was["status"] in ENDED:
            return f"a question on a ticket that is {was['status']} starts nothing"
        if was["first_response_at"] is None:
            return "a question before the first response starts nothing: that response is owed anyway"
        waiting = [clock for clock in clocks if clock.name == "next_response" and clock.unfinished]
        return f"an older question is waiting already (next_response #{waiting[-1].cycle} runs)"
    if author.role == "agent":
        return f"a reply on a ticket that is {was['status']} stops nothing"
    return f"a {author.role} is neither agent nor requester: its comment is neither reply nor question"


def _due_set(name: str, clocks: list[Clock]) -> str:
    cycles = [clock for clock in clocks if clock.name == name]
    if not cycles:
        return f"{name} has not started: there is nothing to agree a deadline for"
    if cycles[-1].unfinished:
        return f"that is the agreed deadline of {name} already"
    return f"{name} has ended: its deadline stays as it was"


def _other(event: Event, was: Was) -> str:
    match event:
        case IncidentReopened():
            return f"it was not resolved, closed or dismissed but {was['status']}: there is nothing to reopen"
        case IncidentDismissed():
            return "it was dismissed already"
        case IncidentClassified(data=data):
            return f"it was classified as {data.kind} already, and the first time counts"
        case IncidentNotified(data=data):
            return f"{data.stage} was reported already, and the first time counts"
    stage = type_of(event).partition(".")[2]
    if stage in was.get("reached", {}):
        return f"{stage} was reached already, and the first time counts"
    return "all that it says was so already" if getattr(event, "data", None) is not None else "it says nothing"
