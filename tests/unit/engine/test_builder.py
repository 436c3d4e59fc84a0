from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndTimestamp

from stream_app.engine.builder import GivenUp, beginnings, complete
from stream_app.engine.keys import TP
from stream_app.sla.instant import Micros

ONE, OTHER = TP("tickets", 0), TP("tickets", 1)
MINUTE = 60_000  # milliseconds
NOON = 1_767_355_200_000  # 2026-01-02T12:00:00Z


class Log:
    """A consumer of partitions whose records have these times, in milliseconds."""

    def __init__(self, **times: Sequence[int]) -> None:
        self._times = {TopicPartition("tickets", int(name[1:])): of for name, of in times.items()}
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    async def beginning_offsets(self, parts: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(parts, 0)

    async def end_offsets(self, parts: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {part: len(self._times[part]) for part in parts}

    async def offsets_for_times(
        self, times: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        found = {
            part: [OffsetAndTimestamp(n, at) for n, at in enumerate(self._times[part]) if at >= least]
            for part, least in times.items()
        }
        return {part: ats[0] if ats else None for part, ats in found.items()}


def at(milliseconds: int) -> Micros:
    return Micros(milliseconds * 1000)


async def test_reading_begins_at_the_first_record_of_the_time_but_not_beyond_what_is_at_work() -> None:
    log = Log(_0=[NOON, NOON + MINUTE, NOON + 2 * MINUTE], _1=[NOON, NOON + MINUTE])
    limits = {ONE: 3, OTHER: 1}
    assert await beginnings(log, [ONE, OTHER], limits, None) == {ONE: 0, OTHER: 0}
    assert await beginnings(log, [ONE, OTHER], limits, at(NOON + 1)) == {ONE: 1, OTHER: 1}
    assert await beginnings(log, [ONE, OTHER], limits, at(NOON + 2 * MINUTE)) == {ONE: 2, OTHER: 1}
    assert not log.running


async def test_a_time_later_than_every_record_is_refused_with_the_time_of_the_newest() -> None:
    log = Log(_0=[NOON, NOON + 3 * MINUTE + 7, NOON + 2 * MINUTE], _1=[NOON])
    with pytest.raises(GivenUp) as refused:
        await beginnings(log, [ONE, OTHER], {ONE: 3, OTHER: 1}, at(NOON + 9 * MINUTE))
    assert str(refused.value) == (
        "nothing of the log is of 2026-01-02T12:09:00Z or later: the state would be empty; "
        "the newest record is of 2026-01-02T12:03:00.007Z"
    )
    assert not log.running
    with pytest.raises(GivenUp):  # a microsecond later than the newest
        await beginnings(log, [ONE, OTHER], {ONE: 3}, Micros(at(NOON + 3 * MINUTE + 7) + 1))


async def test_a_record_of_that_time_that_nobody_has_read_yet_is_enough() -> None:
    log = Log(_0=[NOON], _1=[NOON + MINUTE])
    assert await beginnings(log, [ONE, OTHER], {ONE: 1}, at(NOON + 1)) == {ONE: 1}


async def test_an_empty_log_is_read_from_any_time() -> None:
    assert await beginnings(Log(_0=[], _1=[]), [ONE, OTHER], {}, at(NOON)) == {}


async def test_topics_that_are_missing_are_named_with_what_makes_them() -> None:
    async def counted(topics: Sequence[str]) -> Mapping[str, int]:
        return {topic: 2 for topic in topics if topic == "tickets"}

    await complete(counted, ("tickets",))
    with pytest.raises(GivenUp, match=r"^there is no topic signals; `tenggat topics --create` makes what is missing$"):
        await complete(counted, ("tickets", "signals"))
