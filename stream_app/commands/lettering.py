"""Dead letters as they are printed: for a person or for a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import click

from stream_app.dlq.letter import Fate, Letter, Place
from stream_app.sla.instant import text

Left = tuple[Place, str]
"""A letter that cannot be sent, and why."""

COMPLAINTS: Final = 10
PREVIEW: Final = 160
"""Characters of a value that a person is shown."""
EXCERPT: Final = 2_000
"""Characters of a value in JSON."""


def counted(what: str, counts: Counter[str]) -> str:
    """How many, and of which topic."""
    each = ", ".join(f"{count} of {topic}" for topic, count in sorted(counts.items()))
    return f"{counts.total()} {what}{': ' + each if each else ''}"


def complain(left: Sequence[Left]) -> None:
    """Say of letters why they cannot be sent, the first few of them, on standard error."""
    for place, why in left[:COMPLAINTS]:
        click.echo(f"{place} cannot be sent: {why}", err=True)
    if len(left) > COMPLAINTS:
        click.echo(f"and {len(left) - COMPLAINTS} more", err=True)


def row(letter: Letter, fate: Fate | None, most: int | None) -> dict[str, Any]:
    """A letter for machines, of its value at most so many characters."""
    return {
        "topic": letter.place.topic,
        "partition": letter.place.partition,
        "offset": letter.place.offset,
        "at": text(letter.at),
        "reason": letter.reason,
        "detail": letter.detail,
        "key": None if letter.key is None else letter.key.decode(errors="backslashreplace"),
        "origin": None if letter.origin is None else letter.origin._asdict(),
        "value": None if letter.value is None else _cut(letter.value.decode(errors="backslashreplace"), most),
        "value_bytes": len(letter.value or b""),
        "done": fate,
    }


def lines(letter: Letter, fate: Fate | None, most: int | None) -> str:
    """A letter for a person, of its value at most so many characters."""
    key = "no key" if letter.key is None else f"key {_plain(letter.key)}"
    origin = "" if letter.origin is None else f"  from {letter.origin}"
    done = "" if fate is None else f"  {fate.value}"
    value = "no value" if letter.value is None else _cut(_plain(letter.value), most)
    reason = click.style(letter.reason, fg="yellow", bold=True)
    why = f": {_plain(letter.detail.encode())}" if letter.detail else ""
    head = f"{text(letter.at)}  {letter.place}  {key}{origin}{done}"
    return f"{head}\n    {reason}{why}\n    {value}"


def _plain(data: bytes) -> str:
    """As text on one line, whatever it is: a terminal obeys control characters."""
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in data.decode(errors="backslashreplace"))


def _cut(said: str, most: int | None) -> str:
    return said if most is None or len(said) <= most else f"{said[:most]}… ({len(said)} characters)"
