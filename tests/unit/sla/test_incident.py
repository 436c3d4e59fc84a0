"""Security incidents: their stages, their clocks, reopening and dismissal."""

from __future__ import annotations

import pytest

from stream_app.sla.events import Event
from tests.unit.sla.build import detected, era, event, notified, policy, rule, seen, turn

SOC = era(incidents=[policy(acknowledge="10m", contain=rule("1h", "50%"), resolve="8h")])
STAGES = ("acknowledged", "contained", "eradicated", "recovered", "resolved", "closed")


def test_each_stage_stops_its_clock() -> None:
    story = [detected("09:00"), turn("09:05", "acknowledged"), turn("09:45", "contained"), turn("12:00", "resolved")]
    told = seen(story, SOC, "20:00")
    assert told.clock("acknowledge") == ("met", "09:00", "09:10", "09:05", 5, 10, None)
    assert told.clock("contain") == ("met", "09:00", "10:00", "09:45", 45, 60, None)
    assert told.clock("resolve") == ("met", "09:00", "17:00", "12:00", 180, 480, None)
    assert told.said("contain") == ["09:30 warning 50%", "09:45 met"]
    assert [told.moment(name) for name in ("detected_at", "acknowledged_at", "contained_at", "resolved_at")] == [
        "09:00",
        "09:05",
        "09:45",
        "12:00",
    ]


@pytest.mark.parametrize(("number", "stage"), list(enumerate(STAGES)))
def test_a_stage_implies_every_earlier_one_at_its_own_time(number: int, stage: str) -> None:
    told = seen([detected("09:00"), turn("09:05", stage)], SOC, "09:06")
    assert told.row["status"] == stage
    reached = {name for name in ("acknowledged", "contained", "resolved") if told.row[f"{name}_at"] is not None}
    assert reached == {name for name in STAGES[: number + 1] if name in {"acknowledged", "contained", "resolved"}}
    assert {told.moment(f"{name}_at") for name in reached} == {"09:05"}
    for name, fact in (("acknowledged", "acknowledge"), ("contained", "contain"), ("resolved", "resolve")):
        assert told.facts(f"{fact}_time") == ([("09:05", 5)] if name in reached else [])
        assert told.facts(name) == ([("09:05", 1)] if name in reached else [])
        assert told.clock(fact).state == ("met" if name in reached else "running")


def test_the_first_event_of_a_stage_counts_and_the_status_never_falls_back() -> None:
    story = [detected("09:00"), turn("09:20", "contained"), turn("09:30", "acknowledged"), turn("09:40", "contained")]
    told = seen(story, SOC, "10:00")
    assert told.row["status"] == "contained"
    assert (told.moment("acknowledged_at"), told.moment("contained_at")) == ("09:20", "09:20")


@pytest.mark.parametrize(
    "said",
    [turn("09:05", "updated"), turn("09:05", "classified", **{"as": "major"}), notified("09:05", "gdpr:authority")],
)
def test_updates_classifications_and_notifications_imply_nothing(said: Event) -> None:
    told = seen([detected("09:00"), said], SOC, "09:06")
    assert (told.row["status"], told.moment("acknowledged_at")) == ("detected", None)


@pytest.mark.parametrize(
    "said",
    [
        turn("09:00", "updated", severity="low"),
        turn("09:00", "classified", **{"as": "major"}),
        notified("09:00", "gdpr:authority"),
    ],
)
def test_a_partial_incident_first_seen_at_one_of_these_is_detected(said: Event) -> None:
    told = seen([said], SOC, "09:30")
    assert (told.row["status"], told.row["partial"], told.moment("detected_at")) == ("detected", True, "09:00")
    assert told.clock("contain").started == "09:00"


@pytest.mark.parametrize("stage", STAGES)
def test_a_partial_incident_first_seen_at_a_stage_has_that_status(stage: str) -> None:
    told = seen([turn("09:00", stage)], SOC, "09:30")
    assert (told.row["status"], told.moment("acknowledged_at"), told.row["severity"]) == (stage, "09:00", "medium")
    assert told.clock("acknowledge")[:5] == ("met", "09:00", "09:10", "09:00", 0)
    assert told.facts("acknowledge_time") == []
    assert told.facts("detected") == []


def test_incidents_are_never_paused() -> None:
    assert seen([detected("09:00")], SOC, "12:00").clock("contain").breached == "10:00"


def test_who_handles_it_is_set_by_every_event_that_names_somebody() -> None:
    told = seen([detected("09:00", team="soc"), turn("09:05", "acknowledged", agent="ani")], SOC, "10:00").incident
    assert (told.team, told.agent) == ("soc", "ani")
    story = [detected("09:00", team="soc", agent="ani")]
    for number, stage in enumerate((*STAGES, "reopened", "dismissed")):
        name = f"agent{number}"
        story.append(turn(f"09:{number + 10}", stage, agent=name, team=None))
        assert (seen(story, SOC, "10:00").incident.agent, seen(story, SOC, "10:00").incident.team) == (name, None)
    kind = turn("09:30", "classified", **{"as": "major", "agent": "budi"})
    assert seen([detected("09:00"), kind], SOC, "10:00").incident.agent == "budi"
    sent = turn("09:30", "notified", stage="gdpr:authority", agent="budi")
    assert seen([detected("09:00"), sent], SOC, "10:00").incident.agent == "budi"


