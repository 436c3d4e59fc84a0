"""Entries of the catalogue: from plain mappings, as the YAML has them, to KPIs; every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from stream_app.kpi.cell import Grouping
from stream_app.kpi.formula import Aggregate, Formula, Measure, aggregates, narrowed
from stream_app.kpi.grain import Window, window
from stream_app.kpi.grammar import FormulaError, parse
from stream_app.kpi.kpi import Group, Kpi
from stream_app.kpi.target import Goal, Target, target
from stream_app.sla.policy import Condition

_KEYS: Final = (
    *("description", "unit", "direction", "formula", "percentiles", "by", "within"),
    *("target", "target_by", "windows", "source"),
)
_WORDS: Final = {"en": "{}, {}th percentile", "id": "{}, persentil ke-{}"}
"""The languages of descriptions, and how each says a percentile."""
_RANKED: Final = ("priority", "severity")
"""The dimensions that targets may differ by …"""
_RANKS: Final = ("critical", "high", "medium", "low")
"""… and the values of both."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_MEAN: Final = re.compile(r"\s*mean\b")
_MOST: Final = 99

Raw = Mapping[str, object]
"""An entry as the YAML has it."""


class Fault(Struct, frozen=True):
    """A mistake in an entry."""

    path: tuple[str | int, ...]
    """Keys and positions on the way to it: `("csat", "by", 2)`."""
    message: str


def percentiles(name: str, raw: Raw) -> dict[str, Raw]:
    """The entries that an entry's `percentiles` stand for: the mean's in all but formula, target and words."""
    found, formula = raw.get("percentiles"), raw.get("formula")
    if not isinstance(found, list) or not isinstance(formula, str):
        return {}
    words = raw.get("description")
    spoken = words if isinstance(words, Mapping) else dict.fromkeys(_WORDS, words or name)
    shared = {key: raw[key] for key in ("unit", "direction", "by", "within", "windows", "source") if key in raw}
    return {
        f"{name}_p{percent}": {
            **shared,
            "description": {
                language: form.format(spoken[language], percent)
                for language, form in _WORDS.items()
                if language in spoken
            },
            "formula": _MEAN.sub(f"p{percent}", formula, count=1),
        }
        for percent in found
    }


def read(name: str, raw: Raw, windows: tuple[Window, ...]) -> Kpi | list[Fault]:
    """The KPI of an entry, with these windows unless it names its own; or all that is wrong with it."""
    reader = _Reader(name, raw)
    kpi = reader.kpi(windows)
    return reader.faults or kpi


