from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from stream_app.engine.batch import Standing
from stream_app.engine.keys import TP
from stream_app.engine.pen import Lost
from stream_app.engine.store import Ripe
from stream_app.engine.write import LEFT, Fenced, Why
from stream_app.engine.write import Standing as Found
from stream_app.sla.decode import Reason
from tests.unit.engine.desk import (
    PLAIN,
    QUICK,
    TICKETS,
    Away,
    Desk,
    Record,
    Slow,
    at,
    batch,
    caught_up,
    dated,
    life,
    line,
    records,
)

CREATED = line("ticket.created", "T1", "09:00", priority="high", id="a")


def reply(when: str, subject: str = "T1") -> bytes:
    return line("ticket.commented", subject, when, author={"id": "ani", "role": "agent"})


def resolved(when: str, subject: str = "T1") -> bytes:
    return line("ticket.status_changed", subject, when, status="resolved")


# batches


async def test_a_batch_is_folded_into_one_write() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED, reply("09:05"))
    held = desk.held()
    assert (held.seq, held.next, held.latest) == (1, 2, at("09:05"))
    assert len(held.history[b"ticket:T1"]) == 2
    assert desk.said() == ["sla.met"]
    assert held.wake == {b"ticket:T1": at("13:00") + 1}
    assert held.due == {b'["ticket:T1","resolution",1]': at("13:00")}
    assert desk.sample("tenggat_first_response_seconds_sum", priority="high") == 300


async def test_buckets_hold_what_a_count_of_all_facts_gives_in_whatever_batches_they_came() -> None:
    desk = Desk("12:00")
    partition = await desk.partition()
    await desk.take(partition, CREATED, line("ticket.created", "T2", "09:01", priority="low", team="net"))
    await desk.take(partition, reply("09:05"), reply("09:07", "T2"))
    again = await desk.partition()  # another worker: nothing at hand
    await desk.take(again, resolved("10:00"), line("ticket.status_changed", "T1", "10:30", status="open"))
    await desk.take(again, line("ticket.rated", "T2", "11:00", score=5), resolved("11:30"))
    facts = [fact for subject in ("T1", "T2") for fact in life(again, subject).facts()]
    assert desk.buckets() == desk.counted(facts)


async def test_what_is_taken_back_leaves_no_cell() -> None:
    desk = Desk("12:00")
    partition = await desk.partition()
    await desk.take(partition, CREATED, resolved("10:00"))
    before = desk.buckets()
    await desk.take(partition, line("ticket.status_changed", "T1", "10:30", status="open"))
    await desk.take(partition, resolved("11:30"))
    assert desk.buckets() == desk.counted(life(partition, "T1").facts()) != before


async def test_an_event_that_comes_again_changes_nothing_and_is_counted() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    entities, buckets = dict(desk.held().entities), desk.buckets()
    await desk.take(partition, CREATED)
    other = await desk.partition()
    await desk.take(other, CREATED)
    assert (desk.held().entities, desk.buckets()) == (entities, buckets)
    assert len(desk.held().history[b"ticket:T1"]) == 1
    assert desk.held().next == 3
    sample = desk.sample("tenggat_events_total", topic="tickets", type="ticket.created", outcome="duplicate")
    assert sample == 2
    assert desk.sample("tenggat_event_age_seconds_count", topic="tickets") == 1


async def test_an_event_within_lateness_is_put_in_its_place() -> None:
    desk = Desk("12:00")
    partition = await desk.partition()
    await desk.take(partition, CREATED, reply("09:30"))
    await desk.take(partition, reply("09:05"))
    assert desk.said() == ["sla.met", "sla.corrected", "sla.met"]
    assert desk.outbox()[1]["data"]["corrects"] == desk.outbox()[0]["id"]
    assert desk.buckets() == desk.counted(life(partition, "T1").facts())
    straight = Desk("12:00")
    other = await straight.partition()
    await straight.take(other, CREATED, reply("09:05"), reply("09:30"))
    assert straight.buckets() == desk.buckets()


async def test_what_cannot_be_packed_is_parked_and_leaves_no_trace() -> None:
    desk = Desk("12:00")
    partition = await desk.partition()
    work = [line("ticket.worked", "T1", "09:05", agent="ani", seconds=3.2e9) for _ in range(6_000)]  # 2**64 µs
    await desk.take(partition, CREATED, *work, line("ticket.created", "T2", "09:01", priority="low"))
    assert {letter.reason for letter in desk.topics.letters} == {Reason.FAILED}
    assert len(desk.topics.letters) == 6_001
    assert list(desk.held().entities) == [b"ticket:T2"]
    assert desk.held().next == 6_002
    assert desk.buckets() == desk.counted(life(partition, "T2").facts())


