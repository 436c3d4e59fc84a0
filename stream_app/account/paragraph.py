"""Paragraphs: the turns of one step as they are told, what is alike told once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from stream_app.account.account import Step
from stream_app.account.course import Turned, What
from stream_app.account.sentence import Teller
from stream_app.account.wording import listed, plain


class Paragraph(Struct, frozen=True):
    """What is said of one clock, or alike of several. `at` is a moment in microseconds."""

    at: int
    clocks: tuple[tuple[str, int], ...]
    sentence: str

    @property
    def subject(self) -> str:
        """Whom it is about: `resolution`, `first_response and ola:net #2 each`."""
        return listed(map(named, self.clocks), "and") + (" each" if len(self.clocks) > 1 else "")


def named(clock: tuple[str, int]) -> str:
    """A clock by its name, with its cycle from the second on: `resolution`, `resolution #2`."""
    name, cycle = clock
    return plain(name) if cycle == 1 else f"{plain(name)} #{cycle}"


def paragraphs(step: Step, teller: Teller) -> Iterator[Paragraph]:
    """What is said of a step, in order."""
    said = [one for clock, turns in groupby(step.turns, _together) for one in _told(clock, list(turns), step, teller)]
    while said:
        at, _, sentence = said[0]
        alike = [clock for its, clock, other in said if (its, other) == (at, sentence)]
        said = [one for one in said if (one[0], one[2]) != (at, sentence)]
        yield Paragraph(at, tuple(dict.fromkeys(alike)), sentence)


def _together(turn: Turned) -> tuple[tuple[str, int], bool]:
    return turn.clock, turn.what is What.WITHDRAWN


Said = tuple[int, tuple[str, int], str]


def _told(key: tuple[tuple[str, int], bool], turns: list[Turned], step: Step, teller: Teller) -> Iterator[Said]:
    clock, withdrawn = key
    if withdrawn:
        yield turns[0].at, clock, teller.withdrawn(turns)
        return
    for turn in turns:
        yield turn.at, clock, teller.tell(turn, step)
