"""Files of events: JSON lines, plain, gzipped or from standard input, read as a stream."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STDIN: Final = "-"


def lines(path: str) -> Iterator[bytes]:
    """Every line that is not empty, without its line end. `-` is standard input, `.gz` is unpacked.

    A file that cannot be read, or not to its end, raises click.ClickException (exit code 1).
    """
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else opened(path) as file:
            for line in file:
                if text := line.rstrip(b"\r\n"):
                    yield text
    except (OSError, EOFError, zlib.error) as problem:
        raise unreadable(path, problem) from problem


def opened(path: str) -> BinaryIO:
    """The file, for reading bytes."""
    if path.endswith(".gz"):
        return cast("BinaryIO", gzip.open(path, "rb"))
    return Path(path).open("rb")


def require(paths: Iterable[str]) -> None:
    """Fail now, with click.ClickException, where one of them cannot be opened: before the others have had effects."""
    for path in paths:
        if path != STDIN:
            try:
                Path(path).open("rb").close()
            except OSError as problem:
                raise unreadable(path, problem) from problem


def size(paths: Iterable[str]) -> int | None:
    """How many bytes there are to read in all; None where that cannot be known beforehand."""
    total = 0
    for path in paths:
        if path == STDIN or path.endswith(".gz") or not Path(path).is_file():
            return None
        total += Path(path).stat().st_size
    return total


def unreadable(path: str, problem: Exception) -> click.ClickException:
    """The error a command ends with."""
    why = (problem.strerror if isinstance(problem, OSError) else None) or str(problem) or type(problem).__name__
    return click.ClickException(f"{path}: {why}")
