"""Random lives of tickets and incidents that love collisions, and random ways for them to come in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from stream_app.sla.decode import decode
from stream_app.sla.era import Era
from stream_app.sla.events import Event
from stream_app.sla.instant import EARLIEST, HOUR, MINUTE, Micros, moment
from stream_app.sla.policy import Condition
from tests.unit.sla.build import at, era, policy, rule

START: Final = at("09:00")
LATENESS: Final = HOUR
GRID: Final = 10 * MINUTE
MODES: Final = ("recompute", "carry", "forward", "reset")
REOPENS: Final = ("new_cycle", "continue", "continue_counting")
STATUSES: Final = ("new", "open", "pending", "on_hold", "resolved", "closed", "cancelled")
PRIORITIES: Final = ("high", "low")
KINDS: Final = ("significant", "major", "personal_data_breach", "material")
REPORTS: Final = ("gdpr:authority", "nis2:early_warning", "nis2:notification", "dora:initial", "dora:intermediate")
TURNS: Final = ("acknowledged", "contained", "recovered", "resolved", "closed", "reopened", "dismissed")


class Happening(NamedTuple):
    """An event and how long after its time it comes in (before it, where that is negative)."""

    event: Event
    at: int
    delay: int


class Story(NamedTuple):
    """What happens to one entity, in no order."""

    kind: str
    happenings: list[Happening]

    def sorted(self) -> list[Event]:
        return [one.event for one in sorted(self.happenings, key=lambda one: one.at)]

    def arrivals(self) -> list[Happening]:
        return sorted(self.happenings, key=lambda one: one.at + one.delay)


def some(**choices: Sequence[object]) -> st.SearchStrategy[dict[str, object]]:
    """Data with any of some keys, often few."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in choices.items()})


updates = some(priority=(*PRIORITIES, None), team=("net", "os", None), agent=("ani", "budi", None), tags=(["vip"], []))
authors = st.fixed_dictionaries(
    {"role": st.sampled_from(("agent", "agent", "requester", "bot"))},
    optional={"id": st.sampled_from(("ani", "rina"))},
)
dues = st.tuples(
    st.sampled_from(("resolution", "first_response", "next_response", "ola:net")), st.integers(-6, 40)
).map(lambda drawn: {"clock": drawn[0], "due": moment(START + drawn[1] * GRID).isoformat()})

TICKET: Final[Mapping[str, st.SearchStrategy[dict[str, Any]]]] = {
    "ticket.created": st.builds(
        lambda priority, more, status: {**more, "priority": priority} | ({} if status is None else {"status": status}),
        st.sampled_from(PRIORITIES),
        updates,
        st.sampled_from((None, None, "pending", "resolved")),
    ),
    "ticket.updated": updates,
    "ticket.status_changed": st.sampled_from(STATUSES).map(lambda status: {"status": status}),
    "ticket.commented": authors.map(lambda author: {"author": author}),
    "ticket.escalated": some(team=("net", "os"), tier=(1, 2)),
    "ticket.worked": st.just({"agent": "ani", "seconds": 90.5}),
    "ticket.due_set": dues,
    "ticket.merged": st.just({"into": "T-2"}),
}
INCIDENT: Final[Mapping[str, st.SearchStrategy[dict[str, Any]]]] = {
    "incident.detected": st.builds(
        lambda severity, more: {**more, "severity": severity},
        st.sampled_from(PRIORITIES),
        some(personal_data=(True, False), team=("soc",)),
    ),
    "incident.updated": some(severity=PRIORITIES, personal_data=(True, False), agent=("ani", None)),
    "incident.classified": st.sampled_from(KINDS).map(lambda kind: {"as": kind}),
    "incident.notified": st.sampled_from(REPORTS).map(lambda stage: {"stage": stage}),
    **{f"incident.{turn}": some(agent=("ani", "budi")) for turn in TURNS},
}
OFTEN: Final = ("ticket.status_changed", "ticket.commented", "ticket.updated") * 2
sequences = st.none() | st.integers(-2, 12).map(str)
steps = st.tuples(st.integers(0, 6).map(lambda ticks: ticks * GRID), st.sampled_from((0, 0, 0, 0, 1, -1)))


@st.composite
def stories(draw: st.DrawFn, delays: st.SearchStrategy[int]) -> Story:
    """A life of up to a dozen events, mostly with its creation, and sometimes something before that."""
    kind = draw(st.sampled_from(("ticket", "incident")))
    menu = TICKET if kind == "ticket" else INCIDENT
    creation = next(iter(menu))
    now: int = START
    happenings = []
    names = draw(st.lists(st.sampled_from((*menu, *(OFTEN if kind == "ticket" else ()))), max_size=11))
    if draw(st.sampled_from((True, True, True, True, False))):
        names.insert(draw(st.sampled_from((0, 0, 0, 1))), creation)
    for number, name in enumerate(names or [creation]):
        gap, nudge = draw(steps)
        now += gap
        event: dict[str, object] = {
            "specversion": "1.0",
            "id": draw(st.sampled_from("ab")) + str(number),
            "source": "test",
            "type": name,
            "subject": "T-1",
            "time": moment(now + nudge).isoformat(),
            "data": draw(menu[name]),
        }
        sequence = draw(sequences)
        if sequence is not None:
            event["sequence"] = sequence
        happenings.append(Happening(decode(json.dumps(event).encode()), now + nudge, draw(delays)))
    return Story(kind, happenings)


def when(field: str, value: str | None) -> tuple[tuple[str, Condition], ...]:
    return () if value is None else ((field, Condition(frozenset({value}))),)


@st.composite
def configurations(draw: st.DrawFn, since: Micros = EARLIEST) -> Era:
    """A version of the configuration: a policy for what is urgent, and mostly one for the rest."""
    spans = st.sampled_from(("30m", "1h", "100m", "3h", "1 business day", None))
    warnings = st.sampled_from(("", "50%", "50% 75%", "20m 90%", "40m 50%", "0% 100%"))
    pauses = st.sampled_from((None, None, "pending", ""))
    clock = st.builds(rule, spans, warnings, pauses)
    stage = st.builds(rule, spans, warnings)
    calendar, mode, reopen = st.sampled_from(("always", "office")), st.sampled_from(MODES), st.sampled_from(REOPENS)
    tickets, incidents = [], []
    for name, urgent in (("urgent", "high"), *(() if draw(st.booleans()) else (("rest", None),))):
        made = policy(name, calendar=draw(calendar), change=draw(mode), reopen=draw(reopen))
        names = ["first_response", "next_response", "resolution", "ola:net"]
        names += draw(st.sampled_from(([], ["periodic_update"])))
        tickets.append(replace(made, match=when("priority", urgent), clocks={name: draw(clock) for name in names}))
        incidents.append(
            replace(
                made,
                match=when("severity", urgent),
                clocks={name: draw(stage) for name in ("acknowledge", "contain", "resolve")},
                regulations=draw(
                    st.sampled_from(((), ("gdpr", "nis2"), ("nis2", "dora"), ("gdpr", "uu_pdp", "sec_8k")))
                ),
            )
        )
    return era(*tickets, incidents=incidents, since=since)


@st.composite
def dated(draw: st.DrawFn) -> tuple[Era, ...]:
    """One configuration, or some more that are activated in the course of the life."""
    moments = draw(st.lists(st.integers(-2, 40), max_size=2, unique=True).map(sorted))
    return (
        draw(configurations()),
        *(draw(configurations(Micros(START + ticks * GRID))) for ticks in moments),
    )
