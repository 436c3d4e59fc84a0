"""The configuration: all that `tenggat.yaml` says, checked, frozen, and known by the digest of its text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path as File
from typing import Final, cast

from msgspec import Struct

from stream_app.config.calendars import ZONE, calendars
from stream_app.config.duration import DURATION, POSITIVE
from stream_app.config.mistake import ConfigurationRefused, Mistake
from stream_app.config.plain import Path, Places, Plain, plain
from stream_app.config.policies import INCIDENTS, TICKETS, policies
from stream_app.config.reader import Entry, Form, Reader, described
from stream_app.config.tree import Node, Scalar, Table, tree
from stream_app.sla.instant import DAY, HOUR, MINUTE, Micros
from stream_app.sla.policy import Rules

BUILT_IN: Final = "(built-in configuration)"
"""What stands for a file's name where there is none."""

_KEYS: Final = (
    "calendars",
    "policies",
    "incidents",
    "timezone",
    "max_ahead",
    "retention",
    "lateness",
    "windows",
    "kpis",
    "scorecards",
    "alerts",
)
_TIMEZONE: Final = "UTC"
_MAX_AHEAD: Final = Micros(5 * MINUTE)
_RETENTION: Final = Micros(400 * DAY)
_LATENESS: Final = HOUR
_WINDOWS: Final = (("1h", HOUR), ("24h", DAY), ("7d", Micros(7 * DAY)), ("30d", Micros(30 * DAY)))


def _window(text: str) -> tuple[str, Micros]:
    return text, POSITIVE.read(text)


_WINDOW: Final = Form(POSITIVE.expected, _window)


class Configuration(Struct, frozen=True, kw_only=True):
    """What holds. Spans are microseconds."""

    rules: Rules
    timezone: str
    """IANA zone of reports."""
    max_ahead: Micros
    """How far ahead of the clock an event's time may be."""
    retention: Micros
    """How long, by event time, finished entities are kept."""
    lateness: Micros
    """How far out of order an entity's events may come."""
    windows: tuple[tuple[str, Micros], ...]
    """Each with the label it was written with, in the order written."""
    kpis: Mapping[str, Plain]
    """The operator's entries for the catalogue, by id, not judged yet: say what is wrong with `mistake`."""
    scorecards: Mapping[str, Plain]
    alerts: Mapping[str, Plain]
    places: Places
    """Where the values of the last three stand; paths begin with the section's name."""
    file: str
    text: str
    digest: str
    """SHA-256 of the text (UTF-8), in hexadecimal."""

    def mistake(self, path: Path, what: str, *, key: bool = False) -> Mistake:
        """A mistake at a value of `kpis`, `scorecards` or `alerts` (`key`: at its key), as for `load`'s own."""
        place = self.places.key(path) if key else self.places.value(path)
        return Mistake(self.file, *place, what)


def load(text: str, file: str) -> Configuration:
    """The configuration that the text says; raises `ConfigurationRefused` with all that is wrong, and nothing else.

    `file` is what mistakes call it. Where the text is silent on policies or incidents there are none; an empty text
    says nothing at all. The built-in policies are those of `built_in`, for when there is no file.
    """
    root, mistakes = tree(text, file)
    reader = Reader(file, mistakes)
    given = _sections(reader, root)
    known = calendars(reader, _section(given, "calendars"))
    places = Places()
    configuration = Configuration(
        rules=Rules(
            calendars=known,
            tickets=policies(reader, _section(given, "policies"), TICKETS, known),
            incidents=policies(reader, _section(given, "incidents"), INCIDENTS, known),
        ),
        timezone=reader.field(given, "timezone", ZONE, _TIMEZONE),
        max_ahead=reader.field(given, "max_ahead", DURATION, _MAX_AHEAD),
        retention=reader.field(given, "retention", POSITIVE, _RETENTION),
        lateness=reader.field(given, "lateness", DURATION, _LATENESS),
        windows=reader.distinct(given["windows"].value, _WINDOW, "a list of durations such as [1h, 24h, 7d]")
        if "windows" in given
        else _WINDOWS,
        kpis=_plain(reader, given, "kpis", places),
        scorecards=_plain(reader, given, "scorecards", places),
        alerts=_plain(reader, given, "alerts", places),
        places=places,
        file=file,
        text=text,
        digest=sha256(text.encode(errors="surrogatepass")).hexdigest(),
    )
    if reader.mistakes:
        raise ConfigurationRefused(reader.mistakes)
    return configuration


@cache
def built_in() -> Configuration:
    """The configuration that serves where there is no file."""
    return load(File(__file__).with_name("default.yaml").read_text(encoding="utf-8"), BUILT_IN)


def _sections(reader: Reader, root: Node | None) -> Mapping[str, Entry]:
    """The sections that say something: one that is empty, all its lines commented out, is as good as not there."""
    if root is None or (isinstance(root, Scalar) and root.empty):
        return {}
    given = reader.table(root, _KEYS, "a mapping with policies, calendars and so on")
    return {key: entry for key, entry in given.items() if not (isinstance(entry.value, Scalar) and entry.value.empty)}


def _section(given: Mapping[str, Entry], key: str) -> Node | None:
    return given[key].value if key in given else None


def _plain(reader: Reader, given: Mapping[str, Entry], key: str, places: Places) -> Mapping[str, Plain]:
    if key not in given:
        return {}
    node = given[key].value
    places.note((key,), given[key].key.place, node.place)
    for entry in reader.entries(node, f"{key} by name"):
        if key != "alerts" and not isinstance(entry.value, Table):
            reader.wrong(entry.value.place, f"{described(entry.value)}, expected a mapping")
    return cast("Mapping[str, Plain]", plain(node, places, (key,)))
