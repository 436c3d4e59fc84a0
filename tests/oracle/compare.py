"""What a report says differently from what the oracle expects, path by path."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.oracle.envelope import parse_time

Json = dict[str, Any]
BY: dict[str, tuple[frozenset[str], ...]] = {}
for _kpi, _keys in {
    "first_response_time": ("", "priority", "team", "agent", "channel", "customer", "service", "team priority"),
    "resolution_time": ("", "priority", "team", "agent", "channel", "category", "customer", "service", "team priority"),
    "first_response_sla_compliance": (
        "",
        "priority",
        "team",
        "agent",
        "channel",
        "customer",
        "service",
        "team priority",
    ),
    "resolution_sla_compliance": ("", "priority", "team", "agent", "channel", "customer", "service", "team priority"),
    "reopen_rate": ("", "team", "agent"),
    "escalation_rate": ("", "team", "category"),
    "first_contact_resolution_rate": ("", "category", "agent", "channel"),
    "backlog": ("", "priority", "team"),
    "security_response_time": ("", "severity", "team", "category", "service"),
    "time_to_contain": ("", "severity", "team", "category", "service"),
    "time_to_resolve": ("", "severity", "team", "category", "service"),
    "security_sla_compliance": ("", "clock"),
}.items():
    BY[_kpi] = tuple(frozenset(keys.split()) for keys in _keys)


@dataclass(frozen=True)
class Difference:
    """One place where they differ; `subject` is the entity it is about, None for counts, order and KPIs."""

    path: str
    expected: Any
    got: Any
    subject: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected!r}, got {self.got!r}"


def same(want: Any, got: Any) -> bool:  # noqa: ANN401  values as JSON gives them
    if isinstance(want, bool) or want is None:
        return want is got
    if isinstance(want, dict) and "either" in want:
        return any(same(each, got) for each in want["either"])
    if isinstance(want, (int, float)):
        return (
            isinstance(got, (int, float)) and not isinstance(got, bool) and abs(got - want) <= 1e-6 * max(1, abs(want))
        )
    if isinstance(want, str) and (at := parse_time(want)) is not None:
        return parse_time(got) == at
    return bool(want == got)


def differences(want: Json, got: Json, strict: frozenset[str] = frozenset()) -> list[Difference]:
    """All differences; `strict` turns on fields that the texts leave open (`cancelled_moments`)."""
    return [*counts(want, got), *entities(want, got, strict), *signals(want, got), *kpis(want, got)]


def counts(want: Json, got: Json) -> Iterator[Difference]:
    for key, value in want["events"].items():
        if got.get("events", {}).get(key) != value:
            yield Difference(f"events.{key}", value, got.get("events", {}).get(key))
    if not same(want["until"], got.get("until")):
        yield Difference("until", want["until"], got.get("until"))


def entities(want: Json, got: Json, strict: frozenset[str]) -> Iterator[Difference]:
    have = {(e["kind"], e["id"]): e for e in got["entities"]}
    order = [(e["kind"], e["id"]) for e in want["entities"]]
    if sorted(have) == order and list(have) != order:
        yield Difference("entities order", order, list(have))
    for subject in have.keys() - set(order):
        yield Difference(f"entities.{subject}", "not there", "there", subject)
    for entity in want["entities"]:
        subject = (entity["kind"], entity["id"])
        path = f"{entity['kind']} {entity['id']}"
        if subject not in have:
            yield Difference(path, "to be there", None, subject)
            continue
        other = have[subject]
        for key, value in entity.items():
            if key == "clocks":
                continue
            if key == "partial":
                if bool(other.get(key)) != value:
                    yield Difference(f"{path}.{key}", value, other.get(key), subject)
            elif not same(value, other.get(key)):
                yield Difference(f"{path}.{key}", value, other.get(key), subject)
        yield from clocks(path, subject, entity["clocks"], other.get("clocks", []), strict)


def clocks(
    path: str, subject: tuple[str, str], want: list[Json], got: list[Json], strict: frozenset[str]
) -> Iterator[Difference]:
    have = {(c["clock"], c["cycle"]): c for c in got}
    need = {(c["clock"], c["cycle"]): c for c in want}
    if len(have) != len(got):
        yield Difference(
            f"{path}.clocks", "each clock and cycle once", sorted((c["clock"], c["cycle"]) for c in got), subject
        )
    for name in sorted(have.keys() | need.keys()):
        where = f"{path}.{name[0]}/{name[1]}"
        if name not in need or name not in have:
            yield Difference(where, need.get(name), have.get(name), subject)
            continue
        for key, value in need[name].items():
            loose = need[name]["state"] == "cancelled" and key in ("due_at", "stopped_at")
            if loose and "cancelled_moments" not in strict:
                continue
            if not same(value, have[name].get(key)):
                yield Difference(f"{where}.{key}", value, have[name].get(key), subject)


def signal(row: Json) -> tuple[Any, ...]:
    return (parse_time(row["at"]), row["subject"], row["clock"], row["cycle"], row["type"], row.get("threshold"))


def signals(want: Json, got: Json) -> Iterator[Difference]:
    need = [signal(s) for s in want["signals"]]
    have = [signal(s) for s in got["signals"]]
    kinds = {e["id"]: (e["kind"], e["id"]) for e in want["entities"]}
    names = {
        signal(s): f"{s['type']} {s['clock']}/{s['cycle']} {s.get('threshold')} at {s['at']}"
        for s in got["signals"] + want["signals"]
    }
    for lost in sorted(set(need) - set(have), key=str):
        yield Difference(f"signals of {lost[1]}", names[lost], None, kinds.get(lost[1]))
    for extra in sorted(set(have) - set(need), key=str):
        yield Difference(f"signals of {extra[1]}", None, names[extra], kinds.get(extra[1]))
    if set(need) == set(have) and need != have:
        at = next((i for i, (a, b) in enumerate(zip(need, have, strict=False)) if a != b), min(len(need), len(have)))
        yield Difference(f"signals[{at}] order or repetition", need[at : at + 2], have[at : at + 2])
    ids = [s.get("id") for s in got["signals"]]
    if len(set(ids)) != len(ids):
        yield Difference("signals", "ids of their own", sorted(str(i) for i in ids if ids.count(i) > 1)[:4])


def kpi_key(row: Json) -> tuple[Any, ...]:
    return (row["kpi"], row["window"], tuple(sorted((row.get("labels") or {}).items(), key=str)))


def kpis(want: Json, got: Json) -> Iterator[Difference]:
    need = {kpi_key(k): k for k in want["kpis"] if k.get("value") != 0 or k["kpi"] != "backlog"}
    have = {kpi_key(k): k for k in got["kpis"] if k.get("value") is not None}
    for key, row in need.items():
        path, other = f"kpi {key[0]} {key[1]} {dict(key[2])}", have.get(key)
        if other is None:
            yield Difference(path, row.get("value", row.get("near")), None)
            continue
        if "near" in row and abs(other["value"] - row["near"]) > 0.0101 * row["near"] + 1e-6:
            yield Difference(f"{path} within 1 %", row["near"], other["value"])
        for field in ("value", "count", "target", "met"):
            if field in row and not same(row[field], other.get(field)):
                yield Difference(f"{path}.{field}", row[field], other.get(field))
    for key, row in have.items():
        known = BY.get(re.sub(r"_p\d\d$", "", key[0]))
        level = row.get("labels", {}).get("clock", "resolve")
        if known is None or frozenset(k for k, _ in key[2]) not in known or key in need:
            continue
        if level in ("acknowledge", "contain", "resolve") and not (key[0] == "backlog" and row["value"] == 0):
            yield Difference(f"kpi {key[0]} {key[1]} {dict(key[2])}", None, row["value"])
