"""The succession: has all of a worker turn to another generation of the state, when one is at work."""

from __future__ import annotations

import logging
from typing import Protocol

from stream_app.engine.judge import Judge
from stream_app.engine.keys import Names
from stream_app.engine.ledger import Ledger

log = logging.getLogger(__name__)


class Holder(Protocol):
    """The engine, as far as it has to let go."""

    def leave(self) -> None: ...


class Succession:
    """Called with the number of the generation at work, whoever finds it first."""

    holder: Holder
    """Set once it is made, which is after its store, which is after this."""

    def __init__(self, ledger: Ledger, judge: Judge, names: Names) -> None:
        """`names` are shared with all that reads or writes Redis; they turn to what the ledger means."""
        self._ledger = ledger
        self._judge = judge
        self._names = names
        names.turn_to(ledger.generation)

    async def __call__(self, number: int) -> None:
        """Turn to it, if we have not; waits until the topic says by what it is judged."""
        if number == self._names.generation:
            return
        held = await self._ledger.turn_to(number)
        if number != self._names.generation:  # nobody else has, meanwhile
            log.warning("generation %d of the state is at work", number)
            self._judge.hold(held)
            self._names.turn_to(number)
            self.holder.leave()
