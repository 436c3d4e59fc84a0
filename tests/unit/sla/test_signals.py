"""Signals: what stands, under which ids, in which order."""

from __future__ import annotations

from random import Random

from stream_app.sla import report
from stream_app.sla.signals import Signal, joined, standing
from tests.unit.sla.build import at, comment, created, era, policy, rule, seen, status, updated

DESK = era(
    policy("high", match={"priority": "high"}, resolution=rule("2h", "50%")), policy(resolution=rule("4h", "50%"))
)


def test_an_id_is_a_pure_function_of_what_is_said_and_of_nothing_else() -> None:
    one, other = (
        {signal.id for signal in standing("T-1", seen(story, DESK, "15:00").state.clocks)}
        for story in (
            [created("09:00"), status("13:30", "pending")],
            [created("09:00", team="net"), comment("10:00")],
        )
    )
    assert one == other == {"sla.warning:T-1:resolution:1:50%25:0", "sla.breached:T-1:resolution:1::0"}


def test_no_two_different_signals_share_an_id() -> None:
    parts = [("a:b", "c"), ("a", "b:c"), ("a%3Ab", "c"), ("a%", "3Ab:c"), ("", "a:b:c"), ("a", "b", "c")]
    assert len({joined(*some) for some in parts}) == len(parts)
    assert joined("ola:net", "50%") == "ola%3Anet:50%25"


def test_a_re_target_speaks_under_other_ids() -> None:
    told = seen([created("09:00"), updated("09:30", priority="high")], DESK, "12:00")
    assert [signal.id for signal in standing("T-1", told.state.clocks)] == [
        "sla.warning:T-1:resolution:1:50%25:1",
        "sla.breached:T-1:resolution:1::1",
    ]


def test_a_breach_that_stays_keeps_its_id_through_a_re_target() -> None:
    told = seen([created("09:00"), updated("14:00", priority="high")], DESK, "15:00")
    assert [signal.id for signal in standing("T-1", told.state.clocks)] == ["sla.breached:T-1:resolution:1::0"]


def test_every_clock_with_a_target_ends_in_exactly_one_word() -> None:
    ends = {
        "resolved": ("sla.met", [created("09:00"), status("10:00", "resolved")]),
        "late": ("sla.breached", [created("09:00"), status("14:00", "resolved")]),
        "gone": ("sla.cancelled", [created("09:00"), status("14:00", "cancelled")]),
    }
    for word, story in ends.values():
        said = [signal.type for signal in standing("T-1", seen(story, DESK, "20:00").state.clocks)]
        assert [kind for kind in said if kind != "sla.warning"] == [word]


def test_signals_are_sorted_by_time_and_then_by_code_point_with_no_threshold_first() -> None:
    signals = [
        Signal(1, "T-2", "b", 1, "sla.met", None, 0),
        Signal(2, "T-1", "B", 1, "sla.met", None, 0),
        Signal(2, "T-1", "b", 1, "sla.breached", None, 0),
        Signal(2, "T-1", "b", 1, "sla.warning", "50%", 0),
        Signal(2, "T-1", "b", 1, "sla.warning", "75%", 0),
        Signal(2, "T-1", "b", 2, "sla.breached", None, 0),
        Signal(2, "T-1", "b", 2, "sla.breached", "", 0),
        Signal(2, "T-2", "b", 1, "sla.breached", None, 0),
    ]
    Random(7).shuffle(shuffled := signals.copy())
    assert sorted(shuffled, key=lambda signal: signal.order) == signals


def test_a_signal_is_reported_as_the_contract_shows_it() -> None:
    assert report.signal(Signal(at("11:00"), "T-1", "resolution", 1, "sla.warning", "50%", 0)) == {
        "id": "sla.warning:T-1:resolution:1:50%25:0",
        "type": "sla.warning",
        "subject": "T-1",
        "clock": "resolution",
        "cycle": 1,
        "threshold": "50%",
        "at": "2025-03-03T11:00:00Z",
    }
