"""The lookup: the history of one id, in whichever partition it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from stream_app.account.case import Case, kept
from stream_app.engine.assembly import name_of
from stream_app.engine.kept import history_of
from stream_app.engine.keys import TP
from stream_app.sla.instant import EARLIEST
from stream_app.sla.kind import Kind

KINDS: Final[tuple[Kind, ...]] = ("incident", "ticket", "measure")


class Shelves(Protocol):
    """Where histories are."""

    async def partitions(self) -> list[TP]: ...
    async def histories(self, tp: TP, entities: Sequence[bytes]) -> list[list[bytes]]: ...


async def lookup(shelves: Shelves, subject: str, until: int) -> list[Case]:
    """What is kept under an id, of every kind that has it. Raises redis errors."""
    found: list[Case] = []
    names = [name_of(kind, subject) for kind in KINDS]
    for tp in await shelves.partitions():
        for kind, history in zip(KINDS, await shelves.histories(tp, names), strict=True):
            if history:
                found.append(kept(kind, subject, history_of(history), until))
    return found


async def others(shelves: Shelves, subject: str) -> list[str]:
    """Ids that differ from one only by case or by blanks around it, and are kept."""
    stripped = subject.strip()
    variants = dict.fromkeys([stripped, stripped.upper(), stripped.lower(), stripped.title()])
    return [one for one in variants if one != subject and await lookup(shelves, one, EARLIEST)]
