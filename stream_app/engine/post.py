"""The post: what the engine sends to Kafka, acknowledged before anything else happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream_app.engine.letters import Letter
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

SIGNALS: Final = "sla-signals"
DEAD: Final = ".dlq"
SAID: Final = "said:"
"""What the marks begin with that say up to where a partition of the signals is known."""
RETRY: Final = 1.0
"""Seconds between tries."""


class KafkaPost:
    """Sends with an idempotent producer: in order, acknowledged by all replicas, tried until it is."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str, telemetry: Telemetry) -> None:
        """`prefix` stands before the names of the topics; the producer's start and stop are the caller's."""
        self._producer = producer
        self._telemetry = telemetry
        self._signals = f"{prefix}{SIGNALS}"

    async def park(self, letters: Sequence[Letter]) -> None:
        """Dead letters, each to its topic's own."""
        for letter in letters:
            await self._sent(f"{letter.tp.topic}{DEAD}", letter.key, letter.value, letter.headers)

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        """Signals by key. Gives the marks: for each partition of the topic the offset after the last of them."""
        while True:
            futures = [await self._producer.send(self._signals, payload, key) for key, payload in signals]
            done: list[Any] = await asyncio.gather(*futures, return_exceptions=True)
            failed = next((error for error in done if isinstance(error, BaseException)), None)
            if failed is None:
                self._telemetry.signals_published(len(done))
                return {f"{SAID}{sent.partition}": str(sent.offset + 1).encode() for sent in done}
            if not isinstance(failed, KafkaError):
                raise failed
            log.warning("signals were not taken by Kafka (%s); tried again", failed)
            await asyncio.sleep(RETRY)

    async def _sent(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        while True:
            try:
                await self._producer.send_and_wait(topic, value, key, headers=headers)
            except KafkaError as error:
                log.warning("a dead letter was not taken by Kafka (%s); tried again", error)
                await asyncio.sleep(RETRY)
            else:
                return
