from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from confluent_kafka.admin import AdminClient

from tests.deploy.compose import ROOT
from tests.deploy.stack import Stack
from tests.services.prometheus import Answers, Prometheus, binary

WORKERS = ("worker-1", "worker-2")


def until(holds: Callable[[], bool], what: str, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(0.2)


def answers(stack: Stack) -> Answers:
    return Answers(stack.network.port("prometheus", 9090))


def test_everything_starts_in_the_order_of_depends_on_and_is_healthy_by_its_own_check(stack: Stack) -> None:
    assert stack.healthy == {"kafka", "redis", "worker-1", "worker-2", "prometheus"}
    assert set(stack.said) == {"topics"}


def test_the_topics_are_made_and_making_them_again_changes_nothing(stack: Stack) -> None:
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{stack.network.published(9092)}"})
    topics = admin.list_topics(timeout=10).topics
    assert {name: len(topics[name].partitions) for name in ("tickets", "security-incidents", "sla-signals")} == {
        "tickets": 12,
        "security-incidents": 12,
        "sla-signals": 12,
    }
    assert "tickets" in stack.container("topics").run()


def test_kafka_tells_programs_of_the_host_an_address_that_compose_publishes(stack: Stack) -> None:
    # Whoever came in by the listener for containers would be told `kafka:9092`, which the host cannot find.
    published = stack.network.published(9092)
    assert told(published) == [f"127.0.0.1:{published}"]

    inside = stack.network.port("kafka", 9092)
    assert told(inside) == [f"127.0.0.1:{inside}"]  # which stands for `kafka:9092`
    assert inside != published


def told(port: int) -> list[str]:
    """The addresses of brokers that Kafka tells who comes in by this port."""
    brokers = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}"}).list_topics(timeout=10).brokers
    return [f"{broker.host}:{broker.port}" for broker in brokers.values()]


def test_redis_keeps_what_it_is_told(stack: Stack) -> None:
    with redis.Redis(port=stack.network.published(6379), decode_responses=True) as client:
        settings = client.config_get("append*", "maxmemory*", "save")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["maxmemory"] == str(768 * 1024 * 1024)
    assert settings["save"] == ""


def test_no_worker_has_anything_to_say_against_this_kafka_and_redis(stack: Stack) -> None:
    # aiokafka warns while Kafka makes the topic of its consumer groups: that is once, and nobody's mistake.
    for worker in WORKERS:
        said = [json.loads(line) for line in stack.containers[worker].log().splitlines()]
        ours = [entry for entry in said if entry["logger"].startswith("stream_app")]
        assert ours
        assert [entry["event"] for entry in ours if entry["level"] != "info"] == []


def test_workers_share_all_partitions_under_the_mounted_configuration(stack: Stack) -> None:
    def held() -> list[int]:
        return [
            len(set(re.findall(r"^tenggat_outbox_signals\{(.*)\}", metrics(stack, name), re.MULTILINE)))
            for name in WORKERS
        ]

    until(lambda: sum(held()) == 36 and min(held()) > 0, "two workers with all of 3 times 12 partitions")
    config = stack.containers["worker-1"].environment()["TENGGAT_CONFIG"]
    assert Path(config).read_text() == (ROOT / "deploy" / "tenggat.yaml").read_text()


def metrics(stack: Stack, worker: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.network.port(worker, 8000)}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def test_prometheus_accepts_its_configuration_and_scrapes_both_workers(stack: Stack) -> None:
    checked = [binary("promtool"), "check", "config", str(ROOT / "deploy/prometheus/prometheus.yml")]
    subprocess.run(checked, check=True, capture_output=True)

    until(lambda: len(answers(stack).query('up{job="tenggat-worker"} == 1')) == 2, "both workers are up")
    until(lambda: set(answers(stack).targets().values()) == {"up"}, "all targets are up")
    until(lambda: bool(answers(stack).query("tenggat_outbox_signals")), "a metric of a worker")


def test_the_profile_simulate_shows_a_newcomer_data(stack: Stack) -> None:
    simulate = stack.container("simulate")
    simulate.launch()
    seen = 'sum(tenggat_events_total{outcome="applied"})'
    until(lambda: any(value > 1000 for _, value in answers(stack).query(seen)), "a thousand events are applied")
    assert simulate.running, simulate.log()  # the next hours come in their time


def test_a_worker_that_is_stopped_drains_within_its_grace_and_the_other_stays(stack: Stack) -> None:
    assert stack.containers["worker-2"].ended() == 0
    until(lambda: answers(stack).query('sum(up{job="tenggat-worker"})')[0][1] == 1, "Prometheus sees one worker")
    stack.containers["worker-2"].start()


@pytest.mark.integration
@pytest.mark.xdist_group("deploy")
def test_a_prometheus_for_tests_scrapes_what_it_is_told_to() -> None:
    with Prometheus("global: {scrape_interval: 1s}\n") as idle:
        assert idle.answers.targets() == {}
        jobs = f"scrape_configs: [{{job_name: other, static_configs: [{{targets: ['127.0.0.1:{idle.port}']}}]}}]"
        with Prometheus(f"global: {{scrape_interval: 1s}}\n{jobs}\n") as asking:
            until(lambda: bool(asking.answers.query("up == 1")), "one is scraped by the other")
            assert asking.answers.targets() == {f"127.0.0.1:{idle.port}": "up"}
