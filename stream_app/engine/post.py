"""The post: what the engine sends to Kafka, acknowledged before anything else happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream_app.engine.letters import Letter
from stream_app.engine.ports import SAID
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

SIGNALS: Final = "sla-signals"
DEAD: Final = ".dlq"
RETRY: Final = 1.0
"""Seconds between tries."""


class Parcel(NamedTuple):
    """A record to send."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] | None = None


class KafkaPost:
    """Sends with an idempotent producer: in order, acknowledged by all replicas, tried until it is."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str, telemetry: Telemetry) -> None:
        """`prefix` stands before the names of the topics; the producer's start and stop are the caller's."""
        self._producer = producer
        self._telemetry = telemetry
        self._signals = f"{prefix}{SIGNALS}"
        self.known: dict[str, bytes] = {}
        """The newest marks of each partition of the signals' topic, whichever of ours has published there."""

    async def park(self, letters: Sequence[Letter]) -> None:
        """Dead letters, each to its topic's own."""
        await self._taken(
            [Parcel(f"{letter.tp.topic}{DEAD}", letter.key, letter.value, letter.headers) for letter in letters]
        )

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        """Signals by key. Gives the marks: for each partition of the topic the offset after the last of them."""
        taken = await self._taken([Parcel(self._signals, key, payload) for key, payload in signals])
        self._telemetry.signals_published(len(taken))
        marks = {f"{SAID}{sent.partition}": str(sent.offset + 1).encode() for sent in taken}
        self.known.update(marks)
        return marks

    async def _taken(self, parcels: Sequence[Parcel]) -> list[Any]:
        """Where Kafka has put them. All are sent again where one is not taken: whoever reads goes by their ids."""
        while True:
            try:
                send = self._producer.send
                futures = [await send(its.topic, its.value, its.key, headers=its.headers) for its in parcels]
                return await asyncio.gather(*futures)
            except KafkaError as error:
                log.warning("%s was not taken by Kafka (%s); tried again", parcels[0].topic, error)
                await asyncio.sleep(RETRY)
