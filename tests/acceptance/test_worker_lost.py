from __future__ import annotations

import os
import signal
import time

import pytest

from tests.acceptance.comparison import differences
from tests.acceptance.log import stated
from tests.acceptance.material import CONFIG, LAST, POISON, SOUND, disturbed, simulated, swirled, text_of
from tests.acceptance.system import SESSION, System, until

LINES = disturbed(swirled(simulated(3000, 21), 22), 23, 300)
RATE = 1500

pytestmark = [pytest.mark.chaos]


def test_dead_letters_say_why_and_where_they_come_from(system: System) -> None:
    system.worker()
    known = {value: reason for reason, value in POISON}
    for value in known:
        system.log.send("tickets", "P", value, partition=1)
    system.log.send("tickets", "another", SOUND, partition=1)
    system.log.send("tickets", None, SOUND, partition=1)
    system.log.send("security-incidents", "P", SOUND, partition=0)
    system.log.send("measurements", "tombstone", None, partition=0)
    system.log.sent()
    system.settle()

    letters = system.dead_letters()
    tickets, incidents, measurements = (
        f"{system.prefix}{topic}" for topic in ("tickets", "security-incidents", "measurements")
    )
    where = [
        (
            letter.headers["tenggat-topic"],
            int(letter.headers["tenggat-partition"]),
            int(letter.headers["tenggat-offset"]),
        )
        for letter in letters
    ]
    assert where == [
        *((tickets, 1, offset) for offset in range(len(known) + 2)),
        (incidents, 0, 0),
        (measurements, 0, 0),
    ]
    assert [(letter.headers["tenggat-reason"], letter.key, letter.value) for letter in letters] == [
        *((reason, b"P", value) for value, reason in known.items()),
        ("wrong_key", b"another", SOUND),
        ("wrong_key", None, SOUND),
        ("wrong_topic", b"P", SOUND),
        ("not_json", b"tombstone", None),
    ]


@pytest.mark.soak  # as the sleeper of tests/chaos, under load
def test_a_worker_that_slept_through_its_session_does_no_harm_when_it_wakes(system: System) -> None:
    events, conf = system.file("events.jsonl", text_of(LINES)), system.file("tenggat.yaml", CONFIG)
    sleeper = system.worker(conf)
    with system.producing(events, RATE) as producing:
        until(lambda: system.applied() > len(LINES) // 4, "a quarter of the events are applied")
        os.kill(sleeper.pid, signal.SIGSTOP)
        system.worker(conf)
        assert producing.wait(60) == 0
    time.sleep(SESSION)
    until(lambda: system.behind() == 0, "the other worker has taken over and read all")
    os.kill(sleeper.pid, signal.SIGCONT)
    time.sleep(1)
    system.settle()

    assert not differences(system.replay(events, "--config", conf, "--until", LAST), system.report("--until", LAST))
    spoken = system.spoken()
    assert spoken.standing() == stated(system.report()["signals"])
    assert set(spoken.repeated().values()) <= {2}  # what it had begun to publish when it fell asleep
