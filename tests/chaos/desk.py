"""A desk at work now: tickets whose events carry the time at which they are sent, or one a fixed span before it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Final

from tests.acceptance.material import Lines, event

OPEN: Final = 60
"""Tickets open at a time."""
AGENT: Final = {"id": "ani", "role": "agent"}
PRIORITIES: Final = ("critical", "high", "medium", "low")


class Desk:
    """Draws one event after another. `closing` is what ends the tickets that are still open."""

    def __init__(self, seed: int, ago: float = 0.0) -> None:
        """Events happened so many seconds `ago`."""
        self._chance: Final = random.Random(seed)
        self._ago: Final = ago
        self._open: Final[list[str]] = []
        self._count = 0

    def lines(self) -> Iterator[bytes]:
        """Without end."""
        while True:
            chance, at = self._chance, self._now()
            if len(self._open) < OPEN or chance.random() < 0.2:
                self._count += 1
                self._open.append(f"D-{self._count}")
                yield event(self._open[-1], "created", at, priority=chance.choice(PRIORITIES))
                continue
            subject = chance.choice(self._open)
            match chance.choice(("reply", "pause", "resume", "raise", "resolve")):
                case "reply":
                    yield event(subject, "commented", at, author=AGENT)
                case "pause":
                    yield event(subject, "status_changed", at, status="pending")
                case "resume":
                    yield event(subject, "status_changed", at, status="open")
                case "raise":
                    yield event(subject, "updated", at, priority=chance.choice(PRIORITIES))
                case _:
                    self._open.remove(subject)
                    yield event(subject, "status_changed", at, status="resolved")

    def closing(self) -> Lines:
        """All that are open are resolved now."""
        at = self._now()
        return [event(subject, "status_changed", at, status="resolved") for subject in self._open]

    def _now(self) -> float:
        return time.time() - self._ago  # noqa: TID251 -- the desk lives now
