"""Which policy judges an entity."""

from __future__ import annotations

from typing import Any

import pytest

from stream_app.sla import policy as policies
from stream_app.sla.era import era_at
from stream_app.sla.policy import NO_POLICY, Bench
from tests.unit.sla.build import at, created, detected, era, policy, rule, seen, turn, updated


def test_the_first_policy_that_matches_judges() -> None:
    desk = era(policy("urgent", match={"priority": "critical high"}), policy("rest"))
    assert seen([created("09:00", "high")], desk, "09:00").row["policy"] == "urgent"
    assert seen([created("09:00", "low")], desk, "09:00").row["policy"] == "rest"


def test_all_conditions_must_hold() -> None:
    desk = era(policy("vip", match={"priority": "high", "customer": "acme"}))
    assert seen([created("09:00", "high", customer="acme")], desk, "09:00").row["policy"] == "vip"
    assert seen([created("09:00", "high", customer="beta")], desk, "09:00").row["policy"] is None
    assert seen([created("09:00", "low", customer="acme")], desk, "09:00").row["policy"] is None


def test_an_absent_field_matches_a_negation_and_nothing_else() -> None:
    desk = era(policy("acme", match={"customer": "acme"}), policy("others", match={"customer": "not acme beta"}))
    assert seen([created("09:00")], desk, "09:00").row["policy"] == "others"
    assert seen([created("09:00", customer="acme")], desk, "09:00").row["policy"] == "acme"
    assert seen([created("09:00", customer="beta")], desk, "09:00").row["policy"] is None


def test_one_of_several_tags_is_enough() -> None:
    desk = era(policy("vip", match={"tags": "vip board"}), policy("plain", match={"tags": "not spam"}))
    assert seen([created("09:00", tags=["new", "vip"])], desk, "09:00").row["policy"] == "vip"
    assert seen([created("09:00", tags=["new"])], desk, "09:00").row["policy"] == "plain"
    assert seen([created("09:00", tags=[])], desk, "09:00").row["policy"] == "plain"
    assert seen([created("09:00", tags=["new", "spam"])], desk, "09:00").row["policy"] is None


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [("tier", 2, "2"), ("complexity", 5, "5"), ("complexity", "hard", "hard"), ("title", "fire", "fire")],
)
def test_a_field_is_compared_as_text(field: str, value: Any, written: str) -> None:  # noqa: ANN401 -- JSON
    desk = era(policy(match={field: written}))
    assert seen([created("09:00", "low", **{field: value})], desk, "09:00").row["policy"] == "desk"
    assert seen([created("09:00")], desk, "09:00").row["policy"] is None


def test_a_truth_value_is_compared_as_yaml_writes_it() -> None:
    desk = era(incidents=[policy("personal", match={"personal_data": "true"})])
    assert seen([detected("09:00", personal_data=True)], desk, "09:00").row["policy"] == "personal"
    assert seen([detected("09:00", personal_data=False)], desk, "09:00").row["policy"] is None


def test_tickets_and_incidents_have_policies_of_their_own() -> None:
    desk = era(policy("tickets"), incidents=[policy("incidents")])
    assert seen([created("09:00")], desk, "09:00").row["policy"] == "tickets"
    assert seen([detected("09:00")], desk, "09:00").row["policy"] == "incidents"
    assert seen([turn("09:00", "updated", severity="low")], era(policy()), "09:00").row["policy"] is None


def test_a_ticket_that_no_policy_matches_is_measured_and_never_breaches() -> None:
    calm = seen([created("09:00")], era(policy(match={"priority": "high"}, resolution="1h")), "15:00")
    assert calm.row["policy"] is None
    clock = calm.clock("resolution")
    assert (clock.state, clock.due, clock.target, clock.elapsed) == ("running", None, None, 360)
    assert calm.said("resolution") == []


def test_a_clock_that_its_policy_does_not_list_follows_the_policys_other_words() -> None:
    # pause_on of the policy holds for its every clock, even for one without a target
    plain = policy(otherwise=rule(None, pause_on="new"))
    assert seen([created("09:00")], era(plain), "12:00").clock("resolution").state == "paused"


def test_a_name_without_a_policy_is_no_policy() -> None:
    bench = Bench((policy("one"),))
    assert bench.named("one").name == "one"
    assert bench.named("gone") is bench.named(None) is NO_POLICY


def test_a_bench_looks_only_at_the_fields_of_its_conditions_and_remembers_what_it_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policies, "REMEMBERED", 2)
    first, second = policy("one", match={"tier": "1", "team": "net"}), policy("two", match={"team": "not net"})
    bench = Bench((first, second))
    assert bench.looks_at == ("team", "tier")
    for _ in range(2):
        assert bench.first(("net", "1")) is first
        assert bench.first(("net", "2")) is None
        assert bench.first(("os", "1")) is second
        assert bench.first((None, "1")) is second


def test_the_era_of_a_moment_is_the_last_that_has_begun() -> None:
    eras = (era(), era(since="09:00"), era(since="10:00"))
    assert [era_at(eras, at(when)) for when in ("08:59", "09:00", "09:59", "10:00", "20:00")] == [0, 1, 1, 2, 2]


def test_the_first_era_holds_from_the_beginning() -> None:
    assert era_at((era(since="09:00"),), at("08:00")) == 0


def test_a_change_of_fields_finds_the_policy_anew() -> None:
    desk = era(policy("vip", match={"customer": "acme"}, resolution="1h"), policy("rest", resolution="4h"))
    moved = seen([created("09:00"), updated("09:30", customer="acme")], desk, "09:30")
    assert (moved.row["policy"], moved.clock("resolution").due) == ("vip", "10:00")
