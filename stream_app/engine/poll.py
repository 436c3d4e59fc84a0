"""One poll of the Kafka client, cut into batches; runs in the consumer's thread."""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from typing import TYPE_CHECKING, Final, cast

from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.errors import IllegalStateError, OffsetOutOfRangeError

from stream_app.engine.batch import Batch, Displaced, Standing

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer, TopicPartition

    from stream_app.engine.batch import Record
    from stream_app.engine.lane import Lane

FETCH_WAIT_MS: Final = 100
"""How long a fetch may wait at the broker. While one waits, a partition that gets room again is not fetched from that
broker: Faust's fixed 1.5 s would starve a busy partition beside an idle one."""

PATIENCE_MS: Final = 100
"""How long a poll waits when every partition has room."""
CROWDED_MS: Final = 10
"""How long it waits when one has none: that one's room may come at any moment."""


async def poll(
    kafka: AIOKafkaConsumer, lanes: Sequence[Lane], roomy: Sequence[Lane]
) -> list[tuple[Lane, Batch | Displaced]]:
    """Make the seeks that are ordered, then fetch of those lanes that have room, and look at all of them.

    Raises what aiokafka raises; then the client's positions are not to be trusted (see `again`).
    """
    tune(kafka)
    for lane in lanes:
        await obey(kafka, lane)
    wanted = [lane.kafka for lane in roomy if not lane.closed]
    if not wanted:  # to aiokafka none means all
        await asyncio.sleep(CROWDED_MS / 1000)
        return []
    try:
        fetched = await kafka.getmany(*wanted, timeout_ms=PATIENCE_MS if len(wanted) == len(lanes) else CROWDED_MS)
    except OffsetOutOfRangeError as error:
        missing = cast("Container[TopicPartition]", error.args[0])
        gaps = [(lane, await measure(kafka, lane)) for lane in roomy if lane.kafka in missing]
        return [(lane, gap) for lane, gap in gaps if gap is not None]
    # From the client's answer to here, and to the end, nothing else runs in this loop: the positions fit the records.
    return [(lane, batch) for lane in lanes if (batch := await cut(kafka, lane, fetched)) is not None]


def tune(kafka: AIOKafkaConsumer) -> None:
    """Set what Faust fixes or leaves out; idempotent."""
    fetcher = kafka._fetcher  # noqa: SLF001 -- not among Faust's settings; contract test
    fetcher._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 -- as above
    fetcher._isolation_level = READ_COMMITTED  # noqa: SLF001 -- as above; an aborted event never happened


async def obey(kafka: AIOKafkaConsumer, lane: Lane) -> None:
    """Seek where the lane's newest order wants it."""
    order = lane.order
    if lane.closed or lane.obeyed is order:
        return
    offset = order.offset
    if offset is None:
        offset = (await kafka.beginning_offsets([lane.kafka]))[lane.kafka]
    kafka.seek(lane.kafka, offset)
    lane.reached = offset
    lane.lost = False
    lane.stamp = kafka.last_poll_timestamp(lane.kafka)
    lane.looked = monotonic()
    lane.seen = None
    lane.origin = (order, offset)
    lane.obeyed = order


async def cut(kafka: AIOKafkaConsumer, lane: Lane, fetched: Mapping[TopicPartition, Sequence[Record]]) -> Batch | None:
    """Take the lane's share of what was fetched; none where its position did not move."""
    if lane.closed or lane.obeyed is None:
        return None
    base, position = lane.reached, await kafka.position(lane.kafka)
    looked, lane.looked = lane.looked, monotonic()
    answered = kafka.last_poll_timestamp(lane.kafka)
    if answered != lane.stamp:  # since the last look; the client's own time is the wall clock's
        lane.stamp = answered
        lane.seen = Standing(position, _end(kafka, lane), looked)
    elif lane.seen is not None:
        lane.seen = Standing(position, lane.seen.end, lane.seen.polled_at)
    if position == base:
        return None
    lane.reached = position
    return Batch(
        topic=lane.tp.topic,
        partition=lane.tp.partition,
        epoch=lane.obeyed.epoch,
        base=base,
        next=position,
        records=fetched.get(lane.kafka, ()),
        end=position if lane.seen is None else lane.seen.end,  # none: past what retention took, before any answer
        polled_at=looked if lane.seen is None else lane.seen.polled_at,
    )


async def measure(kafka: AIOKafkaConsumer, lane: Lane) -> Displaced | None:
    """Find where the log begins and ends for a lane whose position is in neither; none when it is there after all."""
    start = (await kafka.beginning_offsets([lane.kafka]))[lane.kafka]
    end = (await kafka.end_offsets([lane.kafka]))[lane.kafka]
    wanted = lane.reached
    if lane.closed or lane.obeyed is None:
        return None
    if wanted > end:
        lane.lost = True
    else:
        kafka.seek(lane.kafka, max(start, wanted))
    if start <= wanted <= end:
        return None
    return Displaced(
        topic=lane.tp.topic,
        partition=lane.tp.partition,
        epoch=lane.obeyed.epoch,
        wanted=wanted,
        start=start,
        end=end,
    )


def again(kafka: AIOKafkaConsumer, lanes: Iterable[Lane]) -> None:
    """Seek back to what was taken: where one partition's data is bad, the client drops what it had read of others."""
    for lane in lanes:
        if lane.obeyed is not None and not lane.closed:
            with contextlib.suppress(IllegalStateError):
                kafka.seek(lane.kafka, lane.reached)


def _end(kafka: AIOKafkaConsumer, lane: Lane) -> int:
    stable: int | None = kafka.last_stable_offset(lane.kafka)
    end: int = kafka.highwater(lane.kafka) if stable is None or stable < 0 else stable
    return end
