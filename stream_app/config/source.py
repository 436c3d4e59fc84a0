"""Reading a configuration's file: the one place of the loader that touches the disk."""

from __future__ import annotations

from pathlib import Path

from stream_app.config.mistake import ConfigurationRefused, Mistake
from stream_app.config.tree import MAX_CHARACTERS

_MAX_BYTES = 4 * MAX_CHARACTERS
"""UTF-8 takes four bytes at most for a character."""


def read(path: str) -> str:
    """The text of the file; raises `ConfigurationRefused` where it is missing, not readable, too long or not UTF-8."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise ConfigurationRefused(
            [Mistake(path, 0, 0, f"{why}, expected a configuration that can be read")]
        ) from wrong
    if len(data) > _MAX_BYTES:
        what = f"more than {_MAX_BYTES} bytes, expected {MAX_CHARACTERS} characters at most"
        raise ConfigurationRefused([Mistake(path, 0, 0, what)])
    try:
        return data.decode()
    except UnicodeDecodeError as wrong:
        before = data[: wrong.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = f"the byte 0x{data[wrong.start]:02x}, expected UTF-8"
        raise ConfigurationRefused([Mistake(path, line, column, what)]) from wrong
