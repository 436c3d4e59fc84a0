"""The names of everything that is kept in Redis: all of a partition's keys share one hash tag, so one Cluster slot."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_NAMESPACE: Final = re.compile(r"[A-Za-z0-9._-]+")


class TP(NamedTuple):
    """A topic's partition; equal to (and hashed as) the TP of Faust and the TopicPartition of aiokafka."""

    topic: str
    partition: int


class Slot(NamedTuple):
    """One bucket of a partition: its grain and the microsecond since the epoch at which it starts."""

    grain: str
    start: int


GAUGES: Final = Slot("now", 0)
"""The bucket of what holds at the moment (a backlog); it has no place in time and is never trimmed."""


class OutboxId(NamedTuple):
    """Where a signal stands in a partition's outbox: the write that added it, its place in that write. Both from 1."""

    seq: int
    place: int


class Keys:
    """The keys of one partition."""

    __slots__ = ("_tag", "due", "entity", "histories", "meta", "outbox", "retire", "wake")

    def __init__(self, namespace: str, tp: TP) -> None:
        self._tag: Final = f"{{{namespace}:{tp.topic}-{tp.partition}}}:".encode()
        self.meta: Final = self._tag + b"meta"
        self.entity: Final = self._tag + b"entity"
        self.wake: Final = self._tag + b"wake"
        self.due: Final = self._tag + b"due"
        self.retire: Final = self._tag + b"retire"
        self.outbox: Final = self._tag + b"outbox"
        self.histories: Final = self._tag + b"history:"

    def history(self, entity: bytes) -> bytes:
        """The list of the entity's encoded events."""
        return self.histories + entity

    def bucket(self, slot: Slot) -> bytes:
        """The hash of one bucket's cells."""
        if slot == GAUGES:
            return self._tag + b"bucket:now"
        return self._tag + f"bucket:{slot.grain}:{slot.start}".encode()

    def starts(self, grain: str) -> bytes:
        """The sorted set of the starts of a grain's buckets."""
        return self._tag + b"buckets:" + grain.encode()


class Names:
    """The keys of one installation; several live in one Redis under different namespaces.

    What a rebuild makes is another generation of the same installation, with keys of its own: all that share one
    `Names` turn to it together.
    """

    __slots__ = ("_keys", "generation", "root")

    def __init__(self, namespace: str = "tenggat", generation: int = 0) -> None:
        if not _NAMESPACE.fullmatch(namespace):
            # A brace would move the hash tag and with it the keys of one partition into several slots.
            message = f"namespace {namespace!r}: expected letters, digits, '.', '_' and '-'"
            raise ValueError(message)
        self.root: Final = namespace
        self.generation = generation
        self._keys: Final[dict[TP, Keys]] = {}

    def turn_to(self, generation: int) -> None:
        """Mean the keys of that generation from now on."""
        self.generation = generation
        self._keys.clear()

    @property
    def namespace(self) -> str:
        """What the generation's keys begin with; an `@` is in no name that an installation can have."""
        return self.root if self.generation == 0 else f"{self.root}@{self.generation}"

    @property
    def partitions(self) -> bytes:
        """The registry of partitions."""
        return f"{self.namespace}:partitions".encode()

    @property
    def generations(self) -> bytes:
        """The hash that says which generation is at work; of the whole installation."""
        return f"{self.root}:generations".encode()

    @property
    def rebuild(self) -> bytes:
        """What whoever rebuilds holds; of the whole installation."""
        return f"{self.root}:rebuild".encode()

    def of(self, tp: TP) -> Keys:
        """The keys of the partition."""
        keys = self._keys.get(tp)
        if keys is None:
            keys = self._keys[tp] = Keys(self.namespace, tp)
        return keys


def member(tp: TP) -> bytes:
    """The partition as it is written in the registry of partitions: `itsm-tickets-3`."""
    return f"{tp.topic}-{tp.partition}".encode()


def parsed_member(name: bytes) -> TP:
    """The partition that a name of the registry means."""
    topic, _, partition = name.decode().rpartition("-")
    return TP(topic, int(partition))
