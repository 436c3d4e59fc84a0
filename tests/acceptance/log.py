"""The topics of one installation, read and written without its own code."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import Consumer, Producer, TopicPartition

from stream_app.engine.keys import TP

SIGNALS: Final = "sla-signals"
STANDING: Final = frozenset({"sla.warning", "sla.breached", "sla.met", "sla.cancelled"})
"""Signals that stand until they are withdrawn."""
PATIENCE: Final = 20.0

Statement = tuple[str, str, str, int, str | None, str]
"""A signal as it stands: type, subject, clock, cycle, threshold, moment."""


@dataclass(frozen=True)
class Spoken:
    """What the topic of signals holds, in its order for each subject."""

    messages: Sequence[dict[str, Any]]

    def of(self, subject: str) -> list[str]:
        """The types said of an entity, clocks' turns and changes left out."""
        return [one["type"] for one in self.messages if one["subject"] == subject and one["type"].startswith("sla.")]

    def standing(self) -> Counter[Statement]:
        """What was said less what was withdrawn. An id said again says nothing new, as to any receiver."""
        stands: dict[str, Statement] = {}
        known: set[str] = set()
        for one in self.messages:
            if one["id"] in known:
                continue
            known.add(one["id"])
            if one["type"] == "sla.corrected":
                stands.pop(one["data"]["corrects"], None)
            elif one["type"] in STANDING:
                data = one["data"]
                stands[one["id"]] = (
                    one["type"], one["subject"], data["clock"], data["cycle"], data["threshold"], one["time"],
                )  # fmt: skip
        return Counter(stands.values())

    def repeated(self) -> dict[str, int]:
        """Ids that were said more than once, and how often."""
        return {name: count for name, count in Counter(one["id"] for one in self.messages).items() if count > 1}


def stated(signals: Iterable[dict[str, Any]]) -> Counter[Statement]:
    """The signals of a report, to be compared with what stands on the topic."""
    return Counter(
        (one["type"], one["subject"], one["clock"], one["cycle"], one["threshold"], one["at"]) for one in signals
    )


@dataclass(frozen=True)
class DeadLetter:
    """A record that was parked."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, str] = field(default_factory=dict)


class Log:
    """Topics by their names without prefix."""

    def __init__(self, brokers: str, prefix: str) -> None:
        self._prefix: Final = prefix
        shared = {"bootstrap.servers": brokers, "log_level": 0}
        reading = {"group.id": "acceptance", "enable.auto.commit": False, "auto.offset.reset": "error"}
        writing = {"partitioner": "murmur2_random", "linger.ms": 0, "acks": "all"}
        self._consumer: Final = Consumer(shared | reading)
        self._producer: Final = Producer(shared | writing)
        self._partitions: dict[str, int] = {}

    def look(self) -> None:
        """Learns which topics there are."""
        topics = self._consumer.list_topics(timeout=PATIENCE).topics
        self._partitions = {name: len(topic.partitions) for name, topic in topics.items()}

    def partitions(self, topic: str) -> int:
        """How many it has."""
        return self._partitions[self._prefix + topic]

    def ends(self, topics: Iterable[str]) -> dict[TP, int]:
        """The offset after the last record of each partition."""
        return {
            TP(self._prefix + topic, number): self._consumer.get_watermark_offsets(
                TopicPartition(self._prefix + topic, number), timeout=PATIENCE
            )[1]
            for topic in topics
            for number in range(self.partitions(topic))
        }

    def send(
        self,
        topic: str,
        key: str | bytes | None,
        value: bytes | None,
        at: int | None = None,
        partition: int | None = None,
    ) -> None:
        """Appends a record, with a log timestamp in milliseconds if one is given."""
        chosen: dict[str, Any] = {"partition": partition, "timestamp": at}
        given = {name: number for name, number in chosen.items() if number is not None}
        self._producer.produce(self._prefix + topic, value=value, key=key, **given)

    def sent(self) -> None:
        """Waits until all of it is acknowledged."""
        assert self._producer.flush(PATIENCE) == 0

    def records(self, topic: str) -> list[Any]:
        """All that the topic holds now, by partition and offset."""
        ends = {tp.partition: end for tp, end in self.ends([topic]).items() if end}
        self._consumer.assign([TopicPartition(self._prefix + topic, number, 0) for number in ends])
        found: list[Any] = []
        deadline = time.monotonic() + PATIENCE
        while ends and time.monotonic() < deadline:
            fetched: list[Any] = self._consumer.consume(1000, 0.2)
            for message in fetched:
                assert message.error() is None, message.error()
                found.append(message)
                if message.offset() + 1 >= ends.get(message.partition(), 0):
                    ends.pop(message.partition(), None)
        assert not ends, f"{topic} could not be read: {ends}"
        return sorted(found, key=lambda message: (message.partition(), message.offset()))

    def tail(self, topic: str, over: threading.Event) -> Iterator[bytes]:
        """What comes from now on, as it comes, until it is over. Nothing else may be read meanwhile."""
        parts = [TopicPartition(tp.topic, tp.partition, end) for tp, end in self.ends([topic]).items()]
        self._consumer.assign(parts)
        while not over.is_set():
            message: Any = self._consumer.poll(0.05)
            if message is not None:
                assert message.error() is None, message.error()
                yield message.value()

    def spoken(self) -> Spoken:
        """The signals."""
        return Spoken([json.loads(message.value()) for message in self.records(SIGNALS)])

    def dead_letters(self, topic: str) -> list[DeadLetter]:
        """What was parked of a topic."""
        return [
            DeadLetter(
                message.key(), message.value(), {name: value.decode() for name, value in message.headers() or ()}
            )
            for message in self.records(f"{topic}.dlq")
        ]

    def activations(self) -> list[dict[str, Any]]:
        """The configurations on their topic."""
        return [json.loads(message.value()) for message in self.records("tenggat-config")]

    def close(self) -> None:
        self._consumer.close()
