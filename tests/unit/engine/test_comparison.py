from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from stream_app.engine.comparison import Comparison, later
from stream_app.engine.heard import Base, Heard
from stream_app.engine.keys import TP
from stream_app.engine.letters import Letter
from stream_app.engine.pace import Pace
from stream_app.engine.partition import Partition
from stream_app.engine.silence import Mute, Silence
from stream_app.sla.decode import Reason
from stream_app.sla.kind import Kind
from stream_app.sla.news import News
from stream_app.sla.signals import Signal
from tests.unit.engine.desk import QUICK, TICKETS, Desk, caught_up, life, line

CREATED = line("ticket.created", "T1", "09:00", priority="high", id="a")
ANSWERED = line("ticket.commented", "T1", "09:40", author={"id": "ani", "role": "agent"}, id="b")
OTHER = line("ticket.created", "T2", "09:05", priority="low", id="c")


class Both:
    """The generation at work, and one that is built of the same log."""

    def __init__(self, *texts: str) -> None:
        self.there = Desk("09:10")
        self.here = Desk("09:10", *texts)
        self.topic: list[bytes] = []
        self.pace = Pace(self.there.reader, [TICKETS])
        desk = self.here
        self.comparison = Comparison(
            desk.reader, desk.store, desk.judge, desk.clock, self.there.reader, self._hear, self.pace
        )

    async def _hear(self, tp: TP, kind: Kind, marks: dict[str, bytes]) -> Heard:
        del tp, marks
        found = Heard(lambda its, _: its == kind)
        for payload in self.topic:
            found.hear(payload)
        found.marks = {"said:0": str(len(self.topic)).encode()}
        return found

    async def lived(self, *lines: bytes, until: str, start: int = 0) -> Partition:
        """Both have read the lines, the one at work has said what came of them; the other's partition.

        `start`: the offset from which they are read again.
        """
        partition = await self.there.partition()
        self.there.clock.set(until)
        await self.there.take(partition, *lines)
        await self.there.wake(partition, until)
        self.topic = [signal.payload for signal in self.there.held().outbox]
        return await self.built(*lines, until=until, start=start)

    async def built(self, *lines: bytes, until: str, start: int = 0) -> Partition:
        """The one that is built has read the lines and is not compared yet."""
        partition = await self.here.partition()
        await partition.pen.move(start)
        await partition.heal(Silence(), [], again=False)
        self.here.clock.set(until)
        await self.here.take(partition, *lines)
        await self.here.wake(partition, until)
        assert self.here.said() == []
        await self.pace.look()
        return partition

    async def compare(self, partition: Partition) -> None:
        async with asyncio.timeout(5):
            await self.comparison.reconcile(partition)
        await partition.pen.drain()


async def test_what_agrees_with_what_has_been_said_says_nothing_and_speaks_from_then_on() -> None:
    both = Both()
    partition = await both.lived(CREATED, OTHER, until="09:50")
    assert "sla.warning 75%" in both.there.said()
    await both.compare(partition)
    assert both.here.said() == []
    assert both.comparison.differing == 0
    assert both.comparison.compared == {TICKETS: await both.there.reader.last_signal(TICKETS)}
    assert both.here.held().marks == {"said:0": str(len(both.topic)).encode()}
    await both.here.wake(partition, "10:30")
    assert both.here.said() == ["sla.breached", "sla.breached"]


async def test_what_differs_is_taken_back_or_said() -> None:
    both = Both(QUICK)
    partition = await both.lived(CREATED, ANSWERED, until="09:50")
    assert both.there.said() == ["sla.warning 50%", "sla.met"]
    await both.compare(partition)
    said = both.here.said()
    assert said[:2] == ["sla.corrected 50%", "sla.corrected"]
    assert said[2:] == ["sla.warning 50%", "sla.warning 75%", "sla.breached"]
    assert both.comparison.differing == len(said)
    corrects = {one["data"]["corrects"] for one in both.here.outbox() if one["type"] == "sla.corrected"}
    assert corrects == {json.loads(payload)["id"] for payload in both.topic}


