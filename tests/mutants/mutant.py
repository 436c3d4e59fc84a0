"""A mutant: takes one protection out of the product, by texts found and replaced in a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

FILE: Final = Path(__file__).with_name("mutants.toml")


class Stale(Exception):
    """The product has moved on: the mutant's text must be found again by hand."""


class Edit(Struct, frozen=True, forbid_unknown_fields=True):
    """A text that stands exactly once in a file, and what is put in its place."""

    file: str
    """From the root of the checkout."""
    find: str
    replace: str


class Mutant(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    takes_out: str
    """In one sentence: what the product does then."""
    tests: list[str]
    """Node ids of pytest, one of which at least must turn red."""
    edits: list[Edit]


class _Book(Struct, frozen=True, forbid_unknown_fields=True):
    mutants: list[Mutant]


def mutants(file: Path = FILE) -> list[Mutant]:
    """All of them, in the file's order. Raises msgspec.ValidationError where one is not complete."""
    return msgspec.toml.decode(file.read_bytes(), type=_Book).mutants


def edited(mutant: Mutant, root: Path) -> dict[Path, str]:
    """The files of the tree at `root` that the mutant changes, as they then are. Raises Stale; changes nothing."""
    texts: dict[Path, str] = {}
    for edit in mutant.edits:
        path = root / edit.file
        if not path.is_file():
            raise Stale(f"{edit.file} is not there any more; {_ADVICE}")
        text = texts.get(path) or path.read_text("utf-8")
        times = text.count(edit.find)
        if times != 1:
            raise Stale(f"{edit.file} has {times or 'no'} places, not one, with {edit.find!r}; {_ADVICE}")
        texts[path] = text.replace(edit.find, edit.replace)
    return texts


_ADVICE: Final = f"see where its protection stands now, and change {FILE.parent.name}/{FILE.name}"
