"""What events say, and how changes of fields are shown."""

from __future__ import annotations

import pytest

from stream_app.account.account import account
from stream_app.account.saying import change, says
from stream_app.account.wording import Wall
from stream_app.sla.events import Event
from tests.unit.sla.build import (
    at,
    classified,
    comment,
    created,
    detected,
    due,
    entries,
    era,
    event,
    notified,
    policy,
    status,
    turn,
    updated,
)

WALL = Wall("UTC")


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (comment("09:00", "agent", "ani"), "public comment by agent ani"),
        (comment("09:00", "bot", visibility="internal"), "internal comment by bot"),
        (status("09:00", "pending"), "status pending"),
        (due("09:00", "resolution", "12:00"), "resolution is agreed to be due 2025-03-03 12:00"),
        (event("ticket.merged", "09:00", {"into": "T-2"}), "into T-2"),
        (event("ticket.worked", "09:00", {"agent": "ani", "seconds": 90.5}), "ani worked 1 min 30.5 s"),
        (event("ticket.diagnosed", "09:00", {"category": "net"}), "taken to be net"),
        (classified("09:00", "major"), "as major"),
        (notified("09:00", "gdpr:authority"), "gdpr:authority was reported"),
        (created("09:00"), ""),
    ],
)
def test_an_event_says_what_its_changes_do_not_show(one: Event, said: str) -> None:
    assert says(one, WALL) == said


def changes(*events: Event) -> list[str]:
    """Those of the last of the events."""
    eras = [era(policy(), incidents=[policy("soc")])]
    found = account(entries(events, eras), eras, at("23:00"))
    assert found is not None
    return [change(one, WALL) for one in [step for step in found.steps if step.entry is not None][-1].changes]


def test_changes_of_fields_are_told_in_order() -> None:
    opened = created("09:00", team="net", tags=["vip", "old"])
    assert changes(opened) == ["status: new", "priority: medium", "team: net", "tags: [vip, old]"]
    assert changes(opened, updated("10:00", team=None, tier=2)) == ["team: net → none", "tier: 2"]
    worked = event("ticket.worked", "10:00", {"agent": "ani", "seconds": 60})
    assert changes(opened, worked) == ["hands-on time: 1 min"]
    assert changes(opened, status("10:00", "closed")) == [
        "status: new → closed",
        "resolved at first contact: yes",
        "resolved: 2025-03-03 10:00",
        "closed: 2025-03-03 10:00",
    ]


def test_changes_of_an_incident_name_the_stage() -> None:
    opened = detected("09:00")
    assert changes(opened, turn("10:00", "acknowledged")) == [
        "status: detected → acknowledged",
        "reached acknowledged 2025-03-03 10:00",
    ]
    assert changes(opened, turn("10:00", "resolved"), turn("11:00", "reopened"))[-1] == "no longer reached resolved"
    happened = event("incident.updated", "10:00", {"occurred_at": "2025-03-03T08:00:00Z"})
    assert changes(opened, happened) == ["occurred: 2025-03-03 08:00"]
