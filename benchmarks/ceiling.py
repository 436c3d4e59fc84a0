"""The ceiling: tickets fetched by aiokafka and decoded by msgspec, and nothing else; run by `benchmarks/worker.py`."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Final

import click
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.engine.transport import FETCH_BYTES
from stream_app.sla.events import Event

POLL_MS: Final = 100


async def read(brokers: str, topic: str, partitions: int, total: int) -> dict[str, float]:
    """Reads so many events from the beginning: their number, wall seconds and processor seconds.

    The clock begins once the first fetch has been decoded, as that of the worker.
    """
    decode = msgspec.json.Decoder(Event).decode
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, max_partition_fetch_bytes=FETCH_BYTES)
    await consumer.start()
    try:
        parts = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(parts)
        for part in parts:
            consumer.seek(part, 0)
        before = done = 0
        began, used = time.monotonic(), time.process_time()
        while done < total:
            for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    decode(record.value)
                done += len(records)
            if done and not before:
                before, began, used = done, time.monotonic(), time.process_time()
        return {
            "events": done - before,
            "seconds": time.monotonic() - began,
            "cpu": time.process_time() - used,
        }
    finally:
        await consumer.stop()


@click.command()
@click.argument("brokers")
@click.argument("topic")
@click.argument("partitions", type=int)
@click.argument("total", type=int)
def main(brokers: str, topic: str, partitions: int, total: int) -> None:
    """Read TOTAL events of TOPIC; one JSON object says what it took."""
    print(json.dumps(asyncio.run(read(brokers, topic, partitions, total))))


if __name__ == "__main__":
    main()