class _Reader:
    """Reads one entry and keeps what is wrong with it."""

    def __init__(self, name: str, raw: Raw) -> None:
        self.name = name
        self.raw = raw
        self.faults: list[Fault] = []

    def kpi(self, windows: tuple[Window, ...]) -> Kpi:
        for key in self.raw:
            if key not in _KEYS:
                near = get_close_matches(str(key), _KEYS, 1)
                hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(_KEYS)}"
                self.wrong(f"unknown key `{key}`, {hint}", key)
        if not _NAME.fullmatch(self.name):
            self.wrong("a KPI's name is made of small letters, digits and _")
        formula = self.formula()
        by = self.by()
        self.percentiles(formula)
        return Kpi(
            id=self.name,
            description=self.description(),
            unit=self.text("unit") or "",
            direction=self.direction(),
            formula=str(self.raw.get("formula")),
            groups=() if formula is None else self.groups(formula, by),
            goal=self.goal(by),
            windows=self.windows() or windows,
            source=self.texts("source"),
        )

    def wrong(self, message: str, *path: str | int) -> None:
        self.faults.append(Fault((self.name, *path), message))

    def got(self, key: str, otherwise: object) -> object:
        """The value of a key; an explicit null clears it."""
        found = self.raw.get(key)
        return otherwise if found is None else found

    def text(self, key: str) -> str | None:
        found = self.raw.get(key)
        if found is None or isinstance(found, str):
            return found
        self.wrong("expected a text", key)
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.got(key, [])
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return tuple(found)
        self.wrong("expected a list of texts", key)
        return ()

    def mapping(self, key: str) -> Raw:
        found = self.got(key, {})
        if isinstance(found, Mapping):
            return found
        self.wrong("expected a mapping", key)
        return {}

    def description(self) -> dict[str, str]:
        if isinstance(found := self.raw.get("description"), str):
            return dict.fromkeys(_WORDS, found)
        words: dict[str, str] = {}
        for language, said in self.mapping("description").items():
            if language in _WORDS and isinstance(said, str):
                words[language] = said
            else:
                self.wrong(f"expected a text, or one for each of {', '.join(_WORDS)}", "description", language)
        return words

    def direction(self) -> str | None:
        found = self.text("direction")
        if found not in {None, "lower", "higher"}:
            self.wrong(f"expected `lower` or `higher`, not `{found}`", "direction")
        return found

    def formula(self) -> Formula | None:
        text = self.raw.get("formula")
        if not isinstance(text, str):
            self.wrong("a KPI needs a formula, a text like `count(resolved)`", "formula")
            return None
        try:
            formula = parse(text)
        except FormulaError as error:
            self.wrong(str(error), "formula")
            return None
        if not any(True for _ in aggregates(formula)):
            self.wrong("a formula without an aggregate is the same whatever happens", "formula")
        return formula

    def by(self) -> tuple[Grouping, ...]:
        found = self.got("by", [])
        if not isinstance(found, list):
            self.wrong("expected a list of dimensions, like `[priority, [team, priority]]`", "by")
            return ()
        groupings: list[Grouping] = []
        for position, one in enumerate(found):
            joined = one if isinstance(one, list) else [one]
            if not joined or not all(isinstance(name, str) for name in joined) or len(set(joined)) < len(joined):
                self.wrong("expected a dimension, or a list of different ones", "by", position)
            else:
                groupings.append(tuple(sorted(joined)))
        return tuple(dict.fromkeys(groupings))

    def groups(self, formula: Formula, by: tuple[Grouping, ...]) -> tuple[Group, ...]:
        limits: dict[str, Condition] = {}
        for dimension, values in self.mapping("within").items():
            if isinstance(values, list) and values and all(isinstance(one, str) for one in (dimension, *values)):
                limits[dimension] = Condition(frozenset(values))
            else:
                self.wrong("expected a list of values", "within", dimension)
        groups = []
        for dimensions in ((), *by):
            left_open = tuple((name, held) for name, held in limits.items() if name not in dimensions)
            groups.append(Group(dimensions, narrowed(formula, left_open)))
        return tuple(groups)

    def percentiles(self, formula: Formula | None) -> None:
        found = self.got("percentiles", [])
        if not isinstance(found, list) or not all(_is_percent(one) for one in found):
            self.wrong(f"expected a list of whole numbers from 1 to {_MOST}", "percentiles")
        elif found and formula is not None and not (isinstance(formula, Aggregate) and formula.measure is Measure.MEAN):
            self.wrong("only a plain `mean(…)` has percentiles", "percentiles")

    def goal(self, by: tuple[Grouping, ...]) -> Goal:
        special: dict[str, Target] = {}
        for dimension in self.mapping("target_by"):
            if (dimension,) not in by:
                self.wrong(f"`{dimension}` is not among `by`", "target_by", dimension)
            elif one := self.target("target_by", dimension):
                special[dimension] = one
        wanted = self.raw.get("target")
        if isinstance(wanted, Mapping):
            return self.ranked(by, special)
        return Goal(None if wanted is None else self.target("target"), special=special)

    def ranked(self, by: tuple[Grouping, ...], special: dict[str, Target]) -> Goal:
        """The goal where targets go by priority or severity."""
        dimension = next((dimension for dimension in _RANKED if (dimension,) in by), "")
        if not dimension:
            self.wrong(f"targets can only differ by {' or '.join(_RANKED)}, which must be among `by`", "target")
        each: dict[str, Target] = {}
        for rank in self.mapping("target"):
            if rank not in _RANKS:
                self.wrong(f"expected {', '.join(_RANKS)}, not `{rank}`", "target", rank)
            elif one := self.target("target", rank):
                each[rank] = one
        if len(each) == len(_RANKS) and len(set(each.values())) == 1:  # they don't differ
            return Goal(next(iter(each.values())), special=special)
        return Goal(dimension=dimension, each=each, special=special)

    def target(self, *path: str) -> Target | None:
        found: object = self.raw
        for key in path:
            found = found[key] if isinstance(found, Mapping) else None
        one = target(found) if isinstance(found, str) else None
        if one is None:
            self.wrong("expected a target like `< 15m`, `>= 95%`, `10..15` or `<= -20% vs previous`", *path)
        return one

    def windows(self) -> tuple[Window, ...]:
        windows = []
        for position, text in enumerate(self.texts("windows")):
            if one := window(text):
                windows.append(one)
            else:
                self.wrong("expected a duration like `90s`, `15m`, `6h` or `30d`", "windows", position)
        return tuple(dict.fromkeys(windows))


def _is_percent(found: object) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and 0 < found <= _MOST
