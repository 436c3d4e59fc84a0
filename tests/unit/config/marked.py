"""Wrong configurations that say themselves where they are wrong: `«` stands before each mistake."""

from __future__ import annotations

from stream_app.config.configuration import Configuration, load
from stream_app.config.mistake import ConfigurationRefused

FILE = "tenggat.yaml"


def read(text: str) -> Configuration:
    """The configuration that a good text says."""
    return load(text, FILE)


def said(text: str) -> list[str]:
    """What is said of a text, a line a mistake; nothing of a good one."""
    try:
        load(text, FILE)
    except ConfigurationRefused as refused:
        return str(refused).split("\n")
    return []


def marked(text: str) -> tuple[str, list[str]]:
    """The text without its marks, and where they stood, as `tenggat.yaml:line:column: `."""
    places = []
    for line, content in enumerate(text.split("\n"), 1):
        places += [
            f"{FILE}:{line}:{len(part) + 1}: "
            for part in (content[:at].replace("«", "") for at, character in enumerate(content) if character == "«")
        ]
    return text.replace("«", ""), places


def assert_said(text: str, *what: str) -> None:
    """Each mark is one mistake, told with these words, and there is no other."""
    plain, places = marked(text)
    lines = said(plain)
    assert [line[: len(place)] for line, place in zip(lines, places, strict=False)] == places, lines
    assert len(lines) == len(places) == len(what), lines
    for line, words in zip(lines, what, strict=True):
        assert words in line, line
