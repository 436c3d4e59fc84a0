from __future__ import annotations

import time

from tests.acceptance.comparison import differences
from tests.acceptance.material import CONFIG, LAST, simulated, swirled, text_of
from tests.acceptance.system import System, Worker, until
from tests.services.redis import Redis
from tests.services.server import free_port

LINES = swirled(simulated(2000, 41), 42)
BAD = """\
calendars:
  office: {hours: {mon-fri: ["09:00-17:00"]}, timezone: Mars/Olympus}
policies:
  - name: all
    calender: office
    clocks: {resolution: {target: 4 hours}}
lateness: -1h
"""


def test_a_worker_that_is_told_to_stop_drains_and_the_next_reads_on(system: System) -> None:
    events, conf = system.file("events.jsonl", text_of(LINES)), system.file("tenggat.yaml", CONFIG)
    first = system.worker(conf)
    with system.producing(events, 1000) as producing:
        until(lambda: system.applied() > len(LINES) // 3, "a third of the events are applied")
        assert first.ended(within=8) == 0
        assert "Traceback" not in first.log()
        applied = system.applied()
        second = system.worker(conf)
        assert producing.wait(60) == 0
    system.settle()

    assert second.total("tenggat_events_total") == len(LINES) - applied  # nothing is read again
    assert second.total("tenggat_state_rewinds_total") == second.total("tenggat_fenced_total") == 0
    assert not differences(system.replay(events, "--config", conf, "--until", LAST), system.report("--until", LAST))
    assert system.spoken().repeated() == {}


def test_a_worker_says_whether_it_lives_and_whether_it_is_ready(system: System, redis_server: Redis) -> None:
    redis_server.kill()
    worker = system.worker(wait=False)
    until(lambda: worker.get("/healthz")[0] == 200, "it lives without Redis")
    status, why = worker.get("/readyz")
    assert status == 503
    assert "Redis does not answer" in why

    redis_server.start()
    until(lambda: worker.get("/readyz") == (200, "ready\n"), "it is ready with Redis")

    redis_server.kill()
    until(lambda: worker.get("/readyz")[0] == 503, "it is not ready when Redis has gone")
    assert worker.get("/healthz")[0] == 200
    redis_server.start()
    until(lambda: worker.get("/readyz")[0] == 200, "it is ready again")


def test_a_bad_configuration_stops_a_worker_with_all_its_mistakes(system: System) -> None:
    bad = system.file("bad.yaml", BAD)
    mistakes = [
        line for line in system.tenggat("worker", "--config", bad, code=2).stderr.splitlines() if "bad.yaml:" in line
    ]
    assert [line.partition(": ")[0].rpartition("bad.yaml")[2] for line in mistakes] == [
        ":2:57",
        ":5:5",
        ":6:35",
        ":7:11",
    ]
    assert mistakes == [
        line for line in system.tenggat("check-config", bad, code=2).stderr.splitlines() if "bad.yaml:" in line
    ]
    assert "no-such.yaml" in system.tenggat("worker", "--config", "no-such.yaml", code=2).stderr
    assert "TENGGAT_HTTP_PORT" in system.tenggat("worker", code=2, TENGGAT_HTTP_PORT="many").stderr


def test_a_server_that_cannot_be_reached_is_named_in_one_sentence(system: System) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    file = system.file("one.jsonl", text_of(LINES[:1]))
    for arguments in (("worker",), ("topics",), ("produce", file)):
        began = time.monotonic()
        said = system.tenggat(*arguments, code=1, TENGGAT_BROKERS=nobody).stderr
        assert nobody in said
        assert "Traceback" not in said
        assert len(said.strip().splitlines()) <= 3, said
        assert time.monotonic() - began < 20
    said = system.tenggat("report", code=1, TENGGAT_REDIS_URL=f"redis://{nobody}/0").stderr
    assert nobody in said.replace(" port ", ":") or "Redis does not answer" in said
    assert "Traceback" not in said


def test_a_worker_without_its_topics_says_which_command_makes_them(system: System) -> None:
    said = system.tenggat("worker", code=1, TENGGAT_TOPIC_PREFIX="nothing-here-").stderr
    assert "tenggat topics --create" in said


def test_a_port_that_is_taken_is_named(system: System) -> None:
    worker: Worker = system.worker()
    said = system.tenggat("worker", "--http-port", worker.port, code=1).stderr
    assert str(worker.port) in said
    assert "Traceback" not in said


def test_a_redis_that_cannot_hold_the_state_is_refused_with_the_reason(system: System, redis_server: Redis) -> None:
    system.redis.execute_command("REPLICAOF", "127.0.0.1", free_port())
    try:
        said = system.tenggat("worker", "--http-port", "0", code=1).stderr
    finally:
        system.redis.execute_command("REPLICAOF", "NO", "ONE")
    assert "this Redis is a replica: connect to its primary" in said
    assert "Traceback" not in said
    assert redis_server.running
