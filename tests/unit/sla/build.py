"""A desk in a few words: policies, events of one Monday, and what they amount to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, Final, NamedTuple

from stream_app.sla import report
from stream_app.sla.admission import admit, latest_of
from stream_app.sla.calendar import Always, Working
from stream_app.sla.decode import decode
from stream_app.sla.era import Era, Eras, era_at
from stream_app.sla.events import Event
from stream_app.sla.fact import NOW
from stream_app.sla.history import Entry, State, as_of
from stream_app.sla.incident import Incident
from stream_app.sla.instant import DAY, EARLIEST, HOUR, MINUTE, SECOND, Micros, micros, moment
from stream_app.sla.policy import (
    BusinessDays,
    Calendar,
    ClockRule,
    Condition,
    EndOfBusinessDay,
    OnChange,
    OnReopen,
    Policy,
    Rules,
    Span,
    Target,
    Threshold,
)
from stream_app.sla.shift import Holidays, Hours, no_holidays
from stream_app.sla.signals import standing
from stream_app.sla.ticket import Ticket

TODAY: Final = "2025-03-03"
"""A Monday."""
UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}

# moments and spans


def at(written: str) -> Micros:
    """`09:30` of the Monday, `05 09:30` of that March, or a whole `2025-06-30 09:30`; in UTC."""
    day, _, time = written.rpartition(" ")
    day = TODAY if not day else f"{TODAY[:8]}{day}" if len(day) == 2 else day
    return micros(datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC))


def shown(when: int) -> str:
    """The other way round, as short as it goes."""
    text = moment(when).strftime("%Y-%m-%d %H:%M:%S.%f").removesuffix(".000000").removesuffix(":00")
    return text.removeprefix(f"{TODAY} ").removeprefix(TODAY[:8])


def span(written: str) -> Micros:
    """`90s`, `15m`, `4h` or `3d`."""
    return Micros(int(written[:-1]) * UNITS[written[-1]])


# configurations


def target(written: str | None) -> Target | None:
    """A span, `1 business day`, `end of business day`, or none."""
    if written is None:
        return None
    if written == "end of business day":
        return EndOfBusinessDay()
    number, _, days = written.partition(" ")
    return BusinessDays(int(number)) if days else Span(span(written))


def thresholds(written: str) -> tuple[Threshold, ...]:
    """Of `50% 12.5% 30m`, in that order."""
    return tuple(
        Threshold(one, share=(round(float(one[:-1]) * 10), 1000))
        if one.endswith("%")
        else Threshold(one, before=span(one))
        for one in written.split()
    )


def rule(goal: str | None, warn: str = "", pause_on: str | None = None) -> ClockRule:
    """A clock's rule; `pause_on` has statuses with blanks between, none of them where it is empty."""
    return ClockRule(target(goal), thresholds(warn), None if pause_on is None else frozenset(pause_on.split()))


def policy(
    name: str = "desk",
    *,
    match: Mapping[str, str] | None = None,
    calendar: str = "always",
    change: str = "recompute",
    reopen: str = "new_cycle",
    regulations: str = "",
    otherwise: ClockRule | None = None,
    **clocks: ClockRule | str,
) -> Policy:
    """A policy; `match` has a field's values with blanks between, after `not` where negated; `ola_net` is `ola:net`."""
    conditions = tuple(
        (field, Condition(frozenset(values.removeprefix("not ").split()), values.startswith("not ")))
        for field, values in (match or {}).items()
    )
    rules = {
        clock.replace("ola_", "ola:"): rule(said) if isinstance(said, str) else said for clock, said in clocks.items()
    }
    return Policy(
        name=name,
        calendar=calendar,
        match=conditions,
        clocks=rules,
        otherwise=otherwise or ClockRule(),
        on_priority_change=OnChange(change),
        on_reopen=OnReopen(reopen),
        regulations=tuple(regulations.split()),
    )


def working(hours: str, *, zone: str = "UTC", closed: str = "", days: Iterable[int] = range(5)) -> Working:
    """A calendar with the same hours (`08-12 13-17`) on some weekdays, less the dates that are closed."""
    shifts = tuple((int(start) * 60, int(end) * 60) for start, end in re.findall(r"(\d+)-(\d+)", hours))
    dates = frozenset(date.fromisoformat(day) for day in closed.split())
    holidays: Holidays = (lambda _: dates) if dates else no_holidays
    return Working(Hours(name=hours, timezone=zone, shifts=dict.fromkeys(days, shifts), holidays=holidays))


OFFICE: Final = working("08-12 13-17")


def era(
    *tickets: Policy,
    incidents: Iterable[Policy] = (),
    since: str | Micros = EARLIEST,
    lateness: str = "1h",
    **calendars: Calendar,
) -> Era:
    """One version of the configuration; calendars `always` and `office` are there."""
    rules = Rules(
        calendars={"always": Always(), "office": OFFICE, **calendars}, tickets=tickets, incidents=tuple(incidents)
    )
    return Era(rules, at(since) if isinstance(since, str) else since, span(lateness))


# events

_numbers = count()