async def test_what_only_the_topic_tells_of_is_not_said_again() -> None:
    both = Both()
    partition = await both.lived(CREATED, until="09:50")
    del both.there.held().entities[b"ticket:T1"]  # Redis was damaged
    await both.compare(partition)
    assert both.here.said() == []


async def test_what_only_the_state_knows_of_is_not_said_again() -> None:
    both = Both()
    partition = await both.lived(CREATED, until="09:50")
    both.topic.clear()  # Kafka's retention took it
    await both.compare(partition)
    assert both.here.said() == []


async def test_what_neither_knows_of_is_said() -> None:
    both = Both()
    partition = await both.lived(CREATED, OTHER, until="09:50")
    del both.there.held().entities[b"ticket:T2"]
    both.topic = [payload for payload in both.topic if json.loads(payload)["subject"] != "T2"]
    await both.compare(partition)
    assert {one["subject"] for one in both.here.outbox()} == {"T2"}
    assert both.comparison.differing == len(both.here.said())


async def test_what_is_beyond_the_log_that_is_read_again_is_left_as_it_was_said() -> None:
    both = Both()
    await both.there.take(await both.there.partition(), OTHER, line("ticket.merged", "T2", "09:06", into="T9"))
    partition = await both.lived(CREATED, until="09:50", start=2)
    await both.compare(partition)
    assert both.here.said() == []
    assert b"ticket:T2" in both.there.held().entities
    assert b"ticket:T2" not in both.here.held().entities


async def test_how_often_something_was_said_and_taken_back_is_taken_over() -> None:
    late = line("ticket.commented", "T1", "09:10", author={"id": "ani", "role": "agent"}, id="late")
    both = Both()
    there = await both.there.partition()
    await both.there.take(there, CREATED)
    await both.there.wake(there, "09:35")
    await both.there.take(there, late)
    assert both.there.said() == ["sla.warning 50%", "sla.corrected 50%", "sla.met"]
    both.topic = [signal.payload for signal in both.there.held().outbox]
    partition = await both.built(CREATED, late, until="09:50")
    assert life(partition, "T1").again == {}
    await both.compare(partition)
    assert both.here.said() == []
    assert list(life(partition, "T1").again.values()) == [1]


async def test_what_was_taken_back_and_is_not_on_the_topic_yet_is_not_taken_back_twice() -> None:
    late = line("ticket.commented", "T1", "09:10", author={"id": "ani", "role": "agent"}, id="late")
    both = Both()
    there = await both.there.partition()
    await both.there.take(there, CREATED)
    await both.there.wake(there, "09:35")
    both.topic = [signal.payload for signal in both.there.held().outbox]
    await both.there.take(there, late)
    partition = await both.built(CREATED, late, until="09:50")
    await both.compare(partition)
    assert both.here.said() == []
    assert list(life(partition, "T1").again.values()) == [1]


WARNED, MET = Signal(1, "T", "c", 1, "sla.warning", "50%", 0), Signal(2, "T", "c", 1, "sla.met", None, 0)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (Base({"a": WARNED}, {}), Base({}, {}), Base({"a": WARNED}, {})),
        (Base({}, {}), Base({"a": WARNED}, {"a": 0}), Base({"a": WARNED}, {})),
        (Base({}, {"a": 1}), Base({"a": WARNED}, {"a": 0}), Base({}, {"a": 1})),
        (Base({"a": WARNED}, {}), Base({}, {"a": 1}), Base({}, {"a": 1})),
        (Base({"a": MET}, {"a": 1}), Base({}, {"a": 1}), Base({"a": MET}, {"a": 1})),
        (Base({"a": WARNED}, {}), Base({"b": MET}, {"b": 2}), Base({"a": WARNED, "b": MET}, {"b": 2})),
    ],
)
def test_of_two_that_tell_what_was_said_the_one_that_saw_more_turns_is_believed(
    one: Base, other: Base, found: Base
) -> None:
    assert later(one, other) == later(other, one) == found


