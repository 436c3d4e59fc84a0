"""Fixtures of the real servers: one Kafka and one Redis a test process, each test with names of its own in them."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator

import pytest

from tests.services.kafka import Kafka
from tests.services.redis import Redis
from tests.services.server import Server

SERVERS = ("kafka", "redis_server")
LOGS = pytest.StashKey[dict[Server, int]]()


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """A running Kafka. A test may kill or pause it: before the next test it is up again."""
    with Kafka() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A running Redis. A test may kill, pause or empty it: before the next test it is up again."""
    with Redis() as server:
        yield server


@pytest.fixture
def namespace() -> str:
    """A name that no other test has: for topics, consumer groups and key prefixes."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture(autouse=True)
def _servers_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Heals the servers that a test uses, and notes where their logs stand, for the report of its failure."""
    used: list[Server] = [request.getfixturevalue(name) for name in SERVERS if name in request.fixturenames]
    for server in used:
        server.heal()
    request.node.stash[LOGS] = {server: server.logged() for server in used}
    yield
    for server in used:
        server.resume()  # else clients of other fixtures hang while they are closed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a server; under xdist all of it goes to one worker, so that one Kafka is started, not many."""
    for item in items:
        if isinstance(item, pytest.Function) and not set(SERVERS).isdisjoint(item.fixturenames):
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.xdist_group("servers"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what the servers logged meanwhile."""
    report = yield
    if report.failed:
        for server, since in item.stash.get(LOGS, {}).items():
            report.sections.append((f"{server.name} log of this test", server.log(since)[-8000:]))
    return report
