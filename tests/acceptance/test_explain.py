from __future__ import annotations

import json
from typing import Any

from tests.acceptance.material import CONFIG, LAST, simulated, swirled, text_of
from tests.acceptance.system import System


def accounts(system: System, *arguments: object) -> list[dict[str, Any]]:
    """What is told, without what only a file knows: lines, and what came twice."""
    told = json.loads(system.tenggat("explain", *arguments, "--until", LAST, "--json").stdout)["accounts"]
    for account in told:
        del account["duplicates"]
        for step in account["steps"]:
            if step["event"] is not None:
                del step["event"]["line"]
        for choice in account["policies"]:
            for tried in choice["tried"]:
                del tried["written"]
    return list(told)


def test_the_running_system_explains_what_the_file_of_its_events_explains(system: System) -> None:
    lines = swirled(simulated(400, 5), 1)
    events, config = system.file("events.jsonl", text_of(lines)), system.file("tenggat.yaml", CONFIG)
    system.worker(config)
    system.produce(events)
    system.settle()

    entities = system.report("--until", LAST)["entities"]
    busiest = sorted(entities, key=lambda entity: len(entity["clocks"]))[-2:]
    for entity in [*busiest, next(one for one in entities if one["kind"] == "incident")]:
        told = accounts(system, entity["id"])
        assert told == accounts(system, entity["id"], events, "--config", config)
        (account,) = [one for one in told if one["entity"]["kind"] == entity["kind"]]
        assert [clock["spans_seconds"] for clock in account["clocks"]] == [
            clock["elapsed_seconds"] for clock in entity["clocks"]
        ]
        said = system.tenggat("explain", entity["id"]).stdout
        assert f"{entity['kind']} {entity['id']}: " in said
        assert "tenggat.yaml:" in said

    wrong = busiest[0]["id"].swapcase()
    failed = system.tenggat("explain", wrong, code=1)
    assert f"nothing is known of {wrong}; is it {busiest[0]['id']}?" in failed.stderr
