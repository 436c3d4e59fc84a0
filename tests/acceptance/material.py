"""Files of events: simulated ones, disturbed in the ways that the stream must bear."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from stream_app.simulation.arrivals import simulate
from stream_app.sla.instant import DAY, Micros, micros

LAST: Final = "2025-06-30T10:00:00Z"
"""When the simulated span ends: every deadline after it has long passed."""
UNTIL: Final = micros(datetime.fromisoformat(LAST))
HOUR: Final = 3600.0

POISON: Final[Sequence[tuple[str, bytes]]] = (
    ("not_json", b"not json"),
    ("not_json", b'{"specversion": "1.0", "id": "cut'),
    ("not_an_object", b"[1]"),
    ("specversion", b'{"specversion":"0.3","id":"p","source":"s","type":"ticket.merged","subject":"P","time":"2025-06-29T10:00:00Z","data":{"into":"Q"}}'),
    ("attribute", b'{"specversion":"1.0","source":"s","type":"ticket.merged","subject":"P","time":"2025-06-29T10:00:00Z","data":{"into":"Q"}}'),
    ("attribute", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.merged","subject":"","time":"2025-06-29T10:00:00Z","data":{"into":"Q"}}'),
    ("sequence", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.merged","subject":"P","time":"2025-06-29T10:00:00Z","sequence":"one","data":{"into":"Q"}}'),
    ("unknown_type", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.nope","subject":"P","time":"2025-06-29T10:00:00Z","data":{}}'),
    ("time", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.merged","subject":"P","time":"2025-06-29T10:00:00","data":{"into":"Q"}}'),
    ("missing_data", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.status_changed","subject":"P","time":"2025-06-29T10:00:00Z","data":{}}'),
    ("wrong_type", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.merged","subject":"P","time":"2025-06-29T10:00:00Z","data":{"into":7}}'),
    ("not_listed", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.created","subject":"P","time":"2025-06-29T10:00:00Z","data":{"priority":"urgent"}}'),
    ("number", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.rated","subject":"P","time":"2025-06-29T10:00:00Z","data":{"score":6}}'),
    ("too_large", b'{"specversion":"1.0","id":"p","source":"s","type":"ticket.merged","subject":"P","time":"2025-06-29T10:00:00Z","data":{"into":"' + b"Q" * 262_144 + b'"}}'),
)  # fmt: skip
"""Lines that are no events, each with the reason they are refused for."""

POISONED: Final = frozenset(line for _, line in POISON)

CONFIG: Final = """\
calendars:
  desk: {timezone: Asia/Jakarta, hours: {mon-sat: ["08:00-12:00", "13:00-19:00"], sun: ["09:00-11:00"]}}
policies:
  - name: urgent
    match: {priority: [critical, high]}
    clocks:
      first_response: {target: 15m, warn: [50%, 5m]}
      next_response: {target: 30m}
      resolution: {target: 2h, warn: [75%, 30m], pause_on: [pending]}
  - name: rest
    calendar: desk
    clocks:
      first_response: {target: 1h}
      resolution: {target: 1 business day}
      periodic_update: {target: 4h}
    on_priority_change: carry
    on_reopen: continue_counting
incidents:
  - name: all
    clocks: {acknowledge: {target: 10m}, contain: {target: 1h}, resolve: {target: 8h}}
    regulations: [uu_pdp, gdpr, nis2]
timezone: Asia/Jakarta
windows: [1h, 24h, 7d]
"""
"""With most of what a configuration can say."""

Lines = list[bytes]


def simulated(events: int, seed: int, until: Micros = UNTIL, span: Micros = Micros(2 * DAY)) -> Lines:
    """Events by time."""
    return list(simulate(events, seed, until, span))


def moment(line: bytes) -> float:
    """When the event happened, in seconds since the epoch."""
    return datetime.fromisoformat(json.loads(line)["time"]).timestamp()


def swirled(lines: Lines, seed: int, seconds: float = HOUR) -> Lines:
    """Shuffled, none before one that is so many seconds older."""
    chance = random.Random(seed)
    return [line for _, line in sorted((moment(line) + chance.random() * seconds, line) for line in lines)]


def shuffled(lines: Lines, seed: int) -> Lines:
    """Without any order."""
    return random.Random(seed).sample(lines, len(lines))


def disturbed(lines: Lines, seed: int, duplicates: int) -> Lines:
    """With so many of them sent again later, and with poison between them."""
    chance = random.Random(seed)
    result = list(lines)
    for place in sorted(chance.sample(range(len(lines)), duplicates), reverse=True):
        result.insert(chance.randrange(place + 1, len(result) + 1), lines[place])
    for _, poison in POISON:
        result.insert(chance.randrange(len(result) + 1), poison)
    return result


def text_of(lines: Lines) -> bytes:
    """A file of them."""
    return b"".join(line + b"\n" for line in lines)
