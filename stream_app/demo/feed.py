"""The feed: the simulated desk's events, sent to the log when their time has come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from stream_app.simulation.arrivals import simulate
from stream_app.sla.decode import decode
from stream_app.sla.instant import DAY, Micros, micros
from stream_app.sla.kind import TOPICS, kind_of

PER_DAY: Final = 1_500
"""Events of a mean day. At an hour a minute some three a second come in office hours."""
HISTORY: Final = Micros(30 * DAY)
"""How long the desk has been at work when the show begins, so that the longest window has its figures."""
HISTORY_EVENTS: Final = PER_DAY * HISTORY // DAY
"""How many events that is, more or less."""
FUTURE: Final = Micros(365 * DAY)
"""How long it goes on."""

_TOPIC: Final = {kind: topic for topic, kind in TOPICS.items()}


class Log(Protocol):
    """Where events are sent."""

    def send(self, topic: str, key: bytes, value: bytes, timestamp: int) -> None:
        """Append a record with its log timestamp, in milliseconds."""


class Feed:
    """One desk's events, in their order."""

    def __init__(self, log: Log, seed: int, began: Micros) -> None:
        """`began`: when the show begins; the same seed and moment tell the same story."""
        span = HISTORY + FUTURE
        self._log: Final = log
        self._lines: Final = _timed(simulate(PER_DAY * span // DAY, seed, Micros(began + FUTURE), Micros(span)))
        self._next = next(self._lines, None)
        self.sent = 0

    def send_until(self, now: Micros, most: int | None = None) -> int:
        """Send what has happened by now and was not sent, no more than `most` of it; how many events that were."""
        before = self.sent
        while self._next is not None and self._next[0] <= now and (most is None or self.sent - before < most):
            at, topic, key, line = self._next
            # The log timestamp is the demo's time: while a worker catches up, deadlines go by it.
            self._log.send(topic, key, line, at // 1_000)
            self.sent += 1
            self._next = next(self._lines, None)
        return self.sent - before


def _timed(lines: Iterator[bytes]) -> Iterator[tuple[Micros, str, bytes, bytes]]:
    """Each line with its moment, topic and key."""
    for line in lines:
        event = decode(line)
        yield micros(event.time), _TOPIC[kind_of(event)], event.subject.encode(), line
