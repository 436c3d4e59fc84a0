"""The post: what the engine sends to Kafka, acknowledged before anything else happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream_app.engine.letters import Letter
from stream_app.engine.ports import SAID, Post
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

SIGNALS: Final = "sla-signals"
DEAD: Final = ".dlq"
RETRY: Final = 1.0
"""Seconds between tries."""
ROOM: Final = 480_000
"""Bytes of a dead letter's key, and of its value: together less than the megabyte that Kafka takes unless told."""
NULL: Final = "tenggat-null"
CUT: Final = "tenggat-cut"
CUT_KEY: Final = "tenggat-cut-key"


class Parcel(NamedTuple):
    """A record to send."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] | None = None


def enveloped(letter: Letter) -> Parcel:
    """A dead letter on its way: key and value as they came, but for two that Kafka would not take back.

    A record can be larger unpacked than a broker takes: key and value are then cut to `ROOM` bytes each, and a header
    says how long they were. One with neither key nor value gets an empty value, and a header that says so.
    """
    key, value, headers = letter.key, letter.value, list(letter.headers)
    if key is None and value is None:
        value = b""
        headers.append((NULL, b"value"))
    if key is not None and len(key) > ROOM:
        headers.append((CUT_KEY, str(len(key)).encode()))
        key = key[:ROOM]
    if value is not None and len(value) > ROOM:
        headers.append((CUT, str(len(value)).encode()))
        value = value[:ROOM]
    return Parcel(f"{letter.tp.topic}{DEAD}", key, value, headers)


class KafkaPost:
    """Sends with an idempotent producer: in order, acknowledged by all replicas, tried until it is."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str, telemetry: Telemetry) -> None:
        """`prefix` stands before the names of the topics; the producer's start and stop are the caller's."""
        self._producer = producer
        self._telemetry = telemetry
        self._signals = f"{prefix}{SIGNALS}"
        self.mute: Final = False
        self.known: dict[str, bytes] = {}
        """The newest marks of each partition of the signals' topic, whichever of ours has published there."""

    async def park(self, letters: Sequence[Letter]) -> None:
        """Dead letters, each to its topic's own; what Kafka has no room for is cut."""
        await self._taken([enveloped(letter) for letter in letters])

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


class Onward:
    """The post for one partition: what is no event is parked once, though its log may be read again."""

    def __init__(self, post: Post) -> None:
        """Nothing is parked yet, as far as we know."""
        self._post = post
        self._parked = 0

    @property
    def mute(self) -> bool:
        """As of the post."""
        return self._post.mute

    @property
    def known(self) -> Mapping[str, bytes]:
        """As of the post."""
        return self._post.known

    def reach(self, offset: int) -> None:
        """Others have parked what is no event up to this offset."""
        self._parked = max(self._parked, offset)

    def begin(self) -> None:
        """The log is another one: of this one nothing is parked."""
        self._parked = 0

    async def park(self, letters: Sequence[Letter]) -> None:
        """Those that are not parked yet."""
        left = [letter for letter in letters if letter.offset >= self._parked]
        if left:
            await self._post.park(left)
            self.reach(max(letter.offset for letter in left) + 1)

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        """All, as of the post."""
        return await self._post.publish(signals)