async def test_an_event_beyond_lateness_is_counted_as_late() -> None:
    desk = Desk("12:00")
    partition = await desk.partition()
    await desk.take(partition, CREATED, line("ticket.updated", "T1", "11:00", team="net"))
    await desk.take(partition, reply("09:05"))
    sample = desk.sample("tenggat_events_total", topic="tickets", type="ticket.commented", outcome="late")
    assert sample == 1


async def test_what_is_no_event_is_parked_and_the_rest_goes_on() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    made = records([CREATED, line("incident.detected", "I1", "09:00", severity="low")], 0, desk.clock())
    await partition.take(batch(TICKETS, 0, [Record(0, b"x", b"{", 0), *made[:1], Record(5, b"I1", made[1].value, 0)]))
    await partition.pen.drain()
    assert [(letter.offset, letter.reason) for letter in desk.topics.letters] == [(0, "not_json"), (5, "wrong_topic")]
    assert desk.held().next == 6
    assert list(desk.held().entities) == [b"ticket:T1"]
    assert desk.sample("tenggat_dead_letters_total", topic="tickets", reason="not_json") == 1


async def test_a_dead_letter_is_parked_before_the_position_moves() -> None:
    desk = Desk("09:10")
    desk.topics = away = Away()
    partition = await desk.partition()
    taking = asyncio.create_task(partition.take(batch(TICKETS, 0, [Record(0, b"x", b"{", 0)])))
    await asyncio.sleep(0.01)
    assert (partition.pen.position, desk.held().next) == (None, None)
    away.back.set()
    await taking
    await partition.pen.drain()
    assert [letter.offset for letter in away.letters] == [0]
    assert desk.held().next == 1


async def test_events_that_cannot_be_judged_are_parked_and_the_other_entities_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED, line("ticket.created", "T2", "09:00", priority="high"))
    state = life(partition, "T1").state
    assert state is not None
    state.era = 7  # there is no such configuration
    broken = [reply("09:05"), line("ticket.updated", "T1", "09:06", team="net")]
    await desk.take(partition, broken[0], reply("09:05", "T2"), broken[1])
    assert [(letter.offset, letter.value, letter.reason) for letter in desk.topics.letters] == [
        (2, broken[0], "could_not_be_judged"),
        (4, broken[1], "could_not_be_judged"),
    ]
    assert "IndexError" in caplog.text
    assert {one["subject"] for one in desk.outbox()} == {"T2"}
    assert desk.held().next == 5
    assert len(desk.held().history[b"ticket:T1"]) == 1
    await desk.take(partition, *broken)  # sent again: the entity is as Redis has it, without them
    assert len(desk.held().history[b"ticket:T1"]) == 3
    facts = [fact for subject in ("T1", "T2") for fact in life(partition, subject).facts()]
    assert desk.buckets() == desk.counted(facts)


async def test_what_cannot_be_judged_because_we_have_turned_to_another_generation_is_not_parked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk("09:30", PLAIN, ("09:00", QUICK))
    partition = await desk.partition()
    await desk.take(partition, line("ticket.created", "T1", "09:10", priority="high"))
    partition.stock.drop(b"ticket:T1")
    read = desk.store.read_entities

    async def turning(tp: TP, entities: Sequence[bytes]) -> list[bytes | None]:
        found = await read(tp, entities)
        desk.judge.hold(dated(PLAIN))
        partition.pen.lose(Fenced(why=Why.OWNER, found=Found(owner=LEFT, seq=0, next=None)))
        return found

    monkeypatch.setattr(desk.store, "read_entities", turning)
    with pytest.raises(Lost):
        await desk.take(partition, reply("09:20"))
    assert (desk.topics.letters, caplog.text) == ([], "")


async def test_deadlines_that_cannot_be_judged_because_we_have_turned_to_another_generation_are_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk("09:30", PLAIN, ("09:00", QUICK))
    partition = await desk.partition()
    await desk.take(partition, line("ticket.created", "T1", "09:10", priority="high"))
    waking = desk.store.waking

    async def turning(tp: TP, upto: int, limit: int) -> Ripe:
        found = await waking(tp, upto, limit)
        desk.judge.hold(dated(PLAIN))
        partition.pen.lose(Fenced(why=Why.OWNER, found=Found(owner=LEFT, seq=0, next=None)))
        return found

    monkeypatch.setattr(desk.store, "waking", turning)
    with pytest.raises(Lost):
        await desk.wake(partition, "12:00")
    assert caplog.text == ""


async def test_a_batch_without_records_moves_the_position() -> None:
    desk = Desk()
    partition = await desk.partition()
    await partition.take(batch(TICKETS, 3, [], following=7))
    await partition.pen.drain()
    assert desk.held().next == 7
    assert desk.held().entities == {}


