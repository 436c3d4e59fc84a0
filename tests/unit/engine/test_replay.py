from __future__ import annotations

from stream_app.config.kpis import catalogue
from stream_app.engine.eras import eras
from stream_app.engine.replay import Replay
from stream_app.sla.admission import Outcome
from tests.unit.engine.desk import at, dated, line

CREATED = line("ticket.created", "T1", "09:00", priority="high", id="a")


def replay(until: str | None = None) -> Replay:
    held = dated("policies: []\nwindows: [1h]")
    return Replay(eras(held), catalogue(held.entries[-1][1]), None if until is None else at(until))


def test_each_line_is_counted_by_what_became_of_it() -> None:
    run = replay()
    late = line("ticket.updated", "T1", "09:00", team="net")
    lines = [CREATED, CREATED, b"{", line("ticket.updated", "T1", "11:00", team="db"), late]
    outcomes = [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.MALFORMED, Outcome.APPLIED, Outcome.LATE]
    assert [run.take(one) for one in lines] == outcomes
    report = run.report()
    assert report["events"] == {"read": 5, "applied": 2, "duplicate": 1, "late": 1, "malformed": 1}
    assert report["until"] == "2026-03-02T11:00:00Z"


def test_one_id_names_different_events_of_different_entities_and_sources() -> None:
    run = replay()
    run.take(CREATED)
    assert run.take(line("ticket.created", "T2", "09:00", priority="high", id="a")) is Outcome.APPLIED
    assert run.take(CREATED.replace(b'"desk"', b'"other"')) is Outcome.APPLIED


def test_what_is_after_until_is_read_and_not_taken() -> None:
    run = replay("09:00")
    assert run.take(CREATED) is Outcome.APPLIED
    assert run.take(line("ticket.updated", "T1", "09:00:01", team="net")) is None
    report = run.report()
    assert report["events"]["read"] == 2
    assert report["events"]["applied"] == 1
    assert report["until"] == "2026-03-02T09:00:00Z"


def test_nothing_read_is_an_empty_report() -> None:
    report = replay().report()
    assert (report["until"], report["entities"], report["signals"], report["kpis"]) == (None, [], [], [])


def test_until_a_moment_without_events_the_report_is_of_that_moment() -> None:
    report = replay("09:00").report()
    assert (report["until"], report["entities"]) == ("2026-03-02T09:00:00Z", [])


def test_a_measured_thing_is_taken_and_is_no_entity() -> None:
    run = replay()
    run.take(line("measure.recorded", "mail", "09:00", name="x", value=1))
    report = run.report()
    assert report["events"]["applied"] == 1
    assert report["entities"] == []
