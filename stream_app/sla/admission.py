"""Admission: whether an event that came is new, known already, or too late for its place."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from stream_app.sla.events import Event
from stream_app.sla.history import Entry
from stream_app.sla.instant import EARLIEST, micros


class Outcome(StrEnum):
    """What became of a record."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    LATE = "late"
    MALFORMED = "malformed"


def digest(event: Event) -> bytes:
    """Eight bytes that stand for (source, id): of a million events of one entity two collide once in 10^7 times."""
    name = f"{len(event.source)}:{event.source}{event.id}".encode()
    return hashlib.blake2b(name, digest_size=8).digest()


def admit(event: Event, latest: int | None, lateness: int) -> Entry:
    """The event's place in its entity's history, of which `latest` is the latest moment yet.

    Within `lateness` it is its own time; beyond it is that latest moment, and the entry is late.
    """
    at = micros(event.time)
    if latest is not None and at < latest - lateness:
        return Entry(event, latest, late=True)
    return Entry(event, at)


def latest_of(entry: Entry, latest: int | None) -> int:
    """The latest moment of the history once the entry is in it."""
    return max(entry.at, EARLIEST if latest is None else latest)
