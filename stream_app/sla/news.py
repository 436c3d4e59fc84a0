"""News: what is said on the topic of signals, when a state has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec import Struct

from stream_app.sla.clock import Clock, State
from stream_app.sla.incident import Incident
from stream_app.sla.instant import seconds, text
from stream_app.sla.life import Life
from stream_app.sla.signals import Signal, joined, standing
from stream_app.sla.ticket import Ticket

SOURCE: Final = "tenggat"
_TICKETS: Final = ("kind", "priority", "customer", "team", "agent", "category", "service", "title", "url")
_INCIDENTS: Final = ("kind", "severity", "asset", "team", "agent", "category", "service", "title", "url")
_OF_TICKETS: Final[Callable[[Ticket], tuple[Any, ...]]] = attrgetter(*_TICKETS)
_OF_INCIDENTS: Final[Callable[[Incident], tuple[Any, ...]]] = attrgetter(*_INCIDENTS)
"""What alerts want to know of an entity."""
TURNS: Final = {
    State.PAUSED: "clock.paused",
    State.RUNNING: "clock.resumed",
    State.STOPPED: "clock.stopped",
}


class News(Struct, frozen=True):
    """One thing to say. `at` is the moment it became true, in microseconds."""

    id: str
    type: str
    subject: str
    at: int
    data: dict[str, Any]

    def envelope(self) -> bytes:
        """The CloudEvent."""
        return msgspec.json.encode(
            {
                "specversion": "1.0",
                "id": self.id,
                "source": SOURCE,
                "type": self.type,
                "subject": self.subject,
                "time": text(self.at),
                "data": self.data,
            }
        )


class Before(Struct, frozen=True):
    """What stood about an entity before the change."""

    signals: Sequence[Signal]
    clocks: Sequence[tuple[str, int, State]]
    """Name, cycle and state of each."""
    carried: tuple[Any, ...]
    """What alerts want to know of it: who has it, how urgent it is, what it is called."""


def before(life: Life) -> Before:
    """What stands now, to be compared with what will stand after the change."""
    state = life.state
    if state is None:
        return Before((), (), ())
    return Before(
        list(standing(state.id, state.clocks)),
        [(clock.name, clock.cycle, clock.state) for clock in state.clocks],
        _carried(state),
    )


def news(old: Before, new: Before, life: Life, now: int) -> list[News]:
    """What a change of a life has to say, which stands as `new`: withdrawals first, then what is new.

    Notes in the life what was withdrawn.
    """
    state = life.state
    if state is None or (old.signals == new.signals and old.clocks == new.clocks and old.carried == new.carried):
        return []
    found: list[News] = []
    about = _about(state)
    clocks = {(clock.name, clock.cycle): clock for clock in state.clocks}
    if old.signals != new.signals:
        begin, end = common(old.signals, new.signals)
        before = {signal.key: signal for signal in old.signals[begin : len(old.signals) - end]}
        after = {signal.key: signal for signal in new.signals[begin : len(new.signals) - end]}
        found += [
            _corrected(signal, life, now, moved=key in after)
            for key, signal in before.items()
            if after.get(key) != signal
        ]
        for key, signal in after.items():
            if before.get(key) != signal:
                data = _data(signal, clocks[signal.clock, signal.cycle], state, about)
                found.append(News(wire_id(signal.id, life), signal.type, state.id, signal.at, data))
    if old.clocks != new.clocks:
        states = {(name, cycle): its for name, cycle, its in old.clocks}
        for place, clock in clocks.items():
            if clock.state is states.get(place, State.RUNNING):
                continue
            # that a clock was met or cancelled says by itself that it has ended
            spoken = any((signal.clock, signal.cycle) == place for signal in new.signals)
            if spoken and (clock.unfinished or clock.breached_at is not None):
                found.append(_turned(clock, state, about, now))
    if new.signals and old.carried and old.carried != new.carried:
        found.append(_changed(life, state, about, now))
    return found


def common(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """How many things stand alike at the beginning of both, and then at their end: of an entity's, most."""
    least = min(len(old), len(new))
    begin = 0
    while begin < least and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < least - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    return begin, end