async def test_a_measured_thing_keeps_no_history() -> None:
    desk = Desk("09:10")
    tp = TP("measurements", 0)
    partition = await desk.partition(tp)
    event = line("measure.recorded", "mail", "09:00", name="x", value=1.5, id="m")
    await desk.take(partition, event)
    await desk.take(partition, event)
    assert desk.held(tp).history == {}
    assert list(desk.held(tp).entities) == [b"measure:mail"]
    sample = desk.sample("tenggat_events_total", topic="measurements", type="measure.recorded", outcome="duplicate")
    assert sample == 1


async def test_an_event_ahead_of_the_clock_counts_from_its_time_on() -> None:
    desk = Desk("09:00")
    partition = await desk.partition()
    await desk.take(partition, line("ticket.created", "T1", "09:04", priority="high"))
    assert desk.held().wake == {b"ticket:T1": at("09:04")}
    assert desk.buckets() == {}
    await desk.wake(partition, "09:04")
    assert desk.buckets() == desk.counted(life(partition, "T1").facts()) != {}


async def test_what_falls_into_buckets_that_no_window_reads_is_not_written() -> None:
    desk = Desk("2026-03-09 09:00")
    partition = await desk.partition()
    await desk.take(partition, line("ticket.created", "T2", "2026-03-09 09:00", priority="low"))
    before = desk.buckets()
    await desk.take(partition, CREATED, reply("09:05"))
    changed = {slot.grain for slot in desk.buckets().keys() - before.keys()}
    assert changed == set()


# the fence


async def test_a_batch_that_does_not_follow_is_not_taken() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    with pytest.raises(Lost):
        await partition.take(batch(TICKETS, 5, []))
    assert partition.pen.fenced is None
    assert desk.held().next == 1


async def test_a_fenced_partition_writes_nothing_more() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    other = await desk.partition()
    await desk.take(partition, CREATED)
    fenced = partition.pen.fenced
    assert fenced is not None
    assert fenced.why is Why.OWNER
    assert partition.pen.on_fenced.is_set()
    assert desk.held().entities == {}
    for change in (
        partition.take(batch(TICKETS, 1, [])),
        partition.pen.mark({"x": b"1"}),
        partition.pen.move(0),
        partition.revisit([b"ticket:T1"]),
    ):
        with pytest.raises(Lost):
            await change
    assert desk.sample("tenggat_fenced_total", topic="tickets") == 1
    assert other.pen.fenced is None


async def test_of_several_refusals_the_first_is_told() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.partition()
    await partition.take(batch(TICKETS, 0, [], following=1))
    await partition.take(batch(TICKETS, 1, [], following=2))
    await partition.pen.drain()
    assert desk.sample("tenggat_fenced_total", topic="tickets") == 1


async def test_no_more_writes_are_under_way_than_there_is_room_for() -> None:
    desk = Desk("09:10")
    store = desk.store = Slow(desk.redis)
    partition = await desk.partition()
    tasks = [asyncio.create_task(partition.pen.mark({"n": str(number).encode()})) for number in range(6)]
    await asyncio.sleep(0.01)
    assert len(store.asked) == 4
    assert not partition.pen.quiet
    store.answer()
    await asyncio.sleep(0.01)
    assert len(store.asked) == 4
    assert not tasks[5].done()
    drained = asyncio.create_task(partition.pen.drain())
    for _ in range(5):
        store.answer()
        await asyncio.sleep(0.01)
    await drained
    assert desk.held().marks == {"n": b"5"}
    assert partition.pen.quiet


async def test_turns_in_which_nothing_is_written_take_no_room() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    async with asyncio.timeout(1):
        for _ in range(6):
            async with partition.pen.turn():
                pass
        await partition.pen.mark({"x": b"1"})
    await partition.pen.drain()
    assert desk.held().marks == {"x": b"1"}


async def test_the_position_is_moved_for_another_log() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await partition.pen.move(4)
    assert partition.pen.position == 4
    await desk.take(partition, CREATED)
    await partition.pen.move(0)
    await partition.pen.drain()
    assert (partition.pen.position, desk.held().next) == (0, 0)


# deadlines


async def test_each_threshold_and_the_deadline_are_said_when_they_come() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:29")
    assert desk.said() == []
    await desk.wake(partition, "09:30")
    await desk.wake(partition, "09:45")
    await desk.wake(partition, "10:00")
    assert desk.said() == ["sla.warning 50%", "sla.warning 75%"]
    await desk.wake(partition, "10:00:01")
    assert desk.said() == ["sla.warning 50%", "sla.warning 75%", "sla.breached"]
    assert desk.held().wake == {b"ticket:T1": at("13:00") + 1}
    clock = {"kind": "ticket", "clock": "first_response", "priority": "high", "outcome": "breached"}
    assert desk.sample("tenggat_clocks_total", **clock) == 1
    assert desk.buckets() == desk.counted(life(partition, "T1").facts())


