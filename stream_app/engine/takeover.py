"""The takeover: a partition claimed and made ready, with what others have left to say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from stream_app.engine.heard import Heard
from stream_app.engine.judge import Judge
from stream_app.engine.keys import TP, OutboxId
from stream_app.engine.partition import HEALING, Partition
from stream_app.engine.pen import Lost
from stream_app.engine.ports import PARKED, Clock, Post, State
from stream_app.engine.post import Onward
from stream_app.engine.store import Signal
from stream_app.engine.upkeep import ERAS, Upkeep
from stream_app.engine.write import Claim
from stream_app.sla.kind import Kind
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

BACKLOG: Final = 1_000
"""Signals taken over from an outbox at once."""
GLANCE: Final = 0.2
"""Seconds between two looks whether all configurations are heard of."""

Hearing = Callable[[TP, Kind, "dict[str, bytes]"], Coroutine[Any, Any, Heard]]
"""Reads what the topic of signals holds beyond the marks."""


class Takeover:
    """Makes partitions ours, one after another or side by side."""

    def __init__(
        self,
        state: State,
        post: Post,
        judge: Judge,
        upkeep: Upkeep,
        hearing: Hearing,
        clock: Clock,
        telemetry: Telemetry,
        patience: float,
    ) -> None:
        """`patience`: seconds after which a partition is ours if Kafka has not taken it away."""
        self._state = state
        self._post = post
        self._judge = judge
        self._upkeep = upkeep
        self._hearing = hearing
        self._clock = clock
        self._telemetry = telemetry
        self._patience = patience
        self._onward: dict[TP, Onward] = {}
        """What each partition of ours parks, also from one claim to the next."""

    async def take(self, tp: TP, kind: Kind) -> Partition:
        """Take the partition over, again where somebody else does so before it is ready and it stays ours."""
        while True:
            with contextlib.suppress(Lost):
                return await self._claimed(tp, kind)
            await asyncio.sleep(self._patience)

    def begin(self, tp: TP) -> None:
        """The partition's log is another one: of this one nothing is parked."""
        if (post := self._onward.get(tp)) is not None:
            post.begin()

    def end(self, tp: TP) -> None:
        """The partition is given up: what we have parked of its log may not be so of the one that comes back."""
        self._onward.pop(tp, None)

    async def _claimed(self, tp: TP, kind: Kind) -> Partition:
        claim = await self._state.claim(tp)
        await self._informed(tp, claim)
        heard = await self._hearing(tp, kind, dict(claim.marks))
        heard.since = self._clock()
        post = self._onward.setdefault(tp, Onward(self._post))
        post.reach(int(claim.marks.get(PARKED, b"0")))
        partition = Partition(tp, kind, claim, self._state, post, self._judge, self._clock, self._telemetry)
        waiting = await self._waiting(tp)
        held, left = unsaid(waiting, heard.holds)
        partition.pen.resume(left)
        marks = heard.marks
        if HEALING in claim.marks or heard.beyond(signal.payload for signal in waiting):
            await partition.heal(heard, [signal.payload for signal in waiting], again=HEALING in claim.marks)
            marks = {}  # whoever claims while we heal has to hear all of it again
        if held is not None:  # all is said, or will be by the outbox: only Redis was not told
            await partition.pen.note(held, marks)
        await self._upkeep.agree(partition, claim.marks)
        return partition

    async def _informed(self, tp: TP, claim: Claim) -> None:
        """Wait until we have heard of all configurations that its entities are judged by. Raises Lost."""
        known = int(claim.marks.get(ERAS, b"0"))
        if known > len(self._judge.eras):
            log.warning(
                "%s: judged by %d configurations, of which %d are known here; waiting for the topic of configurations",
                tp,
                known,
                len(self._judge.eras),
            )
        while known > len(self._judge.eras):
            await asyncio.sleep(GLANCE)
            if (await self._state.standing([tp]))[tp].owner != claim.token:
                raise Lost  # another generation may be at work, whose configurations are others

    async def _waiting(self, tp: TP) -> list[Signal]:
        """The whole outbox in Redis."""
        waiting = signals = await self._state.outbox(tp, BACKLOG)
        while signals:
            signals = await self._state.outbox(tp, BACKLOG, after=signals[-1].id)
            waiting = [*waiting, *signals]
        return waiting


def unsaid(
    waiting: Iterable[Signal], holds: Callable[[bytes], bool]
) -> tuple[OutboxId | None, list[tuple[OutboxId, bytes, bytes]]]:
    """Up to where all of an outbox is said; what is left, each with the place up to which all is said after it."""
    held: OutboxId | None = None
    left: list[tuple[OutboxId, bytes, bytes]] = []
    for signal in waiting:
        if not holds(signal.payload):
            left.append((signal.id, signal.key, signal.payload))
        elif left:
            left[-1] = (signal.id, *left[-1][1:])
        else:
            held = signal.id
    return held, left
