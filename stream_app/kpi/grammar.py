"""The grammar of formulas: text to tree, with the column of a mistake.

    formula   = term {("+" | "-") term}
    term      = factor {("*" | "/") factor}
    factor    = "-" factor | number | "(" formula ")" | ("min" | "max") "(" formula "," formula ")" | aggregate
    aggregate = measure "(" fact ["where" condition {"and" condition}] ")"
    condition = label ("=" | "!=") text | label ["not"] "in" "[" text {"," text} "]"

A measure is `count`, `now`, `sum`, `mean`, `stddev`, `min`, `max` or a percentile like `p95`; a text stands in double
quotes. Nothing else can be said, so nothing in a configuration can be run.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from fractions import Fraction
from typing import Final

from stream_app.kpi.cell import Series
from stream_app.kpi.formula import Aggregate, Binary, Formula, Measure, Number, Operator, ordered
from stream_app.sla.policy import Condition

_TOKEN: Final = re.compile(
    r'\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<word>[a-z_][a-z0-9_]*)|(?P<text>"[^"]*")|(?P<sign>!=|[-+*/(),=\[\]]))'
)
_PERCENTILE: Final = re.compile(r"p([1-9][0-9]?)")
_MEASURES: Final = {measure.value: measure for measure in Measure if measure is not Measure.PERCENTILE}
_DEEPEST: Final = 50


class FormulaError(ValueError):
    """A text that is no formula; `column` (from 1) is where it stops being one."""

    def __init__(self, column: int, wrong: str) -> None:
        super().__init__(f"{wrong} at column {column} of the formula")
        self.column = column


def parse(text: str) -> Formula:
    """The formula that a text says. Raises FormulaError."""
    reader = _Reader(text)
    formula = reader.formula()
    reader.end()
    return formula


class _Reader:
    """Recursive descent over the tokens, one token ahead."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[int, str, str]] = []
        self.at = 0
        self.depth = 0
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                column = len(text) - len(text[position:].lstrip()) + 1
                raise FormulaError(column, f"unexpected {text[column - 1]!r}")
            kind = match.lastgroup or ""
            self.tokens.append((match.start(kind) + 1, kind, match[kind]))
            position = match.end()
        self.tokens.append((len(text) + 1, "end", ""))

    def formula(self) -> Formula:
        left = self.term()
        while (sign := self.takes("+", "-")) is not None:
            left = Binary(Operator(sign), left, self.term())
        return left

    def term(self) -> Formula:
        left = self.factor()
        while (sign := self.takes("*", "/")) is not None:
            left = Binary(Operator(sign), left, self.factor())
        return left

    def factor(self) -> Formula:
        column, kind, token = self.tokens[self.at]
        self.depth += 1
        if self.depth > _DEEPEST:
            raise FormulaError(column, "more brackets than anybody can read")
        if self.takes("-") is not None:
            found: Formula = Binary(Operator.SUBTRACT, Number(Fraction(0)), self.factor())
        elif self.takes("(") is not None:
            found = self.formula()
            self.must(")")
        elif kind == "number":
            self.at += 1
            found = Number(Fraction(token))
        elif token in {"min", "max"} and self.tokens[self.at + 1][2] == "(" and not self.is_fact(self.at + 2):
            self.at += 2
            left = self.formula()
            self.must(",")
            found = Binary(Operator(token), left, self.formula())
            self.must(")")
        elif kind == "word":
            found = self.aggregate()
        else:
            raise FormulaError(column, f"expected a number, a bracket or an aggregate, not {token or 'the end'!r}")
        self.depth -= 1
        return found

    def is_fact(self, at: int) -> bool:
        """Whether a fact stands there, not a call: `min(resolution)`, not `min(count(a), 3)`."""
        return self.tokens[at][1] == "word" and self.tokens[at + 1][2] != "("

    def aggregate(self) -> Aggregate:
        column, _, token = self.tokens[self.at]
        percentile = _PERCENTILE.fullmatch(token)
        measure = Measure.PERCENTILE if percentile else _MEASURES.get(token)
        if measure is None:
            near = get_close_matches(token, _MEASURES, 1)
            known = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_MEASURES)} and p1 to p99"
            raise FormulaError(column, f"unknown aggregate {token!r} ({known})")
        self.at += 1
        self.must("(")
        fact, where = self.word("a fact"), []
        if self.takes("where") is not None:
            where.append(self.condition())
            while self.takes("and") is not None:
                where.append(self.condition())
        self.must(")")
        return Aggregate(measure, Series(fact, ordered(tuple(where))), int(percentile[1]) if percentile else 0)

    def condition(self) -> tuple[str, Condition]:
        label = self.word("a label")
        sign = self.takes("=", "!=", "in", "not")
        if sign is None:
            column, _, token = self.tokens[self.at]
            raise FormulaError(column, f"expected =, != or in, not {token or 'the end'!r}")
        if sign in {"=", "!="}:
            return label, Condition(frozenset({self.text()}), negated=sign == "!=")
        if sign == "not":
            self.must("in")
        self.must("[")
        values = {self.text()}
        while self.takes(",") is not None:
            values.add(self.text())
        self.must("]")
        return label, Condition(frozenset(values), negated=sign == "not")

    def takes(self, *wanted: str) -> str | None:
        _, kind, token = self.tokens[self.at]
        if kind == "text" or token not in wanted:
            return None
        self.at += 1
        return token

    def must(self, wanted: str) -> None:
        column, _, token = self.tokens[self.at]
        if self.takes(wanted) is None:
            raise FormulaError(column, f"expected {wanted!r}, not {token or 'the end'!r}")

    def word(self, what: str) -> str:
        return self.one("word", what)

    def text(self) -> str:
        return self.one("text", "a text in double quotes")[1:-1]

    def one(self, wanted: str, what: str) -> str:
        column, kind, token = self.tokens[self.at]
        if kind != wanted:
            raise FormulaError(column, f"expected {what}, not {token or 'the end'!r}")
        self.at += 1
        return token

    def end(self) -> None:
        column, kind, token = self.tokens[self.at]
        if kind != "end":
            raise FormulaError(column, f"expected the end, not {token!r}")
