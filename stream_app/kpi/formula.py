"""Formulas of KPIs: arithmetic over aggregates of facts, evaluated exactly.

Counts are whole numbers and the values of facts are millionths (microseconds, micro-units), so every value is a
fraction of integers: `0.95` is met by 19 of 20 and by nothing less, in whatever order the facts came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from fractions import Fraction
from math import isqrt
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from stream_app.kpi import bins
from stream_app.kpi.bucket import Bucket
from stream_app.kpi.cell import Series
from stream_app.sla.policy import Condition

MILLION: Final = 1_000_000


class Measure(StrEnum):
    """What is taken of the facts of a series."""

    COUNT = "count"
    NOW = "now"
    """How many gauges stand now, whatever the window."""
    SUM = "sum"
    MEAN = "mean"
    STDDEV = "stddev"
    """Of the population: √(Σx²/n - (Σx/n)²)."""
    MIN = "min"
    MAX = "max"
    PERCENTILE = "p"
    """By nearest rank, within one percent, as the least and the greatest are."""


BINNED: Final = frozenset({Measure.MIN, Measure.MAX, Measure.PERCENTILE})
"""What needs the bins."""


class Operator(StrEnum):
    """What joins two formulas."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    LESSER = "min"
    GREATER = "max"


class Number(Struct, frozen=True):
    """A constant."""

    value: Fraction


class Aggregate(Struct, frozen=True):
    """A measure of a series."""

    measure: Measure
    series: Series
    percent: int = 0


class Binary(Struct, frozen=True):
    """Two formulas joined."""

    operator: Operator
    left: Formula
    right: Formula


Formula = Number | Aggregate | Binary

Look = Callable[[Aggregate], Bucket | None]
"""The facts that an aggregate is taken of; None where there are none."""


def aggregates(formula: Formula) -> Iterator[Aggregate]:
    """Every aggregate in a formula, from the left."""
    match formula:
        case Number():
            return
        case Aggregate():
            yield formula
        case Binary():
            yield from aggregates(formula.left)
            yield from aggregates(formula.right)
        case _:
            assert_never(formula)


def narrowed(formula: Formula, condition: tuple[tuple[str, Condition], ...]) -> Formula:
    """The formula over those facts only that meet a condition too."""
    match formula:
        case Number():
            return formula
        case Aggregate():
            where = ordered((*formula.series.where, *condition))
            return replace(formula, series=replace(formula.series, where=where))
        case Binary():
            return Binary(formula.operator, narrowed(formula.left, condition), narrowed(formula.right, condition))
        case _:
            assert_never(formula)


def ordered(where: tuple[tuple[str, Condition], ...]) -> tuple[tuple[str, Condition], ...]:
    """Conditions in their one order, each once: what means the same is the same series."""
    return tuple(sorted(set(where), key=lambda one: (one[0], one[1].negated, sorted(one[1].values))))


def value(formula: Formula, look: Look) -> Fraction | None:
    """What the formula comes to; None where nothing is there to take it of, or where it divides by nothing."""
    match formula:
        case Number():
            return formula.value
        case Aggregate():
            return _taken(formula, look(formula))
        case Binary():
            left, right = value(formula.left, look), value(formula.right, look)
            return None if left is None or right is None else _joined(formula.operator, left, right)
        case _:
            assert_never(formula)


def samples(formula: Formula, look: Look) -> int | None:
    """How many facts the value stands on: those of the denominator, where there is one; None of a constant."""
    match formula:
        case Number():
            return None
        case Aggregate():
            found = look(formula)
            return 0 if found is None else found.count
        case Binary():
            left, right = samples(formula.left, look), samples(formula.right, look)
            if left is None or right is None:
                return right if left is None else left
            return right if formula.operator is Operator.DIVIDE else left + right
        case _:
            assert_never(formula)


def _joined(operator: Operator, left: Fraction, right: Fraction) -> Fraction | None:
    match operator:
        case Operator.ADD:
            return left + right
        case Operator.SUBTRACT:
            return left - right
        case Operator.MULTIPLY:
            return left * right
        case Operator.DIVIDE:
            return left / right if right else None
        case Operator.LESSER:
            return min(left, right)
        case Operator.GREATER:
            return max(left, right)
        case _:
            assert_never(operator)


def _taken(aggregate: Aggregate, bucket: Bucket | None) -> Fraction | None:  # noqa: PLR0911 -- one for each measure
    measure = aggregate.measure
    if bucket is None or bucket.count <= 0:
        return Fraction(0) if measure in {Measure.COUNT, Measure.NOW, Measure.SUM} else None
    match measure:
        case Measure.COUNT | Measure.NOW:
            return Fraction(bucket.count)
        case Measure.SUM:
            return Fraction(bucket.total, MILLION)
        case Measure.MEAN:
            return Fraction(bucket.total, bucket.count * MILLION)
        case Measure.STDDEV:
            spread = isqrt(bucket.count * bucket.squares - bucket.total * bucket.total)
            return Fraction(spread, bucket.count * MILLION)
        case Measure.MIN:
            return _quantile(bucket, 0)
        case Measure.MAX:
            return _quantile(bucket, 100)
        case Measure.PERCENTILE:
            return _quantile(bucket, aggregate.percent)
        case _:
            assert_never(measure)


def _quantile(bucket: Bucket, percent: int) -> Fraction | None:
    found = bins.quantile(bucket.bins or {}, percent)
    return None if found is None else Fraction(found) / MILLION
