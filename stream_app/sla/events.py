"""Events as they come in: CloudEvents, a closed union of types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Name = Annotated[str, Meta(min_length=1)]
Moment = Annotated[datetime, Meta(tz=True)]
Sequence = Annotated[str, Meta(pattern=r"\A[+-]?[0-9]+\Z")]
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
    complexity: str | int | UnsetType | None = UNSET
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
    seconds: float
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


class Envelope(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """The attributes that all events have."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    subject: Name
    time: Moment
    sequence: Sequence | None = None


class _Bare(Envelope, frozen=True, kw_only=True, omit_defaults=True):
    data: Nothing | None = None


class _Handled(Envelope, frozen=True, kw_only=True, omit_defaults=True):
    data: Handling | None = None


class TicketCreated(Envelope, frozen=True, kw_only=True, tag="ticket.created"):
    data: NewTicket


class TicketUpdated(Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="ticket.updated"):
    data: TicketFields | None = None


class TicketStatusChanged(Envelope, frozen=True, kw_only=True, tag="ticket.status_changed"):
    data: StatusChange


class TicketCommented(Envelope, frozen=True, kw_only=True, tag="ticket.commented"):
    data: Comment


class TicketEscalated(Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="ticket.escalated"):
    data: Escalation | None = None


class TicketDiagnosed(Envelope, frozen=True, kw_only=True, tag="ticket.diagnosed"):
    data: Diagnosis


class TicketWorked(Envelope, frozen=True, kw_only=True, tag="ticket.worked"):
    data: Work


class TicketRated(Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="ticket.rated"):
    data: Rating | None = None


class TicketDueSet(Envelope, frozen=True, kw_only=True, tag="ticket.due_set"):
    data: Due


class TicketMerged(Envelope, frozen=True, kw_only=True, tag="ticket.merged"):
    data: Merge


class TicketDeleted(_Bare, frozen=True, kw_only=True, tag="ticket.deleted"):
    pass


class IncidentDetected(Envelope, frozen=True, kw_only=True, tag="incident.detected"):
    data: NewIncident


class IncidentUpdated(Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="incident.updated"):
    data: IncidentFields | None = None


class IncidentAcknowledged(_Handled, frozen=True, kw_only=True, tag="incident.acknowledged"):
    pass


class IncidentClassified(Envelope, frozen=True, kw_only=True, tag="incident.classified"):
    data: Classified


class IncidentContained(_Handled, frozen=True, kw_only=True, tag="incident.contained"):
    pass


class IncidentEradicated(_Handled, frozen=True, kw_only=True, tag="incident.eradicated"):
    pass


class IncidentRecovered(_Handled, frozen=True, kw_only=True, tag="incident.recovered"):
    pass


class IncidentResolved(_Handled, frozen=True, kw_only=True, tag="incident.resolved"):
    pass


class IncidentClosed(_Handled, frozen=True, kw_only=True, tag="incident.closed"):
    pass


class IncidentReopened(_Handled, frozen=True, kw_only=True, tag="incident.reopened"):
    pass


class IncidentNotified(Envelope, frozen=True, kw_only=True, tag="incident.notified"):
    data: Notified


class IncidentDismissed(_Handled, frozen=True, kw_only=True, tag="incident.dismissed"):
    pass


class MeasureRecorded(Envelope, frozen=True, kw_only=True, tag="measure.recorded"):
    data: Measure


class ServiceDown(Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="service.down"):
    data: Outage | None = None


class ServiceUp(Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="service.up"):
    data: Outage | None = None


class AssetPatchDue(Envelope, frozen=True, kw_only=True, tag="asset.patch_due"):
    data: PatchDue


class AssetPatched(Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="asset.patched"):
    data: Patch | None = None


TicketEvent = (
    TicketCreated
    | TicketUpdated
    | TicketStatusChanged
    | TicketCommented
    | TicketEscalated
    | TicketDiagnosed
    | TicketWorked
    | TicketRated
    | TicketDueSet
    | TicketMerged
    | TicketDeleted
)
IncidentEvent = (
    IncidentDetected
    | IncidentUpdated
    | IncidentAcknowledged
    | IncidentClassified
    | IncidentContained
    | IncidentEradicated
    | IncidentRecovered
    | IncidentResolved
    | IncidentClosed
    | IncidentReopened
    | IncidentNotified
    | IncidentDismissed
)
Measurement = MeasureRecorded | ServiceDown | ServiceUp | AssetPatchDue | AssetPatched
Event = TicketEvent | IncidentEvent | Measurement
