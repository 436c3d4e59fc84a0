from __future__ import annotations

from collections import Counter

import pytest

from tests.acceptance.comparison import differences
from tests.acceptance.log import stated
from tests.acceptance.material import CONFIG, LAST, POISONED, Lines, disturbed, shuffled, simulated, swirled, text_of
from tests.acceptance.system import System, until

FAR = CONFIG + "lateness: 400d\n"
EVENTS = simulated(2500, 11)
STEP = 600
"""Lines that are sent at once: what comes in one batch is sorted before it is folded."""


@pytest.mark.parametrize(
    ("lines", "config"),
    [
        pytest.param(EVENTS, CONFIG, id="in order", marks=pytest.mark.soak),
        pytest.param(disturbed(swirled(EVENTS, 1), 2, 150), CONFIG, id="shuffled within the lateness of an hour"),
        pytest.param(disturbed(shuffled(EVENTS, 3), 4, 150), FAR, id="wholly shuffled, with a lateness of 400 days"),
        pytest.param(
            shuffled(EVENTS, 5),
            CONFIG,
            id="wholly shuffled, most beyond the lateness of an hour",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_the_running_system_reports_what_replay_reports(system: System, lines: Lines, config: str) -> None:
    events, conf = system.file("events.jsonl", text_of(lines)), system.file("tenggat.yaml", config)
    worker = system.worker(conf)
    for start in range(0, len(lines), STEP):
        system.produce(system.file("some.jsonl", text_of(lines[start : start + STEP])))
        until(lambda: system.behind() == 0, "what was sent is applied")
    system.settle()

    replayed = system.replay(events, "--config", conf, "--until", LAST)
    assert not differences(replayed, system.report("--until", LAST))
    outcomes = {
        name: worker.total("tenggat_events_total", outcome=name) for name in replayed["events"] if name != "read"
    }
    assert outcomes == {name: count for name, count in replayed["events"].items() if name != "read"}
    poison = Counter(line for line in lines if line in POISONED)
    assert Counter(letter.value for letter in system.dead_letters()) == poison
    assert replayed["events"]["malformed"] == poison.total()

    # What is true by now is on the topic: nothing more, nothing less, and nothing twice.
    spoken = system.spoken()
    assert spoken.standing() == stated(system.report()["signals"])
    assert spoken.repeated() == {}
    assert worker.total("tenggat_state_rewinds_total") == worker.total("tenggat_fenced_total") == 0
