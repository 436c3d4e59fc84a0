"""The ledger: each activated configuration with its moment, and each rebuild, on a topic that is kept for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct

from stream_app.config.configuration import Configuration, load
from stream_app.config.dated import Dated
from stream_app.engine.keys import TP, member
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


class Generation(Struct, frozen=True, tag_field="is", tag="generation"):
    """A generation of the state that a rebuild has made: by what it is judged and from where its log is read."""

    number: int
    base: int
    """The generation that was at work when it was made; always of a smaller number."""
    starts: Mapping[str, int]
    """The offset from which each partition is read, by its name in the registry."""
    configurations: Sequence[Activation] | None
    """What holds in the place of all that was activated before; None: just that."""


class Switch(Struct, frozen=True, tag_field="is", tag="switch"):
    """From then on another generation is at work."""

    active: int
    at: int


Record: TypeAlias = Activation | Generation | Switch

_activations: Final = msgspec.json.Decoder(Activation)
_others: Final = msgspec.json.Decoder(Generation | Switch)


def record_of(value: bytes | None) -> Record | None:
    """What a record of the topic says; None: nothing that we know."""
    for decoder in (_activations, _others):
        try:
            return decoder.decode(value or b"")
        except msgspec.MsgspecError:
            continue
    return None


def at_work(records: Sequence[Record]) -> int:
    """The generation that is at work, by what the topic says."""
    return next((record.active for record in reversed(records) if isinstance(record, Switch)), 0)


def lineage(records: Iterable[Record], generation: int) -> list[Activation]:
    """What holds in a generation: what was activated, but where it or one that it comes from was made with others."""
    records = list(records)
    made = {record.number: record for record in records if isinstance(record, Generation)}
    line: list[Generation] = []
    while generation in made and made[generation].base < generation:
        line.append(made[generation])
        generation = line[-1].base
    held: list[Activation] = []
    for record in records:
        match record:
            case Activation():
                held.append(record)
            case Generation(configurations=list(others)) if any(record is its for its in line):
                held = list(others)
            case _:
                pass
    return held


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
        self._read = 0
        self._more = asyncio.Event()
        self.records: list[Record] = []
        """What the topic holds; whoever rebuilds puts a generation beside it that the topic does not know yet."""
        self.generation = 0
        """The one whose configurations hold here: by the topic the one at work, until Redis says otherwise."""

    @property
    def activations(self) -> list[Activation]:
        """The configurations that hold."""
        return lineage(self.records, self.generation)

    @property
    def held(self) -> Dated:
        """The same, each from its moment on. Raises ConfigurationRefused for a text that this version does not take."""
        return dated(self.activations)

    @property
    def newest(self) -> int:
        """The highest number of a generation so far."""
        return max((record.number for record in self.records if isinstance(record, Generation)), default=0)

    def start(self, tp: TP) -> int | None:
        """From which offset the generation reads a partition; None: its log's start."""
        made = self._made(self.generation)
        return None if made is None else made.starts.get(member(tp).decode())

    async def look(self) -> None:
        """Read all that the topic holds. Raises KafkaError."""
        records = [record async for record in self._tail(to_end=True)]
        self.records, self._read = records, len(records)
        self.generation = at_work(records)

    async def write(self, record: Record) -> None:
        """Append a record. Raises KafkaError."""
        await self._producer.send_and_wait(self._topic, msgspec.json.encode(record), partition=0)

    async def settle(self, own: Configuration, now: Micros) -> Dated:
        """What holds, once our own configuration is among it: written now if nobody has started with it before."""
        while True:
            try:
                await self.look()
                if own.digest not in self._digests():
                    await self.write(Activation(own.digest, own.text, own.file, now))
                    await self.look()
            except KafkaError as error:
                log.warning("the topic %s cannot be used (%s); tried again", self._topic, error)
                await asyncio.sleep(RETRY)
                continue
            if self.activations[-1].digest != own.digest:
                log.warning(
                    "%s was replaced by a later configuration (%s), which holds", own.file, self.activations[-1].file
                )
            return dated(self.activations)

    async def turn_to(self, generation: int) -> Dated:
        """What holds in a generation from now on; waits until the topic tells of it."""
        while generation and self._made(generation) is None:
            self._more.clear()
            await self._more.wait()  # `follow` reads on meanwhile
        self.generation = generation
        return dated(self.activations)

    async def follow(self) -> AsyncIterator[Dated]:
        """What holds, each time another configuration is activated."""
        seen = 0
        while True:
            try:
                async for record in self._tail(to_end=False):
                    seen += 1
                    if seen > self._read:
                        self._read = seen
                        self.records.append(record)
                        self._more.set()
                        if isinstance(record, Activation):
                            yield dated(self.activations)
            except KafkaError as error:
                log.warning("the topic %s cannot be followed (%s); tried again", self._topic, error)
                await asyncio.sleep(RETRY)
                seen = 0

    def _made(self, generation: int) -> Generation | None:
        its = (record for record in reversed(self.records) if isinstance(record, Generation))
        return next((record for record in its if record.number == generation), None)

    def _digests(self) -> set[str]:
        """Of all configurations that were ever at work, so that an old one does not bring itself back."""
        found: set[str] = set()
        for record in self.records:
            if isinstance(record, Activation):
                found.add(record.digest)
            elif isinstance(record, Generation):
                found.update(its.digest for its in record.configurations or ())
        return found

    async def _tail(self, *, to_end: bool) -> AsyncIterator[Record]:
        consumer: Any = self._make()
        try:
            await consumer.start()
            consumer.assign([self._part])
            end = (await consumer.end_offsets([self._part]))[self._part]
            await consumer.seek_to_beginning(self._part)
            while not to_end or await consumer.position(self._part) < end:
                for records in (await consumer.getmany(timeout_ms=POLL)).values():
                    for record in records:
                        if (known := record_of(record.value)) is not None:
                            yield known
                        else:
                            log.warning("offset %d of %s is no configuration", record.offset, self._topic)
        finally:
            await consumer.stop()
