"""What the simulation tells is valid, in order, as much as was asked for, and like a desk's day."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from stream_app.simulation.arrivals import simulate
from stream_app.sla.decode import decode
from stream_app.sla.events import Event, TicketCommented, TicketCreated, TicketStatusChanged
from stream_app.sla.instant import DAY, HOUR, SECOND, Micros, micros, moment, text

UNTIL = Micros(1_782_813_600 * SECOND)  # a Tuesday, 17:00 in Jakarta
ENDED = {"resolved", "closed", "cancelled"}


def told(events: int, seed: int = 1, span: int = 8 * HOUR) -> list[Event]:
    return [decode(line) for line in simulate(events, seed, UNTIL, Micros(span))]


@pytest.fixture(scope="module")
def day() -> list[Event]:
    return told(12_000)


def kind(event: Event) -> str:
    return str(type(event).__struct_config__.tag)


@pytest.mark.parametrize("events", [0, 1, 2, 7, 500])
@pytest.mark.parametrize("span", [1000, 5 * SECOND, HOUR, 30 * DAY])
def test_there_are_exactly_so_many_valid_events_in_order_within_the_span(events: int, span: int) -> None:
    times = [micros(event.time) for event in told(events, span=span)]
    assert len(times) == events
    assert times == sorted(times)
    assert all(UNTIL - span < at <= UNTIL for at in times)


def test_equal_arguments_give_equal_bytes() -> None:
    assert list(simulate(2000, 3, UNTIL, HOUR)) == list(simulate(2000, 3, UNTIL, HOUR))
    assert list(simulate(2000, 3, UNTIL, HOUR)) != list(simulate(2000, 4, UNTIL, HOUR))


def test_every_type_of_event_occurs(day: list[Event]) -> None:
    assert len({kind(event) for event in day + told(12_000, seed=2)}) == 28


def test_ids_are_unique_and_an_entity_never_has_two_events_at_once(day: list[Event]) -> None:
    assert len({(event.source, event.id) for event in day}) == len(day)
    lives = defaultdict(list)
    for event in day:
        if not kind(event).startswith(("measure", "service", "asset")):
            lives[event.subject].append(event)
    for life in lives.values():
        assert kind(life[0]) in {"ticket.created", "incident.detected"}
        assert all(before.time < after.time for before, after in pairwise(life))
        assert [event.sequence for event in life] == [str(number) for number in range(len(life))]


def test_most_tickets_end_within_the_span_and_some_stay_open(day: list[Event]) -> None:
    statuses: dict[str, str] = {}
    for event in day:
        if isinstance(event, TicketCreated):
            statuses[event.subject] = "new"
        elif isinstance(event, TicketStatusChanged):
            statuses[event.subject] = event.data.status
    ended = sum(status in ENDED for status in statuses.values())
    assert 0.7 < ended / len(statuses) < 0.97
    assert {"open", "pending", "on_hold", "new"} <= set(statuses.values())


def test_a_few_customers_and_agents_have_most_of_it(day: list[Event]) -> None:
    customers = Counter(event.data.customer for event in day if isinstance(event, TicketCreated))
    (_, most), *_ = customers.most_common(1)
    assert most > 10 * customers.total() / len(customers)
    roles = Counter(event.data.author.role for event in day if isinstance(event, TicketCommented))
    assert set(roles) == {"agent", "requester", "bot"}
    assert roles["agent"] > roles["requester"]


def test_arrivals_keep_the_rhythm_of_the_week_to_the_end() -> None:
    days = Counter(text(micros(event.time) + 7 * HOUR)[:10] for event in told(20_000, span=28 * DAY))
    weekend = [count for date, count in days.items() if moment(micros_of(date)).weekday() >= 5]
    week = [count for date, count in sorted(days.items()) if moment(micros_of(date)).weekday() < 5][1:]
    assert max(weekend) < min(week)
    assert max(week) < 2 * min(week)
    assert 0.85 < sum(week[: len(week) // 2]) / sum(week[len(week) // 2 :]) < 1.15


def micros_of(date: str) -> int:
    event = decode(
        b'{"specversion":"1.0","id":"1","source":"s","subject":"s","type":"ticket.deleted","time":"%sT00:00:00Z"}'
        % date.encode()
    )
    return micros(event.time)
