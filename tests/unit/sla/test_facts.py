"""The facts that an entity's history yields: when, how much, and with which dimensions."""

from __future__ import annotations

from stream_app.sla.events import Event
from stream_app.sla.fact import NOW, labels_of
from tests.unit.sla.build import comment, created, detected, due, era, event, policy, rule, seen, status, turn, updated

DESK = era(policy(first_response="1h", resolution=rule("4h", "50%"), ola_net="2h"))


def named(story: list[Event], until: str) -> list[str]:
    return sorted(fact.name for fact in seen(story, DESK, until).state.facts())


def test_a_life_yields_facts_each_at_the_moment_it_happened() -> None:
    story = [
        created("09:00"),
        comment("09:30"),
        event("ticket.escalated", "10:00", {"tier": 2}),
        status("12:00", "resolved"),
    ]
    told = seen(story, DESK, "20:00")
    assert told.facts("created") == [("09:00", 1)]
    assert told.facts("first_response") == [("09:30", 30)]
    assert told.facts("escalated") == [("10:00", 1)]
    assert told.facts("resolved") == [("12:00", 1)]
    assert told.facts("resolution") == [("12:00", 180)]
    assert told.facts("clock") == [("09:30", 1), ("12:00", 1)]
    assert told.facts("open") == []


def test_an_open_ticket_is_a_gauge_with_its_status() -> None:
    told = seen([created("09:00", team="net"), status("10:00", "pending")], DESK, "11:00")
    assert told.facts("open") == [("now", 1)]
    assert told.labels("open") == {"kind": "ticket", "priority": "medium", "status": "pending", "team": "net"}
    assert [fact.at for fact in told.state.facts() if fact.name == "open"] == [NOW]


def test_all_dimensions_are_labels_and_what_is_unknown_is_left_out() -> None:
    data = {
        "channel": "mail",
        "category": "net",
        "service": "web",
        "customer": "acme",
        "team": "net",
        "agent": "ani",
        "tier": 2,
        "complexity": 5,
    }
    told = seen([created("09:00", "high", requester="rina", title="no", tags=["vip"], **data)], DESK, "09:00")
    assert told.labels("created") == {name: str(value) for name, value in data.items()} | {
        "kind": "ticket",
        "priority": "high",
    }
    bare = seen([detected("09:00", "low", service="web", asset="db1")], DESK, "09:00")
    assert bare.labels("detected") == {"kind": "incident", "severity": "low", "service": "web", "asset": "db1"}


def test_dimensions_are_those_right_after_the_event_that_made_the_fact() -> None:
    story = [
        created("09:00", "low", team="net"),
        event("ticket.escalated", "10:00", {"team": "os"}),
        updated("11:00", priority="high"),
    ]
    told = seen([*story, status("12:00", "resolved", agent="budi")], DESK, "20:00")
    assert (told.labels("created")["priority"], told.labels("created")["team"]) == ("low", "net")
    assert (told.labels("escalated")["priority"], told.labels("escalated")["team"]) == ("low", "os")
    assert (told.labels("resolved")["priority"], told.labels("resolved")["agent"]) == ("high", "budi")


def test_a_breach_belongs_to_its_due_time_and_has_the_dimensions_of_then() -> None:
    story = [created("09:00", "low", team="net"), updated("12:00", customer="acme"), updated("15:00", customer="beta")]
    told = seen([*story, status("16:00", "resolved")], DESK, "20:00")
    assert told.labels("clock", clock="resolution") == {
        "clock": "resolution",
        "customer": "acme",
        "kind": "ticket",
        "outcome": "breached",
        "priority": "low",
        "team": "net",
    }
    assert ("13:00", 1) in told.facts("clock")


def test_what_changes_at_the_very_due_time_is_in_the_dimensions_of_the_breach() -> None:
    told = seen([created("09:00"), updated("13:00", customer="acme"), updated("14:00", customer="beta")], DESK, "15:00")
    assert told.labels("clock", clock="resolution")["customer"] == "acme"


def test_a_running_clock_past_its_due_counts_as_breached_already() -> None:
    told = seen([created("09:00")], DESK, "11:00")
    assert told.facts("clock") == [("10:00", 1)]
    assert told.labels("clock")["outcome"] == "breached"


def test_a_met_clock_belongs_to_its_stop() -> None:
    told = seen([created("09:00", agent="ani"), comment("09:30", author="budi")], DESK, "09:45")
    assert told.facts("clock") == [("09:30", 1)]
    assert told.labels("clock")["outcome"] == "met"


def test_the_agent_of_a_response_is_the_comments_author() -> None:
    told = seen([created("09:00", agent="ani"), comment("09:30", author="budi")], DESK, "09:45")
    assert told.labels("first_response")["agent"] == "budi"
    assert told.labels("clock", clock="first_response")["agent"] == "budi"
    nobody = seen([created("09:00", agent="ani"), comment("09:30")], DESK, "09:45")
    assert "agent" not in nobody.labels("first_response")


def test_a_reopen_withdraws_the_facts_of_the_resolution() -> None:
    story = [created("09:00"), status("10:00", "resolved")]
    before = seen(story, DESK, "10:30")
    assert before.labels("resolved")["first_contact"] == "true"
    told = seen([*story, status("11:00", "open")], DESK, "12:00")
    assert (told.facts("resolved"), told.facts("resolution"), told.facts("reopened")) == ([], [], [("11:00", 1)])
    again = seen([*story, status("11:00", "open"), status("12:00", "resolved")], DESK, "13:00")
    assert again.facts("resolution") == [("12:00", 180)]
    assert again.labels("resolved")["first_contact"] == "false"


