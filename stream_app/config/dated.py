"""Dated configurations: what holds from which moment on, and how the command line says so."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Final

from msgspec import Meta, Struct, ValidationError, convert

from stream_app.config.configuration import Configuration, built_in, load
from stream_app.config.mistake import ConfigurationRefused, Mistake
from stream_app.sla.instant import EARLIEST, Micros, micros, text

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*")
_FROM: Final = itemgetter(0)


class Dated(Struct, frozen=True):
    """Configurations with the moment each holds from, sorted; the first holds from the beginning."""

    entries: tuple[tuple[Micros, Configuration], ...]

    def at(self, moment: Micros) -> Configuration:
        """The configuration in force at the moment, the one that begins then included."""
        return self.entries[max(bisect_right(self.entries, moment, key=_FROM) - 1, 0)][1]


class Word(Struct, frozen=True):
    """What the operator gave: a file, and from when on it holds (None: from the beginning)."""

    file: str
    since: Micros | None = None


def parse(word: str) -> Word:
    """`FILE` or `FILE@TIME` (RFC 3339 with an offset; the last `@` counts); raises `ConfigurationRefused`."""
    file, at, tail = word.rpartition("@")
    if not at or not _TIME.fullmatch(tail):
        return Word(word)
    try:
        return Word(file, micros(convert(tail, Annotated[datetime, Meta(tz=True)])))
    except ValidationError as wrong:
        what = f"{tail} is no moment, expected RFC 3339 with an offset such as 2026-03-01T00:00:00Z"
        raise ConfigurationRefused([Mistake(word, 0, 0, what)]) from wrong


def dated(words: Iterable[str], read: Callable[[str], str]) -> Dated:
    """The configurations of the command line's words, the built-in one without any.

    `read` gives a file's text or raises `ConfigurationRefused`, as this does, with the mistakes of all files.
    """
    mistakes: list[Mistake] = []
    found: dict[Micros, Configuration] = {}
    for word in words:
        try:
            given = parse(word)
            since = EARLIEST if given.since is None else given.since
            if since in found:
                when = "from the beginning" if given.since is None else f"from {text(since)}"
                mistakes.append(
                    Mistake(word, 0, 0, f"another configuration holds {when}, expected FILE@TIME to differ")
                )
            found[since] = load(read(given.file), given.file)
        except ConfigurationRefused as refused:
            mistakes.extend(refused.mistakes)
    if mistakes:
        raise ConfigurationRefused(mistakes)
    entries = tuple(sorted(found.items(), key=_FROM)) or ((EARLIEST, built_in()),)
    return Dated(((EARLIEST, entries[0][1]), *entries[1:]))
