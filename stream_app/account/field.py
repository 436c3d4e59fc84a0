"""The fields of an entity: what of it a person would name, and how it changed from one moment to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, assert_never

from msgspec import Struct

from stream_app.sla.history import State
from stream_app.sla.incident import FIELDS as INCIDENT_FIELDS
from stream_app.sla.incident import Incident
from stream_app.sla.ticket import FIELDS as TICKET_FIELDS
from stream_app.sla.ticket import Ticket

_TICKET: Final = (
    *("status", *TICKET_FIELDS, "reopens", "reassignments", "escalations", "replies"),
    *("handled", "first_contact", "first_response_at", "resolved_at", "closed_at"),
)
_INCIDENT: Final = ("status", *INCIDENT_FIELDS, "occurred_at", "reopens", "reached", "kinds", "sent")
MOMENTS: Final = frozenset({"first_response_at", "resolved_at", "closed_at", "occurred_at"})
"""Fields whose values are moments in microseconds."""
BY_NAME: Final = frozenset({"reached", "kinds", "sent"})
"""Fields whose values are moments by name."""
SPANS: Final = frozenset({"handled"})
"""Fields whose values are spans in microseconds."""
COUNTS: Final = frozenset({"reopens", "reassignments", "escalations", "replies", "handled"})
"""Fields that begin with 0."""


class Changed(Struct, frozen=True):
    """A field that is not as it was."""

    field: str
    before: Any
    after: Any


def fields(state: State) -> dict[str, Any]:
    """The fields as they are; what happens to the entity later leaves them alone."""
    match state:
        case Ticket():
            rated = state.happened.get("rated")
            return _copied(state, _TICKET) | {"rating": None if rated is None else rated.value / 1_000_000}
        case Incident():
            return _copied(state, _INCIDENT)
        case _:
            assert_never(state)


def _copied(state: State, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: dict(getattr(state, name)) if name in BY_NAME else getattr(state, name) for name in names}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changed, ...]:
    """What is not as it was; of a new entity, what it says."""
    found: list[Changed] = []
    for name, value in after.items():
        was = before.get(name, {} if name in BY_NAME else 0 if name in COUNTS else None)
        if name in BY_NAME:
            keys = [key for key in {**was, **value} if was.get(key) != value.get(key)]
            found += [Changed(f"{name}.{key}", was.get(key), value.get(key)) for key in keys]
        elif was != value:
            found.append(Changed(name, was, value))
    return tuple(found)