def wire_id(name: str, life: Life) -> str:
    """A signal's id on the wire: said again after it was withdrawn, it has another ending each time."""
    said = life.again.get(name, 0)
    return name if not said else f"{name}/{said + 1}"


def withdrawn(life: Life, wire: str, at: int, now: int) -> News | None:
    """The withdrawal of a signal that the topic holds under its id on the wire, unless the entity still says it."""
    name, _, again = wire.rpartition("/")
    if not name or not again.isdigit():
        name, again = wire, "1"
    if life.state is not None and any(signal.id == name for signal in standing(life.subject, life.state.clocks)):
        return None
    life.again[name] = max(life.again.get(name, 0), int(again))
    data = {"corrects": wire, "moved": False, "was_at": text(at), "kind": life.kind}
    return News(f"sla.corrected:{wire}", "sla.corrected", life.subject, now, data)


def _corrected(signal: Signal, life: Life, now: int, *, moved: bool) -> News:
    name = wire_id(signal.id, life)
    life.again[signal.id] = life.again.get(signal.id, 0) + 1
    data = {
        "corrects": name,
        "moved": moved,
        "alert": alert(signal.subject, signal.clock, signal.cycle),
        "clock": signal.clock,
        "cycle": signal.cycle,
        "threshold": signal.threshold,
        "was_at": text(signal.at),
        "kind": life.kind,
    }
    return News(f"sla.corrected:{name}", "sla.corrected", signal.subject, now, data)


def _data(signal: Signal, clock: Clock, state: Ticket | Incident, about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "alert": alert(state.id, clock.name, clock.cycle),
        "clock": clock.name,
        "cycle": clock.cycle,
        "threshold": signal.threshold,
        "due_at": None if clock.due is None else text(clock.due),
        "original_due_at": None if clock.original_due is None else text(clock.original_due),
        "remaining_seconds": None if clock.due is None else seconds(clock.due - signal.at),
        "on_attach": clock.on_attach,
        "policy": state.policy,
        "partial": state.partial,
        **about,
    }


def _turned(clock: Clock, state: Ticket | Incident, about: Mapping[str, Any], now: int) -> News:
    kind = TURNS[clock.state]
    number = len(clock.runs) // 2
    at = clock.stopped_at if clock.stopped_at is not None else clock.since if clock.since is not None else now
    if clock.state is State.PAUSED and clock.runs:
        at = clock.runs[-1]
    data = {
        "alert": alert(state.id, clock.name, clock.cycle),
        "clock": clock.name,
        "cycle": clock.cycle,
        "due_at": None if clock.due is None else text(clock.due),
        **about,
    }
    name = joined(kind, state.id, clock.name, str(clock.cycle), "", f"{clock.version}.{number}")
    return News(name, kind, state.id, at, data)


def _changed(life: Life, state: Ticket | Incident, about: Mapping[str, Any], now: int) -> News:
    name = joined("entity.changed", state.id, "", "", "", "")
    said = wire_id(name, life)
    life.again[name] = life.again.get(name, 0) + 1
    return News(said, "entity.changed", state.id, now, {"status": state.status, **about})


def _carried(state: Ticket | Incident) -> tuple[Any, ...]:
    return _OF_TICKETS(state) if isinstance(state, Ticket) else _OF_INCIDENTS(state)


def _about(state: Ticket | Incident) -> dict[str, Any]:
    names = _TICKETS if isinstance(state, Ticket) else _INCIDENTS
    return dict(zip(names, _carried(state), strict=True))


def alert(subject: str, clock: str, cycle: int) -> str:
    """The pager's dedup key: warning, breach, re-target and end update one alert."""
    return joined(subject, clock, str(cycle))
