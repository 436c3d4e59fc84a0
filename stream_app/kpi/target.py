"""Targets: what a KPI's value is held against, and which target holds for which row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Final, assert_never

from msgspec import Struct

from stream_app.kpi.grain import UNITS
from stream_app.sla.instant import SECOND

_AMOUNT: Final = r"([-+]?\d+(?:\.\d+)?)\s*([smhd%]?)"
_LIMIT: Final = re.compile(rf"(<=|>=|<|>)\s*{_AMOUNT}(\s+vs\s+previous)?")
_BAND: Final = re.compile(rf"{_AMOUNT}\s*\.\.\s*{_AMOUNT}")


class Sense(StrEnum):
    """How a value is held against a target's bounds."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    WITHIN = ".."


class Target(Struct, frozen=True):
    """One target, in the KPI's unit: durations in seconds, shares as fractions."""

    sense: Sense
    bound: Fraction
    upper: Fraction = Fraction(0)
    """The other edge of a band."""
    change: bool = False
    """The bound is of the change against the window before."""

    @property
    def text(self) -> str:
        """As reports show it: `< 900`, `>= 0.95`, `10..15`, `<= -0.2 vs previous`."""
        if self.sense is Sense.WITHIN:
            return f"{_plain(self.bound)}..{_plain(self.upper)}"
        return f"{self.sense} {_plain(self.bound)}{' vs previous' if self.change else ''}"

    def met(self, value: Fraction) -> bool | None:
        """Whether a value meets it, compared exactly; None where it is not the value itself that is held."""
        if self.change:
            return None
        match self.sense:
            case Sense.BELOW:
                return value < self.bound
            case Sense.AT_MOST:
                return value <= self.bound
            case Sense.ABOVE:
                return value > self.bound
            case Sense.AT_LEAST:
                return value >= self.bound
            case Sense.WITHIN:
                return self.bound <= value <= self.upper
            case _:
                assert_never(self.sense)


class Goal(Struct, frozen=True):
    """The targets of a KPI: one for all, or one for each priority; some dimensions may have their own."""

    one: Target | None = None
    dimension: str = ""
    """What `each` goes by: `priority` or `severity`."""
    each: Mapping[str, Target] = {}
    special: Mapping[str, Target] = {}
    """By dimension: the target of its rows."""

    def of(self, labels: Mapping[str, str]) -> Target | None:
        """The target of the row with these labels."""
        if len(labels) == 1:
            for dimension in labels:
                if dimension in self.special:
                    return self.special[dimension]
        if not self.each:
            return self.one
        return self.each.get(labels.get(self.dimension, ""))


def target(text: str) -> Target | None:
    """The target that a text says: `< 15m`, `>= 95%`, `10..15`, `<= -20% vs previous`; None if it says none."""
    if limit := _LIMIT.fullmatch(text.strip()):
        return Target(Sense(limit[1]), _amount(limit[2], limit[3]), change=bool(limit[4]))
    if band := _BAND.fullmatch(text.strip()):
        unit = band[2] or band[4]  # `60..80%`: both edges are shares
        lower, upper = _amount(band[1], unit), _amount(band[3], band[4])
        return Target(Sense.WITHIN, lower, upper) if lower <= upper else None
    return None


def _amount(number: str, unit: str) -> Fraction:
    if unit == "%":
        return Fraction(number) / 100
    return Fraction(number) * UNITS[unit] / SECOND if unit else Fraction(number)


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else repr(float(number))
