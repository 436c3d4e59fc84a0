from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from stream_app.engine.sweep import generation_of
from stream_app.sla.instant import text
from tests.acceptance.comparison import differences
from tests.acceptance.log import stated
from tests.acceptance.material import CONFIG, LAST, POISONED, disturbed, event, simulated, swirled, text_of
from tests.acceptance.system import TENGGAT, System, until

LINES = disturbed(swirled(simulated(2000, 41), 42), 43, 200)
RATE = 80
"""Events a second: load for as long as a rebuild takes."""
BEGUN = 300
STRICT, LOOSE = 1, 3  # hours
LIVE = """\
policies:
  - name: all
    clocks: {{first_response: {{target: 30m}}, resolution: {{target: {hours}h, warn: [75%]}}}}
windows: [1h, 24h]
"""

pytestmark = [pytest.mark.timeout(240)]


def generations(system: System) -> set[int]:
    """Those that have keys in Redis."""
    found = (generation_of(system.names.root, key) for key in system.redis.scan_iter(count=1000))
    return {generation for generation in found if generation is not None}


def rebuilding(system: System, *options: object) -> subprocess.Popen[str]:
    """A rebuild, meanwhile."""
    return subprocess.Popen(
        [str(TENGGAT), "rebuild", *map(str, options)],
        env=os.environ | system.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    """What it said on both ways."""
    said, complained = process.communicate(timeout=90)
    assert process.returncode == code, (said, complained)
    return said, complained


def now() -> float:
    return time.time()  # noqa: TID251 -- tickets of these hours, whose clocks run


def lately(hours: int) -> list[bytes]:
    """Tickets of the last two hours, some answered, some resolved."""
    began = now() - 7200
    created = [event(f"T-{n}", "created", began + 300 * n, priority="low") for n in range(hours)]
    answered = [
        event(f"T-{n}", "commented", began + 300 * n + 60, author={"id": "ani", "role": "agent"})
        for n in range(0, hours, 2)
    ]
    return [
        *created,
        *answered,
        *(event(f"T-{n}", "status_changed", began + 300 * n + 3000, status="resolved") for n in range(6)),
    ]


def test_a_rebuild_under_load_changes_nothing_that_is_right_and_says_nothing_twice(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    events, conf = system.file("events.jsonl", text_of(LINES)), system.file("tenggat.yaml", CONFIG)
    workers = [system.worker(conf) for _ in range(2)]
    with system.producing(events, RATE) as producing:
        until(lambda: system.applied() > BEGUN, "some of the events are applied")
        began, applied = time.monotonic(), system.applied()
        said, complained = ended(rebuilding(system))
        took = time.monotonic() - began
        assert system.applied() > applied + BEGUN // 3, "it was to be under load"
        assert producing.wait(60) == 0
    with capsys.disabled():
        sys.stdout.write(f"\n{took:.1f} s: {said}{complained}\n")
    assert "generation 1 is at work" in said
    assert complained == ""  # quiet in a pipe
    system.names.turn_to(1)
    system.settle()

    replayed = system.replay(events, "--config", conf, "--until", LAST)
    assert not differences(replayed, system.report("--until", LAST))
    spoken = system.spoken()
    assert spoken.standing() == stated(system.report()["signals"])
    assert spoken.repeated() == {}
    assert Counter(letter.value for letter in system.dead_letters()) == Counter(
        line for line in LINES if line in POISONED
    )
    assert generations(system) == {0, 1}
    assert sum(worker.total("tenggat_state_rewinds_total") for worker in workers) == 0

    system.tenggat("rebuild", "--forget-old", "--yes")
    assert generations(system) == {1}
    assert not differences(replayed, system.report("--until", LAST))
    system.tenggat("rebuild", "--back", code=1)


@pytest.mark.soak
def test_a_rebuild_killed_midway_leaves_the_live_system_as_it_was_and_another_one_can_be_made(system: System) -> None:
    events, conf = system.file("events.jsonl", text_of(LINES)), system.file("tenggat.yaml", CONFIG)
    system.worker(conf)
    with system.producing(events, RATE) as producing:
        until(lambda: system.applied() > BEGUN, "some of the events are applied")
        killed = rebuilding(system)
        until(lambda: 1 in generations(system), "the rebuild has begun to write")
        killed.send_signal(signal.SIGSTOP)  # midway it stays
        assert "another rebuild is running" in system.tenggat("rebuild", code=1).stderr
        killed.kill()
        killed.communicate()
        assert producing.wait(60) == 0
    system.settle()
    replayed = system.replay(events, "--config", conf, "--until", LAST)
    assert not differences(replayed, system.report("--until", LAST))
    spoken = system.spoken()
    assert generations(system) == {0, 1}

    until(lambda: not system.redis.exists(system.names.rebuild), "the one that was killed stands in nobody's way")
    said, _ = ended(rebuilding(system))
    assert "generation 2 is at work" in said
    assert "0 messages say what differs" in said
    assert generations(system) == {0, 2}
    system.names.turn_to(2)
    system.settle(quiet=3)
    assert not differences(replayed, system.report("--until", LAST))
    assert system.spoken() == spoken


def test_an_interrupted_rebuild_leaves_nothing_behind(system: System) -> None:
    events, conf = system.file("events.jsonl", text_of(LINES)), system.file("tenggat.yaml", CONFIG)
    system.worker(conf)
    system.produce(events)
    system.settle()
    asked = rebuilding(system)
    until(lambda: 1 in generations(system), "the rebuild has begun to write")
    asked.send_signal(signal.SIGINT)
    _, complained = ended(asked, code=1)
    assert "interrupted: nothing has changed" in complained
    assert generations(system) == {0}
    assert not system.redis.exists(system.names.rebuild)
    assert not differences(system.replay(events, "--config", conf, "--until", LAST), system.report("--until", LAST))


def compared(system: System, files: list[Path], *dated: object) -> None:
    """As of now: report as replay, topic as report."""
    moment = text(time.time_ns() // 1000)  # noqa: TID251 -- as of now
    report = system.report("--until", moment)
    assert not differences(system.replay(*files, *dated, "--until", moment), report)
    assert system.spoken().standing() == stated(report["signals"])


@pytest.mark.soak
def test_a_corrected_configuration_holds_from_the_beginning_and_all_of_it_can_be_undone(system: System) -> None:
    strict = system.file("strict.yaml", LIVE.format(hours=STRICT))
    loose = system.file("loose.yaml", LIVE.format(hours=LOOSE))
    workers = [system.worker(strict) for _ in range(2)]
    files = [system.file("first.jsonl", text_of(lately(24)))]
    system.produce(files[0])
    system.settle()
    compared(system, files, "--config", strict)

    said = system.tenggat("rebuild", "--config", loose).stdout
    assert "generation 1 is at work" in said
    system.names.turn_to(1)
    system.settle(quiet=3)
    compared(system, files, "--config", loose)

    files.append(
        system.file("later.jsonl", text_of([event(f"N-{n}", "created", now(), priority="low") for n in range(4)]))
    )
    system.produce(files[-1])
    assert workers[0].ended(within=15) == 0
    restarted = system.worker(strict)  # with the configuration that was corrected
    system.settle(quiet=3)
    assert "strict.yaml was replaced by a later configuration" in restarted.log()
    compared(system, files, "--config", loose)

    system.tenggat("rebuild", "--back")
    system.names.turn_to(0)
    system.settle(quiet=3)
    compared(system, files, "--config", strict)

    system.tenggat("rebuild", "--back")
    system.names.turn_to(1)
    system.settle(quiet=3)
    compared(system, files, "--config", loose)

    system.redis.flushall()
    system.settle(quiet=3)
    assert system.redis.hget(system.names.generations, "active") == b"1"
    compared(system, files, "--config", loose)


@pytest.mark.soak
def test_a_rebuild_from_a_later_time_knows_what_came_from_then_on(system: System) -> None:
    conf = system.file("tenggat.yaml", CONFIG)
    lines = swirled(simulated(1500, 51), 52)
    first, second = lines[: len(lines) // 2], lines[len(lines) // 2 :]
    system.worker(conf)
    system.produce(system.file("first.jsonl", text_of(first)))
    system.settle()
    since = text(time.time_ns() // 1000 + 1000)  # noqa: TID251 -- the log's time
    time.sleep(0.1)
    rest = system.file("second.jsonl", text_of(second))
    system.produce(rest)
    system.settle()
    before = system.spoken()

    said = system.tenggat("rebuild", "--from", since).stdout
    assert f"{len(second):,} records read" in said
    system.names.turn_to(1)
    system.settle(quiet=3)
    replayed = system.replay(rest, "--config", conf, "--until", LAST)
    assert any(entity.get("partial") for entity in replayed["entities"])
    assert not differences(replayed, system.report("--until", LAST))
    known = {entity["id"] for entity in replayed["entities"]}
    stands = Counter(statement for statement in system.spoken().standing().elements() if statement[1] in known)
    assert stands == stated(system.report()["signals"])
    # of those it knows nothing of, nothing is taken back
    assert [one for one in system.spoken().messages if one["subject"] not in known] == [
        one for one in before.messages if one["subject"] not in known
    ]

    system.redis.flushall()
    system.settle(quiet=3)
    assert not differences(replayed, system.report("--until", LAST))


def test_a_rebuild_of_nothing_succeeds_and_one_from_later_than_every_record_changes_nothing(system: System) -> None:
    conf = system.file("tenggat.yaml", CONFIG)
    system.worker(conf)
    until(lambda: all(system.redis.exists(system.names.of(tp).meta) for tp in system.tps()), "all is claimed")
    assert "generation 1 is at work: 0 records read" in system.tenggat("rebuild").stdout
    system.names.turn_to(1)
    system.produce(system.file("events.jsonl", text_of(simulated(200, 61))))
    system.settle()
    spoken, report = system.spoken(), system.report("--until", LAST)

    refused = system.tenggat("rebuild", "--from", text(time.time_ns() // 1000 + 3_600_000_000), code=1).stderr  # noqa: TID251 -- the log's time
    assert "the state would be empty; the newest record is of 20" in refused
    assert len(refused.splitlines()) == 1
    assert generations(system) == {0, 1}
    assert not differences(report, system.report("--until", LAST))
    assert system.spoken() == spoken


def test_a_rebuild_before_the_topics_are_made_says_how_to_make_them(system: System) -> None:
    missing = system.tenggat("rebuild", code=1, TENGGAT_TOPIC_PREFIX=f"{system.prefix}other-").stderr
    assert "`tenggat topics --create` makes what is missing" in missing
    assert len(missing.splitlines()) == 1
