from __future__ import annotations

import time

from stream_app.sla.instant import text
from tests.acceptance.comparison import differences
from tests.acceptance.log import stated
from tests.acceptance.material import event, text_of
from tests.acceptance.system import System, until

STRICT, LOOSE = 1, 3  # hours
CONFIG = """\
policies:
  - name: all
    clocks: {{first_response: {{target: 30m}}, resolution: {{target: {hours}h, warn: [75%]}}}}
windows: [1h, 24h]
"""


def test_a_worker_restarted_with_another_configuration_brings_it_to_all_and_an_old_one_does_not_bring_its_own_back(
    system: System,
) -> None:
    strict = system.file("strict.yaml", CONFIG.format(hours=STRICT))
    loose = system.file("loose.yaml", CONFIG.format(hours=LOOSE))
    began = time.time() - 7200  # noqa: TID251 -- tickets of the last two hours, whose clocks run
    created = [event(f"T-{n}", "created", began + 300 * n, priority="low") for n in range(24)]
    answered = [
        event(f"T-{n}", "commented", began + 300 * n + 60, author={"id": "ani", "role": "agent"})
        for n in range(0, 24, 2)
    ]
    ended = [event(f"T-{n}", "status_changed", began + 300 * n + 3000, status="resolved") for n in range(6)]
    first = [*created, *answered, *ended]
    workers = [system.worker(strict) for _ in range(2)]
    system.produce(system.file("first.jsonl", text_of(first)))
    system.settle()
    assert {entity["clocks"][-1]["target_seconds"] for entity in system.report()["entities"]} == {STRICT * 3600.0}

    assert workers[1].ended(within=15) == 0
    system.worker(loose)
    until(lambda: len(system.log.activations()) == 2, "the other configuration is activated")
    system.settle(quiet=3)
    switched = system.log.activations()[1]["at"]
    now = time.time()  # noqa: TID251 -- after the switch
    later = [event(f"T-{n}", "status_changed", now, status="resolved") for n in range(12, 16)]
    later += [event(f"N-{n}", "created", now, priority="low") for n in range(4)]
    system.produce(system.file("later.jsonl", text_of(later)))
    system.settle()

    events = system.file("all.jsonl", text_of(first + later))
    dated = ("--config", strict, "--config", f"{loose}@{text(switched)}")

    def compared() -> None:
        moment = text(time.time_ns() // 1000)  # noqa: TID251 -- as of now
        replayed, report = system.replay(events, *dated, "--until", moment), system.report("--until", moment)
        assert not differences(replayed, report)
        assert system.spoken().standing() == stated(report["signals"])

    compared()

    assert workers[0].ended(within=15) == 0
    restarted = system.worker(strict)
    system.settle(quiet=3)
    assert "strict.yaml was replaced by a later configuration" in restarted.log()
    assert len(system.log.activations()) == 2
    more = [event(f"M-{n}", "created", time.time(), priority="low") for n in range(4)]  # noqa: TID251 -- now
    system.produce(system.file("more.jsonl", text_of(more)))
    system.settle()
    events = system.file("all.jsonl", text_of(first + later + more))
    compared()
