"""Payloads: what the data of each type of event may say, and from which lists."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Moment = Annotated[datetime, Meta(tz=True)]
Priority = Literal["critical", "high", "medium", "low"]
Status = Literal["new", "open", "pending", "on_hold", "resolved", "closed", "cancelled"]
TicketClock = Annotated[str, Meta(pattern=r"\A(first_response|next_response|periodic_update|resolution|ola:(?s:.+))\Z")]
Classification = Literal["significant", "major", "personal_data_breach", "material"]
Stage = Literal[
    "uu_pdp:notice",
    "gdpr:authority",
    "nis2:early_warning",
    "nis2:notification",
    "nis2:final_report",
    "dora:initial",
    "dora:intermediate",
    "dora:final",
    "sec_8k:filing",
]

Text = str | None | UnsetType
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""What the state can hold."""
LONGEST_WORK: float = 3.2e9
"""Seconds that one entry of hands-on time may say: a hundred years."""
Flag = bool | None | UnsetType
Scalar = str | int | float | bool | None


class Nothing(Struct, frozen=True, omit_defaults=True):
    """The data of a type that has none."""


class TicketFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What an update may say of a ticket; what is unset does not change."""

    priority: Priority | UnsetType | None = UNSET
    channel: Text = UNSET
    category: Text = UNSET
    service: Text = UNSET
    customer: Text = UNSET
    requester: Text = UNSET
    team: Text = UNSET
    agent: Text = UNSET
    tier: Literal[1, 2, 3] | UnsetType | None = UNSET
    complexity: str | Whole | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType | None = UNSET
    title: Text = UNSET
    url: Text = UNSET


class NewTicket(TicketFields, frozen=True, omit_defaults=True, kw_only=True):
    """What opens a ticket."""

    priority: Priority
    status: Status | UnsetType | None = UNSET


class StatusChange(Struct, frozen=True, omit_defaults=True):
    """A ticket's new status, and who has it."""

    status: Status
    agent: Text = UNSET


class Author(Struct, frozen=True, omit_defaults=True):
    """Who wrote a comment."""

    role: Literal["agent", "requester", "bot", "system"]
    id: Text = UNSET


class Comment(Struct, frozen=True, omit_defaults=True):
    """Something said on a ticket."""

    author: Author
    visibility: Literal["public", "internal"] | UnsetType | None = UNSET


class Escalation(Struct, frozen=True, omit_defaults=True):
    """Where a ticket was escalated to."""

    tier: Literal[1, 2, 3] | UnsetType | None = UNSET
    team: Text = UNSET
    kind: Literal["functional", "hierarchical"] | UnsetType | None = UNSET
    by: Text = UNSET


class Diagnosis(Struct, frozen=True):
    """What somebody takes the matter to be."""

    category: str


class Work(Struct, frozen=True, omit_defaults=True):
    """Hands-on time, in seconds."""

    agent: str
    seconds: Annotated[float, Meta(ge=-LONGEST_WORK, le=LONGEST_WORK)]
    helping: Flag = UNSET


class Rating(Struct, frozen=True, omit_defaults=True):
    """What the requester thought of it."""

    score: Annotated[float, Meta(ge=1, le=5)] | UnsetType | None = UNSET
    sentiment: Literal["positive", "neutral", "negative"] | UnsetType | None = UNSET


class Due(Struct, frozen=True):
    """A negotiated deadline."""

    clock: TicketClock
    due: Moment


class Merge(Struct, frozen=True):
    """The ticket that goes on in this one's place."""

    into: str


class IncidentFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What an update may say of a security incident."""

    severity: Priority | UnsetType | None = UNSET
    occurred_at: Moment | UnsetType | None = UNSET
    category: Text = UNSET
    service: Text = UNSET
    asset: Text = UNSET
    team: Text = UNSET
    agent: Text = UNSET
    personal_data: Flag = UNSET
    title: Text = UNSET
    url: Text = UNSET


class NewIncident(IncidentFields, frozen=True, omit_defaults=True, kw_only=True):
    """What opens a security incident."""

    severity: Priority


class Handling(Struct, frozen=True, omit_defaults=True):
    """Who handles an incident."""

    agent: Text = UNSET
    team: Text = UNSET


class Classified(Struct, frozen=True, omit_defaults=True):
    """The legal kind of an incident."""

    kind: Classification = msgspec.field(name="as")
    agent: Text = UNSET
    team: Text = UNSET


class Notified(Struct, frozen=True, omit_defaults=True):
    """The regulatory stage that was answered."""

    stage: Stage
    authority: Text = UNSET
    agent: Text = UNSET
    team: Text = UNSET


class Measure(Struct, frozen=True, omit_defaults=True):
    """A number of something."""

    name: str
    value: float
    unit: Text = UNSET
    labels: dict[str, Scalar] | UnsetType | None = UNSET


class Outage(Struct, frozen=True, omit_defaults=True):
    """How bad a service's state is, and why."""

    impact: Literal["high", "low"] | UnsetType | None = UNSET
    cause: Text = UNSET


class PatchDue(Struct, frozen=True, omit_defaults=True):
    """A patch and the moment by which it must be in."""

    due: Moment
    cve: Text = UNSET
    critical: Flag = UNSET


class Patch(Struct, frozen=True, omit_defaults=True):
    """A patch."""

    cve: Text = UNSET
