"""Ways to break an event, or to bend it so that it must still hold."""

import random
from typing import Any

Json = dict[str, Any]
ENVELOPE: tuple[Json, ...] = (
    {"specversion": "0.3"},
    {"specversion": 1.0},
    {"specversion": None},
    {"id": ""},
    {"id": 7},
    {"source": None},
    {"source": ""},
    {"type": "ticket.exploded"},
    {"type": "Ticket.updated"},
    {"time": "2025-03-03T09:00:00"},
    {"time": "yesterday"},
    {"time": 1741000000},
    {"time": "2025-02-30T09:00:00Z"},
    {"sequence": "x"},
    {"sequence": 3},
    {"sequence": "1.5"},
    {"data": []},
    {"data": "x"},
    {"extension": "is ignored"},
    {"datacontenttype": "application/json"},
)
DATA: tuple[Json, ...] = (
    {"agent": 5},
    {"team": ["L1"]},
    {"priority": "urgent"},
    {"severity": "High"},
    {"tier": 4},
    {"tier": "2"},
    {"tier": True},
    {"tags": "vip"},
    {"tags": [1]},
    {"status": "solved"},
    {"status": 1},
    {"author": {"id": "ani"}},
    {"author": {"id": "ani", "role": "boss"}},
    {"author": None},
    {"visibility": "secret"},
    {"clock": "response"},
    {"clock": "ola:"},
    {"due": "2025-03-03"},
    {"due": None},
    {"as": "minor"},
    {"stage": "gdpr:nobody"},
    {"seconds": "60"},
    {"seconds": True},
    {"helping": "yes"},
    {"score": 6},
    {"score": 0},
    {"sentiment": "glad"},
    {"kind": "sideways"},
    {"into": 5},
    {"personal_data": "yes"},
    {"occurred_at": "soon"},
    {"title": 5},
    {"unknown": {"is": "ignored"}},
    {"title": None, "url": None},
)


def damaged(event: Json, rng: random.Random) -> Json:
    """The event under a name of its own with something changed, which may or may not make it malformed."""
    out = event | {"id": event["id"] + "-odd"}
    if rng.random() < 0.4:
        return out | rng.choice(ENVELOPE)
    return out | {"data": out["data"] | rng.choice(DATA)}
