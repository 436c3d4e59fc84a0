"""Turns a ServiceNow incident log (CSV, one row a change of an incident) into Tenggat's ticket events (JSON lines).

    python examples/servicenow/convert.py LOG.csv > events.jsonl

Made for the "Incident management process enriched event log" (UCI Machine Learning Repository, Amaral, Fantinato and
Peres, CC BY 4.0, https://doi.org/10.24432/C57S4H). README.md beside this file says what is mapped to what, and why.
Needs Python 3.11 and nothing else. Exit code 1, with the line, on a row that cannot be read.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SOURCE: Final = "servicenow/uci"
NULL: Final = "?"
DONE: Final = frozenset({"resolved", "closed"})

STATES: Final[Mapping[str, str | None]] = {
    "New": "new",
    "Active": "open",
    "Awaiting User Info": "pending",
    "Awaiting Evidence": "pending",
    "Awaiting Vendor": "on_hold",
    "Awaiting Problem": "on_hold",
    "Resolved": "resolved",
    "Closed": "closed",
    "-100": None,  # a state the instance lost the name of: the status stays as it was
}
PRIORITIES: Final = {"1 - Critical": "critical", "2 - High": "high", "3 - Moderate": "medium", "4 - Low": "low"}
NAMED: Final = {  # what the ticket's key is called in the log
    "category": "category",
    "service": "cmdb_ci",
    "customer": "location",
    "requester": "caller_id",
    "team": "assignment_group",
    "agent": "assigned_to",
}
TAGGED: Final = ("subcategory", "u_symptom")
GRADED: Final = ("impact", "urgency")

Event = dict[str, Any]


class Unreadable(ValueError):
    """A row that the log's own description does not allow; the message names line and column."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One change of an incident, as the instance wrote it down: only what was known at that moment."""

    incident: str
    at: datetime
    """When it happened (`sys_updated_at`), to the minute."""
    modification: int
    """The instance's own count of changes: the order within a minute."""
    opened_at: datetime
    reopened: int
    """How often the incident had been reopened by then."""
    status: str | None
    details: Mapping[str, Any]


def read(rows: Iterable[Mapping[str, str]], first_line: int = 2) -> Iterator[Row]:
    """The rows of the log. What is back-filled (resolved_at, closed_at, closed_code, made_sla …) is never looked at."""
    for line, row in enumerate(rows, first_line):
        try:
            yield Row(
                incident=row["number"],
                at=instant(row["sys_updated_at"]),
                modification=int(row["sys_mod_count"]),
                opened_at=instant(row["opened_at"]),
                reopened=int(row["reopen_count"]),
                status=STATES[row["incident_state"]],
                details=details(row),
            )
        except KeyError as missing:
            raise Unreadable(f"line {line}: no such column, or no such state or priority: {missing}") from missing
        except (ValueError, AttributeError, TypeError) as wrong:
            raise Unreadable(f"line {line}: {wrong}") from wrong


def instant(day_first: str) -> datetime:
    """The log's `29-02-2016 01:16`, day first and without a zone, taken as UTC."""
    return datetime.strptime(day_first, "%d-%m-%Y %H:%M").replace(tzinfo=UTC)


def details(row: Mapping[str, str]) -> dict[str, Any]:
    """What the row says of the ticket, by the ticket's keys; None is what the log leaves open."""
    said: dict[str, Any] = {"priority": PRIORITIES[row["priority"]], "channel": known(row["contact_type"].lower())}
    said |= {key: known(row[column]) for key, column in NAMED.items()}
    tags = [row[column] for column in TAGGED if row[column] != NULL]
    tags += [f"{column} {row[column].split(' - ')[-1].lower()}" for column in GRADED if row[column] != NULL]
    said["tags"] = tags or None
    return said


def known(text: str | None) -> str | None:
    """The text, or None for the log's null."""
    return text if text and text != NULL else None


def convert(rows: Iterable[Row]) -> list[Event]:
    """The events of all incidents, in the order in which they happened."""
    by_incident: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_incident[row.incident].append(row)
    events = [event for life in by_incident.values() for event in incident(life)]
    return sorted(events, key=lambda event: (event["time"], event["subject"]))  # stable: a life keeps its order


def incident(rows: Iterable[Row]) -> Iterator[Event]:
    """The life of one incident: created, then for each row what it changed (the details first, then the status)."""
    life = sorted(rows, key=lambda row: (row.at, row.modification))
    first = life[0]
    named: Counter[str] = Counter()

    def event(kind: str, row: Row, data: Event, at: datetime) -> Event:
        """In its envelope. The id says which change it is, so a second conversion says the same events again."""
        change = f"{row.incident}/{row.at:%Y%m%dT%H%M}/{row.modification}"
        named[change] += 1  # the last word of the order: of two events of one row, the lesser id comes first
        return {
            "specversion": "1.0",
            "id": f"{change}/{named[change]}",
            "source": SOURCE,
            "type": kind,
            "subject": row.incident,
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "sequence": str(row.modification),
            "data": data,
        }

    # Some of the log's oldest incidents carry an opening later than their first row: they begin with the row.
    opened = {key: value for key, value in first.details.items() if value is not None}
    yield event("ticket.created", first, opened, min(first.opened_at, first.at))
    status, before, furthest = "new", first, first.modification
    for row in life:
        undoes = status in DONE and row.status not in DONE and row.reopened == before.reopened
        if undoes and row.modification < furthest:
            # Misdated: it stands before the resolution by the instance's own count of changes, and the instance,
            # which counts every reopening, counts none here.
            continue
        changed = {key: value for key, value in row.details.items() if value != before.details[key]}
        if changed:
            yield event("ticket.updated", row, changed, row.at)
        if row.status is not None and row.status != status:
            status = row.status
            yield event("ticket.status_changed", row, {"status": status}, row.at)
        before, furthest = row, max(furthest, row.modification)


def main(arguments: list[str]) -> int:
    """Reads the log named, writes its events to standard output. Exit code: 0, 1 unreadable, 2 wrongly called."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    try:
        with Path(arguments[0]).open(encoding="utf-8-sig", newline="") as log:
            events = convert(read(csv.DictReader(log)))
    except (OSError, UnicodeDecodeError, csv.Error, Unreadable) as problem:
        print(f"{arguments[0]}: {problem}", file=sys.stderr)
        return 1
    for each in events:
        sys.stdout.write(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
