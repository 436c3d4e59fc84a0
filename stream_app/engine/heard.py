"""What was heard: signals that the topic holds and a lost Redis no longer knows of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct

from stream_app.sla.instant import micros
from stream_app.sla.news import News

_decoder: Final = msgspec.json.Decoder()
_MOMENT: Final = Annotated[datetime, msgspec.Meta(tz=True)]
STANDING: Final = frozenset({"sla.warning", "sla.breached", "sla.met", "sla.cancelled"})


class Said(Struct):
    """A signal on the topic."""

    subject: str
    at: int
    type: str
    withdrawn: bool = False


class Heard:
    """Signals by their id on the wire."""

    def __init__(self, mine: Callable[[str, str], bool]) -> None:
        """Nothing yet. `mine(kind, subject)` says whether an entity is of the partition that asks."""
        self._mine = mine
        self._said: dict[str, Said] = {}

    def __len__(self) -> int:
        return len(self._said)

    def hear(self, payload: bytes) -> None:
        """Take in one record of the topic; one that is no signal of ours is passed over."""
        try:
            event: Any = _decoder.decode(payload)
            if not self._mine(event["data"]["kind"], event["subject"]):
                return
            at = micros(msgspec.convert(event["time"], _MOMENT))
            self._said[event["id"]] = Said(event["subject"], at, event["type"])
            corrected = event["data"].get("corrects") if event["type"] == "sla.corrected" else None
        except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
            return
        if corrected in self._said:
            self._said[corrected].withdrawn = True

    def has(self, item: News) -> bool:
        """Whether the topic holds this already, of the same moment; it is forgotten either way."""
        if item.type == "sla.corrected" and (taken_back := self._said.get(item.data["corrects"])) is not None:
            taken_back.withdrawn = True
        said = self._said.pop(item.id, None)
        return said is not None and (said.type not in STANDING or said.at == item.at)

    def holds(self, payload: bytes) -> bool:
        """Whether the topic holds this record of an outbox already."""
        return _decoder.decode(payload)["id"] in self._said

    def left(self) -> Iterator[tuple[str, Said]]:
        """Signals that stand on the topic and were not said anew."""
        for name, said in self._said.items():
            if said.type in STANDING and not said.withdrawn:
                yield name, said
