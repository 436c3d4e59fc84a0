"""Why an event that changed nothing did not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from stream_app.account.account import account
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

DESK = era(policy(next_response="1h", resolution="4h"), incidents=[policy("soc", regulations="gdpr")])


def silent(events: Iterable[Event]) -> str | None:
    """Why the last of the events changed nothing; None: it did change something."""
    found = account(entries(events, [DESK]), [DESK], at("23:00"))
    assert found is not None
    return [step for step in found.steps if step.entry is not None][-1].silence


OPENED = created("09:00", requester="rina")
REPLIED = comment("09:10")
ASKED = comment("09:20", "requester")


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([OPENED, status("10:00", "new")], "the status was new already"),
        ([OPENED, comment("10:00", visibility="internal")], "an internal comment is neither reply nor question"),
        ([OPENED, comment("09:00")], "opening text"),
        ([OPENED, comment("10:00", "bot")], "a bot is neither agent nor requester"),
        ([OPENED, comment("10:00", "requester")], "before the first response starts nothing"),
        ([OPENED, REPLIED, ASKED, comment("10:00", "agent", "rina")], "an older question is waiting already"),
        (
            [OPENED, status("10:00", "resolved"), comment("11:00", "requester")],
            "a question on a ticket that is resolved",
        ),
        ([OPENED, status("10:00", "resolved"), comment("11:00")], "a ticket that is resolved stops nothing"),
        ([OPENED, updated("10:00", priority="medium")], "all that it says was so already"),
        ([OPENED, event("ticket.updated", "10:00")], "it says nothing"),
        ([OPENED, due("10:00", "next_response", "12:00")], "next_response has not started"),
        ([OPENED, due("10:00", "resolution", "12:00"), due("10:30", "resolution", "12:00")], "is the agreed deadline"),
        ([OPENED, status("10:00", "resolved"), due("11:00", "resolution", "12:00")], "resolution has ended"),
        (
            [OPENED, status("10:00", "cancelled"), event("ticket.merged", "11:00", {"into": "T-2"})],
            "it was cancelled already",
        ),
        ([OPENED, event("ticket.diagnosed", "10:00", {"category": "net"})], "a diagnosis changes neither"),
        ([OPENED, event("ticket.rated", "10:00", {"sentiment": "positive"})], "the rating has no score"),
        (
            [OPENED, event("ticket.rated", "10:00", {"score": 4}), event("ticket.rated", "11:00", {"score": 4})],
            "that score was the rating already",
        ),
        ([OPENED, event("ticket.worked", "10:00", {"agent": "ani", "seconds": 0})], "no time was worked"),
        ([detected("09:00"), turn("10:00", "reopened")], "there is nothing to reopen"),
        ([detected("09:00"), turn("10:00", "dismissed"), turn("11:00", "dismissed")], "it was dismissed already"),
        (
            [detected("09:00"), classified("10:00", "major"), classified("11:00", "major")],
            "classified as major already, and the first time counts",
        ),
        (
            [detected("09:00"), notified("10:00", "gdpr:authority"), notified("11:00", "gdpr:authority")],
            "gdpr:authority was reported already",
        ),
        ([detected("09:00"), turn("10:00", "contained"), turn("11:00", "acknowledged")], "acknowledged was reached"),
        ([detected("09:00"), event("incident.updated", "10:00", {"severity": "high"})], "was so already"),
    ],
)
def test_the_reason_is_told(events: list[Event], reason: str) -> None:
    assert reason in (silent(events) or "")


@pytest.mark.parametrize(
    "events",
    [
        [OPENED, updated("10:00", agent="ani")],
        [OPENED, REPLIED, comment("10:00")],
        [OPENED, event("ticket.escalated", "10:00")],
        [OPENED, event("ticket.rated", "10:00", {"score": 4})],
        [OPENED, event("ticket.worked", "10:00", {"agent": "ani", "seconds": 60})],
    ],
)
def test_what_changed_something_has_none(events: list[Event]) -> None:
    assert silent(events) is None
