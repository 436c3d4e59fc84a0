"""A desk for the engine's tests: a partition on a store in memory, topics that are lists, a clock set by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from msgspec import Struct

from stream_app.config.configuration import Configuration, load
from stream_app.config.dated import Dated
from stream_app.engine.batch import Batch, Standing
from stream_app.engine.drawers import slot_of
from stream_app.engine.heard import Heard
from stream_app.engine.judge import Judge
from stream_app.engine.keys import TP, Slot
from stream_app.engine.letters import Letter
from stream_app.engine.partition import Partition
from stream_app.engine.upkeep import Upkeep
from stream_app.engine.write import Applied, Claim, Fenced, Write
from stream_app.kpi.bucket import encode
from stream_app.kpi.windows import Tally
from stream_app.sla.fact import Fact
from stream_app.sla.instant import EARLIEST, Micros, micros
from stream_app.sla.kind import TOPICS, Kind
from stream_app.sla.life import Life
from stream_app.telemetry import Telemetry
from tests.services.memory import MemoryReader, MemoryRedis, MemoryStore

DAY: Final = "2026-03-02"
"""A Monday."""
TICKETS: Final = TP("tickets", 0)
PLAIN: Final = """
policies:
  - name: rest
    clocks:
      first_response: {target: 1h, warn: [50%, 75%]}
      resolution: {target: 4h, warn: []}
incidents:
  - name: all
    clocks: {acknowledge: {target: 10m, warn: []}}
windows: [1h, 24h]
"""
QUICK: Final = PLAIN.replace("target: 1h", "target: 20m")
"""The same with a shorter target."""


def at(written: str) -> Micros:
    """`09:30` of the Monday, or a whole `2026-06-30 09:30:15`; UTC."""
    text = written if " " in written else f"{DAY} {written}"
    return micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


_numbers = count(1)


def line(kind: str, subject: str, when: str, **fields: Any) -> bytes:  # noqa: ANN401 -- what an event's data holds
    """An event, its time as `at` reads it. `id` is its own unless given; the other fields are its data."""
    text = when if " " in when else f"{DAY} {when}"
    envelope = {
        "specversion": "1.0",
        "id": fields.pop("id", None) or f"e{next(_numbers)}",
        "source": "desk",
        "type": kind,
        "subject": subject,
        "time": f"{datetime.fromisoformat(text).isoformat()}Z",
        "data": fields,
    }
    return json.dumps(envelope).encode()


class Record(Struct):
    """A record of the log."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int


class Wall:
    """A clock that stands until it is set."""

    def __init__(self, when: str) -> None:
        self.now = at(when)

    def __call__(self) -> Micros:
        return self.now

    def set(self, when: str) -> None:
        self.now = at(when)


class Topics:
    """What was sent to Kafka; as KafkaPost."""

    mute = False

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.signals: list[tuple[bytes, bytes]] = []
        self.known: dict[str, bytes] = {}

    async def park(self, letters: Sequence[Letter]) -> None:
        self.letters.extend(letters)

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        self.signals.extend(signals)
        self.known["said:0"] = str(len(self.signals)).encode()
        return dict(self.known)


class Away(Topics):
    """A Kafka that takes nothing before it is back."""

    def __init__(self) -> None:
        super().__init__()
        self.back = asyncio.Event()

    async def park(self, letters: Sequence[Letter]) -> None:
        await self.back.wait()
        await super().park(letters)

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        await self.back.wait()
        return await super().publish(signals)


class Slow(MemoryStore):
    """A store that answers when it is told to."""

    def __init__(self, redis: MemoryRedis) -> None:
        super().__init__(redis)
        self.asked: list[tuple[Write, asyncio.Future[Applied | Fenced]]] = []

    def write(self, write: Write) -> asyncio.Future[Applied | Fenced]:
        told: asyncio.Future[Applied | Fenced] = asyncio.get_running_loop().create_future()
        self.asked.append((write, told))
        return told

    def answer(self) -> None:
        """Answer the oldest."""
        write, told = self.asked.pop(0)
        told.set_result(super().write(write).result())


def configuration(text: str = PLAIN) -> Configuration:
    """The configuration of a text."""
    return load(text, "tenggat.yaml")


