"""Parts of the configuration that others judge (KPIs, scorecards, alerts), as plain values that know their place."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final, assert_never

from stream_app.config.mistake import START, Place
from stream_app.config.tree import Node, Scalar, Sequence, Table

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
Path = tuple[str | int, ...]
"""Keys and positions (from 0) from the top of the file: ("kpis", "csat", "target")."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class Places:
    """Where the plain values stand."""

    def __init__(self) -> None:
        self._values: dict[Path, Place] = {}
        self._keys: dict[Path, Place] = {}

    def value(self, path: Path) -> Place:
        """The place of the value at the path, or of the nearest above it that is there."""
        return self._nearest(self._values, path)

    def key(self, path: Path) -> Place:
        """The place of the path's last key, or the nearest above it that is there."""
        return self._nearest(self._keys, path)

    @staticmethod
    def _nearest(places: dict[Path, Place], path: Path) -> Place:
        return next((places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in places), START)

    def note(self, path: Path, key: Place, value: Place) -> None:
        """Remember where a key (of a list's item: the item) and its value stand."""
        self._keys[path] = key
        self._values[path] = value


def plain(node: Node, places: Places, path: Path) -> Plain:
    """The node as YAML 1.2 (core schema) means it: numbers and truth values where they are not quoted."""
    match node:
        case Scalar():
            return _scalar(node)
        case Sequence():
            values: list[Plain] = []
            for index, item in enumerate(node.items):
                places.note((*path, index), item.place, item.place)
                values.append(plain(item, places, (*path, index)))
            return values
        case Table():
            table: dict[str, Plain] = {}
            for key, value in node.entries:
                places.note((*path, key.text), key.place, value.place)
                table[key.text] = plain(value, places, (*path, key.text))
            return table
        case _:
            assert_never(node)


def _scalar(node: Scalar) -> Plain:
    if node.quoted:
        return node.text
    if node.empty:
        return None
    if _INTEGER.fullmatch(node.text):
        return int(node.text)
    if _DECIMAL.fullmatch(node.text) and isfinite(number := float(node.text)):
        return number
    return _TRUTHS.get(node.text, node.text)
