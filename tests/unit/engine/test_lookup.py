from __future__ import annotations

from stream_app.engine.keys import TP
from stream_app.engine.lookup import lookup, others
from stream_app.sla.admission import Outcome
from tests.unit.engine.desk import Desk, at, line

INCIDENTS = TP("security-incidents", 0)


async def desk_of() -> Desk:
    desk = Desk("12:00")
    await desk.take(
        await desk.partition(),
        line("ticket.created", "T1", "09:00", priority="high", id="1"),
        line("ticket.created", "T1", "09:00", priority="high", id="1"),
        line("ticket.status_changed", "T1", "11:30", status="resolved", id="2"),
        line("ticket.commented", "T1", "10:00", author={"role": "agent"}, id="3"),
        line("ticket.created", "T2", "09:00", priority="low", id="4"),
    )
    await desk.take(await desk.partition(INCIDENTS), line("incident.detected", "T1", "09:10", severity="low", id="5"))
    return desk


async def test_all_that_is_kept_under_an_id_is_found_in_the_order_it_came() -> None:
    desk = await desk_of()
    incident, ticket = await lookup(desk.reader, "T1", at("12:00"))
    assert (incident.kind, ticket.kind) == ("incident", "ticket")
    assert [(arrival.event.id, arrival.outcome) for arrival in ticket.arrivals] == [
        ("1", Outcome.APPLIED),
        ("2", Outcome.APPLIED),
        ("3", Outcome.LATE),
    ]
    assert [entry.event.id for entry in ticket.entries] == ["1", "2", "3"]


async def test_what_is_later_is_only_counted() -> None:
    desk = await desk_of()
    (_, ticket) = await lookup(desk.reader, "T1", at("10:00"))
    assert ([entry.event.id for entry in ticket.entries], ticket.later) == (["1"], 2)


async def test_what_is_not_kept_is_not_found_and_a_spelling_that_is_kept_is_suggested() -> None:
    desk = await desk_of()
    assert await lookup(desk.reader, "t1", at("12:00")) == []
    assert await others(desk.reader, "t1 ") == ["T1"]
    assert await others(desk.reader, "T9") == []
