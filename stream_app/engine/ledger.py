"""The ledger of configurations: each activated one with its moment, on a topic that is kept for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct

from stream_app.config.configuration import Configuration, load
from stream_app.config.dated import Dated
from stream_app.engine.post import RETRY
from stream_app.engine.topics import CONFIG
from stream_app.sla.instant import EARLIEST, Micros

log = logging.getLogger(__name__)

POLL: Final = 500
"""Milliseconds that a fetch may wait."""


class Activation(Struct, frozen=True):
    """A configuration and the moment, in microseconds since the epoch, from which on it holds."""

    digest: str
    text: str
    file: str
    at: int


_decoder: Final = msgspec.json.Decoder(Activation)


def dated(activations: Iterable[Activation]) -> Dated:
    """The configurations in the order of their activation; of each text the first activation counts.

    The first holds from the beginning. Raises ConfigurationRefused for a text that this version does not take.
    """
    first: dict[str, Activation] = {}
    for activation in activations:
        first.setdefault(activation.digest, activation)
    entries: list[tuple[Micros, Configuration]] = []
    for activation in first.values():
        since = Micros(max(activation.at, entries[-1][0] + 1)) if entries else EARLIEST
        entries.append((since, load(activation.text, activation.file)))
    return Dated(tuple(entries))


class Ledger:
    """Reads and writes the topic. One writer is enough for a configuration; all follow what is written."""

    def __init__(self, make: Callable[[], AIOKafkaConsumer], producer: AIOKafkaProducer, prefix: str) -> None:
        """`make` gives a consumer that is not started, in no group."""
        self._make = make
        self._producer = producer
        self._topic = f"{prefix}{CONFIG}"
        self._part = TopicPartition(self._topic, 0)
        self.activations: list[Activation] = []

    async def settle(self, own: Configuration, now: Micros) -> Dated:
        """What holds, once our own configuration is among it: written now if nobody has started with it before."""
        while True:
            try:
                await self._read()
                if own.digest not in {activation.digest for activation in self.activations}:
                    record = Activation(own.digest, own.text, own.file, now)
                    await self._producer.send_and_wait(self._topic, msgspec.json.encode(record), partition=0)
                    await self._read()
            except KafkaError as error:
                log.warning("the topic %s cannot be used (%s); tried again", self._topic, error)
                await asyncio.sleep(RETRY)
                continue
            if self.activations[-1].digest != own.digest:
                log.warning(
                    "%s was replaced by a later configuration (%s), which holds", own.file, self.activations[-1].file
                )
            return dated(self.activations)

    async def _read(self) -> None:
        self.activations = []
        async for activation in self._tail(to_end=True):
            self.activations.append(activation)

    async def follow(self) -> AsyncIterator[Dated]:
        """What holds, each time another configuration is activated."""
        seen = 0
        while True:
            try:
                async for activation in self._tail(to_end=False):
                    seen += 1
                    if seen > len(self.activations):
                        self.activations.append(activation)
                        yield dated(self.activations)
            except KafkaError as error:
                log.warning("the topic %s cannot be followed (%s); tried again", self._topic, error)
                await asyncio.sleep(RETRY)
                seen = 0

    async def _tail(self, *, to_end: bool) -> AsyncIterator[Activation]:
        consumer: Any = self._make()
        try:
            await consumer.start()
            consumer.assign([self._part])
            end = (await consumer.end_offsets([self._part]))[self._part]
            await consumer.seek_to_beginning(self._part)
            while not to_end or await consumer.position(self._part) < end:
                for records in (await consumer.getmany(timeout_ms=POLL)).values():
                    for record in records:
                        try:
                            yield _decoder.decode(record.value)
                        except msgspec.MsgspecError:
                            log.warning("offset %d of %s is no configuration", record.offset, self._topic)
        finally:
            await consumer.stop()
