"""The report of a replay as the texts have it, from lines and configurations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.envelope import Event, arrive
from tests.oracle.incident import Incident
from tests.oracle.kpi import collect, rows
from tests.oracle.life import Activation, Life
from tests.oracle.settings import Settings
from tests.oracle.ticket import Ticket
from tests.oracle.turn import Standing
from tests.oracle.workdays import SECOND, moment

Json = dict[str, Any]


def text(at: int | None) -> str | None:
    return None if at is None else moment(at).isoformat().replace("+00:00", "Z")


def seconds(span: int | None) -> float | None:
    return None if span is None else span / SECOND


@dataclass
class Report:
    """What the report must hold, and per (kind, id) the corners of the texts that the entity touched."""

    body: Json
    corners: dict[tuple[str, str], set[str]] = field(default_factory=dict)


def clock_row(s: Standing) -> Json:
    return {
        "clock": s.clock,
        "cycle": s.cycle,
        "state": s.state,
        "started_at": text(s.started_at),
        "due_at": {"either": [text(s.due_at), text(s.missed)]} if "kept_breach" in s.corners else text(s.due_at),
        "stopped_at": text(s.stopped_at),
        "elapsed_seconds": seconds(s.elapsed),
        "target_seconds": seconds(s.target),
        "breached_at": text(s.breached_at),
    }


def ticket_row(t: Ticket) -> Json:
    return {
        "priority": t.fields.get("priority"),
        "reassignments": t.reassignments,
        "escalations": t.escalations,
        "first_contact_resolution": t.first_contact,
        "created_at": text(t.began),
        "first_response_at": text(t.first_response_at),
        "resolved_at": text(t.resolved_at),
        "closed_at": text(t.closed_at),
        "handle_seconds": t.handle,
        "paused_seconds": seconds(t.paused()),
    }


def incident_row(i: Incident) -> Json:
    return {
        "severity": i.fields.get("severity"),
        "detected_at": text(i.began),
        "acknowledged_at": text(i.moments.get("acknowledged")),
        "contained_at": text(i.moments.get("contained")),
        "resolved_at": text(i.moments.get("resolved")),
    }


def signal_rows(life: Life, standings: Sequence[Standing]) -> list[Json]:
    out = []
    for s in standings:
        if s.target is None:
            continue
        said: list[tuple[str, str | None, int | None]] = [("sla.warning", w, at) for w, at in s.warnings]
        if s.state == "cancelled":
            said.append(("sla.cancelled", None, s.stopped_at))
        elif s.breached_at is not None:
            said.append(("sla.breached", None, s.breached_at))
        elif s.stopped_at is not None:
            said.append(("sla.met", None, s.stopped_at))
        out += [
            {"type": t, "subject": life.id, "clock": s.clock, "cycle": s.cycle, "threshold": w, "at": at}
            for t, w, at in said
        ]
    return out


def signal_order(row: Json) -> tuple[Any, ...]:
    threshold = row["threshold"]
    return (row["at"], row["subject"], row["clock"], row["cycle"], row["type"], threshold is not None, threshold or "")


def report(lines: Iterable[bytes], dated: Sequence[tuple[int, Settings]], until: int | None) -> Report:
    """The expected report; `dated` holds the configurations with the moments from which they hold, first to last."""
    activations = [Activation(at, settings) for at, settings in dated]
    came = arrive(lines, activations[0].settings.lateness, until)
    end = came.until
    out = Report({"events": came.counts, "until": text(end), "entities": [], "signals": [], "kpis": []})
    if end is None:
        return out
    tickets: list[Ticket] = []
    incidents: list[Incident] = []
    for (kind, subject), history in sorted(came.histories.items()):
        if kind == "measure":
            continue
        life = fold(kind, subject, history, activations, end)
        standings = life.standings()
        own = ticket_row(life) if isinstance(life, Ticket) else incident_row(life) if isinstance(life, Incident) else {}
        (tickets if isinstance(life, Ticket) else incidents).append(life)  # type: ignore[arg-type]
        out.body["entities"].append(
            {
                "id": subject,
                "kind": kind,
                "status": life.status,
                "policy": None if life.policy is None else life.policy.name,
                "reopens": life.reopens,
                "partial": life.partial,
                **own,
                "clocks": [clock_row(s) for s in standings],
            }
        )
        out.body["signals"] += signal_rows(life, standings)
        out.corners[(kind, subject)] = life.corners
    out.body["signals"] = [s | {"at": text(s["at"])} for s in sorted(out.body["signals"], key=signal_order)]
    holding = [a for a in activations if a.at <= end] or activations[:1]
    out.body["kpis"] = rows(collect(tickets, incidents, end), holding[-1].settings.windows, end)
    return out


def fold(kind: str, subject: str, history: list[Event], dated: Sequence[Activation], until: int) -> Life:
    """One entity from its sorted history."""
    life = Ticket if kind == "ticket" else Incident
    return life(kind, subject, until, dated).fold(history)
