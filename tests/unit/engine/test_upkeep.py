from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from stream_app.engine.heard import Heard
from stream_app.engine.keys import GAUGES, TP, Slot
from stream_app.engine.partition import Partition
from stream_app.engine.pen import Lost
from stream_app.engine.upkeep import ERAS, SERIES, Upkeep
from stream_app.sla.ticket import Ticket
from tests.unit.engine.desk import (
    PLAIN,
    QUICK,
    TICKETS,
    Desk,
    at,
    batch,
    caught_up,
    dated,
    life,
    line,
    records,
)

CREATED = line("ticket.created", "T1", "09:00", priority="high", id="a")
OTHER = PLAIN + """kpis: {quick: {formula: 'count(created where priority = "low")'}}\n"""
"""The same with one more thing to count."""


def resolved(when: str, subject: str = "T1") -> bytes:
    return line("ticket.status_changed", subject, when, status="resolved")


async def full(desk: Desk) -> Partition:
    """A partition with two tickets, its entities and windows agreed upon."""
    partition = await desk.partition()
    await desk.upkeep.agree(partition, {})
    await desk.take(partition, CREATED, line("ticket.created", "T2", "09:01", priority="low"))
    await desk.take(partition, resolved("09:30"))
    return partition


async def reclaimed(desk: Desk) -> Partition:
    """The partition as the next worker finds it."""
    claim = await desk.store.claim(TICKETS)
    partition = desk.made(TICKETS, claim)
    await desk.upkeep.agree(partition, claim.marks)
    await partition.pen.drain()
    return partition


# windows


async def test_a_partition_says_from_the_beginning_what_its_windows_count() -> None:
    desk = Desk("10:00")
    await full(desk)
    assert desk.held().marks == {SERIES: desk.judge.series_mark}


async def test_a_new_partition_has_nothing_to_count_anew() -> None:
    desk = Desk("10:00")
    await desk.upkeep.agree(await desk.partition(), {})
    assert desk.held().seq == 1


async def test_windows_that_count_what_is_asked_are_left_alone() -> None:
    desk = Desk("10:00")
    await full(desk)
    seq = desk.held().seq
    await reclaimed(desk)
    assert desk.held().seq == seq


async def test_windows_are_counted_anew_where_the_catalogue_has_changed() -> None:
    desk = Desk("10:00")
    partition = await full(desk)
    stands = [fact for subject in ("T1", "T2") for fact in life(partition, subject).facts()]
    desk.judge.hold(dated(OTHER))
    assert desk.buckets() != desk.counted(stands)
    next_one = await reclaimed(desk)
    assert desk.buckets() == desk.counted(stands)
    assert desk.held().marks[SERIES] == desk.judge.series_mark
    await desk.take(next_one, line("ticket.created", "T3", "09:59", priority="low"))
    assert desk.buckets() == desk.counted([*stands, *life(next_one, "T3").facts()])


async def test_windows_are_counted_anew_while_the_worker_runs_too() -> None:
    desk = Desk("10:00")
    partition = await full(desk)
    desk.judge.hold(dated(OTHER))
    await desk.take(partition, line("ticket.created", "T3", "09:59", priority="low"))
    task = asyncio.create_task(desk.upkeep.keep(partition))
    await asyncio.sleep(0.01)
    stands = [fact for subject in ("T1", "T2", "T3") for fact in life(partition, subject).facts()]
    assert desk.buckets() == desk.counted(stands)
    task.cancel()


