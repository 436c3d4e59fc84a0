"""Lines in, events out: what is malformed, what is a duplicate, what is late, and in which order the rest happened."""

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.oracle.workdays import instant

Check = Callable[[Any], bool]
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
LARGEST = 262_144
PRIORITIES = ("critical", "high", "medium", "low")
STATUSES = ("new", "open", "pending", "on_hold", "resolved", "closed", "cancelled")
STAGES = (
    "uu_pdp:notice",
    "gdpr:authority",
    "nis2:early_warning",
    "nis2:notification",
    "nis2:final_report",
    "dora:initial",
    "dora:intermediate",
    "dora:final",
    "sec_8k:filing",
)


@dataclass(frozen=True)
class Event:
    """One well-formed event; `at` is where it stands in the history, `own` when it says it happened."""

    kind: str
    type: str
    subject: str
    id: str
    source: str
    own: int
    sequence: int | None
    data: dict[str, Any]
    at: int = 0
    late: bool = False

    def order(self) -> tuple[int, int, int, int, str, str]:
        creates = self.type in ("ticket.created", "incident.detected") and not self.late
        has = self.sequence is not None
        return (self.at, 0 if creates else 1, 1 if has else 0, self.sequence or 0, self.id, self.source)


def text(v: Any) -> bool:  # noqa: ANN401  checks take what JSON gave
    return isinstance(v, str)


def number(v: Any) -> bool:  # noqa: ANN401
    return isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)


def time(v: Any) -> bool:  # noqa: ANN401
    return parse_time(v) is not None


def texts(v: Any) -> bool:  # noqa: ANN401
    return isinstance(v, list) and all(map(text, v))


def one_of(*options: Any) -> Check:  # noqa: ANN401
    return lambda v: any(v == o and type(v) is type(o) for o in options)


def flag(v: Any) -> bool:  # noqa: ANN401
    return isinstance(v, bool)


def author(v: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(v, dict)
        and v.get("role") in ("agent", "requester", "bot", "system")
        and (v.get("id") is None or text(v["id"]))
    )


def clock(v: Any) -> bool:  # noqa: ANN401
    return text(v) and (
        v in ("first_response", "next_response", "periodic_update", "resolution")
        or (v[:4] == "ola:" and len(v) > len("ola:"))
    )


def score(v: Any) -> bool:  # noqa: ANN401
    return number(v) and 1 <= v <= 5


WHO: dict[str, Check] = {"agent": text, "team": text}
TICKET: dict[str, Check] = WHO | {
    "priority": one_of(*PRIORITIES),
    "channel": text,
    "category": text,
    "service": text,
    "customer": text,
    "requester": text,
    "tier": one_of(1, 2, 3),
    "complexity": lambda v: text(v) or number(v),
    "tags": texts,
    "title": text,
    "url": text,
}
INCIDENT: dict[str, Check] = WHO | {
    "severity": one_of(*PRIORITIES),
    "occurred_at": time,
    "category": text,
    "service": text,
    "asset": text,
    "personal_data": flag,
    "title": text,
    "url": text,
}
KEYS: dict[str, tuple[tuple[str, ...], dict[str, Check]]] = {
    "ticket.created": (("priority",), TICKET | {"status": one_of(*STATUSES)}),
    "ticket.updated": ((), TICKET),
    "ticket.status_changed": (("status",), {"status": one_of(*STATUSES), "agent": text}),
    "ticket.commented": (("author",), {"author": author, "visibility": one_of("public", "internal")}),
    "ticket.escalated": (
        (),
        {"tier": one_of(1, 2, 3), "team": text, "kind": one_of("functional", "hierarchical"), "by": text},
    ),
    "ticket.diagnosed": (("category",), {"category": text}),
    "ticket.worked": (("agent", "seconds"), {"agent": text, "seconds": number, "helping": flag}),
    "ticket.rated": ((), {"score": score, "sentiment": one_of("positive", "neutral", "negative")}),
    "ticket.due_set": (("clock", "due"), {"clock": clock, "due": time}),
    "ticket.merged": (("into",), {"into": text}),
    "ticket.deleted": ((), {}),
    "incident.detected": (("severity",), INCIDENT),
    "incident.updated": ((), INCIDENT),
    "incident.classified": (
        ("as",),
        WHO | {"as": one_of("significant", "major", "personal_data_breach", "material")},
    ),
    "incident.notified": (("stage",), WHO | {"stage": one_of(*STAGES), "authority": text}),
    "measure.recorded": (
        ("name", "value"),
        {"name": text, "value": number, "unit": text, "labels": lambda v: isinstance(v, dict)},
    ),
    "service.down": ((), {"impact": one_of("high", "low"), "cause": text}),
    "service.up": ((), {"impact": one_of("high", "low"), "cause": text}),
    "asset.patch_due": (("due",), {"due": time, "cve": text, "critical": flag}),
    "asset.patched": ((), {"cve": text}),
}
for _stage in ("acknowledged", "contained", "eradicated", "recovered", "resolved", "closed", "reopened", "dismissed"):
    KEYS[f"incident.{_stage}"] = ((), WHO)


