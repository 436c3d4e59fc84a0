"""What the log hands over: whole batches of one partition, and the port that the engine offers to receive them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from stream_app.engine.keys import TP

if TYPE_CHECKING:
    from collections.abc import Sequence


class Record(Protocol):
    """One record of the log, as the client parsed it: read it, never keep it (it holds more than is said here)."""

    @property
    def offset(self) -> int:
        """Its place in the partition; between two records there may be holes."""

    @property
    def key(self) -> bytes | None:
        """As it came."""

    @property
    def value(self) -> bytes | None:
        """As it came; none is a tombstone."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch, by the producer's or the broker's clock (as the topic is set up)."""


class Batch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one fetch brought of one partition: the records between two positions.

    Within one epoch the batches of a partition are a chain: `base` is the `next` of the batch before. A batch may have
    no records (`next` moved over a hole only: the marker of a transaction, what compaction took).
    """

    topic: str
    partition: int
    epoch: int
    """Of the seek that the fetch followed: older than the partition's epoch now is stale."""
    base: int
    """The position before; at or below the first record's offset."""
    next: int
    """The position after; above the last record's offset, holes behind it included."""
    records: Sequence[Record]
    end: int
    """The log's end as the fetch saw it: the first offset that could not be read yet (see `Standing`)."""
    polled_at: float
    """Seconds of the monotonic clock: the fetch was answered after this moment."""

    @property
    def tp(self) -> TP:
        """The partition it is of."""
        return TP(self.topic, self.partition)


class Displaced(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The position that was asked for is not in the log: retention overtook it, or the log is another one."""

    topic: str
    partition: int
    epoch: int
    wanted: int
    start: int
    """The first offset that the log still has: reading goes on from here."""
    end: int

    @property
    def tp(self) -> TP:
        """The partition it is of."""
        return TP(self.topic, self.partition)

    @property
    def lost(self) -> int:
        """How many offsets retention took before they were read."""
        return max(self.start - self.wanted, 0)

    @property
    def replaced(self) -> bool:
        """The log ends before the position: made anew or cut, to be read again from its start."""
        return self.wanted > self.end


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How far a partition was handed over, seen when the broker last answered for it."""

    position: int
    """The `next` of the newest batch handed to Faust (given, not yet applied)."""
    end: int
    """The last stable offset, or the high watermark on a broker without transactions."""
    polled_at: float
    """Seconds of the monotonic clock: the broker answered after this moment (never said too late)."""


class Port(Protocol):
    """What the engine offers; all of it is called in the main loop, in this order for each assignment of a partition.

    `open` → (`handle` | `displaced`)* → `close`. The calls for one partition never overlap, those for different
    partitions do. What `open`, `handle` or `displaced` raises stops the worker: the position is not moved by then.
    """

    async def open(self, tp: TP) -> int | None:
        """Take the partition over (owner token), load its state, say where to read on; none: from the log's start.

        It may take as long as it must (the heartbeat goes on elsewhere). It is cancelled when the partition is taken
        away meanwhile; `close` follows even then.
        """

    async def handle(self, batch: Batch) -> None:
        """Take the batch; return when the partition's next one may come (that is the backpressure).

        Never called with a stale epoch, and always with `base` equal to the `next` before or to the offset asked for.
        """

    async def displaced(self, displaced: Displaced) -> None:
        """Hear that a position is not in the log.

        Retention (`lost`): count it; the next batch still has `base == wanted`, the hole lies inside it. `replaced`:
        move the stored position to `start` before returning; reading goes on there, with a new epoch.
        """

    async def close(self, tp: TP) -> None:
        """Finish the writes in flight and give the partition up. Cancelled when it takes longer than the drain."""