class Twice:
    """A scan that gives each entity twice, as Redis may while its table grows."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def entities(self, tp: TP, chunk: int = 1) -> AsyncIterator[dict[bytes, bytes]]:
        for _ in range(2):
            async for some in self._desk.reader.entities(tp, chunk):
                yield some


async def test_an_entity_that_the_scan_gives_twice_is_counted_once() -> None:
    desk = Desk("10:00")
    partition = await full(desk)
    desk.upkeep = Upkeep(Twice(desk), desk.store, desk.judge, desk.clock)
    desk.judge.hold(dated(OTHER))
    await reclaimed(desk)
    assert desk.buckets() == desk.counted([fact for its in ("T1", "T2") for fact in life(partition, its).facts()])


async def test_counting_anew_ends_when_the_partition_is_lost() -> None:
    desk = Desk("10:00")
    partition = await full(desk)
    await desk.store.claim(TICKETS)
    desk.judge.hold(dated(OTHER))
    before = desk.buckets()
    with pytest.raises(Lost):
        async with asyncio.timeout(1):
            await desk.upkeep.agree(partition, {})
    assert desk.buckets() == before


# retention


async def test_what_no_window_reads_any_more_is_removed_and_what_one_reads_is_not() -> None:
    desk = Desk("2026-03-04 12:00")
    partition = await full(desk)
    assert min(slot.start for slot in desk.buckets() if slot != GAUGES) < at("09:30")
    await desk.take(partition, line("ticket.created", "T3", "2026-03-04 12:00", priority="low"))
    await desk.upkeep.tidy(partition)
    await partition.pen.drain()
    for grain, name in zip(desk.judge.catalogue.grains, ("1m", "15m"), strict=True):
        starts = [slot.start for slot in desk.held().buckets if slot.grain == name]
        assert starts
        assert min(starts) >= desk.judge.oldest(grain, at("2026-03-04 12:00"))
    assert GAUGES in desk.buckets()


async def test_windows_read_the_same_before_and_after_they_are_tidied() -> None:
    desk = Desk("2026-03-02 18:00")
    partition = await full(desk)
    await desk.take(partition, line("ticket.created", "T3", "18:00", priority="low"))
    window = next(window for window in desk.judge.catalogue.windows if window.label == "24h")
    first, last = window.span(at("18:00"))
    before = await desk.reader.buckets(TICKETS, "15m", first, last + 1)
    await desk.upkeep.tidy(partition)
    await partition.pen.drain()
    assert await desk.reader.buckets(TICKETS, "15m", first, last + 1) == before != {}


async def test_a_bucket_that_was_removed_begins_anew_where_a_longer_window_reads_it() -> None:
    desk = Desk("15:00")
    partition = await desk.partition()
    await desk.upkeep.agree(partition, {})
    await desk.take(partition, line("ticket.created", "T1", "12:30", priority="low"))
    slot, cell = Slot("1m", at("12:30")), b'["created{kind=ticket}"]'
    assert desk.buckets()[slot][cell] == b"\x01"
    await desk.take(partition, line("ticket.created", "T2", "15:00", priority="low"))
    await desk.upkeep.tidy(partition)
    await partition.pen.drain()
    assert slot not in desk.buckets()
    desk.judge.hold(dated(PLAIN.replace("[1h, 24h]", "[2h, 24h]")))
    await desk.take(partition, line("ticket.created", "T3", "12:30", priority="low"))
    assert desk.buckets()[slot][cell] == b"\x01"


async def test_a_finished_entity_leaves_when_its_retention_is_over_by_event_time() -> None:
    desk = Desk("2030-01-01 00:00", PLAIN + "retention: 10d\n")
    partition = await full(desk)
    assert desk.held().retire == {b"ticket:T1": at("2026-03-12 09:30")}
    await desk.upkeep.tidy(partition)
    await desk.take(partition, line("ticket.created", "T3", "2026-03-12 09:29", priority="low"))
    await desk.upkeep.tidy(partition)
    await partition.pen.drain()
    assert b"ticket:T1" in desk.held().entities
    await desk.take(partition, line("ticket.created", "T4", "2026-03-12 09:30", priority="low"))
    await desk.upkeep.tidy(partition)
    await partition.pen.drain()
    assert sorted(desk.held().entities) == [b"ticket:T2", b"ticket:T3", b"ticket:T4"]
    assert b"ticket:T1" not in desk.held().history
    assert desk.held().retire == {}
    assert b"ticket:T1" not in partition.stock.lives


async def test_nothing_is_written_where_nothing_is_old() -> None:
    desk = Desk("10:00")
    partition = await full(desk)
    seq = desk.held().seq
    await desk.upkeep.tidy(partition)
    await desk.upkeep.tidy(partition)
    empty = await desk.partition(TP("tickets", 1))
    await desk.upkeep.tidy(empty)
    assert (desk.held().seq, desk.held(TP("tickets", 1)).seq) == (seq, 0)


# eras


async def test_another_configuration_is_brought_to_all_entities_while_the_worker_runs() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.upkeep.agree(partition, {})
    await desk.take(partition, CREATED)
    caught_up(partition)
    task = asyncio.create_task(desk.upkeep.keep(partition))
    await asyncio.sleep(0.01)
    assert desk.held().marks[ERAS] == b"1"
    assert desk.said() == []
    task.cancel()
    desk.clock.set("09:25")
    desk.judge.hold(dated(PLAIN, ("09:25", QUICK)))
    task = asyncio.create_task(desk.upkeep.keep(partition))
    await asyncio.sleep(0.01)
    task.cancel()
    assert desk.held().marks[ERAS] == b"2"
    assert desk.said() == ["sla.breached"]
    assert desk.outbox()[0]["data"]["on_attach"]


async def test_behind_its_log_another_configuration_says_nothing_of_the_part_not_read() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    desk.clock.set("12:00")
    desk.judge.hold(dated(PLAIN, ("09:25", QUICK)))
    await partition.revisit([b"ticket:T1"])
    await partition.pen.drain()
    assert desk.said() == []
    assert desk.held().wake == {b"ticket:T1": at("09:25")}
    await desk.take(partition, line("ticket.commented", "T1", "09:24", author={"id": "ani", "role": "agent"}))
    await desk.wake(partition, "12:00")
    assert desk.said()[0] == "sla.met"
    assert "sla.breached" not in desk.said()


async def test_before_anything_is_read_another_configuration_only_sets_the_time_to_wake() -> None:
    desk = Desk("09:10")
    await desk.take(await desk.partition(), CREATED)
    desk.clock.set("12:00")
    desk.judge.hold(dated(PLAIN, ("09:25", QUICK)))
    partition = await desk.partition()
    await partition.revisit([b"ticket:T1"])
    await partition.pen.drain()
    assert desk.said() == []
    assert desk.held().wake == {b"ticket:T1": at("09:25")}


async def test_a_configuration_that_judges_events_already_read_has_their_entities_folded_anew() -> None:
    desk = Desk("10:00")
    partition = await desk.partition()
    await desk.take(partition, CREATED, line("ticket.updated", "T1", "09:50", team="net"))
    caught_up(partition)
    desk.judge.hold(dated(PLAIN, ("09:10", QUICK)))
    await partition.revisit([b"ticket:T1"])
    state = life(partition, "T1").state
    assert state is not None
    assert state.era == 1
    assert "sla.breached" in desk.said()
    assert desk.buckets() == desk.counted(life(partition, "T1").facts())


async def test_folding_anew_keeps_events_that_are_later_than_what_the_log_is_known_to_hold() -> None:
    desk = Desk("12:00")
    partition = await desk.partition()
    events = [CREATED, line("ticket.updated", "T1", "09:50", team="net")]
    await partition.take(batch(TICKETS, 0, records(events, 0, at("09:00"))))  # put into the log by a clock that is slow
    desk.judge.hold(dated(PLAIN, ("09:10", QUICK)))
    await partition.revisit([b"ticket:T1"])
    state = life(partition, "T1").state
    assert isinstance(state, Ticket)
    assert state.team == "net"
    assert life(partition, "T1").ahead == []


async def test_entities_of_an_earlier_worker_learn_of_the_eras_that_came_meanwhile() -> None:
    desk = Desk("09:10")
    await full(desk)
    desk.judge.hold(dated(PLAIN, ("09:05", QUICK)))
    partition = await reclaimed(desk)
    assert partition.eras_known is None
    task = asyncio.create_task(desk.upkeep.keep(partition))
    await asyncio.sleep(0.01)
    task.cancel()
    assert desk.held().marks[ERAS] == b"2"
    assert partition.eras_known == b"2"
    assert desk.held().wake[b"ticket:T2"] == at("09:05")


async def test_how_far_the_topic_of_signals_is_known_is_noted_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.engine.upkeep.EVERY", 0.001)
    monkeypatch.setattr("stream_app.engine.upkeep.RENEWED", 2)
    desk = Desk("10:00")
    partition = await full(desk)
    desk.topics.known["said:1"] = b"3"
    partition.pen.outbox.clear()
    task = asyncio.create_task(desk.upkeep.keep(partition))
    await asyncio.sleep(0.05)
    task.cancel()
    assert desk.held().marks["said:1"] == b"3"


# what was heard


def heard(*payloads: bytes) -> Heard:
    found = Heard(lambda *_: True)
    for payload in payloads:
        found.hear(payload)
    return found


async def test_after_a_loss_what_was_said_of_an_entity_that_the_log_no_longer_knows_is_left() -> None:
    desk = Desk("09:31")
    said = {
        "id": "sla.breached:T9:resolution:1::0",
        "type": "sla.breached",
        "subject": "T9",
        "data": {"kind": "ticket"},
    }
    partition = await desk.partition()
    partition.heard = heard(json.dumps(said | {"time": "2026-03-02T09:00:00Z"}).encode())
    await desk.take(partition, CREATED)
    caught_up(partition)
    await desk.upkeep.reconcile(partition)
    await partition.pen.drain()
    assert partition.heard is None
    assert desk.outbox() == []
    assert list(desk.held().entities) == [b"ticket:T1"]  # and no ghost of it is kept


async def test_after_a_loss_what_an_entity_no_longer_says_is_withdrawn() -> None:
    desk = Desk("09:31")
    partition = await full(desk)
    await desk.wake(partition, "09:45")
    on_topic = [json.dumps(one).encode() for one in desk.outbox()]
    gone = json.loads(on_topic[0]) | {"id": "sla.warning:T1:resolution:1:50%25:1"}
    also = json.loads(on_topic[0]) | {"id": "sla.warning:T1:resolution:1:75%25:1/2"}
    desk.redis.flush()
    again = await desk.partition()
    again.heard = heard(*on_topic, json.dumps(gone).encode(), json.dumps(also).encode())
    await desk.take(again, CREATED, line("ticket.created", "T2", "09:01", priority="low"), resolved("09:30"))
    await desk.upkeep.reconcile(again)
    assert again.heard is not None
    await desk.wake(again, "09:45")
    assert desk.said() == []  # the topic has it already
    await desk.upkeep.reconcile(again)
    await again.pen.drain()
    assert again.heard is None
    assert [one["data"]["corrects"] for one in desk.outbox()] == [gone["id"], also["id"]]
    times = {name: times for name, times in life(again, "T1").again.items() if times}
    assert times == {"sla.warning:T1:resolution:1:50%25:1": 1, "sla.warning:T1:resolution:1:75%25:1": 2}
    seq = desk.held().seq
    await desk.upkeep.reconcile(again)
    assert desk.held().seq == seq


async def test_what_still_stands_is_not_withdrawn() -> None:
    desk = Desk("09:31")
    partition = await full(desk)
    await desk.wake(partition, "09:45")
    partition.heard = heard(*(signal.payload for signal in desk.held().outbox))
    before = desk.said()
    await desk.upkeep.reconcile(partition)
    await partition.pen.drain()
    assert desk.said() == before