def test_an_event_without_data_changes_only_the_stage() -> None:
    story = [
        detected("09:00", agent="ani"),
        event("incident.updated", "09:01"),
        event("incident.acknowledged", "09:02"),
    ]
    told = seen(story, SOC, "10:00")
    assert (told.incident.agent, told.row["status"]) == ("ani", "acknowledged")
    again = seen([*story, event("incident.resolved", "09:03"), event("incident.reopened", "09:04")], SOC, "10:00")
    assert (again.incident.agent, again.row["reopens"]) == ("ani", 1)


def test_an_update_changes_what_it_names_and_may_clear_it() -> None:
    story = [detected("09:00", "low", service="web", occurred_at="2025-03-01T00:00:00Z")]
    told = seen(
        [*story, turn("09:30", "updated", severity=None, service=None, occurred_at=None, asset="db1")], SOC, "10:00"
    )
    assert told.row["severity"] == "medium"
    assert (told.incident.service, told.incident.asset, told.incident.occurred_at) == (None, "db1", None)
    assert seen(story, SOC, "10:00").incident.occurred_at is not None


def test_a_change_of_severity_is_a_re_target() -> None:
    both = era(incidents=[policy("high", match={"severity": "high"}, resolve="2h"), policy("rest", resolve="8h")])
    told = seen([detected("09:00", "low"), turn("10:00", "updated", severity="high")], both, "10:30")
    assert told.clock("resolve")[:3] == ("running", "09:00", "11:00")


def test_a_second_detection_is_an_update() -> None:
    told = seen([detected("09:00", "low", service="web"), detected("09:30", "high")], SOC, "10:00")
    assert (told.moment("detected_at"), told.row["severity"], told.incident.service) == ("09:00", "high", "web")


# reopened


RESOLVED = [detected("09:00"), turn("09:05", "contained"), turn("10:00", "resolved")]


def test_a_reopen_puts_it_back_to_acknowledged() -> None:
    told = seen([*RESOLVED, turn("11:00", "reopened")], SOC, "12:00")
    assert (told.row["status"], told.row["reopens"], told.moment("resolved_at")) == ("acknowledged", 1, None)
    assert (told.moment("acknowledged_at"), told.moment("contained_at")) == ("09:05", "09:05")
    assert told.clock("resolve", 1)[:4] == ("met", "09:00", "17:00", "10:00")
    assert told.clock("resolve", 2)[:3] == ("running", "11:00", "19:00")
    assert (told.facts("resolved"), told.facts("resolve_time"), told.facts("reopened")) == ([], [], [("11:00", 1)])


def test_it_may_be_resolved_anew() -> None:
    told = seen([*RESOLVED, turn("11:00", "reopened"), turn("12:00", "closed")], SOC, "13:00")
    assert (told.row["status"], told.moment("resolved_at")) == ("closed", "12:00")
    assert told.clock("resolve", 2)[:4] == ("met", "11:00", "19:00", "12:00")
    assert told.facts("resolve_time") == [("12:00", 180)]
    assert told.clock("acknowledge").stopped == "09:05"


@pytest.mark.parametrize(
    ("mode", "clock"),
    [
        ("continue", ("running", "09:00", "18:00", None, 120, 480, None)),
        ("continue_counting", ("running", "09:00", "17:00", None, 180, 480, None)),
    ],
)
def test_the_modes_of_a_reopen_hold_for_incidents(mode: str, clock: tuple[object, ...]) -> None:
    soc = era(incidents=[policy(reopen=mode, resolve="8h")])
    assert seen([*RESOLVED, turn("11:00", "reopened")], soc, "12:00").clock("resolve") == clock


@pytest.mark.parametrize("before", [[], [turn("09:05", "contained")], [turn("09:05", "recovered")]])
def test_a_reopen_of_what_is_not_over_changes_nothing(before: list[Event]) -> None:
    without = seen([detected("09:00"), *before], SOC, "10:00")
    told = seen([detected("09:00"), *before, turn("09:30", "reopened")], SOC, "10:00")
    assert told.row == without.row
    assert told.facts("reopened") == []


def test_a_closed_incident_may_be_reopened() -> None:
    told = seen([detected("09:00"), turn("10:00", "closed"), turn("11:00", "reopened")], SOC, "12:00")
    assert (told.row["status"], told.clock("resolve", 2).started) == ("acknowledged", "11:00")


# dismissed


def test_a_dismissal_cancels_what_is_unfinished_and_implies_nothing() -> None:
    told = seen([detected("09:00"), turn("09:05", "acknowledged"), turn("12:00", "dismissed")], SOC, "20:00")
    assert (told.row["status"], told.moment("contained_at"), told.moment("resolved_at")) == ("dismissed", None, None)
    assert told.clock("acknowledge")[:4] == ("met", "09:00", "09:10", "09:05")
    assert told.said("contain") == ["12:00 cancelled"]
    assert told.said("resolve") == ["12:00 cancelled"]
    assert told.facts("open") == []


@pytest.mark.parametrize("mode", ["new_cycle", "continue"])
def test_a_dismissed_incident_reopens_with_a_new_cycle(mode: str) -> None:
    soc = era(incidents=[policy(reopen=mode, resolve="8h")])
    told = seen([detected("09:00"), turn("10:00", "dismissed"), turn("11:00", "reopened")], soc, "12:00")
    assert (told.row["status"], told.row["reopens"]) == ("acknowledged", 1)
    assert told.clock("resolve", 1)[0] == "cancelled"
    assert told.clock("resolve", 2)[:3] == ("running", "11:00", "19:00")
