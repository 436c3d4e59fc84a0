"""Reports of entities: a state as the contract shows it, moments as RFC 3339 text, spans in seconds."""

from __future__ import annotations

from typing import Any, assert_never

from stream_app.sla.clock import Clock, State
from stream_app.sla.entity import Entity
from stream_app.sla.era import Eras
from stream_app.sla.incident import Incident
from stream_app.sla.instant import seconds, text
from stream_app.sla.signals import Signal
from stream_app.sla.ticket import Ticket


def entity(state: Ticket | Incident, eras: Eras, until: int) -> dict[str, Any]:
    """One entity of a report as of `until`."""
    row: dict[str, Any] = {"id": state.id, "kind": state.kind, "status": state.status}
    match state:
        case Ticket():
            row |= _ticket(state, until)
        case Incident():
            row |= _incident(state)
        case _:
            assert_never(state)
    if state.partial:
        row["partial"] = True
    row["clocks"] = [
        _clock(clock, state, eras, until) for clock in sorted(state.clocks, key=lambda clock: (clock.name, clock.cycle))
    ]
    return row


def _ticket(state: Ticket, until: int) -> dict[str, Any]:
    return {
        "priority": state.priority,
        "policy": state.policy,
        "reopens": state.reopens,
        "reassignments": state.reassignments,
        "escalations": state.escalations,
        "first_contact_resolution": state.first_contact,
        "created_at": text(state.created_at),
        "first_response_at": _moment(state.first_response_at),
        "resolved_at": _moment(state.resolved_at),
        "closed_at": _moment(state.closed_at),
        "handle_seconds": seconds(state.handled),
        "paused_seconds": seconds(state.waited(until)),
    }


def _incident(state: Incident) -> dict[str, Any]:
    return {
        "severity": state.severity,
        "policy": state.policy,
        "reopens": state.reopens,
        "detected_at": text(state.created_at),
        "acknowledged_at": _moment(state.reached.get("acknowledged")),
        "contained_at": _moment(state.reached.get("contained")),
        "resolved_at": _moment(state.reached.get("resolved")),
    }


def _clock(clock: Clock, state: Entity, eras: Eras, until: int) -> dict[str, Any]:
    return {
        "clock": clock.name,
        "cycle": clock.cycle,
        "state": condition(clock),
        "started_at": text(clock.started_at),
        "due_at": None if clock.target is None else _moment(clock.due),
        "stopped_at": _moment(clock.stopped_at),
        "elapsed_seconds": seconds(clock.elapsed(state.calendar(clock, eras), until)),
        "target_seconds": None if clock.target is None else seconds(clock.target),
        "breached_at": _moment(clock.breached_at),
    }


def condition(clock: Clock) -> str:
    """A clock's state in one word: a breach outranks a pause, and stays once the clock has stopped."""
    if clock.breached_at is not None:
        return "breached"
    return "met" if clock.state is State.STOPPED else clock.state.value


def signal(said: Signal) -> dict[str, Any]:
    """One signal of a report."""
    return {
        "id": said.id,
        "type": said.type,
        "subject": said.subject,
        "clock": said.clock,
        "cycle": said.cycle,
        "threshold": said.threshold,
        "at": text(said.at),
    }


def _moment(at: int | None) -> str | None:
    return None if at is None else text(at)
