from __future__ import annotations

import pytest

from stream_app.config.mistake import ConfigurationRefused
from stream_app.engine.judge import Judge
from stream_app.sla.instant import DAY, HOUR, MINUTE, Micros
from tests.unit.engine.desk import PLAIN, QUICK, at, dated


def test_the_newest_configuration_says_what_holds_for_all() -> None:
    judge = Judge(dated(PLAIN, ("09:00", PLAIN + "max_ahead: 1m\nretention: 7d\n")))
    assert judge.max_ahead == MINUTE
    assert judge.retention == 7 * DAY
    assert [era.since for era in judge.eras][1:] == [at("09:00")]


def test_each_configuration_moves_the_mark_of_eras() -> None:
    judge = Judge(dated(PLAIN))
    assert judge.era_mark == b"1"
    judge.hold(dated(PLAIN, ("09:00", QUICK)))
    assert judge.era_mark == b"2"


def test_the_mark_of_series_goes_by_what_is_counted_alone() -> None:
    mark = Judge(dated(PLAIN)).series_mark
    assert Judge(dated(QUICK)).series_mark == mark
    assert Judge(dated(PLAIN + "kpis: {csat: {target: '>= 3'}}\n")).series_mark == mark
    assert Judge(dated(PLAIN.replace("[1h, 24h]", "[1h, 7d]"))).series_mark != mark
    assert Judge(dated(PLAIN.replace("[1h, 24h]", "[1h, 36h]"))).series_mark != mark  # of the same grain, but longer
    assert Judge(dated(PLAIN + "kpis: {more: {formula: count(created), by: [[tier]]}}\n")).series_mark != mark


def test_a_bucket_is_old_when_no_window_of_its_grain_reads_it() -> None:
    judge = Judge(dated(PLAIN))
    grain, latest = MINUTE, at("12:00")
    oldest = judge.oldest(grain, latest)
    assert oldest == latest - 2 * HOUR + MINUTE
    assert judge.needed(latest) == {grain: oldest, 15 * MINUTE: judge.oldest(Micros(15 * MINUTE), latest)}


def test_before_any_event_no_bucket_is_old() -> None:
    assert Judge(dated(PLAIN)).needed(None) == {}


def test_a_catalogue_that_is_refused_changes_nothing() -> None:
    judge = Judge(dated(PLAIN))
    before = judge.era_mark
    with pytest.raises(ConfigurationRefused):
        judge.hold(dated(PLAIN, ("09:00", "kpis: {more: {formula: nonsense}}")))
    assert judge.era_mark == before
