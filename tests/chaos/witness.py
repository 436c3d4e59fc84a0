"""The witness of one fault: what was under way when it came, and what had to be done again because of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.chaos.scene import Scene
from tests.chaos.wire import FENCES, Wire, Written


@dataclass(frozen=True)
class Seen:
    """What one run saw."""

    in_flight: int
    """Writes that Redis had been told and whose answers their worker had not heard."""
    rewinds: int = 0
    """Losses that workers found and healed by reading the log again from where Redis stood."""
    fenced: int = 0
    """Writes that Redis refused."""
    resent: int = 0
    """Writes that were sent again: the same one, or by a new owner over offsets that had been written already."""
    left: int = 0
    """Signals that were written and not noted as said, and were left to the next owner or the next try."""
    seconds: float = 0.0
    """From the fault until all was right again."""
    else_seen: str = ""
    """For what can see none of these: the evidence taken instead, empty where it failed."""

    @property
    def counts(self) -> bool:
        """Whether the fault met a write in flight and made something be done again."""
        return bool(self.else_seen) or (self.in_flight > 0 and self.rewinds + self.fenced + self.resent + self.left > 0)


class Witness:
    """Begins right before a fault."""

    def __init__(self, scene: Scene) -> None:
        self._scene: Final = scene
        self._before: Final = {player.road.wire: len(player.road.wire.writes) for player in scene.players}
        self._rewinds: Final = {player: player.rewinds() for player in scene.living()}
        self._fenced: Final = self._fences()

    def seen(self, in_flight: Sequence[Written], seconds: float, left: int = 0) -> Seen:
        """What has been seen since."""
        rewinds = sum(max(0.0, player.rewinds() - self._rewinds.get(player, 0.0)) for player in self._scene.living())
        return Seen(
            in_flight=len(in_flight),
            rewinds=int(rewinds),
            fenced=len(self._fences() - self._fenced),
            resent=self._resent(),
            left=left,
            seconds=seconds,
        )

    def _wires(self) -> list[Wire]:
        return [player.road.wire for player in self._scene.players]

    def _fences(self) -> set[Written]:
        """Refused, other than for having been applied at an earlier try."""
        found = set()
        for wire in self._wires():
            known = set()
            for write in wire.writes:
                if write.outcome in FENCES and write.what not in known:
                    found.add(write)
                known.add(write.what)
        return found

    def _resent(self) -> int:
        highest: dict[bytes, int] = {}
        known = set()
        for wire, count in self._before.items():
            for write in wire.writes[:count]:
                known.add(write.what)
                if write.base is not None:
                    highest[write.partition] = max(write.base, highest.get(write.partition, -1))
        again = 0
        for wire in self._wires():
            for write in wire.writes[self._before.get(wire, 0) :]:
                same = write.what in known
                known.add(write.what)
                again += same or (write.base is not None and write.base <= highest.get(write.partition, -1))
        return again
