"""A pytest plugin: runs only on the copy, and writes down what failed: `-p tests.mutants.witness --verdict FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import pytest
from msgspec import Struct, field

import stream_app


class Verdict(Struct):
    """What came of the tests. A mutant is killed by a test that failed, not by a server that did not start."""

    product: str
    """The product that was tested: a file of its package."""
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    """Node ids, in the order they failed."""
    broken: list[str] = field(default_factory=list)
    """Node ids of what could not be set up, torn down or collected."""


class Witness:
    """Hears of each test."""

    def __init__(self, verdict: Path) -> None:
        """`verdict` is written when all is over."""
        self._file: Final = verdict
        self._verdict: Final = Verdict(str(stream_app.__file__))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._verdict.broken.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            (self._verdict.failed if report.when == "call" else self._verdict.broken).append(report.nodeid)
        elif report.passed and report.when == "call":
            self._verdict.passed += 1

    def pytest_sessionfinish(self) -> None:
        self._file.write_bytes(msgspec.json.encode(self._verdict))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--verdict", type=Path, required=True, help="the file that the verdict is written to")


def pytest_configure(config: pytest.Config) -> None:
    if not Path(str(stream_app.__file__)).is_relative_to(config.rootpath):
        pytest.exit(f"the product is imported from {stream_app.__file__}, not from the copy at {config.rootpath}", 3)
    config.pluginmanager.register(Witness(config.getoption("verdict")))
