"""What events say: each in a few words, and the changes of fields."""

from __future__ import annotations

from typing import Any, Final

from stream_app.account.field import COUNTS, MOMENTS, SPANS, Changed
from stream_app.account.wording import Wall, plain, span
from stream_app.sla.events import (
    Event,
    IncidentClassified,
    IncidentNotified,
    TicketCommented,
    TicketDiagnosed,
    TicketDueSet,
    TicketMerged,
    TicketStatusChanged,
    TicketWorked,
)
from stream_app.sla.instant import SECOND, micros

_NAMES: Final = {
    "handled": "hands-on time",
    "first_contact": "resolved at first contact",
    "first_response_at": "first response",
    "resolved_at": "resolved",
    "closed_at": "closed",
    "occurred_at": "occurred",
}
_GROUPS: Final = {"reached": "reached", "kinds": "classified as", "sent": "reported"}


def says(event: Event, wall: Wall) -> str:  # noqa: PLR0911 -- a table of types
    """What an event says that its changes do not show; empty where they do."""
    match event:
        case TicketCommented(data=data):
            who = f" {plain(data.author.id)}" if isinstance(data.author.id, str) else ""
            return f"{data.visibility or 'public'} comment by {data.author.role}{who}"
        case TicketStatusChanged(data=data):
            return f"status {data.status}"
        case TicketDueSet(data=data):
            return f"{plain(data.clock)} is agreed to be due {wall.moment(micros(data.due))}"
        case TicketMerged(data=data):
            return f"into {plain(data.into)}"
        case TicketWorked(data=data):
            return f"{plain(data.agent)} worked {span(round(data.seconds * SECOND))}"
        case TicketDiagnosed(data=data):
            return f"taken to be {plain(data.category)}"
        case IncidentClassified(data=data):
            return f"as {data.kind}"
        case IncidentNotified(data=data):
            return f"{data.stage} was reported"
        case _:
            return ""


def change(changed: Changed, wall: Wall) -> str:
    """`priority: medium → high`; of a field that was not set, `priority: high`."""
    group, _, key = changed.field.partition(".")
    after = _shown(group, changed.after, wall)
    if key:
        return f"{_GROUPS[group]} {key} {after}" if changed.after is not None else f"no longer {group} {key}"
    name = _NAMES.get(changed.field, changed.field)
    if changed.before is None or (changed.field in COUNTS and not changed.before):
        return f"{name}: {after}"
    return f"{name}: {_shown(group, changed.before, wall)} → {after}"


def _shown(field: str, value: Any, wall: Wall) -> str:  # noqa: ANN401 -- whatever a field holds
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int() if field in MOMENTS or field in _GROUPS:
            return wall.moment(value)
        case int() if field in SPANS:
            return span(value)
        case tuple():
            return "[" + ", ".join(map(plain, value)) + "]"
        case _:
            return plain(str(value))