def event(kind: str, when: str, data: Mapping[str, Any] | None = None, **attributes: str) -> Event:
    """An event as it comes: through its JSON. Ids count up where none is given."""
    subject = "I-1" if kind.startswith("incident.") else "T-1"
    envelope = {
        "specversion": "1.0",
        "id": f"e{next(_numbers):08}",
        "source": "desk",
        "type": kind,
        "subject": subject,
        "time": moment(at(when)).isoformat(),
        **({} if data is None else {"data": data}),
        **attributes,
    }
    return decode(json.dumps(envelope).encode())


def created(when: str, priority: str = "medium", **data: Any) -> Event:  # noqa: ANN401 -- JSON, here and below
    return event("ticket.created", when, {"priority": priority, **data})


def updated(when: str, **data: Any) -> Event:  # noqa: ANN401
    return event("ticket.updated", when, data)


def status(when: str, to: str, **data: Any) -> Event:  # noqa: ANN401
    return event("ticket.status_changed", when, {"status": to, **data})


def comment(when: str, role: str = "agent", author: str | None = None, visibility: str = "public") -> Event:
    """A comment by somebody of that role."""
    who = {"role": role} if author is None else {"role": role, "id": author}
    return event("ticket.commented", when, {"author": who, "visibility": visibility})


def due(when: str, clock: str, to: str) -> Event:
    return event("ticket.due_set", when, {"clock": clock, "due": moment(at(to)).isoformat()})


def detected(when: str, severity: str = "high", **data: Any) -> Event:  # noqa: ANN401
    return event("incident.detected", when, {"severity": severity, **data})


def turn(when: str, what: str, **data: Any) -> Event:  # noqa: ANN401
    """Something else that happened to an incident, such as `acknowledged` or `reopened`."""
    return event(f"incident.{what}", when, data)


def classified(when: str, kind: str) -> Event:
    return turn(when, "classified", **{"as": kind})


def notified(when: str, stage: str) -> Event:
    return turn(when, "notified", stage=stage)


# what they amount to


class ShownClock(NamedTuple):
    """A clock as reports show it: moments short, spans in minutes."""

    state: str
    started: str
    due: str | None
    stopped: str | None
    elapsed: float
    target: float | None
    breached: str | None


class Seen:
    """An entity as of a moment."""

    def __init__(self, state: State, eras: Eras, until: int) -> None:
        self.state = state
        self.row = report.entity(state, eras, until)

    @property
    def ticket(self) -> Ticket:
        assert isinstance(self.state, Ticket)
        return self.state

    @property
    def incident(self) -> Incident:
        assert isinstance(self.state, Incident)
        return self.state

    @property
    def clocks(self) -> list[str]:
        """What runs or ran, as `resolution/1`."""
        return [f"{row['clock']}/{row['cycle']}" for row in self.row["clocks"]]

    def clock(self, name: str, cycle: int = 1) -> ShownClock:
        row = next(row for row in self.row["clocks"] if (row["clock"], row["cycle"]) == (name, cycle))
        aim = row["target_seconds"]
        return ShownClock(
            state=row["state"],
            started=short(row["started_at"]) or "",
            due=short(row["due_at"]),
            stopped=short(row["stopped_at"]),
            elapsed=row["elapsed_seconds"] / 60,
            target=None if aim is None else aim / 60,
            breached=short(row["breached_at"]),
        )

    def moment(self, name: str) -> str | None:
        """A moment of the report, such as `resolved_at`."""
        return short(self.row[name])

    def said(self, clock: str, cycle: int = 1) -> list[str]:
        """The signals of a clock that stand: `12:00 warning 75%`, `13:00 breached`."""
        signals = sorted(standing(self.state.id, self.state.clocks), key=lambda signal: signal.order)
        return [
            " ".join(filter(None, (shown(signal.at), signal.type.removeprefix("sla."), signal.threshold)))
            for signal in signals
            if (signal.clock, signal.cycle) == (clock, cycle)
        ]

    def facts(self, name: str) -> list[tuple[str, float]]:
        """The facts of a name: when, and how many minutes (1 for what merely happened)."""
        return [
            (shown(fact.at) if fact.at != NOW else "now", fact.value if fact.value == 1 else fact.value / MINUTE)
            for fact in self.state.facts()
            if fact.name == name
        ]

    def labels(self, name: str, **among: str) -> dict[str, str]:
        """The dimensions of the one fact of a name that has the labels in `among`."""
        (found,) = [
            dict(fact.labels)
            for fact in self.state.facts()
            if fact.name == name and among.items() <= dict(fact.labels).items()
        ]
        return found


def short(text: str | None) -> str | None:
    return None if text is None else shown(micros(datetime.fromisoformat(text)))


def entries(events: Iterable[Event], eras: Eras) -> list[Entry]:
    """The events, come in this order, with their places."""
    latest: int | None = None
    found = []
    for one in events:
        now = EARLIEST if latest is None else latest
        found.append(admit(one, latest, eras[era_at(eras, now)].lateness))
        latest = latest_of(found[-1], latest)
    return found


def seen(events: Iterable[Event], eras: Era | Sequence[Era], until: str) -> Seen:
    """The entity that events, come in this order, amount to as of `until`."""
    eras = [eras] if isinstance(eras, Era) else eras
    state = as_of(entries(events, eras), eras, at(until))
    assert state is not None
    return Seen(state, eras, at(until))
