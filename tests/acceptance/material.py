"""Files of events: simulated ones, disturbed in the ways that the stream must bear."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Final

from stream_app.simulation.arrivals import simulate
from stream_app.sla.instant import DAY, Micros, micros

LAST: Final = "2025-06-30T10:00:00Z"
"""When the simulated span ends: every deadline after it has long passed."""
UNTIL: Final = micros(datetime.fromisoformat(LAST))
SPAN: Final = Micros(2 * DAY)
HOUR: Final = 3600.0

_SOUND: Final[dict[str, object]] = {
    "specversion": "1.0",
    "id": "poison",
    "source": "test",
    "type": "ticket.merged",
    "subject": "P",
    "time": "2025-06-29T10:00:00Z",
    "data": {"into": "Q"},
}


def _spoilt(**changes: object) -> bytes:
    """An event with something wrong about it; None leaves an attribute out."""
    return json.dumps({name: value for name, value in (_SOUND | changes).items() if value is not None}).encode()


SOUND: Final = _spoilt()
POISON: Final[tuple[tuple[str, bytes], ...]] = (
    ("not_json", b"not json"),
    ("not_json", SOUND[:40]),
    ("not_an_object", b"[1]"),
    ("specversion", _spoilt(specversion="0.3")),
    ("attribute", _spoilt(id=None)),
    ("attribute", _spoilt(subject="")),
    ("sequence", _spoilt(sequence="one")),
    ("unknown_type", _spoilt(type="ticket.nope")),
    ("time", _spoilt(time="2025-06-29T10:00:00")),
    ("missing_data", _spoilt(type="ticket.status_changed", data={})),
    ("wrong_type", _spoilt(data={"into": 7})),
    ("not_listed", _spoilt(type="ticket.created", data={"priority": "urgent"})),
    ("number", _spoilt(type="ticket.rated", data={"score": 6})),
    ("too_large", _spoilt(data={"into": "Q" * 262_144})),
)
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


def simulated(events: int, seed: int, until: Micros = UNTIL, span: Micros = SPAN) -> Lines:
    """Events by time."""
    return list(simulate(events, seed, until, span))


def event(subject: str, name: str, at: float, **data: object) -> bytes:
    """A ticket's event at so many seconds since the epoch."""
    moment = datetime.fromtimestamp(at, UTC).isoformat()
    head = {"specversion": "1.0", "id": f"{subject}-{name}-{at}", "source": "test", "type": f"ticket.{name}"}
    return json.dumps(head | {"subject": subject, "time": moment, "data": data}).encode()


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


def disturbed(lines: Lines, seed: int, duplicates: int, doses: int = 1) -> Lines:
    """With so many of them sent again later, and with so many doses of poison between them."""
    chance = random.Random(seed)
    result = list(lines)
    for place in sorted(chance.sample(range(len(lines)), duplicates), reverse=True):
        result.insert(chance.randrange(place + 1, len(result) + 1), lines[place])
    for _, poison in POISON * doses:
        result.insert(chance.randrange(len(result) + 1), poison)
    return result


def text_of(lines: Lines) -> bytes:
    """A file of them."""
    return b"".join(line + b"\n" for line in lines)
