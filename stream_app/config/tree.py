"""The tree of a YAML text: texts, lists and tables, each with its place, nothing guessed about types.

YAML's own reading of `no`, `17:30` or `1e3` is left aside: what a scalar means is for the one who knows the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from stream_app.config.mistake import START, Mistake, Place, shown, suggestion

MAX_CHARACTERS: Final = 262_144
"""As long a configuration as is read: its text is a record of a Kafka topic, whose limit is 1 MB by default."""
_MAX_DEPTH: Final = 32
_MAX_NODES: Final = 100_000
"""Aliases counted as often as they are used: a few lines of them can stand for billions of values."""
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar(Struct, frozen=True):
    """A single value, as it was written."""

    text: str
    place: Place
    quoted: bool = False

    @property
    def empty(self) -> bool:
        """Whether it is YAML's null: nothing, or `null`, without quotes."""
        return not self.quoted and self.text in _NULLS


class Sequence(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    place: Place


class Table(Struct, frozen=True):
    """A mapping, in the order written, no key twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


Node = Scalar | Sequence | Table


class _Untreeable(Exception):
    """Reading cannot go on after this mistake."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(what)
        self.place, self.what = place, what


class _Open(Struct):
    """A list or a table whose end has not come yet, and what stands in it so far."""

    table: bool
    place: Place
    anchor: str | None
    nodes: list[Node]
    size: int = 1
    height: int = 1


class _Measured(Struct, frozen=True):
    """A node with how many nodes it stands for and how deep it is."""

    node: Node
    size: int = 1
    height: int = 1


def tree(text: str, file: str) -> tuple[Node | None, list[Mistake]]:
    """The tree of the text, None where it says nothing, and what is wrong with the YAML itself; raises nothing.

    After a mistake in the syntax there is no tree; with a key that stands twice the first one counts.
    """
    mistakes: list[Mistake] = []
    if len(text) > MAX_CHARACTERS:
        what = f"the file has {len(text)} characters, expected {MAX_CHARACTERS} at most"
        return None, [Mistake(file, *START, what)]
    try:
        return _compose(_events(text.removeprefix("\ufeff")), mistakes, file), mistakes
    except _Untreeable as stop:
        return None, [*mistakes, Mistake(file, *stop.place, stop.what)]


def _events(text: str) -> Iterator[Event]:
    """The parser's events; what it may raise is turned into one kind of error with a place."""
    last = START
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            yield event
            last = _place(event.end_mark)
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        said = ", ".join(part for part in (wrong.context, wrong.problem) if part)
        raise _Untreeable(_place(mark) if mark else last, f"this is not YAML: {said}") from wrong
    except ReaderError as wrong:
        before = text[: wrong.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _Untreeable(place, f"character U+{ord(text[wrong.position]):04X}, expected printable text") from wrong
    except (ValueError, OverflowError) as wrong:
        # The scanner lets pass an escape beyond Unicode ("\UFFFFFFFF") and falls over it.
        raise _Untreeable(last, f"this is not YAML: after this place, {wrong}") from wrong


def _compose(events: Iterator[Event], mistakes: list[Mistake], file: str) -> Node | None:
    root: Node | None = None
    anchors: dict[str, _Measured] = {}
    inside: list[_Open] = []
    for event in events:
        match event:
            case DocumentStartEvent() if root:
                raise _Untreeable(_place(event.start_mark), "a second document, expected one in a file")
            case CollectionStartEvent():
                inside.append(_opened(event, len(inside)))
                continue
            case ScalarEvent():
                anchor, done = event.anchor, _Measured(_scalar(event))
            case AliasEvent():
                anchor, done = None, _aliased(event, anchors)
            case CollectionEndEvent():
                ended = inside.pop()
                anchor, done = ended.anchor, _closed(ended, mistakes, file)
            case _:
                continue
        if anchor:
            anchors[anchor] = done
        if inside:
            _take(inside[-1], done)
        else:
            root = done.node
    return root


def _opened(event: CollectionStartEvent, depth: int) -> _Open:
    _untagged(event)
    place = _place(event.start_mark)
    if depth == _MAX_DEPTH:
        _too_deep(place)
    return _Open(isinstance(event, MappingStartEvent), place, event.anchor, [])


def _scalar(event: ScalarEvent) -> Scalar:
    _untagged(event)
    place = _place(event.start_mark)
    if any("\ud800" <= character <= "\udfff" for character in event.value):
        raise _Untreeable(place, "half of a character (a surrogate), expected whole ones")
    return Scalar(event.value, place, quoted=not event.implicit[0])


def _aliased(event: AliasEvent, anchors: dict[str, _Measured]) -> _Measured:
    """What the alias stands for, as if it were written here."""
    known, place = anchors.get(event.anchor), _place(event.start_mark)
    if known is None:
        hint = suggestion(event.anchor, anchors)
        raise _Untreeable(place, f"*{event.anchor}, expected an anchor that stands before it{hint}")
    return _Measured(replace(known.node, place=place), known.size, known.height)


def _take(into: _Open, done: _Measured) -> None:
    into.nodes.append(done.node)
    into.size += done.size
    into.height = max(into.height, done.height + 1)
    if into.size > _MAX_NODES:
        raise _Untreeable(done.node.place, f"more than {_MAX_NODES} values, expected fewer; are aliases nested?")
    if into.height > _MAX_DEPTH:
        _too_deep(done.node.place)


def _closed(ended: _Open, mistakes: list[Mistake], file: str) -> _Measured:
    if not ended.table:
        return _Measured(Sequence(tuple(ended.nodes), ended.place), ended.size, ended.height)
    entries: dict[str, tuple[Scalar, Node]] = {}
    for key, value in zip(ended.nodes[::2], ended.nodes[1::2], strict=True):
        if not isinstance(key, Scalar):
            mistakes.append(Mistake(file, *key.place, "a list or a mapping as a key, expected a name"))
        elif key.text in entries:
            first = entries[key.text][0].place.line
            what = f"the key {shown(key.text)} stands in line {first} already, expected it once"
            mistakes.append(Mistake(file, *key.place, what))
        else:
            # Where nothing is written, the parser's place is that of whatever comes next, lines further down.
            nothing = isinstance(value, Scalar) and value.empty and not value.text
            entries[key.text] = (key, replace(value, place=key.place) if nothing else value)
    return _Measured(Table(tuple(entries.values()), ended.place), ended.size, ended.height)


def _untagged(event: ScalarEvent | CollectionStartEvent) -> None:
    if event.tag is not None:
        raise _Untreeable(_place(event.start_mark), f"the tag {shown(str(event.tag))}, expected a value without one")


def _too_deep(place: Place) -> None:
    raise _Untreeable(place, f"nested deeper than {_MAX_DEPTH} levels, expected fewer")


def _place(mark: StreamMark) -> Place:
    return Place(mark.line + 1, mark.column + 1)
