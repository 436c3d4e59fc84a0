"""Reading a tree against what is expected of it, going on after each mistake so that all are found at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, Generic, TypeVar, assert_never

from msgspec import Struct

from stream_app.config.mistake import Mistake, Place, Unreadable, one_of, shown, suggestion
from stream_app.config.tree import Node, Scalar, Sequence, Table

T = TypeVar("T")
D = TypeVar("D")


class Form(Struct, Generic[T], frozen=True):
    """A form of single value: what to call it, and how its text is read (raising `Unreadable`)."""

    expected: str
    read: Callable[[str], T]


class Entry(Struct, frozen=True):
    """A key of a table with its value."""

    key: Scalar
    value: Node


class Reader:
    """Collects the mistakes of one file.

    What is wrong is noted and something harmless is returned in its place, so that reading goes on; what was read is
    of use only when `mistakes` is empty at the end.
    """

    def __init__(self, file: str, mistakes: Collection[Mistake] = ()) -> None:
        self.file: Final = file
        self.mistakes: Final = list(mistakes)

    def wrong(self, place: Place, what: str) -> None:
        """Note a mistake: what is wrong, what was expected."""
        self.mistakes.append(Mistake(self.file, *place, what))

    def entries(self, node: Node, expected: str) -> tuple[Entry, ...]:
        """The entries of a table whose keys are the operator's own names."""
        if not isinstance(node, Table):
            self.wrong(node.place, f"{described(node)}, expected {expected}")
            return ()
        return tuple(Entry(key, value) for key, value in node.entries)

    def table(self, node: Node, keys: Collection[str], expected: str) -> Mapping[str, Entry]:
        """The entries of a table with these keys, as far as they are there."""
        found: dict[str, Entry] = {}
        for entry in self.entries(node, expected):
            if entry.key.text in keys:
                found[entry.key.text] = entry
            else:
                what = f"unknown key {shown(entry.key.text)}, expected {one_of(keys, 'key')}"
                self.wrong(entry.key.place, what + suggestion(entry.key.text, keys))
        return found

    def items(self, node: Node, expected: str) -> tuple[Node, ...]:
        """The items of a list."""
        if not isinstance(node, Sequence):
            self.wrong(node.place, f"{described(node)}, expected {expected}")
            return ()
        return node.items

    def value(self, node: Node, form: Form[T], otherwise: D) -> T | D:
        """A single value; `otherwise` where it cannot be read."""
        if not isinstance(node, Scalar) or node.empty:
            self.wrong(node.place, f"{described(node)}, expected {form.expected}")
            return otherwise
        return self.part(node.place, node.text, form, otherwise)

    def field(self, table: Mapping[str, Entry], key: str, form: Form[T], otherwise: D) -> T | D:
        """The single value of a key; `otherwise` too where the key is not there."""
        return self.value(table[key].value, form, otherwise) if key in table else otherwise

    def part(self, place: Place, text: str, form: Form[T], otherwise: D) -> T | D:
        """A single value that is a part of a text, or a key."""
        try:
            return form.read(text)
        except Unreadable as wrong:
            self.wrong(place, f"{wrong.what}, expected {form.expected}{wrong.hint}")
            return otherwise

    def distinct(self, node: Node, form: Form[T], expected: str) -> tuple[T, ...]:
        """The single values of a list, none of them written twice."""
        values: list[T] = []
        written: set[str] = set()
        for item in self.items(node, expected):
            read = self.value(item, form, None)
            if read is None or not isinstance(item, Scalar):
                continue
            if item.text in written:
                self.wrong(item.place, f"{shown(item.text)} stands in the list already, expected it once")
                continue
            written.add(item.text)
            values.append(read)
        return tuple(values)


def described(node: Node) -> str:
    """What a node is, for a mistake about its being something else."""
    match node:
        case Scalar() if node.empty:
            return "no value"
        case Scalar():
            return shown(node.text)
        case Sequence():
            return "a list"
        case Table():
            return "a mapping"
        case _:
            assert_never(node)


def choice(known: Collection[str], kind: str) -> Form[str]:
    """One of the known names. `kind` is what such a name is called: `"fryday" is no weekday`."""

    def read(text: str) -> str:
        if text not in known:
            raise Unreadable(f"{shown(text)} is no {kind}", suggestion(text, known))
        return text

    return Form(one_of(known, kind), read)


def _anything(text: str) -> str:
    if not text:
        raise Unreadable("an empty text")
    return text


TEXT: Final = Form("a text", _anything)
