"""The signals as they are said: read from their topic, counted, the latest kept, and which breaches still stand."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from stream_app.sla.instant import Micros, micros

LATEST: Final = 200
"""How many are kept to be shown."""
SPOKEN: Final = frozenset({"sla.warning", "sla.breached", "sla.met", "sla.cancelled", "sla.corrected"})
"""Those that a person wants to read; what else is said is for alerts."""
BREACHED: Final = "sla.breached"
STOPPED: Final = "clock.stopped"
CORRECTED: Final = "sla.corrected"


class _Data(Struct, frozen=True):
    """As much of a signal's data as is shown."""

    alert: str | None = None
    clock: str | None = None
    threshold: str | None = None
    kind: str | None = None
    priority: str | None = None
    severity: str | None = None
    team: str | None = None
    title: str | None = None
    corrects: str | None = None


class _Envelope(Struct, frozen=True):
    id: str
    type: str
    subject: str
    time: datetime
    data: _Data = _Data()


class Said(Struct, frozen=True, kw_only=True):
    """One signal."""

    at: Micros
    """When it became true."""
    type: str
    subject: str
    kind: str = "ticket"
    alert: str = ""
    """What it is about: entity, clock and cycle in one."""
    clock: str = ""
    threshold: str = ""
    urgency: str = ""
    """Priority or severity."""
    team: str = ""
    title: str = ""
    corrects: str = ""
    """The id of the signal that is withdrawn or moved."""


_decoder: Final = msgspec.json.Decoder(_Envelope)


def said(value: bytes) -> Said:
    """The signal of a record. Raises msgspec.MsgspecError where it is none."""
    its = _decoder.decode(value)
    data = its.data
    return Said(
        at=micros(its.time),
        type=its.type,
        subject=its.subject,
        kind=data.kind or "ticket",
        alert=data.alert or "",
        clock=data.clock or "",
        threshold=data.threshold or "",
        urgency=data.priority or data.severity or "",
        team=data.team or "",
        title=data.title or "",
        corrects=data.corrects or "",
    )


class Spoken:
    """All that was said so far."""

    def __init__(self, began: Micros) -> None:
        """`began`: what became true before is history."""
        self._began = began
        self.counts: Counter[str] = Counter()
        """By type, history left out."""
        self.history = 0
        self.latest: deque[Said] = deque(maxlen=LATEST)
        """Those that a person reads, as they were said."""
        self.overdue: dict[str, Said] = {}
        """Breaches of clocks that have not been heard to stop, by alert. Whether they run on only their state tells."""

    def hear(self, one: Said) -> bool:
        """Take it in; whether it is to be shown."""
        if one.type == BREACHED:
            self.overdue[one.alert] = one
        elif one.type == STOPPED or (one.type == CORRECTED and one.corrects.startswith(BREACHED)):
            self.overdue.pop(one.alert, None)
        if one.at <= self._began:  # what comes of the history is said at the clock's first moment
            self.history += 1
            return False
        if one.type not in SPOKEN:
            return False
        self.counts[one.type] += 1
        self.latest.append(one)
        return True
