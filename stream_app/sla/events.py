"""Events as they come in: CloudEvents, a closed union of types."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from stream_app.sla.payload import (
    Classified,
    Comment,
    Diagnosis,
    Due,
    Escalation,
    Handling,
    IncidentFields,
    Measure,
    Merge,
    Moment,
    NewIncident,
    NewTicket,
    Nothing,
    Notified,
    Outage,
    Patch,
    PatchDue,
    Rating,
    StatusChange,
    TicketFields,
    Work,
)

Name = Annotated[str, Meta(min_length=1)]
Sequence = Annotated[str, Meta(pattern=r"\A[+-]?[0-9]+\Z")]


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
