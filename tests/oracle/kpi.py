"""The KPIs of the spine, counted straight from the facts of every entity, one pass a window."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.incident import Incident
from tests.oracle.life import OVER, Fact
from tests.oracle.settings import span
from tests.oracle.ticket import Ticket
from tests.oracle.workdays import SECOND

MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
TIMES = ("priority", "team", "agent", "channel", "customer", "service", ("team", "priority"))
SECURITY = ("severity", "team", "category", "service")
FIRST = {"critical": 900, "high": 3600, "medium": 3600, "low": 3600}
LAST = {"critical": 7200, "high": 7200, "medium": 14400, "low": 86400}
ACKNOWLEDGE = {"critical": 600}

Row = dict[str, Any]
Grouping = str | tuple[str, ...]


def since(window: str, until: int) -> int:
    """The start of the oldest bucket of a window that ends in the bucket of `until`."""
    width = span(window)
    grain = next((g for w, g in ((2 * HOUR, MINUTE), (2 * DAY, 15 * MINUTE), (35 * DAY, HOUR)) if width <= w), DAY)
    return until // grain * grain + grain - width


def labels(dims: Row, by: Grouping) -> tuple[tuple[str, Any], ...] | None:
    keys = (by,) if isinstance(by, str) else by
    return None if any(dims.get(k) is None for k in keys) else tuple((k, dims[k]) for k in keys)


def grouped(facts: Iterable[Fact], by: Sequence[Grouping]) -> dict[tuple[tuple[str, Any], ...], list[Fact]]:
    out: dict[tuple[tuple[str, Any], ...], list[Fact]] = {}
    for fact in facts:
        out.setdefault((), []).append(fact)
        for grouping in by:
            key = labels(fact.dims, grouping)
            if key is not None:
                out.setdefault(key, []).append(fact)
    return out


def nearest_rank(values: list[int], percent: int) -> float:
    return sorted(values)[math.ceil(percent * len(values) / 100) - 1] / SECOND


@dataclass
class Collected:
    """All facts by name, and the backlog."""

    facts: dict[str, list[Fact]]
    open: list[Fact]


def collect(tickets: Sequence[Ticket], incidents: Sequence[Incident], until: int) -> Collected:
    out = Collected({}, [Fact("open", until, t.dims()) for t in tickets if t.status not in OVER])
    for fact in [f for t in tickets for f in of_ticket(t)] + [f for i in incidents for f in of_incident(i)]:
        out.facts.setdefault(fact.name, []).append(fact)
    return out


def of_ticket(t: Ticket) -> Iterator[Fact]:
    whole = not t.partial and not t.early
    if not t.partial:
        yield Fact("created", t.began, t.dims_created)
    if whole and (response := t.facts.get("response")):
        yield replace(response, name="response_time", value=response.at - t.began)
    if whole and (resolved := t.facts.get("resolved")):
        yield replace(resolved, name="resolved_time", value=resolved.at - t.began - t.paused())
    for name in ("resolved", "reopened", "escalated"):
        if name in t.facts:
            yield t.facts[name]
    if "resolved" in t.facts and t.first_contact:
        yield replace(t.facts["resolved"], name="first_contact")
    for fact in t.compliance:
        yield replace(fact, name=f"{fact.dims['clock']}:{fact.name}")


def of_incident(i: Incident) -> Iterator[Fact]:
    if not i.partial and not i.early:
        for name in ("acknowledged", "contained", "resolved"):
            if name in i.facts:
                yield replace(i.facts[name], name=f"incident_{name}")
    for fact in i.compliance:
        yield replace(fact, name=f"incident:{fact.name}")


def rows(found: Collected, windows: Sequence[str], until: int) -> list[Row]:
    """Every row of every window, with the parts of it that the texts settle."""
    out: list[Row] = []
    for window in windows:
        start = since(window, until)
        now = {name: [f for f in facts if f.at >= start] for name, facts in found.facts.items()}
        means(out, window, now)
        ratios(out, window, now)
        for key, facts in grouped(found.open, ("priority", "team")).items():
            out.append({"kpi": "backlog", "window": window, "labels": dict(key), "value": len(facts)})
    return out


def means(out: list[Row], window: str, now: dict[str, list[Fact]]) -> None:
    for kpi, fact, by, targets, ranks in (
        ("first_response_time", "response_time", TIMES, FIRST, (50, 90, 95)),
        ("resolution_time", "resolved_time", (*TIMES, "category"), LAST, (50, 90, 95)),
        ("security_response_time", "incident_acknowledged", SECURITY, ACKNOWLEDGE, ()),
        ("time_to_contain", "incident_contained", SECURITY, {}, ()),
        ("time_to_resolve", "incident_resolved", SECURITY, {}, ()),
    ):
        level = "severity" if fact.startswith("incident") else "priority"
        groups = grouped(now.get(fact, []), by)
        mean = {key: sum(f.value for f in facts) / len(facts) / SECOND for key, facts in groups.items()}
        for key, facts in groups.items():
            row: Row = {"kpi": kpi, "window": window, "labels": dict(key), "value": mean[key], "count": len(facts)}
            if targets and [k for k, _ in key] == [level]:
                limit = targets.get(str(key[0][1]))
                row["target"] = None if limit is None else f"< {limit}"
                row["met"] = None if limit is None else mean[key] < limit
            elif targets and not key:
                own = {k[0][1]: v for k, v in mean.items() if [name for name, _ in k] == [level]}
                row["target"] = None
                if all(p in targets for p in own):
                    row["met"] = all(v < targets[p] for p, v in own.items())
            out.append(row)
            out.extend(
                {
                    "kpi": f"{kpi}_p{rank}",
                    "window": window,
                    "labels": dict(key),
                    "near": nearest_rank([f.value for f in facts], rank),
                    "count": len(facts),
                }
                for rank in ranks
            )


def ratios(out: list[Row], window: str, now: dict[str, list[Fact]]) -> None:
    def facts(*names: str) -> list[Fact]:
        return [f for name in names for f in now.get(name, [])]

    three = [f for f in facts("incident:met") if f.dims["clock"] in ("acknowledge", "contain", "resolve")]
    lost = [f for f in facts("incident:breached") if f.dims["clock"] in ("acknowledge", "contain", "resolve")]
    clocks = ("first_response", "resolution")
    table: list[tuple[str, list[Fact], list[Fact], Sequence[Grouping], Callable[[list[str]], str]]] = [
        (
            f"{c}_sla_compliance",
            facts(f"{c}:met"),
            facts(f"{c}:met", f"{c}:breached"),
            TIMES,
            lambda _, least=least: f">= {least}",  # type: ignore[misc]
        )
        for c, least in zip(clocks, ("0.95", "0.9"), strict=True)
    ]
    table += [
        (
            "reopen_rate",
            facts("reopened"),
            facts("resolved"),
            ("team", "agent"),
            lambda keys: "<= 0.05" if keys == ["agent"] else "< 0.05",
        ),
        ("escalation_rate", facts("escalated"), facts("created"), ("team", "category"), lambda _: "< 0.15"),
        (
            "first_contact_resolution_rate",
            facts("first_contact"),
            facts("resolved"),
            ("category", "agent", "channel"),
            lambda _: ">= 0.75",
        ),
        ("security_sla_compliance", three, three + lost, ("clock",), lambda _: ">= 0.95"),
    ]
    for kpi, top, bottom, by, target in table:
        above, below = grouped(top, by), grouped(bottom, by)
        for key, under in below.items():
            value = len(above.get(key, [])) / len(under)
            wanted = target([k for k, _ in key])
            sign, limit = wanted.split()
            met = {"<": value < float(limit), "<=": value <= float(limit), ">=": value >= float(limit)}[sign]
            out.append(
                {
                    "kpi": kpi,
                    "window": window,
                    "labels": dict(key),
                    "value": value,
                    "count": len(under),
                    "target": wanted,
                    "met": met,
                }
            )
