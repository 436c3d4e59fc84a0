"""What the engine works with: the state in Redis, the log it reads, the topics it writes to, the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from stream_app.engine.batch import Standing as Read
from stream_app.engine.keys import TP, OutboxId, Slot
from stream_app.engine.letters import Letter
from stream_app.engine.store import Ripe, Signal
from stream_app.engine.write import Applied, Claim, Fenced, Standing, Write
from stream_app.sla.instant import Micros

SAID: Final = "said:"
"""What the marks begin with that say up to where a partition of the signals is known."""

PARKED: Final = "parked"
"""The mark of the offset up to which another generation has parked what is no event."""


class Clock(Protocol):
    """The time of day, in microseconds since the epoch."""

    def __call__(self) -> Micros: ...


class State(Protocol):
    """The state in Redis, in the order it is asked."""

    async def claim(self, tp: TP) -> Claim: ...
    def write(self, write: Write) -> asyncio.Future[Applied | Fenced]: ...
    async def standing(self, tps: Iterable[TP]) -> dict[TP, Standing]: ...
    async def read_entities(self, tp: TP, entities: Sequence[bytes]) -> list[bytes | None]: ...
    async def read_histories(self, tp: TP, entities: Iterable[bytes]) -> list[list[bytes]]: ...
    async def slots(self, tp: TP, grains: Iterable[str]) -> set[Slot]: ...
    async def read_buckets(self, tp: TP, cells: Mapping[Slot, Sequence[bytes]]) -> dict[Slot, list[bytes | None]]: ...
    async def waking(self, tp: TP, upto: int, limit: int) -> Ripe: ...
    async def retiring(self, tp: TP, upto: int, limit: int) -> Ripe: ...
    async def starts_before(self, tp: TP, grain: str, moment: int, limit: int) -> list[Slot]: ...
    async def outbox(self, tp: TP, limit: int, after: OutboxId | None = None) -> list[Signal]: ...


class Source(Protocol):
    """The log, as far as the engine steers it."""

    def epoch(self, tp: TP) -> int: ...
    def standing(self, tp: TP) -> Read | None: ...
    def request_rewind(self, tp: TP, offset: int | None) -> None: ...
    def hint(self, tp: TP, offset: int) -> None: ...


class Post(Protocol):
    """The topics that are written to. Each call returns when Kafka has acknowledged, however long that takes."""

    @property
    def mute(self) -> bool:
        """Whether signals are to stay in the outbox: `publish` never returns."""

    @property
    def known(self) -> Mapping[str, bytes]:
        """Marks that say up to where the topic of signals is known to this worker."""

    async def park(self, letters: Sequence[Letter]) -> None:
        """Dead letters."""

    async def publish(self, signals: Sequence[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
        """Signals (key, payload), in their order. Gives the marks that say up to where the topic is known."""
