"""Looking after an installation: the doctor finds a working one sound, and mended dead letters are taken in."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.material import CONFIG, event, simulated, text_of
from tests.acceptance.system import System, until

AHEAD = 4.0
"""Seconds that an event may be ahead of the clock."""


def examined(system: System, config: Path, port: int, code: int) -> dict[str, dict[str, Any]]:
    """What the doctor says of each thing that is not as it should be, by name."""
    options = ("--config", config, "--http-port", port, "--json")
    found = json.loads(system.tenggat("doctor", *options, code=code).stdout)["findings"]
    return {finding["name"]: finding for finding in found if finding["name"]}


@pytest.mark.chaos
def test_the_doctor_finds_a_working_installation_sound_and_says_when_its_worker_is_gone(system: System) -> None:
    config = system.file("tenggat.yaml", CONFIG)
    worker = system.worker(config)
    system.produce(system.file("events.jsonl", text_of(simulated(600, 3))))
    system.settle()
    assert set(examined(system, config, worker.port, code=0)) <= {"single-copy"}  # the tests' Kafka is one broker

    other = system.file("other.yaml", CONFIG + "# changed\n")
    assert set(examined(system, other, worker.port, code=1)) - {"single-copy"} == {"config-not-active"}

    assert worker.ended(within=15) == 0
    system.produce(system.file("more.jsonl", text_of(simulated(50, 4))))
    found = examined(system, config, worker.port, code=1)
    assert {"no-worker", "http-silent", "lag"} <= set(found)
    assert "tenggat worker" in found["no-worker"]["remedy"]


def test_a_dead_letter_that_has_become_an_event_is_taken_in_once(system: System) -> None:
    config = system.file("tenggat.yaml", f"{CONFIG}max_ahead: {AHEAD:g}s\n")
    system.worker(config)
    created = time.time() + AHEAD + 3  # noqa: TID251 -- its producer's clock is ahead
    early = event("T-1", "created", created, priority="low")
    system.produce(system.file("early.jsonl", text_of([early, b"no event"])))
    until(lambda: len(system.dead_letters()) == 2, "both are parked")

    letters = json.loads(system.tenggat("dlq", "show", "--json").stdout)
    assert letters["reasons"] == {"not_json": 1, "too_far_ahead": 1}
    (ahead,) = (letter for letter in letters["letters"] if letter["reason"] == "too_far_ahead")
    assert (ahead["key"], ahead["origin"]["topic"]) == ("T-1", f"{system.prefix}tickets")

    time.sleep(max(0.0, created - AHEAD - time.time() + 0.5))  # noqa: TID251 -- until it is one
    for said in ("1 sent again", "0 sent again"):
        assert said in system.tenggat("dlq", "redrive", "--reason", "too_far_ahead").stderr
    system.settle()
    assert [entity["id"] for entity in system.report("--until", "2100-01-01T00:00:00Z")["entities"]] == ["T-1"]

    system.tenggat("dlq", "redrive", "tickets")  # it is still no event: a new dead letter
    until(lambda: json.loads(system.tenggat("dlq", "show", "--json").stdout)["waiting"] == 1, "it comes back")
    system.tenggat("dlq", "drop", "--yes")
    assert json.loads(system.tenggat("dlq", "show", "--json").stdout)["waiting"] == 0
