"""A life: what the stream keeps of one entity, and what a few more events, or the passing of time, change in it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from stream_app.sla.admission import Outcome, admit, digest
from stream_app.sla.era import Eras, era_at
from stream_app.sla.events import Event
from stream_app.sla.fact import Fact
from stream_app.sla.history import Entry, Mark, State, append, fold, in_order
from stream_app.sla.kind import Kind

DIGEST: int = 8
"""The bytes of one event's digest."""


class Life(Struct, array_like=True, gc=False):
    """One entity, as far as the stream has read it. Its history is kept beside it, and read only when needed."""

    kind: Kind
    subject: str
    state: State | None = None
    """None for what has no clocks (a measured thing), and while all its events lie ahead."""
    latest: int | None = None
    """The latest moment of its history."""
    last: Mark | None = None
    """The place of the last entry that the state knows of."""
    ids: bytes = b""
    """The digests of its events, one after another."""
    ahead: list[Entry] = field(default_factory=list)
    """Entries whose time is yet to come, in their order; they are in the history already."""
    again: dict[str, int] = field(default_factory=dict)
    """How often signals that were withdrawn at some time have been said, by their id."""

    def knows(self, name: bytes) -> bool:
        """Whether an event of this digest has come before."""
        at = self.ids.find(name)
        while at >= 0 and at % DIGEST:
            at = self.ids.find(name, at + 1)
        return at >= 0

    def facts(self) -> list[Fact]:
        """The facts that stand."""
        return [] if self.state is None else self.state.facts()

    def wakes_at(self, eras: Eras) -> int | None:
        """The next moment at which something becomes true without an event coming in."""
        own = None if self.state is None else self.state.wakes_at(eras)
        if not self.ahead:
            return own
        return self.ahead[0].at if own is None else min(own, self.ahead[0].at)

    def dues(self) -> list[tuple[str, int, int]]:
        """The deadlines of its running clocks: (clock, cycle, moment)."""
        if self.state is None:
            return []
        return [
            (clock.name, clock.cycle, clock.due)
            for clock in self.state.clocks
            if clock.unfinished and clock.due is not None and clock.breached_at is None
        ]


def receive(life: Life, events: Iterable[Event], eras: Eras) -> tuple[list[Entry], list[Outcome]]:
    """Note that events came, in this order: the entries that are new, and what became of each event.

    The state does not know the entries yet.
    """
    entries: list[Entry] = []
    outcomes: list[Outcome] = []
    for event in events:
        name = digest(event)
        if life.knows(name):
            outcomes.append(Outcome.DUPLICATE)
            continue
        life.ids += name
        latest = life.latest
        lateness = eras[0 if latest is None else era_at(eras, latest)].lateness
        entry = admit(event, latest, lateness)
        if latest is None or entry.at > latest:
            life.latest = entry.at
        entries.append(entry)
        outcomes.append(Outcome.LATE if entry.late else Outcome.APPLIED)
    return entries, outcomes


def follows(life: Life, entries: Iterable[Entry], eras: Eras, now: int) -> bool:
    """Whether what is due by `now` can be folded into the state as it is; else its whole history is needed."""
    if life.state is None or life.last is None:
        return life.last is None
    state, last = life.state, life.last
    spoken = last.at if state.rung_at is None else max(last.at, state.rung_at)
    if state.era + 1 < len(eras) and eras[state.era + 1].since <= spoken:
        return False  # a configuration became known after what it judges
    at: int = last.at
    for entry in in_order([*life.ahead, *entries]):
        if entry.at > now:
            break
        if entry.at < at or (entry.at == at and entry.key <= last.key):
            return False
        if state.rung_at is not None and entry.at <= state.rung_at:
            return False
        if state.partial and entry.creates:
            return False
        at = entry.at
    return True


def grow(life: Life, entries: Iterable[Entry], eras: Eras, now: int) -> None:
    """Fold into the state what is due by `now` and follows; entries whose time is yet to come wait."""
    ready = _ready(life, [*life.ahead, *entries], now)
    if not ready:
        return
    if life.state is None:
        life.state = fold(ready, eras)
    else:
        for entry in ready:
            append(life.state, entry, eras)
    life.last = ready[-1].mark


def regrow(life: Life, history: Iterable[Entry], eras: Eras, now: int) -> None:
    """Fold the whole history, new entries and all, into a new state."""
    ready = _ready(life, history, now)
    rung_at = None if life.state is None else life.state.rung_at
    life.state = fold(ready, eras) if ready else None
    life.last = ready[-1].mark if ready else None
    if life.state is not None and rung_at is not None and rung_at > ready[-1].at:
        life.state.advance(eras, rung_at, at_end=True)  # what it had said of its own accord, it still says


def _ready(life: Life, entries: Iterable[Entry], now: int) -> list[Entry]:
    ordered = in_order(entries)
    if ordered and ordered[-1].at <= now:
        life.ahead = []
        return ordered
    life.ahead = [entry for entry in ordered if entry.at > now]
    return ordered[: len(ordered) - len(life.ahead)]


def pass_time(life: Life, eras: Eras, now: int) -> None:
    """Let become true what does so by `now`, as far as its events are known."""
    grow(life, (), eras, now)
    if life.state is not None:
        life.state.advance(eras, now, at_end=True)