def test_each_finished_cycle_of_a_clock_is_one_fact() -> None:
    story = [
        created("09:00"),
        comment("09:30"),
        status("10:00", "resolved"),
        status("11:00", "open"),
        status("12:00", "closed"),
    ]
    assert seen(story, DESK, "13:00").facts("clock") == [("09:30", 1), ("10:00", 1), ("12:00", 1)]


def test_a_ticket_is_reopened_or_escalated_once_at_its_latest_such_event() -> None:
    story = [created("09:00")]
    for hour in (10, 12):
        story += [
            status(f"{hour}:00", "resolved"),
            status(f"{hour + 1}:00", "open"),
            event("ticket.escalated", f"{hour + 1}:30"),
        ]
    told = seen(story, DESK, "20:00")
    assert (told.facts("reopened"), told.facts("escalated")) == ([("13:00", 1)], [("13:30", 1)])


def test_a_cancelled_ticket_keeps_what_had_happened_before() -> None:
    assert named([created("09:00"), comment("09:30"), status("10:00", "cancelled")], "20:00") == [
        "clock",
        "created",
        "first_response",
    ]


def test_an_incident_yields_its_stages_and_how_long_they_took() -> None:
    story = [
        detected("09:00"),
        turn("09:05", "acknowledged"),
        turn("10:00", "contained"),
        turn("12:00", "resolved", agent="ani"),
    ]
    told = seen(story, era(incidents=[policy(resolve="8h")]), "20:00")
    assert [told.facts(name) for name in ("detected", "acknowledged", "contained", "resolved")] == [
        [("09:00", 1)],
        [("09:05", 1)],
        [("10:00", 1)],
        [("12:00", 1)],
    ]
    assert [told.facts(f"{name}_time") for name in ("acknowledge", "contain", "resolve")] == [
        [("09:05", 5)],
        [("10:00", 60)],
        [("12:00", 180)],
    ]
    assert told.labels("resolve_time")["agent"] == "ani"
    assert told.facts("clock") == [("12:00", 1)]


def rated(when: str, score: float | None, **more: str) -> Event:
    return event("ticket.rated", when, {"score": score, **more})


def test_the_latest_rating_replaces_earlier_ones() -> None:
    told = seen([created("09:00"), rated("10:00", 2), rated("11:00", 4.5)], DESK, "12:00")
    (fact,) = [fact for fact in told.state.facts() if fact.name == "rated"]
    assert (told.facts("rated")[0][0], fact.value) == ("11:00", 4_500_000)


def test_a_rating_without_a_score_is_none() -> None:
    words = event("ticket.rated", "11:00", {"sentiment": "negative"})
    told = seen(
        [created("09:00"), rated("10:00", 5), words, rated("11:30", None), event("ticket.rated", "11:40")],
        DESK,
        "12:00",
    )
    assert told.facts("rated")[0][0] == "10:00"


def test_a_rating_is_of_the_assignee_at_the_resolution_else_of_the_moment() -> None:
    story = [created("09:00", agent="ani"), rated("09:30", 5)]
    assert seen(story, DESK, "12:00").labels("rated")["agent"] == "ani"
    story += [status("10:00", "resolved", agent="budi"), updated("10:30", agent="cici"), rated("11:00", 3)]
    assert seen(story, DESK, "12:00").labels("rated")["agent"] == "budi"
    back = [*story, status("11:30", "open"), rated("11:40", 3)]
    assert seen(back, DESK, "12:00").labels("rated")["agent"] == "cici"


def test_a_breach_found_long_after_its_due_has_the_dimensions_of_the_due_time() -> None:
    both = era(policy("high", match={"priority": "high"}, resolution="1h"), policy("low", resolution="8h"))
    story = [
        created("09:00", "low", team="net"),
        updated("09:30", team="os"),
        updated("12:00", priority="high", team="db"),
    ]
    told = seen(story, both, "13:00")
    assert told.clock("resolution").breached == "12:00"
    assert ("10:00", 1) in told.facts("clock")
    assert told.labels("clock", clock="resolution")["team"] == "os"
    law = era(incidents=[policy(regulations="dora")])
    early = [
        detected("09:00", team="soc"),
        turn("20:00", "updated", team="csirt"),
        turn("04 10:00", "classified", **{"as": "major"}),
    ]
    assert seen(early, law, "04 11:00").labels("clock")["team"] == "csirt"  # due on the 4th at 09:00


def test_a_breach_due_before_the_beginning_has_the_first_dimensions() -> None:
    story = [created("09:00", team="net"), due("10:00", "resolution", "08:00")]
    assert seen(story, DESK, "09:00").facts("clock") == []
    told = seen([*story, updated("10:30", team="os")], era(policy(resolution="4h")), "11:00")
    assert (told.facts("clock"), told.labels("clock")["team"]) == ([("08:00", 1)], "net")


def test_labels_are_sorted_and_can_be_replaced_and_taken_out() -> None:
    values = (None, None, None, None, None, None, None, "net", 2)
    labels = labels_of("ticket", values)
    assert labels == (("kind", "ticket"), ("team", "net"), ("tier", "2"))
    assert labels_of("ticket", values) is labels
    others = (("agent", "ani"), ("category", None), ("tier", None), ("clock", "resolution"), ("outcome", "met"))
    assert labels_of("ticket", values, others) == (
        ("agent", "ani"),
        ("clock", "resolution"),
        ("kind", "ticket"),
        ("outcome", "met"),
        ("team", "net"),
    )


def test_two_changes_at_one_instant_leave_what_was_noted_between_them_as_it_was() -> None:
    told = seen([created("09:00", team="net"), updated("09:00", team="os"), updated("09:00", team="db")], DESK, "09:00")
    assert (told.labels("created")["team"], told.labels("open")["team"]) == ("net", "db")
