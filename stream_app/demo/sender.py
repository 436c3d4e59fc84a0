"""The sender: records on their way to the embedded broker, by the client that came with it."""

from __future__ import annotations

from typing import Final

LINGER_MS: Final = 5
WAIT: Final = 0.1
"""Seconds to wait for room."""
FLUSH: Final = 5.0
"""Seconds for what is on its way."""


class Sender:
    """Sends under a key, to the partition that Kafka's default partitioner gives it."""

    def __init__(self, broker: str) -> None:
        """`broker` is `host:port`."""
        from confluent_kafka import Producer  # noqa: PLC0415 -- an extra: the broker says so where it is not there

        self._producer: Final = Producer(
            {
                "bootstrap.servers": broker,
                "partitioner": "murmur2_random",
                "linger.ms": LINGER_MS,
                "log_level": 2,
            }
        )

    def send(self, topic: str, key: bytes, value: bytes, timestamp: int) -> None:
        """Hand it over; `timestamp` in milliseconds."""
        while True:
            try:
                self._producer.produce(topic, value, key, timestamp=timestamp)
            except BufferError:
                self._producer.poll(WAIT)
            else:
                self._producer.poll(0)
                return

    def flush(self) -> None:
        """Wait until the broker has it all."""
        self._producer.flush(FLUSH)
