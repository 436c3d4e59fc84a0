from fractions import Fraction

import pytest

from stream_app.kpi.bins import index
from stream_app.kpi.bucket import Bucket
from stream_app.kpi.cell import Series
from stream_app.kpi.formula import Aggregate, Measure, aggregates, narrowed, samples, value
from stream_app.kpi.grammar import FormulaError, parse
from stream_app.sla.policy import Condition

MILLION = 10**6


def came(text: str, **buckets: Bucket) -> tuple[Fraction | int | None, int | None]:
    """The value of a formula and its samples, with these buckets for its facts."""
    formula = parse(text)
    return value(formula, lambda one: buckets.get(one.series.fact)), samples(
        formula, lambda one: buckets.get(one.series.fact)
    )


def test_an_aggregate_names_a_fact_and_conditions_on_its_labels() -> None:
    assert parse('p95(clock where outcome in ["met", "breached"] and kind = "ticket" and team != "x y")') == Aggregate(
        Measure.PERCENTILE,
        Series(
            "clock",
            (
                ("kind", Condition(frozenset({"ticket"}))),
                ("outcome", Condition(frozenset({"met", "breached"}))),
                ("team", Condition(frozenset({"x y"}), negated=True)),
            ),
        ),
        95,
    )


def test_the_order_of_conditions_makes_no_other_series() -> None:
    one = parse('count(a where x = "1" and y not in ["2", "3"])')
    two = parse('count(a where y not in ["3", "2"] and x = "1" and x = "1")')
    assert one == two


def test_series_that_differ_have_different_names() -> None:
    texts = [
        "a",
        'a where x = "1"',
        'a where x != "1"',
        'a where x in ["1", "2"]',
        'a where x = "1|2"',
        'a where x = ""',
    ]
    names = [one.series.name for text in texts for one in aggregates(parse(f"count({text})"))]
    assert names == ["a", "a{x=1}", "a{x!=1}", "a{x=1|2}", 'a{x="1|2"}', 'a{x=""}']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("8 - 4 - 2", 2),
        ("8 / 4 / 2", 1),
        ("-2 * 3", -6),
        ("2 - -3", 5),
        ("min(2, 3) + max(2, 3)", 5),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1 / 0", None),
        ("1 / 0 + 1", None),
    ],
)
def test_arithmetic_is_exact_and_binds_as_at_school(text: str, expected: Fraction | None) -> None:
    assert came(text) == (expected, None)


def test_values_are_millionths_and_counts_are_whole() -> None:
    bucket = Bucket()
    for seconds in (60, 120):
        bucket.put(1, seconds * MILLION, (seconds * MILLION) ** 2, index(seconds * MILLION))
    assert came("count(a)", a=bucket) == (2, 2)
    assert came("now(a)", a=bucket) == (2, 2)
    assert came("sum(a)", a=bucket) == (180, 2)
    assert came("mean(a)", a=bucket) == (90, 2)
    assert came("stddev(a)", a=bucket) == (30, 2)
    for text, seconds in (("min(a)", 60), ("p50(a)", 60), ("p51(a)", 120), ("max(a)", 120)):
        found, count = came(text, a=bucket)
        assert found is not None
        assert float(found) == pytest.approx(seconds, rel=0.01)
        assert count == 2


def test_what_is_not_there_counts_nothing_and_has_no_mean() -> None:
    assert came("count(a)") == (0, 0)
    assert came("sum(a)") == (0, 0)
    assert came("now(a)") == (0, 0)
    for text in ("mean(a)", "stddev(a)", "min(a)", "p90(a)", "max(a)", "mean(a) + 1", "count(b) / count(a)"):
        assert came(text, b=Bucket(1, 1, 1))[0] is None


def test_without_bins_there_is_no_percentile() -> None:
    assert came("p90(a)", a=Bucket(1, 60, 3600))[0] is None


def test_samples_are_those_of_the_denominator() -> None:
    a, b = Bucket(2, 2, 2), Bucket(5, 5, 5)
    assert came("count(a) / count(b)", a=a, b=b) == (Fraction(2, 5), 5)
    assert came("1 - count(a) / count(b)", a=a, b=b) == (Fraction(3, 5), 5)
    assert came("(count(b) - count(a)) / count(a)", a=a, b=b) == (Fraction(3, 2), 2)
    assert came("count(a) + count(b)", a=a, b=b) == (7, 7)
    assert came("count(a) / 2", a=a) == (1, 2)


def test_a_formula_is_narrowed_in_every_aggregate() -> None:
    extra = (("clock", Condition(frozenset({"a", "b"}))),)
    assert narrowed(parse('count(c where x = "1") / count(c) * 2'), extra) == parse(
        'count(c where x = "1" and clock in ["b", "a"]) / count(c where clock in ["a", "b"]) * 2'
    )


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "the end"),
        ("count(", 7, "expected a fact"),
        ("count(a) count(b)", 10, "expected the end"),
        ("count(a where)", 14, "expected a label"),
        ("count(a where x)", 16, "expected =, != or in"),
        ("count(a where x = y)", 19, "a text in double quotes"),
        ('count(a where x in "y")', 20, "expected '['"),
        ('count(a where x not "y")', 21, "expected 'in'"),
        ("coumt(a)", 1, "did you mean 'count'?"),
        ("frobnicate(a)", 1, "known are count"),
        ("p100(a)", 1, "unknown aggregate"),
        ("count(a) + ;", 12, "unexpected ';'"),
        ('count(a) + "x"', 12, "expected a number"),
        ("min(count(a))", 13, "expected ','"),
        ("__import__('os')", 12, "unexpected"),
        ("(" * 60 + "1" + ")" * 60, 51, "more brackets"),
        ("1 +   ", 7, "the end"),
    ],
)
def test_what_is_no_formula_says_where(text: str, column: int, words: str) -> None:
    with pytest.raises(FormulaError, match=words.replace("?", r"\?").replace("[", r"\[")) as caught:
        parse(text)
    assert caught.value.column == column
