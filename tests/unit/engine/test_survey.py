from __future__ import annotations

from typing import Any

from stream_app.engine.keys import TP
from stream_app.engine.replay import Replay
from stream_app.engine.survey import survey
from stream_app.kpi.bucket import Bucket
from tests.unit.engine.desk import TICKETS, Desk, at, line

INCIDENTS = TP("security-incidents", 0)
EVENTS = [
    line("ticket.created", "T1", "09:00", priority="high", id="1"),
    line("ticket.created", "T2", "09:01", priority="low", team="net", id="2"),
    line("ticket.commented", "T1", "09:05", author={"id": "ani", "role": "agent"}, id="3"),
    line("ticket.status_changed", "T2", "09:30", status="resolved", id="4"),
    line("ticket.status_changed", "T2", "09:50", status="open", id="5"),
    line("ticket.status_changed", "T2", "10:10", status="resolved", id="6"),
    line("ticket.rated", "T2", "10:20", score=4, id="7"),
]
OTHERS = [line("incident.detected", "I1", "09:10", severity="critical", id="8")]


async def desk_of(when: str) -> Desk:
    desk = Desk(when)
    tickets, incidents = await desk.partition(), await desk.partition(INCIDENTS)
    for one in EVENTS:
        await desk.take(tickets, one)
    await desk.take(incidents, *OTHERS)
    await desk.take(
        await desk.partition(TP("measurements", 0)), line("measure.recorded", "m", "09:00", name="x", value=1)
    )
    return desk


def replayed(desk: Desk, until: str) -> dict[str, Any]:
    run = Replay(desk.judge.eras, desk.judge.catalogue, at(until))
    for one in [*EVENTS, *OTHERS]:
        run.take(one)
    report = run.report()
    del report["events"]
    return report


async def surveyed(desk: Desk, until: str) -> dict[str, Any]:
    report = await survey(desk.reader, desk.judge, at(until))
    del report["as_of"]
    return report


async def test_the_report_of_the_running_system_is_that_of_a_replay() -> None:
    desk = await desk_of("10:30")
    for until in ("10:20", "10:30", "11:01"):
        assert await surveyed(desk, until) == replayed(desk, until)


async def test_as_of_an_earlier_moment_it_leaves_out_what_happened_after() -> None:
    desk = await desk_of("10:30")
    for until in ("08:59", "09:00", "09:20", "09:45", "10:05", "10:10"):
        assert await surveyed(desk, until) == replayed(desk, until)


async def test_it_says_which_offset_of_each_partition_is_applied() -> None:
    desk = await desk_of("10:30")
    await desk.partition(TP("tickets", 1))
    report = await survey(desk.reader, desk.judge, at("10:30"))
    assert report["as_of"] == {"measurements-0": 0, "security-incidents-0": 0, "tickets-0": 6, "tickets-1": None}


async def test_kpis_are_read_from_the_buckets_not_counted_again() -> None:
    desk = await desk_of("10:30")
    before = await surveyed(desk, "10:30")
    assert before["kpis"]
    series = b'["first_response'
    buckets = desk.held(TICKETS).buckets
    cells = next(its for slot, its in buckets.items() if slot.grain == "15m" and any(c.startswith(series) for c in its))
    cell = next(cell for cell in cells if cell.startswith(series))
    bucket = Bucket.decode(cells[cell])
    bucket.count += 1
    cells[cell] = bucket.encode()
    after = await surveyed(desk, "10:30")
    assert after["entities"] == before["entities"]
    assert after["kpis"] != before["kpis"]


async def test_nothing_claimed_is_an_empty_report() -> None:
    desk = Desk()
    report = await survey(desk.reader, desk.judge, at("10:30"))
    assert (report["as_of"], report["entities"], report["kpis"]) == ({}, [], [])
