"""What was heard: the story of signals that the topic tells and a Redis that lost something no longer knows of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct

from stream_app.sla.instant import micros
from stream_app.sla.news import Before, News
from stream_app.sla.signals import Signal

_decoder: Final = msgspec.json.Decoder()
_MOMENT: Final = Annotated[datetime, msgspec.Meta(tz=True)]
STANDING: Final = frozenset({"sla.warning", "sla.breached", "sla.met", "sla.cancelled"})
CORRECTED: Final = "sla.corrected"
CHANGED: Final = "entity.changed"
SETTLED: Final = STANDING | {CORRECTED, CHANGED}
"""Types that are not said while the log is read again, but settled once it is."""


class Said(Struct, frozen=True):
    """A signal on the topic."""

    id: str
    type: str
    at: int
    data: dict[str, Any]


class Base(Struct, frozen=True):
    """What Redis said that an entity had said, when the partition was claimed."""

    signals: dict[str, Signal]
    again: dict[str, int]


_NOTHING: Final = Base({}, {})


class Heard:
    """Signals by their subject, in their order, each id once."""

    def __init__(self, mine: Callable[[str, str], bool]) -> None:
        """Nothing yet. `mine(kind, subject)` says whether an entity is of the partition that asks."""
        self._mine = mine
        self._stories: dict[str, list[Said]] = {}
        self._ids: set[str] = set()
        self._bases: dict[str, Base] = {}
        self._changed: set[str] = set()
        self.marks: dict[str, bytes] = {}
        """Up to where the topic was read."""
        self.since: int | None = None
        """When that was, in microseconds: a log that was read up to then holds all that the topic goes by."""

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def subjects(self) -> Sequence[str]:
        """The entities that it tells of and that are not settled yet."""
        return list(self._stories)

    def hear(self, payload: bytes) -> None:
        """Take in one record of the topic; one that is no signal of ours is passed over."""
        try:
            event: Any = _decoder.decode(payload)
            data = event["data"]
            if not self._mine(data["kind"], event["subject"]):
                return
            at = micros(msgspec.convert(event["time"], _MOMENT))
            said = Said(event["id"], event["type"], at, data)
            subject = event["subject"]
        except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
            return
        if said.id not in self._ids:
            self._ids.add(said.id)
            self._stories.setdefault(subject, []).append(said)

    def holds(self, payload: bytes) -> bool:
        """Whether the topic holds this record of an outbox already."""
        return _decoder.decode(payload)["id"] in self._ids

    def beyond(self, payloads: Iterable[bytes]) -> bool:
        """Whether the topic holds more than these, which Redis says are to be published: then Redis lost something."""
        return not self._ids <= {_decoder.decode(payload)["id"] for payload in payloads}

    def rest_on(self, subject: str, base: Base) -> None:
        """Note what Redis knew of an entity before the story went on."""
        self._bases[subject] = base

    def tells(self, subject: str) -> bool:
        """Whether it has a story of the entity that is not settled yet."""
        return subject in self._stories

    def has(self, item: News) -> bool:
        """Whether this is not to be said now: the topic holds it, or it is settled later."""
        if item.subject not in self._stories:
            return False
        if item.type == CHANGED:
            self._changed.add(item.subject)
        return item.type in SETTLED or item.id in self._ids

    def told(self, subject: str) -> Base:
        """What stands of an entity by the topic, and how often what was withdrawn has been said."""
        base = self._bases.get(subject, _NOTHING)
        signals, again = dict(base.signals), dict(base.again)
        for said in self._stories[subject]:
            name, number = _numbered(said.data["corrects"] if said.type == CORRECTED else said.id)
            if said.type in STANDING and (signal := _signal(name, said.at)) is not None:
                signals[name] = signal
                again[name] = max(again.get(name, 0), number - 1)
            elif said.type == CORRECTED:
                signals.pop(name, None)
                again[name] = max(again.get(name, 0), number)
            elif said.type == CHANGED:
                again[name] = max(again.get(name, 0), number)
        return Base(signals, again)

    def before(self, subject: str, now: Before) -> Before:
        """What stands by the topic, to compare what stands now with."""
        carried = ("another",) if subject in self._changed else now.carried
        return Before(list(self.told(subject).signals.values()), now.clocks, carried)

    def repeats(self, item: News) -> bool:
        """Whether a change is the one that the topic told of last."""
        last = next((said for said in reversed(self._stories[item.subject]) if said.type == CHANGED), None)
        return item.type == CHANGED and last is not None and last.data == item.data

    def settle(self, subjects: Iterable[str]) -> None:
        """These are settled: from now on what they have to say is said."""
        for subject in subjects:
            self._stories.pop(subject, None)


def _numbered(wire: str) -> tuple[str, int]:
    """A signal's id, and how often it had been said, from its id on the wire."""
    name, _, number = wire.rpartition("/")
    return (name, int(number)) if name and number.isdigit() else (wire, 1)


def _signal(name: str, at: int) -> Signal | None:
    """The signal of this id; None for an id that is none of ours."""
    parts = [part.replace("%3A", ":").replace("%25", "%") for part in name.split(":")]
    try:
        kind, subject, clock, cycle, threshold, version = parts
        return msgspec.convert((at, subject, clock, int(cycle), kind, threshold or None, int(version)), Signal)
    except ValueError:
        return None
