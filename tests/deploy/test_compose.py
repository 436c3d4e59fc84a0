from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from stream_app.app import DRAIN
from stream_app.config.configuration import load
from tests.deploy.compose import FILE, ROOT, in_order, plain, services
from tests.deploy.dockerfile import stages

SCHEMA = Path(__file__).with_name("schema") / "compose-spec.json"
PINNED = re.compile(r"[a-z0-9./-]+:v?[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9.]+)?")
SECRET = re.compile(r"password|secret|token|credential", re.IGNORECASE)
ALL = services()
EACH = pytest.mark.parametrize("name", sorted(ALL))


def wrong(document: dict[str, Any]) -> list[str]:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def test_the_file_is_what_the_compose_specification_allows() -> None:
    assert wrong(plain()) == []


def test_the_schema_is_not_blind() -> None:
    document = plain()
    document["services"]["redis"]["helthcheck"] = {}
    document["services"]["kafka"]["depends_on"] = {"redis": {"condition": "service_happy"}}
    said = " ".join(wrong(document))
    assert "'helthcheck' was unexpected" in said
    assert "'service_happy'" in said


def test_all_that_the_spec_asks_for_is_there_and_starts_without_a_profile() -> None:
    started = {name for name, service in ALL.items() if not service.profiles}
    assert started == {"kafka", "redis", "topics", "worker-1", "worker-2", "prometheus"}
    assert {name: service.profiles for name, service in ALL.items() if service.profiles} == {"simulate": ["simulate"]}


def test_all_that_a_service_depends_on_is_there_in_an_order_without_a_circle() -> None:
    assert {service.name for service in in_order(ALL)} == set(ALL)


@EACH
def test_an_image_has_an_exact_version(name: str) -> None:
    assert PINNED.fullmatch(ALL[name].image)


@EACH
def test_a_service_says_whether_it_is_healthy_or_does_one_thing_and_ends(name: str) -> None:
    service = ALL[name]
    if service.ends:
        assert service.healthcheck == {"disable": True}
    elif service.ours:
        assert not service.healthcheck
        assert "/readyz" in stages()[-1].last("HEALTHCHECK").text
    else:
        assert service.healthcheck.keys() == {"test", "interval", "timeout", "retries", "start_period"}


@EACH
def test_who_waits_for_a_service_waits_until_it_is_healthy_or_done(name: str) -> None:
    for other, condition in ALL[name].depends_on.items():
        assert condition == ("service_completed_successfully" if ALL[other].ends else "service_healthy")


@EACH
def test_a_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    raw = ALL[name].raw
    assert raw["cap_drop"] == ["ALL"]
    assert raw["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & raw.keys()
    if ALL[name].ours:
        assert "user" not in raw  # the image's own
    else:
        assert raw["user"] not in ("root", "0")
    assert raw.get("read_only") or name == "kafka"  # whose image writes its configuration at the start
    assert all(mount.read_only for mount in ALL[name].mounts if mount.bound is not None)


@EACH
def test_a_service_cannot_take_the_whole_machine(name: str) -> None:
    limits = ALL[name].raw["deploy"]["resources"]["limits"]
    assert limits.keys() == {"cpus", "memory", "pids"}
    assert float(limits["cpus"]) <= 1  # an engine refuses more than there are
    assert ALL[name].raw["logging"]["options"].keys() == {"max-size", "max-file"}


@EACH
def test_a_port_is_open_to_this_machine_alone(name: str) -> None:
    assert all(ipaddress.ip_address(port.address).is_loopback for port in ALL[name].ports)


def test_no_two_services_publish_the_same_port() -> None:
    published = [port.published for service in ALL.values() for port in service.ports]
    assert len(published) == len(set(published))


def test_each_published_port_can_be_another_and_kafka_says_so() -> None:
    variables = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    other = services({name: str(40_000 + place) for place, name in enumerate(sorted(variables))})
    before = {port.published for service in ALL.values() for port in service.ports}
    after = {port.published for service in other.values() for port in service.ports}
    assert len(after) == len(before)
    assert not before & after
    kafka = other["kafka"]
    assert f"HOST://127.0.0.1:{kafka.ports[0].published}" in kafka.environment["KAFKA_ADVERTISED_LISTENERS"]


def test_what_must_outlive_a_container_is_in_a_volume_with_a_name() -> None:
    named = {mount.source for service in ALL.values() for mount in service.mounts if mount.bound is None}
    assert named == set(plain()["volumes"]) == {"kafka-data", "redis-data", "prometheus-data"}
    assert ALL["kafka"].environment["KAFKA_LOG_DIRS"] in {mount.target for mount in ALL["kafka"].mounts}


def test_every_mounted_path_is_in_the_checkout() -> None:
    for service in ALL.values():
        for mount in service.mounts:
            assert mount.bound is None or mount.bound.exists(), mount


def test_no_secret_is_written_down() -> None:
    for service in ALL.values():
        for name, value in service.environment.items():
            assert not SECRET.search(name), name
            assert not re.search(r"://[^/]*@", value), value


def test_a_worker_has_more_time_to_stop_than_it_drains() -> None:
    for name in ("worker-1", "worker-2"):
        assert float(ALL[name].raw["stop_grace_period"].removesuffix("s")) >= 2 * DRAIN.total_seconds()


def test_the_tests_run_on_the_kafka_that_is_deployed() -> None:
    version = ALL["kafka"].image.partition(":")[2]
    assert f"<version>{version}</version>" in (ROOT / "tests" / "services" / "pom.xml").read_text()


def test_kafka_is_told_all_that_one_node_without_zookeeper_needs() -> None:
    told = ALL["kafka"].environment
    assert {
        "CLUSTER_ID",
        "KAFKA_NODE_ID",
        "KAFKA_PROCESS_ROLES",
        "KAFKA_CONTROLLER_QUORUM_VOTERS",
        "KAFKA_CONTROLLER_LISTENER_NAMES",
        "KAFKA_INTER_BROKER_LISTENER_NAME",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
        "KAFKA_LISTENERS",
        "KAFKA_ADVERTISED_LISTENERS",
        "KAFKA_LOG_DIRS",
    } <= told.keys()
    replicated = {name: value for name, value in told.items() if name.endswith(("REPLICATION_FACTOR", "MIN_ISR"))}
    assert len(replicated) == 5
    assert set(replicated.values()) == {"1"}
    assert told["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_prometheus_scrapes_every_worker_at_the_port_of_the_image() -> None:
    config = YAML(typ="safe", pure=True).load(ROOT / "deploy" / "prometheus" / "prometheus.yml")
    port = stages()[-1].environment["TENGGAT_HTTP_PORT"]
    targets = {
        target for job in config["scrape_configs"] for each in job["static_configs"] for target in each["targets"]
    }
    assert targets >= {f"{name}:{port}" for name, service in ALL.items() if service.ours and not service.ends}


def test_the_mounted_configuration_is_good() -> None:
    file = ROOT / "deploy" / "tenggat.yaml"
    load(file.read_text(), str(file))  # raises with all that is wrong