def parse_time(value: Any) -> int | None:  # noqa: ANN401
    """An RFC 3339 time with offset as microseconds, else None."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        return None
    try:
        return instant(datetime.fromisoformat(value.upper()))
    except ValueError:
        return None


def decode(line: bytes) -> Event | None:  # noqa: PLR0911 -- one way out for each way to be malformed
    """The event of a line, None if it is malformed."""
    if len(line) > LARGEST:
        return None
    try:
        raw = json.loads(line.decode())
    except ValueError:
        return None
    if not isinstance(raw, dict) or raw.get("specversion") != "1.0":
        return None
    if not all(isinstance(raw.get(k), str) and raw[k] for k in ("id", "source", "type", "subject", "time")):
        return None
    at, data, sequence = parse_time(raw["time"]), raw.get("data"), raw.get("sequence")
    if at is None or raw["type"] not in KEYS:
        return None
    if sequence is not None and (not text(sequence) or not re.fullmatch(r"[+-]?\d+", sequence)):
        return None
    data = {} if data is None else data
    bold, known = KEYS[raw["type"]]
    if not isinstance(data, dict) or any(data.get(k) is None for k in bold):
        return None
    if not all(check(data[k]) for k, check in known.items() if data.get(k) is not None):
        return None
    family = raw["type"].split(".")[0]
    return Event(
        family if family in ("ticket", "incident") else "measure",
        raw["type"],
        raw["subject"],
        raw["id"],
        raw["source"],
        at,
        None if sequence is None else int(sequence),
        {k: v for k, v in data.items() if k in known},
        at,
    )


@dataclass
class Arrivals:
    """What came: the counts, and per (kind, subject) its events in their order."""

    until: int | None
    counts: dict[str, int]
    histories: dict[tuple[str, str], list[Event]] = field(default_factory=dict)


def arrive(lines: Iterable[bytes], lateness: int, until: int | None) -> Arrivals:
    """Judge each line as it comes, drop what is after `until`, sort the rest per entity."""
    rows = [line for line in lines if line.strip()]
    events = [decode(line) for line in rows]
    if until is None:
        until = max((e.own for e in events if e), default=None)
    counts = {"read": len(rows), "applied": 0, "duplicate": 0, "late": 0, "malformed": sum(e is None for e in events)}
    seen: set[tuple[str, str, str, str]] = set()
    latest: dict[tuple[str, str], int] = {}
    come: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        if event is None or until is None or event.own > until:
            continue
        entity, name = (event.kind, event.subject), (event.kind, event.subject, event.source, event.id)
        if name in seen:
            counts["duplicate"] += 1
            continue
        seen.add(name)
        newest = latest.get(entity, event.own)
        late = newest - event.own > lateness
        counts["late" if late else "applied"] += 1
        latest[entity] = max(newest, event.own)
        placed = Event(**(event.__dict__ | {"at": newest, "late": True})) if late else event
        come.setdefault(entity, []).append(placed)
    return Arrivals(until, counts, {k: sorted(v, key=Event.order) for k, v in come.items()})
