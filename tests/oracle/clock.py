"""One clock of an entity as a list of what happened to it."""

from dataclasses import dataclass, field

from tests.oracle.play import Play
from tests.oracle.settings import Terms
from tests.oracle.turn import Standing, Turn


@dataclass
class Clock:
    """A clock of an entity: its name, its cycle, its turns."""

    name: str
    cycle: int
    turns: list[Turn] = field(default_factory=list)
    ended: str = ""
    paused: bool = False
    terms: Terms | None = None
    left: bool = False

    def add(self, turn: Turn) -> None:
        self.turns.append(turn)
        if turn.what in ("start", "born", "continue"):
            self.paused, self.ended = turn.paused, ""
        if turn.what in ("start", "born", "terms"):
            self.terms = turn.terms
        if turn.what in ("pause", "resume"):
            self.paused = turn.what == "pause"
        if turn.what in ("stop", "cancel"):
            self.ended = turn.what

    def stop(self, at: int, corners: set[str]) -> None:
        """Stop it; when the stop became known late, what was noted after it never was."""
        if at < self.turns[0].at:
            corners.add("late_stop_before_start")
        at = max(at, self.turns[0].at)
        if any(t.at > at and t.what not in ("pause", "resume") for t in self.turns):
            corners.add("late_stop_before_turn")
        self.turns = [t for t in self.turns if t.at <= at]
        self.add(Turn("stop", at))

    def standing(self, until: int) -> Standing:
        return Play(self.name, self.cycle).run(self.turns, until)