async def test_what_wakes_next_is_known_though_another_wakes_later() -> None:
    #        09:30         09:40         09:45
    #  T1    warning 50%                 warning 75%
    #  T2                  warning 50%
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:10")
    partition.woken.clear()
    await desk.take(partition, line("ticket.created", "T2", "09:10", priority="high"))
    assert not partition.woken.is_set()
    await desk.wake(partition, "09:30")
    assert partition.next_wake == at("09:40")
    await desk.wake(partition, "09:40")
    assert partition.next_wake == at("09:45")


async def test_what_wakes_earlier_than_was_thought_is_noticed() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, line("ticket.created", "T2", "09:10", priority="high"))
    await desk.wake(partition, "09:11")
    assert partition.next_wake == at("09:40")
    partition.woken.clear()
    await desk.take(partition, CREATED)
    assert partition.woken.is_set()
    assert partition.next_wake == at("09:30")


async def test_behind_its_log_a_partition_says_only_what_came_before_what_it_has_read() -> None:
    desk = Desk("12:00")
    partition = await desk.partition()
    appended = at("09:30") + 1000
    await partition.take(batch(TICKETS, 0, records([CREATED], 0, appended)))
    partition.horizon.see(1, Standing(1, 9, 10.0), 10.0)
    await partition.wake()
    await partition.pen.drain()
    assert desk.said() == ["sla.warning 50%"]
    assert "as_of" not in desk.outbox()[0]["data"]


async def test_without_progress_for_two_minutes_it_says_all_and_as_of_when() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    desk.clock.set("09:44")
    partition.horizon.see(1, Standing(1, 9, 0.0), 10.0)
    await partition.wake()
    await partition.pen.drain()
    (warning,) = desk.outbox()
    assert warning["data"]["threshold"] == "50%"
    assert warning["data"]["as_of"].startswith("based on data as of 2026-03-02T09:10:00Z")
    desk.clock.set("09:45")
    await desk.take(partition, reply("09:44"))
    assert desk.said() == ["sla.warning 50%", "sla.met"]
    assert "as_of" not in desk.outbox()[1]["data"]


async def test_an_entity_that_cannot_be_judged_is_put_off_and_the_others_are_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED, line("ticket.created", "T2", "09:00", priority="high"))
    state = life(partition, "T1").state
    assert state is not None
    state.era = 7  # there is no such configuration
    await desk.wake(partition, "09:30")
    assert [one["subject"] for one in desk.outbox()] == ["T2"]
    assert desk.held().wake == {b"ticket:T1": at("10:30"), b"ticket:T2": at("09:45")}
    assert desk.sample("tenggat_evaluation_failures_total", topic="tickets") == 1
    assert "IndexError" in caplog.text
    await desk.wake(partition, "10:29")
    assert "T1" not in [one["subject"] for one in desk.outbox()]
    await desk.wake(partition, "10:30")  # by then it is read from Redis, where it is sound
    assert "T1" in [one["subject"] for one in desk.outbox()]


async def test_what_is_to_wake_and_no_longer_there_is_forgotten() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    desk.held().wake[b"ticket:gone"] = at("09:20")
    partition.next_wake = 0
    await desk.wake(partition, "09:21")
    assert list(desk.held().wake) == [b"ticket:T1"]


async def test_more_than_one_write_can_hold_wakes_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.engine.partition.FIRINGS", 2)
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, *(line("ticket.created", f"T{n}", "09:00", priority="high") for n in range(3)))
    await desk.wake(partition, "09:30")
    assert len(desk.said()) == 2
    await desk.wake(partition, "09:30")
    assert len(desk.said()) == 3


async def test_a_deadline_fires_though_the_worker_that_read_the_ticket_is_gone() -> None:
    desk = Desk("09:10")
    await desk.take(await desk.partition(), CREATED)
    other = await desk.partition()
    assert other.next_wake == 0
    await desk.wake(other, "09:30")
    assert desk.said() == ["sla.warning 50%"]


# another configuration


async def test_an_era_is_brought_to_an_entity_by_a_visit() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    desk.judge.hold(dated(PLAIN, ("09:25", QUICK)))
    caught_up(partition)
    await partition.revisit([b"ticket:T1"])
    assert desk.held().wake == {b"ticket:T1": at("09:25")}
    await desk.wake(partition, "09:25")
    assert desk.said() == ["sla.breached"]
