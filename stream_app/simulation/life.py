"""A simulated life: the events of one entity, each with its moment, written down as its story is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stream_app.sla.instant import Micros

if TYPE_CHECKING:
    from stream_app.simulation.chance import Chance


class Step(NamedTuple):
    """One event of a life."""

    at: Micros
    type: str
    data: dict[str, Any]


class Life:
    """One entity's events so far. Its time moves on by `passes`; `pace` scales it (1 is natural, less is faster)."""

    def __init__(self, chance: Chance, subject: str, source: str, begins: Micros, pace: float) -> None:
        self.chance: Final = chance
        self.subject: Final = subject
        self.source: Final = source
        self.at = begins
        self.pace: Final = pace
        self.steps: Final[list[Step]] = []

    def says(self, kind: str, /, **data: Any) -> None:  # noqa: ANN401 -- data is any JSON
        """Something happens now."""
        self.steps.append(Step(self.at, kind, data))

    def passes(self, median: float) -> None:
        """Time passes: around so many microseconds at natural pace."""
        self.at = Micros(self.at + self.chance.wait(median * self.pace))
