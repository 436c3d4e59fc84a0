"""The configuration as the oracle reads it: policies with the terms they set for each clock."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ruamel.yaml import YAML

from tests.oracle.workdays import ALWAYS, SECOND, Workdays

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNIT = {"s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}
PAUSES = {"periodic_update": ("pending",), "resolution": ("pending", "on_hold"), "ola": ("pending", "on_hold")}
REGULATIONS = ("uu_pdp", "gdpr", "nis2", "dora", "sec_8k")


def span(text: str) -> int:
    """`15m` in microseconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", text.strip())
    if not found:
        raise ValueError(text)
    return round(float(found[1]) * UNIT[found[2]])


@dataclass(frozen=True)
class Target:
    """How long a clock may run: a span, a number of whole business days, or to the end of this one."""

    kind: str
    amount: int = 0

    @staticmethod
    def read(text: str) -> "Target":
        if text == "end of business day":
            return Target("end")
        if days := re.fullmatch(r"(\d+) business days?", text):
            return Target("days", int(days[1]))
        return Target("span", span(text))

    def working(self, calendar: Workdays, start: int) -> int:
        """The target as working time of a clock that starts then."""
        if self.kind == "span":
            return self.amount
        if self.kind == "days":
            return calendar.worked(start, calendar.business_days(start, self.amount))
        return calendar.worked(start, calendar.end_of_day(start))


@dataclass(frozen=True)
class Terms:
    """What a policy says of one clock."""

    target: Target | None
    calendar: Workdays
    warn: tuple[str, ...]
    pause_on: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """One policy, its clocks as written."""

    name: str
    match: dict[str, Any]
    calendar: Workdays
    clocks: dict[str, dict[str, Any]]
    warn: tuple[str, ...] | None
    pause_on: tuple[str, ...] | None
    on_priority_change: str
    on_reopen: str
    regulations: tuple[str, ...]

    def fits(self, entity: dict[str, Any]) -> bool:
        return all(_holds(wanted, entity.get(key)) for key, wanted in self.match.items())


def _holds(wanted: Any, have: Any) -> bool:  # noqa: ANN401  a value as YAML gives it
    if isinstance(wanted, dict):
        return not _holds(wanted["not"], have)
    options = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(have, list):
        return any(item in options for item in have)
    return have is not None and have in options


def terms(policy: Policy | None, clock: str) -> Terms:
    """What holds for a clock under a policy, or under none."""
    family = clock.split(":", maxsplit=1)[0]
    usual = PAUSES.get(family, ())
    if policy is None:
        return Terms(None, ALWAYS, (), usual)
    own = policy.clocks.get(clock, {})
    warn = own.get("warn", policy.warn)
    pause = own.get("pause_on", policy.pause_on)
    return Terms(
        Target.read(str(own["target"])) if "target" in own else None,
        policy.calendar,
        ("75%", "90%") if warn is None else tuple(str(w) for w in warn),
        usual if pause is None else tuple(pause),
    )


@dataclass(frozen=True)
class Settings:
    """A whole configuration."""

    policies: tuple[Policy, ...]
    incidents: tuple[Policy, ...]
    lateness: int = UNIT["h"]
    windows: tuple[str, ...] = ("1h", "24h", "7d", "30d")
    calendars: dict[str, Workdays] = field(default_factory=dict)

    def policy(self, kind: str, entity: dict[str, Any]) -> Policy | None:
        rows = self.policies if kind == "ticket" else self.incidents
        return next((p for p in rows if p.fits(entity)), None)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _calendar(raw: dict[str, Any]) -> Workdays:
    week: list[list[tuple[int, int]]] = [[] for _ in WEEK]
    hours = raw["hours"]
    if hours == "24x7":
        week = [[(0, 1440)] for _ in WEEK]
    else:
        for days, shifts in hours.items():
            first, _, last = days.partition("-")
            for weekday in range(WEEK.index(first), WEEK.index(last or first) + 1):
                for shift in shifts:
                    opens, closes = (_minutes(part) for part in shift.split("-"))
                    week[weekday].append((opens, closes if closes > opens else closes + 1440))
    off = raw.get("holidays") or {}
    return Workdays(
        raw.get("timezone", "UTC"),
        tuple(tuple(sorted(shifts)) for shifts in week),
        frozenset(date.fromisoformat(str(d)) for d in off.get("extra", [])),
        off.get("country"),
        frozenset(date.fromisoformat(str(d)) for d in off.get("except", [])),
    )


def _policy(raw: dict[str, Any], calendars: dict[str, Workdays]) -> Policy:
    return Policy(
        raw["name"],
        raw.get("match") or {},
        calendars[raw.get("calendar", "always")],
        raw.get("clocks") or {},
        tuple(raw["warn"]) if "warn" in raw else None,
        tuple(raw["pause_on"]) if "pause_on" in raw else None,
        raw.get("on_priority_change", "recompute"),
        raw.get("on_reopen", "new_cycle"),
        tuple(raw.get("regulations", ())),
    )


def read(text: str | None) -> Settings:
    """The configuration of a YAML text; the built-in one for none."""
    raw = BUILT_IN if text is None else YAML(typ="safe").load(text) or {}
    calendars = {"always": ALWAYS} | {name: _calendar(c) for name, c in (raw.get("calendars") or {}).items()}
    return Settings(
        tuple(_policy(p, calendars) for p in raw.get("policies") or ()),
        tuple(_policy(p, calendars) for p in raw.get("incidents") or ()),
        span(raw.get("lateness", "1h")),
        tuple(raw.get("windows", ("1h", "24h", "7d", "30d"))),
        calendars,
    )


def _row(key: str, level: str, **targets: str) -> dict[str, Any]:
    return {"name": level, "match": {key: level}, "clocks": {c: {"target": t} for c, t in targets.items()}}


BUILT_IN: dict[str, Any] = {
    "policies": [
        _row("priority", level, first_response=first, resolution=last)
        for level, first, last in (
            ("critical", "15m", "2h"),
            ("high", "1h", "2h"),
            ("medium", "1h", "4h"),
            ("low", "1h", "24h"),
        )
    ],
    "incidents": [
        _row("severity", level, acknowledge=a, contain=c, resolve=r)
        for level, a, c, r in (
            ("critical", "10m", "1h", "8h"),
            ("high", "30m", "4h", "24h"),
            ("medium", "4h", "24h", "72h"),
            ("low", "24h", "72h", "7d"),
        )
    ],
}