async def test_a_clock_that_is_behind_takes_nothing_back() -> None:
    both = Both()
    there = await both.there.partition()
    await both.there.take(there, CREATED)
    await both.there.wake(there, "09:31")
    partition = await both.built(CREATED, until="09:29")
    await both.compare(partition)
    assert both.here.said() == []


async def test_a_comparison_waits_until_all_is_read_that_the_one_at_work_has_read() -> None:
    both = Both()
    partition = await both.lived(CREATED, until="09:20")
    there = await both.there.partition()
    for desk in (both.here, both.there):
        desk.clock.set("09:50")
    await both.there.take(there, ANSWERED)
    await both.pace.look()
    comparing = asyncio.create_task(both.compare(partition))
    await asyncio.sleep(0.05)
    assert both.comparison.compared == {}
    await both.here.take(partition, ANSWERED)
    await comparing
    assert both.here.said() == []


async def test_what_comes_to_be_while_all_else_is_compared_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Both(QUICK)
    partition = await both.lived(CREATED, until="09:50")
    there = await both.there.partition()

    async def names(_: Partition) -> AsyncIterator[list[bytes]]:
        for desk, its in ((both.there, there), (both.here, partition)):  # both read on, when the scans are over
            await desk.take(its, OTHER)
            await desk.wake(its, "09:50")
        yield []

    monkeypatch.setattr(both.comparison, "_names", names)
    await both.compare(partition)
    assert [one["type"] for one in both.here.outbox() if one["subject"] == "T2"][-1] == "sla.breached"
    assert partition.heard is None


async def test_a_partition_that_has_much_to_read_is_not_compared_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.engine.comparison.NEAR", 0)
    both = Both()
    there = await both.there.partition()
    await both.there.take(there, CREATED)
    partition = await both.built(until="09:20")
    await both.compare(partition)
    assert both.comparison.compared == {}


async def test_a_comparison_that_begins_anew_forgets_what_the_one_before_found() -> None:
    both = Both(QUICK)
    partition = await both.lived(CREATED, ANSWERED, until="09:50")
    await both.compare(partition)
    found = both.here.said()
    again = both.here.made(TICKETS, claim := await both.here.store.claim(TICKETS))
    again.pen.resume((signal.id, signal.key, signal.payload) for signal in both.here.held().outbox)
    await again.heal(Silence(), [], again=True)
    await both.comparison.agree(again, claim.marks)
    await again.pen.drain()
    assert both.here.said() == []
    assert both.comparison.compared == {}
    caught_up(again)
    await both.compare(again)
    assert both.here.said() == found


# silence


async def test_what_was_kept_back_of_an_entity_is_noted_until_it_is_compared() -> None:
    silence = Silence()
    news = News("id", "sla.met", "T1", 0, {})
    assert silence.has(news)
    assert silence.kept == {"T1"}
    silence.compare("T1")
    assert silence.kept == set()
    assert not silence.has(news)
    assert silence.beyond([])


async def test_a_mute_post_keeps_everything() -> None:
    mute = Mute()
    publishing = asyncio.create_task(mute.publish([(b"k", b"p")]))
    await asyncio.sleep(0.01)
    assert mute.mute
    assert not publishing.done()
    publishing.cancel()


async def test_a_mute_post_counts_what_could_not_be_judged() -> None:
    mute = Mute()
    failed = [Letter(TICKETS, offset, b"T1", b"{}", Reason.FAILED, "") for offset in (4, 7)]
    await mute.park([Letter(TICKETS, 3, b"T1", b"{", Reason.NOT_JSON, ""), *failed])
    await mute.park(failed[1:])  # read again
    assert mute.failed == 2
