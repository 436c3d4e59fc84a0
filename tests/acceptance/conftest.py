"""What acceptance tests share: an installation each, and the logs of its workers where one fails."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.acceptance.system import System
from tests.services.kafka import Kafka
from tests.services.redis import Redis

TAIL = 6000
SYSTEM = pytest.StashKey[System]()


@pytest.fixture
def system(
    kafka: Kafka, redis_server: Redis, namespace: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[System]:
    """An installation with two partitions a topic and no worker yet."""
    with System(kafka, redis_server, namespace, tmp_path) as its:
        request.node.stash[SYSTEM] = its
        its.create_topics()
        yield its


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what the workers logged."""
    report = yield
    if report.failed and report.when == "call" and (system := item.stash.get(SYSTEM, None)) is not None:
        for number, worker in enumerate(system.workers, 1):
            report.sections.append((f"log of worker {number}", worker.log()[-TAIL:]))
    return report
