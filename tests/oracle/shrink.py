"""Make a scenario that shows a difference as small as it gets, one piece at a time."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.oracle.compare import Difference, differences
from tests.oracle.product import Failed, Product
from tests.oracle.scenario import Scenario

Check = Callable[[Scenario], list[Difference]]


def difference(product: Product, scenario: Scenario, avoid: frozenset[str]) -> list[Difference]:
    """What differs; nothing if the scenario touches a corner to avoid, one difference if the product fails."""
    expected = scenario.expected()
    if any(touched & avoid for touched in expected.corners.values()):
        return []
    try:
        return differences(expected.body, product(scenario))
    except Failed as failure:
        return [Difference("the run", "a report", str(failure))]


def of_subject(scenario: Scenario, product: Product, avoid: frozenset[str], subject: tuple[str, str]) -> Scenario:
    """Smaller, as long as the report of one entity differs; all pieces of a round are tried in one run."""
    small = scenario.only([subject[1]])
    while True:
        tries = list(without_one(small.events, subject[1]))
        together = replace(small, events=tuple(e for events in tries for e in events))
        expected = together.expected()
        try:
            found = {d.subject for d in differences(expected.body, product(together)) if d.subject}
        except Failed:
            return small
        good = [
            n
            for n in range(len(tries))
            if (name := (subject[0], f"{n:03d}~{subject[1]}")) in found
            and not expected.corners.get(name, set()) & avoid
        ]
        if not good:
            return small
        chosen = tries[good[0]]
        small = replace(small, events=tuple(e | {"subject": subject[1]} for e in chosen))


def without_one(events: tuple[dict[str, Any], ...], subject: str) -> Iterator[list[dict[str, Any]]]:
    """Each list with one event fewer or one event simpler, under a subject of its own."""
    lists = [[*events[:n], *events[n + 1 :]] for n in range(len(events))] if len(events) > 1 else []
    for n, event in enumerate(events):
        if "sequence" in event:
            lists.append([*events[:n], {k: v for k, v in event.items() if k != "sequence"}, *events[n + 1 :]])
        for key in event.get("data", {}):
            if key not in (
                "priority",
                "severity",
                "status",
                "author",
                "as",
                "stage",
                "clock",
                "due",
                "into",
                "seconds",
            ):
                simpler = event | {"data": {k: v for k, v in event["data"].items() if k != key}}
                lists.append([*events[:n], simpler, *events[n + 1 :]])
    ordered = sorted(events, key=lambda e: str(e["time"]))
    if list(events) != ordered:
        lists.insert(0, ordered)
    for n, some in enumerate(lists):
        yield [e | {"subject": f"{n:03d}~{subject}"} for e in some]


def of_events(scenario: Scenario, check: Check) -> Scenario:
    """Drop whole entities, then single events, while the check finds something; one run each."""
    small = scenario
    for subject in sorted({e["subject"] for e in scenario.events if "subject" in e}):
        fewer = replace(small, events=tuple(e for e in small.events if e.get("subject") != subject))
        if fewer.events and check(fewer):
            small = fewer
    n = 0
    while n < len(small.events) and len(small.events) > 1:
        fewer = replace(small, events=(*small.events[:n], *small.events[n + 1 :]))
        if check(fewer):
            small = fewer
        else:
            n += 1
    return small


def of_configuration(scenario: Scenario, check: Check) -> Scenario:
    """Drop policies, clocks and options of the configuration while the check finds something."""
    small = scenario
    while len(small.configurations) > 1:
        fewer = replace(small, configurations=small.configurations[:1])
        if not check(fewer):
            break
        small = fewer
    for n in range(len(small.configurations)):
        path: list[Any] = []
        for path in list(_paths(json.loads(small.configurations[n][1]))):
            raw = json.loads(small.configurations[n][1])
            if not _drop(raw, path):
                continue
            changed = list(small.configurations)
            changed[n] = (changed[n][0], json.dumps(raw, indent=1))
            fewer = replace(small, configurations=tuple(changed))
            try:
                if check(fewer):
                    small = fewer
            except (KeyError, ValueError, StopIteration):
                continue
    return small


def _paths(raw: dict[str, Any]) -> Iterator[list[Any]]:
    for part in ("policies", "incidents"):
        for row in reversed(raw.get(part, [])):
            yield [part, row["name"]]
            for key in ("warn", "pause_on", "on_priority_change", "on_reopen", "regulations", "match", "calendar"):
                yield [part, row["name"], key]
            for clock, of in row["clocks"].items():
                yield [part, row["name"], "clocks", clock]
                for key in of:
                    if key != "target":
                        yield [part, row["name"], "clocks", clock, key]
    for name in raw.get("calendars", {}):
        yield ["calendars", name]


def _drop(raw: dict[str, Any], path: list[Any]) -> bool:
    at: Any = raw
    for step in path[:-1]:
        at = next((r for r in at if r["name"] == step), None) if isinstance(at, list) else at.get(step)
        if at is None:
            return False
    if isinstance(at, list):
        kept = [r for r in at if r["name"] != path[-1]]
        changed = len(kept) != len(at)
        at[:] = kept
        return changed
    return at.pop(path[-1], None) is not None
