from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from tests.acceptance.material import event
from tests.acceptance.system import System, until

CONFIG = """\
policies:
  - name: quick
    clocks: {resolution: {target: 2s, warn: [50%]}}
max_ahead: 5m
"""
SOON = 1.0
"""Seconds within which a signal must have come, on the slowest of machines; the aim is 0.2."""


class Ear:
    """Notes when each signal came."""

    def __init__(self) -> None:
        self.came: list[tuple[float, dict[str, Any]]] = []

    def of(self, subject: str) -> dict[str, tuple[float, float]]:
        """By type: the moment that the signal names, and the seconds from then until it was there."""
        return {
            one["type"]: (at, came - at)
            for came, one in self.came
            if one["subject"] == subject
            for at in [datetime.fromisoformat(one["time"]).timestamp()]
        }


@contextmanager
def listening(system: System) -> Iterator[Ear]:
    """Hears the topic of signals as it is written."""
    ear, over = Ear(), threading.Event()

    def listen() -> None:
        for value in system.log.tail("sla-signals", over):
            ear.came.append((time.time(), json.loads(value)))  # noqa: TID251 -- when it came

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield ear
    finally:
        over.set()
        thread.join()


def test_deadlines_are_said_at_their_moment(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    system.worker(system.file("tenggat.yaml", CONFIG))
    for number in range(8):  # every partition has been read from
        system.log.send("tickets", f"W-{number}", event(f"W-{number}", "deleted", 1e9))
    system.log.sent()
    until(lambda: system.behind() == 0, "the worker reads")
    with listening(system) as ear:
        now = time.time()  # noqa: TID251 -- these events happen now
        system.log.send("tickets", "LATE", event("LATE", "created", now, priority="low"))
        system.log.send("tickets", "DONE", event("DONE", "created", now, priority="low"))
        system.log.send("tickets", "AHEAD", event("AHEAD", "created", now + 1.5, priority="low"))
        system.log.send("tickets", "TOO-FAR", event("TOO-FAR", "created", now + 600, priority="low"))
        system.log.sent()
        time.sleep(0.5)
        system.log.send("tickets", "DONE", event("DONE", "status_changed", now + 0.5, status="resolved"))
        system.log.sent()
        until(lambda: {"sla.warning", "sla.breached"} <= ear.of("AHEAD").keys(), "the last deadline is said", 10)
        time.sleep(0.5)

    assert ear.of("DONE").keys() == {"sla.met"}
    late, ahead = ear.of("LATE"), ear.of("AHEAD")
    delays = [delay for one in (late, ahead) for _, delay in one.values()]
    with capsys.disabled():
        sys.stdout.write(f"\nms after their moment: {[round(1000 * delay) for delay in delays]}\n")
    assert {kind: round(at - now, 3) for kind, (at, _) in late.items()} == {"sla.warning": 1.0, "sla.breached": 2.0}
    # An event of the near future counts from its time on.
    assert {kind: round(at - now, 3) for kind, (at, _) in ahead.items()} == {"sla.warning": 2.5, "sla.breached": 3.5}
    assert all(0 <= delay < SOON for delay in delays)

    (letter,) = system.dead_letters()
    assert (letter.key, letter.headers["tenggat-reason"]) == (b"TOO-FAR", "too_far_ahead")


def test_what_was_resolved_in_the_part_of_the_log_not_yet_read_is_never_said_to_be_breached(system: System) -> None:
    # Log timestamps as of a stream that was being written while no worker ran:
    #   -10 h created (due -8 h) |---- 8 MB of other tickets ----| -9 h resolved ... -1 h
    hours = [time.time() - 3600 * ago for ago in (10, 9.9, 9, 1)]  # noqa: TID251 -- a log that ends now
    config = "policies: [{name: two, match: {channel: phone}, clocks: {resolution: {target: 2h}}}]\n"
    created, between, resolved, last = hours
    key = next(f"T-{n}" for n in range(100))
    send = system.log.send
    send("tickets", key, event(key, "created", created, priority="low", channel="phone"), int(1000 * created), 0)
    send("tickets", "LATE", event("LATE", "created", created, priority="low", channel="phone"), int(1000 * created), 0)
    for number in range(60):
        other = f"O-{number}"
        send(
            "tickets",
            other,
            event(other, "created", between, priority="low", title="x" * 140_000),
            int(1000 * between),
            0,
        )
    send("tickets", key, event(key, "status_changed", resolved, status="resolved"), int(1000 * resolved), 0)
    for number in range(60):
        other = f"P-{number}"
        send("tickets", other, event(other, "created", last, priority="low", title="x" * 140_000), int(1000 * last), 0)
    system.log.sent()
    system.worker(system.file("tenggat.yaml", config))
    system.settle()

    spoken = system.spoken()
    assert spoken.of(key) == ["sla.met"]
    assert spoken.of("LATE") == ["sla.warning", "sla.warning", "sla.breached"]
