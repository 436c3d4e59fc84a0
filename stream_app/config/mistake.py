"""Mistakes in what the operator wrote: each with its place and what was expected, all of them said at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final, NamedTuple

from msgspec import Struct

_SHOWN: Final = 60
"""How much of a wrong text is repeated to the operator."""
_LISTED: Final = 16
"""How many names are listed as what was expected; of more (countries, time zones) only a near one is named."""


class Place(NamedTuple):
    """Where something stands in a file: line and column, both from 1."""

    line: int
    column: int


START: Final = Place(1, 1)


class Mistake(Struct, frozen=True, order=True):
    """One thing that is wrong. Line and column count from 1; line 0: the mistake has no place inside the file."""

    file: str
    """As the operator named it; of a setting, the variable's name."""
    line: int
    column: int
    what: str
    """What is wrong, and what was expected."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.what}"


class ConfigurationRefused(Exception):
    """The configuration (or a setting) cannot be used. Its text is one line a mistake, sorted by place; exit code 2."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: Final = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class Unreadable(Exception):
    """A text does not say what it should. `what` is wrong with it; `hint` is a question to end with, or empty."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what: Final = what
        self.hint: Final = hint


def shown(text: str) -> str:
    """The text in double quotes on one line, cut where it is long."""
    return json.dumps(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…", ensure_ascii=False)


def suggestion(text: str, known: Iterable[str]) -> str:
    """`; did you mean "calendar"?` where one of the known names is near the text, else nothing."""
    names = {name.lower(): name for name in known}
    near = get_close_matches(text.lower(), names, n=1) if len(text) <= _SHOWN else []
    return f'; did you mean "{names[near[0]]}"?' if near else ""


def one_of(known: Collection[str], kind: str) -> str:
    """`one of a, b, c`, or `the name of a kind` where the names are too many to list."""
    return f"one of {', '.join(known)}" if 0 < len(known) <= _LISTED else f"the name of a {kind}"
