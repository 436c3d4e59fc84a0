from __future__ import annotations

import asyncio
import json

from stream_app.engine.heard import Heard
from tests.unit.engine.desk import Away, Desk, line

CREATED = line("ticket.created", "T1", "09:00", priority="high", id="a")


async def test_signals_are_published_in_their_order_and_dropped_then() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    for when in ("09:30", "09:45", "10:01"):
        await desk.wake(partition, when)
    ids = [one["id"] for one in desk.outbox()]
    assert partition.pen.to_publish.is_set()
    await partition.outlet.publish(limit=2)
    await partition.pen.drain()
    assert [one["id"] for one in desk.outbox()] == ids[2:]
    await partition.outlet.publish()
    await partition.outlet.publish()
    await partition.pen.drain()
    assert desk.outbox() == []
    assert [json.loads(payload)["id"] for _, payload in desk.topics.signals] == ids
    assert {key for key, _ in desk.topics.signals} == {b"T1"}
    assert desk.held().marks["said:0"] == b"3"
    assert partition.pen.outbox == []


async def test_signals_stay_in_the_outbox_until_kafka_has_them() -> None:
    desk = Desk("09:10")
    desk.topics = away = Away()
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:30")
    publishing = asyncio.create_task(partition.outlet.publish())
    await asyncio.sleep(0.01)
    await partition.pen.drain()
    assert (desk.said(), away.signals) == (["sla.warning 50%"], [])
    away.back.set()
    await publishing
    await partition.pen.drain()
    assert (desk.said(), len(away.signals)) == ([], 1)


async def test_how_far_the_topic_is_known_is_noted_when_nothing_is_on_its_way_there() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:30")
    desk.topics.known["said:2"] = b"7"  # another partition's signals
    await partition.outlet.renew_marks()
    assert "said:2" not in desk.held().marks
    await partition.outlet.publish()
    await partition.pen.drain()
    partition.heard = Heard(lambda *_: True)
    await partition.outlet.renew_marks()
    partition.heard = None
    desk.topics.known["said:2"] = b"9"
    await partition.outlet.renew_marks()
    await partition.pen.drain()
    assert desk.held().marks == {"said:0": b"1", "said:2": b"9"}
    seq = desk.held().seq
    await partition.outlet.renew_marks()
    assert desk.held().seq == seq


async def test_a_worker_that_knows_less_of_the_topic_moves_no_mark_back() -> None:
    desk = Desk("09:10")
    earlier = await desk.partition()
    desk.topics.known = {"said:1": b"9", "said:2": b"9"}
    await earlier.outlet.renew_marks()
    await earlier.pen.drain()
    partition = await desk.partition()
    desk.topics.known = {"said:1": b"8", "said:2": b"10"}
    await partition.outlet.renew_marks()
    await partition.pen.drain()
    assert desk.held().marks == {"said:1": b"9", "said:2": b"10"}


async def test_while_a_loss_heals_publishing_does_not_say_how_far_the_topic_is_known() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:30")
    partition.heard = Heard(lambda *_: True)
    await partition.outlet.publish()
    await partition.pen.drain()
    assert len(desk.topics.signals) == 1
    assert (desk.outbox(), desk.held().marks) == ([], {})


async def test_nothing_of_a_refused_write_is_published() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.partition()
    answered = line("ticket.commented", "T1", "09:05", author={"id": "ani", "role": "agent"})  # has something to say
    await desk.take(partition, CREATED, answered)
    await partition.outlet.publish()
    assert desk.topics.signals == []


async def test_a_delay_is_from_the_moment_a_signal_became_true() -> None:
    desk = Desk("09:10")
    partition = await desk.partition()
    await desk.take(partition, CREATED)
    await desk.wake(partition, "09:31")
    assert desk.sample("tenggat_signal_delay_seconds_sum", type="sla.warning") == 60
