"""A dead letter as it lies on its topic, and the note that says which of them are done with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from stream_app.engine.keys import TP
from stream_app.sla.instant import Micros

DONE: Final = "tenggat-done"
"""The header of a note; letters have none of this name."""
REDRIVEN: Final = "tenggat-redriven"
"""The header of a record that was sent again: the place of its letter."""
UNKNOWN: Final = "unknown"
"""The reason of a record that was put there by somebody else."""


class Fate(StrEnum):
    """What became of a letter."""

    REDRIVEN = "redriven"
    DROPPED = "dropped"


class Place(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Letter(Struct, frozen=True, kw_only=True):
    """A record that was parked, as it came."""

    place: Place
    at: Micros
    """When it was parked."""
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str
    origin: Place | None
    """Where it came from, if it says so."""


class Span(NamedTuple):
    """Offsets from the first to the last, both in it."""

    first: int
    last: int


class Note(Struct, frozen=True):
    """Which letters of the note's own partition are done with. It lies after all of them."""

    fate: Fate
    spans: Sequence[Span]

    def record(self) -> tuple[bytes, list[tuple[str, bytes]]]:
        """Its value and headers."""
        return msgspec.json.encode({"offsets": self.spans}), [(DONE, self.fate.value.encode())]


class _Offsets(Struct):
    offsets: list[Span]


_decoder: Final = msgspec.json.Decoder(_Offsets)


def opened(record: Any) -> Letter | Note | None:  # noqa: ANN401 -- aiokafka has no types
    """What a record of the dead letters' topic is; None for a note that cannot be read."""
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    if (fate := headers.get(DONE)) is not None:
        try:
            return Note(Fate(fate), _decoder.decode(record.value or b"").offsets)
        except (msgspec.MsgspecError, ValueError):
            return None
    return Letter(
        place=Place(record.topic, record.partition, record.offset),
        at=Micros(record.timestamp * 1_000),
        key=record.key,
        value=record.value,
        reason=headers.get("tenggat-reason", UNKNOWN),
        detail=headers.get("tenggat-detail", ""),
        origin=_origin(headers),
    )


def _origin(headers: dict[str, str]) -> Place | None:
    topic, partition, offset = (headers.get(f"tenggat-{name}", "") for name in ("topic", "partition", "offset"))
    return Place(topic, int(partition), int(offset)) if topic and partition.isdigit() and offset.isdigit() else None


def spans(offsets: Iterable[int]) -> list[Span]:
    """Offsets in rising order, as spans."""
    found: list[Span] = []
    for offset in offsets:
        if found and offset == found[-1].last + 1:
            found[-1] = Span(found[-1].first, offset)
        else:
            found.append(Span(offset, offset))
    return found


class Settled:
    """What became of the letters of one partition."""

    def __init__(self) -> None:
        """Nothing is done yet."""
        self._fates: dict[int, Fate] = {}

    def note(self, note: Note, begin: int, end: int) -> None:
        """Take in what a note says of the offsets from `begin` to before `end`; a letter's first note stays."""
        for span in note.spans:
            for offset in range(max(begin, span.first), min(end, span.last + 1)):
                self._fates.setdefault(offset, note.fate)

    def fate(self, offset: int) -> Fate | None:
        """What became of the letter; None: it waits."""
        return self._fates.get(offset)


def partition(place: Place) -> TP:
    """The partition that it lies in."""
    return TP(place.topic, place.partition)