def dated(*texts: str | tuple[str, str]) -> Dated:
    """Configurations, each but the first with the moment it holds from."""
    entries: list[tuple[Micros, Configuration]] = []
    for text in texts:
        since, its = (EARLIEST, text) if isinstance(text, str) else (at(text[0]), text[1])
        entries.append((since, configuration(its)))
    return Dated(tuple(entries))


def batch(tp: TP, base: int, records: Sequence[Record], *, following: int | None = None, epoch: int = 1) -> Batch:
    """A batch of the log; the position after it is the one after the last record unless said."""
    after = (records[-1].offset + 1 if records else base) if following is None else following
    return Batch(
        topic=tp.topic,
        partition=tp.partition,
        epoch=epoch,
        base=base,
        next=after,
        records=records,
        end=after,
        polled_at=0.0,
    )


def records(lines: Iterable[bytes], base: int, appended: int) -> list[Record]:
    """Records of events, under their subjects, from an offset on, put into the log at a moment (microseconds)."""
    return [
        Record(base + number, json.loads(value)["subject"].encode(), value, appended // 1000)
        for number, value in enumerate(lines)
    ]


class Desk:
    """One Redis, one worker's way into it, and what the engine works with."""

    def __init__(self, when: str = "09:00", *texts: str | tuple[str, str]) -> None:
        self.redis = MemoryRedis()
        self.store = MemoryStore(self.redis)
        self.reader = MemoryReader(self.redis)
        self.topics = Topics()
        self.clock = Wall(when)
        self.judge = Judge(dated(*(texts or (PLAIN,))))
        self.telemetry = Telemetry()
        self.upkeep = Upkeep(self.reader, self.store, self.judge, self.clock)

    async def partition(self, tp: TP = TICKETS) -> Partition:
        """A partition just claimed."""
        return self.made(tp, await self.store.claim(tp))

    def made(self, tp: TP, claim: Claim) -> Partition:
        kind: Kind = TOPICS[tp.topic]
        return Partition(tp, kind, claim, self.store, self.topics, self.judge, self.clock, self.telemetry)

    async def take(self, partition: Partition, *lines: bytes) -> None:
        """Have events read and written; they were put into the log now."""
        base = partition.pen.position or 0
        await partition.take(batch(partition.tp, base, records(lines, base, self.clock())))
        await partition.pen.drain()

    async def wake(self, partition: Partition, when: str) -> None:
        """Let the time come, the log read to its end."""
        self.clock.set(when)
        caught_up(partition)
        await partition.wake()
        await partition.pen.drain()

    # what Redis holds

    def held(self, tp: TP = TICKETS) -> Any:  # noqa: ANN401 -- what the store in memory holds of a partition
        return self.redis.partitions[tp]

    def outbox(self, tp: TP = TICKETS) -> list[dict[str, Any]]:
        """The signals that wait in Redis, in their order."""
        return [json.loads(signal.payload) for signal in self.held(tp).outbox]

    def said(self, tp: TP = TICKETS) -> list[str]:
        """Their types, thresholds behind."""
        return [" ".join(filter(None, (one["type"], one["data"].get("threshold")))) for one in self.outbox(tp)]

    def buckets(self, tp: TP = TICKETS) -> dict[Slot, dict[bytes, bytes]]:
        """The cells of all buckets."""
        return {slot: dict(cells) for slot, cells in self.held(tp).buckets.items() if cells}

    def counted(self, facts: Iterable[Fact]) -> dict[Slot, dict[bytes, bytes]]:
        """The cells that facts amount to, counted at once."""
        tally = Tally(self.judge.catalogue)
        tally.add(facts)
        return {
            slot_of(slot): {cell: encode(amount) for cell, amount in cells.items()}
            for slot, cells in tally.changes().items()
        }

    def sample(self, name: str, **labels: str) -> float | None:
        """A metric's value."""
        return self.telemetry.registry.get_sample_value(name, labels)


def caught_up(partition: Partition, monotonic: float = 10.0) -> None:
    """Let a partition know that there is nothing more to read."""
    position = partition.pen.position or 0
    partition.horizon.see(position, Standing(position, position, monotonic), monotonic)


def life(partition: Partition, subject: str) -> Life:
    """An entity that is at hand."""
    found = partition.stock.lives.get(f"{partition.kind}:{subject}".encode())
    assert found is not None
    return found.life


async def nothing_heard(tp: TP, kind: Kind, marks: dict[str, bytes]) -> Heard:
    """A topic of signals that holds nothing new."""
    del tp, kind, marks
    return Heard(lambda *_: True)
