"""Kinds of entities: what an event is about, and the topic it belongs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from stream_app.sla.events import Event

Kind = Literal["ticket", "incident", "measure"]

_PREFIXES: Final[Mapping[str, Kind]] = {
    "ticket": "ticket",
    "incident": "incident",
    "measure": "measure",
    "service": "measure",
    "asset": "measure",
}
TOPICS: Final[Mapping[str, Kind]] = {
    "tickets": "ticket",
    "security-incidents": "incident",
    "measurements": "measure",
}
"""The topics that events come on, without the installation's prefix, and the kind each carries."""


TYPES: Final[Mapping[type[Event], str]] = {struct: str(struct.__struct_config__.tag) for struct in Event.__args__}
"""The types of events, such as `ticket.created`, by their class."""


def type_of(event: Event) -> str:
    """The event's type, such as `ticket.created`."""
    return TYPES[type(event)]


def kind_of(event: Event) -> Kind:
    """The kind of entity that the event is about."""
    return _KINDS[type(event)]


_KINDS: Final[Mapping[type[Event], Kind]] = {struct: _PREFIXES[tag.partition(".")[0]] for struct, tag in TYPES.items()}
