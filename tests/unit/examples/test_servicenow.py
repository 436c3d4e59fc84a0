"""The ServiceNow example: rows of a log, with each of its traps, become the events that happened."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "examples" / "servicenow" / "convert.py"

_spec = importlib.util.spec_from_file_location("servicenow_convert", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
servicenow = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = servicenow
_spec.loader.exec_module(servicenow)

Event = dict[str, Any]

PLAIN = {
    "number": "INC1",
    "incident_state": "New",
    "reopen_count": "0",
    "sys_mod_count": "0",
    "made_sla": "TRUE",
    "caller_id": "Caller 1",
    "opened_at": "01-02-2016 08:00",
    "sys_updated_at": "01-02-2016 08:05",
    "contact_type": "Phone",
    "location": "Location 1",
    "category": "Category 1",
    "subcategory": "Subcategory 1",
    "u_symptom": "?",
    "cmdb_ci": "?",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "priority": "3 - Moderate",
    "assignment_group": "Group 1",
    "assigned_to": "?",
    "closed_code": "code 5",
    "resolved_at": "02-02-2016 10:00",
    "closed_at": "07-02-2016 10:00",
}


def log(*changes: dict[str, str]) -> list[dict[str, str]]:
    """A log whose every row is the plain one with the changes made so far (of any incident)."""
    rows, row = [], dict(PLAIN)
    for change in changes:
        row = {**row, **change}
        rows.append(row)
    return rows


def converted(*changes: dict[str, str]) -> list[Event]:
    events: list[Event] = servicenow.convert(servicenow.read(log(*changes)))
    return events


def told(events: list[Event]) -> list[tuple[str, str, Any]]:
    return [
        (event["time"], event["type"].removeprefix("ticket."), event["data"].get("status", event["data"].get("team")))
        for event in events
    ]


def test_an_incident_is_created_at_its_opening_with_what_its_first_row_says() -> None:
    assert converted({}) == [
        {
            "specversion": "1.0",
            "id": "INC1/20160201T0805/0/1",
            "source": "servicenow/uci",
            "type": "ticket.created",
            "subject": "INC1",
            "time": "2016-02-01T08:00:00Z",
            "sequence": "0",
            "data": {
                "priority": "medium",
                "channel": "phone",
                "category": "Category 1",
                "customer": "Location 1",
                "requester": "Caller 1",
                "team": "Group 1",
                "tags": ["Subcategory 1", "impact medium", "urgency medium"],
            },
        }
    ]


def test_the_state_of_the_first_row_holds_from_that_row_on() -> None:
    assert told(converted({"incident_state": "Resolved"})) == [
        ("2016-02-01T08:00:00Z", "created", "Group 1"),
        ("2016-02-01T08:05:00Z", "status_changed", "resolved"),
    ]


def test_an_opening_later_than_the_first_row_is_not_believed() -> None:
    assert told(converted({"opened_at": "01-02-2016 09:00"})) == [("2016-02-01T08:05:00Z", "created", "Group 1")]


def test_what_was_filled_in_afterwards_is_nowhere_in_the_events() -> None:
    said = json.dumps(converted({}, {"incident_state": "Active", "sys_mod_count": "1", "made_sla": "FALSE"}))
    assert "2016-02-02" not in said
    assert "2016-02-07" not in said
    assert "code 5" not in said


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("Active", "open"),
        ("Awaiting User Info", "pending"),
        ("Awaiting Evidence", "pending"),
        ("Awaiting Vendor", "on_hold"),
        ("Awaiting Problem", "on_hold"),
        ("Resolved", "resolved"),
        ("Closed", "closed"),
    ],
)
def test_each_state_has_its_status(state: str, status: str) -> None:
    assert converted({}, {"incident_state": state, "sys_mod_count": "1"})[1]["data"] == {"status": status}


def test_a_nameless_state_changes_nothing() -> None:
    assert len(converted({}, {"incident_state": "-100", "sys_mod_count": "1"})) == 1


def test_a_row_that_changes_nothing_known_gives_no_event() -> None:
    assert len(converted({}, {"sys_mod_count": "1", "sys_updated_at": "03-02-2016 08:00"})) == 1


def test_details_come_before_the_state_of_the_same_row_in_time_sequence_and_id() -> None:
    _, updated, resolved = converted(
        {},
        {"assigned_to": "Resolver 1", "priority": "1 - Critical", "incident_state": "Resolved", "sys_mod_count": "1"},
    )
    assert updated["data"] == {"priority": "critical", "agent": "Resolver 1"}
    assert resolved["data"] == {"status": "resolved"}
    assert (updated["time"], updated["sequence"]) == (resolved["time"], resolved["sequence"])
    assert updated["id"] < resolved["id"]


def test_a_group_taken_away_is_cleared() -> None:
    assert converted({}, {"assignment_group": "?", "sys_mod_count": "1"})[1]["data"] == {"team": None}


def test_ties_within_a_minute_go_by_the_count_of_changes_as_a_number() -> None:
    rows = log(
        {},
        {"incident_state": "Resolved", "sys_mod_count": "10"},
        {"incident_state": "Active", "sys_mod_count": "9"},
    )
    events = servicenow.convert(servicenow.read(rows))
    assert [(event["sequence"], event["data"].get("status")) for event in events] == [
        ("0", None),
        ("9", "open"),
        ("10", "resolved"),
    ]


def test_days_come_first_and_incidents_are_merged_by_time() -> None:
    events = converted(
        {"sys_updated_at": "03-02-2016 08:00"},
        {"incident_state": "Closed", "sys_updated_at": "01-11-2016 08:00", "sys_mod_count": "1"},
        {
            "number": "INC2",
            "incident_state": "New",
            "opened_at": "05-03-2016 08:00",
            "sys_updated_at": "05-03-2016 08:01",
        },
    )
    assert [(event["subject"], event["time"]) for event in events] == [
        ("INC1", "2016-02-01T08:00:00Z"),
        ("INC2", "2016-03-05T08:00:00Z"),
        ("INC1", "2016-11-01T08:00:00Z"),
    ]


def test_a_counted_reopening_is_told() -> None:
    events = converted(
        {"incident_state": "Resolved"},
        {"incident_state": "Active", "reopen_count": "1", "sys_mod_count": "1", "sys_updated_at": "02-02-2016 08:00"},
    )
    assert told(events)[2] == ("2016-02-02T08:00:00Z", "status_changed", "open")


def test_a_counted_reopening_is_told_even_if_the_count_of_changes_fell() -> None:
    events = converted(
        {"sys_mod_count": "7", "incident_state": "Resolved"},
        {"sys_mod_count": "1", "sys_updated_at": "02-02-2016 08:00", "incident_state": "Active", "reopen_count": "1"},
    )
    assert [status for _, _, status in told(events)] == ["Group 1", "resolved", "open"]


def test_a_misdated_row_does_not_reopen() -> None:
    events = converted(
        {"sys_mod_count": "1", "sys_updated_at": "01-02-2016 11:10"},
        {"sys_mod_count": "1", "sys_updated_at": "01-02-2016 09:52"},
        {"sys_mod_count": "2", "sys_updated_at": "01-02-2016 11:03", "incident_state": "Resolved"},
        {"sys_mod_count": "3", "sys_updated_at": "05-02-2016 12:00", "incident_state": "Closed"},
    )
    assert [status for _, _, status in told(events)] == ["Group 1", "resolved", "closed"]


def test_ids_differ_even_where_the_log_repeats_a_count_in_one_minute() -> None:
    events = converted({}, {"assigned_to": "Resolver 1"}, {"assigned_to": "Resolver 2"})
    assert len({event["id"] for event in events}) == len(events) == 3


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("priority", "5 - Planning"),
        ("incident_state", "Gone"),
        ("sys_updated_at", "2016-02-01"),
        ("sys_mod_count", "x"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(column: str, text: str) -> None:
    with pytest.raises(servicenow.Unreadable, match="line 3: "):
        list(servicenow.read(log({}, {column: text})))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)


def test_the_script_writes_json_lines_and_fails_with_the_place(tmp_path: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(PLAIN))
    writer.writeheader()
    writer.writerows(log({}, {"incident_state": "Active", "sys_mod_count": "1"}))
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(text.getvalue(), encoding="utf-8")
    bad.write_text(text.getvalue().replace("Active", "Gone"), encoding="utf-8")

    ran = run(str(good))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [json.loads(line)["type"] for line in ran.stdout.splitlines()] == ["ticket.created", "ticket.status_changed"]

    ran = run(str(bad))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "bad.csv: line 3: " in ran.stderr
    assert "'Gone'" in ran.stderr

    assert run(str(tmp_path / "none.csv")).returncode == 1
    assert run().returncode == 2
