"""Signals: what a state says to the outside, derived from its clocks; and what changed between two states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from stream_app.sla.clock import Clock, State

Type = Literal["sla.warning", "sla.breached", "sla.met", "sla.cancelled"]


class Signal(Struct, frozen=True, array_like=True, gc=False):
    """Something that stands about a clock with a target. `at` is the moment it became true, in microseconds."""

    at: int
    subject: str
    clock: str
    cycle: int
    type: Type
    threshold: str | None
    version: int

    @property
    def key(self) -> tuple[str, int, str, str | None, int]:
        """What tells it from the others of its subject, as its id does."""
        return (self.clock, self.cycle, self.type, self.threshold, self.version)

    @property
    def id(self) -> str:
        """A pure function of what it says, so that saying it twice is harmless."""
        threshold = "" if self.threshold is None else self.threshold
        return joined(self.type, self.subject, self.clock, str(self.cycle), threshold, str(self.version))

    @property
    def order(self) -> tuple[int, str, str, int, str, bool, str]:
        """How reports sort them: texts by code point, no threshold first."""
        return (
            self.at,
            self.subject,
            self.clock,
            self.cycle,
            self.type,
            self.threshold is not None,
            self.threshold or "",
        )


def joined(*parts: str) -> str:
    """The parts with colons between, those of their own quoted: an id that no other parts give."""
    whole = "\n".join(parts)
    if ":" in whole or "%" in whole:
        return ":".join([part.replace("%", "%25").replace(":", "%3A") for part in parts])
    return ":".join(parts)


def standing(subject: str, clocks: Iterable[Clock]) -> Iterator[Signal]:
    """The signals that stand. A clock without a target gives none."""
    for clock in clocks:
        if clock.target is None:
            continue
        name, cycle, version = clock.name, clock.cycle, clock.version
        for said in clock.warned:
            yield Signal(said.at, subject, name, cycle, "sla.warning", said.threshold, version)
        if clock.breached_at is not None:
            yield Signal(clock.breached_at, subject, name, cycle, "sla.breached", None, clock.breach_version)
        elif clock.stopped_at is not None and clock.state is State.STOPPED:
            yield Signal(clock.stopped_at, subject, name, cycle, "sla.met", None, version)
        elif clock.stopped_at is not None:
            yield Signal(clock.stopped_at, subject, name, cycle, "sla.cancelled", None, version)
