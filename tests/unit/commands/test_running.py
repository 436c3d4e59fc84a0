"""The commands that use Kafka and Redis: what they take, and how they end where neither answers."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stream_app.commands.logs import set_up
from stream_app.commands.report import report
from stream_app.commands.running import running
from stream_app.commands.topics import topics
from stream_app.commands.worker import worker
from stream_app.config.configuration import BUILT_IN, Configuration
from stream_app.config.settings import Settings


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken and not listened on
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def _logging() -> Iterator[None]:
    """Puts back what a command changes of the process's logging."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    others = {name: logging.getLogger(name).level for name in ("aiokafka", "faust", "mode")}
    yield
    root.handlers[:] = before
    root.setLevel(level)
    for name, its in others.items():
        logging.getLogger(name).setLevel(its)


@click.command
@running
def shown(settings: Settings, configuration: Configuration) -> None:
    click.echo(json.dumps([settings.brokers, settings.namespace, settings.http_port, configuration.file]))


def test_settings_come_from_the_environment_and_options_win(tmp_path: Path) -> None:
    file = tmp_path / "tenggat.yaml"
    file.write_text("windows: [1h]")
    environment = {"TENGGAT_BROKERS": "a:1,b:2", "TENGGAT_NAMESPACE": "one", "TENGGAT_REDIS_URL": "redis://c:3/0"}
    result = CliRunner().invoke(shown, [], env=environment)
    assert json.loads(result.stdout) == [["a:1", "b:2"], "one", 8000, BUILT_IN]
    arguments = ["--brokers", "d:4", "--namespace", "two", "--http-port", "0", "--config", str(file)]
    result = CliRunner().invoke(shown, arguments, env=environment)
    assert json.loads(result.stdout) == [["d:4"], "two", 0, str(file)]
    result = CliRunner().invoke(shown, [], env=environment | {"TENGGAT_CONFIG": str(file)})
    assert json.loads(result.stdout)[3] == str(file)


@pytest.mark.parametrize("command", [worker, report])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--brokers", "no address"], "TENGGAT_BROKERS"),
        (["--http-port", "70000"], "TENGGAT_HTTP_PORT"),
        (["--redis-url", "ftp://x"], "TENGGAT_REDIS_URL"),
        (["--log-level", "loud"], "TENGGAT_LOG_LEVEL"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_a_mistake_in_the_settings_is_said_by_name(command: click.Command, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("_logging")
@pytest.mark.parametrize("form", ["console", "json"])
def test_a_worker_without_kafka_says_so_and_fails(nobody: str, form: str) -> None:
    result = CliRunner().invoke(worker, ["--brokers", nobody, "--log-format", form])
    assert result.exit_code == 1
    assert "the worker cannot start" in result.stderr


def test_a_session_shorter_than_a_second_is_bad_usage() -> None:
    assert CliRunner().invoke(worker, ["--session-timeout", "0.5"]).exit_code == 2


def test_a_report_without_redis_says_so_and_fails(nobody: str) -> None:
    result = CliRunner().invoke(report, ["--redis-url", f"redis://{nobody}/0", "--json"])
    assert result.exit_code == 1
    assert "Redis does not answer" in result.stderr
    assert result.stdout == ""


def test_a_moment_of_a_report_needs_an_offset() -> None:
    assert CliRunner().invoke(report, ["--until", "2026-03-02T09:00:00"]).exit_code == 2


def test_topics_without_kafka_fail_and_say_so(nobody: str) -> None:
    result = CliRunner().invoke(topics, ["--brokers", nobody])
    assert result.exit_code == 1
    assert "no Kafka answers at" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["--brokers", "x y"], ["--brokers", "a:1", "--partitions", "0"], ["--brokers", "a:1", "--replication", "no"]],
)
def test_topics_say_what_is_wrong_with_their_arguments(arguments: list[str]) -> None:
    assert CliRunner().invoke(topics, arguments).exit_code == 2


# logs


@pytest.mark.usefixtures("_logging")
def test_logs_for_machines_are_one_json_object_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    set_up("json", "info")
    logging.getLogger("stream_app.x").info("read %d", 7)
    logging.getLogger("stream_app.x").debug("not shown")
    try:
        int("wrong")
    except ValueError:
        logging.getLogger("stream_app.x").exception("it failed")
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert (first["event"], first["level"], first["logger"]) == ("read 7", "info", "stream_app.x")
    assert first["timestamp"].endswith("Z")
    assert "ValueError: invalid literal" in second["exception"]


@pytest.mark.usefixtures("_logging")
def test_logs_for_people_are_lines_and_libraries_keep_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    set_up("console", "debug")
    logging.getLogger("stream_app.x").debug("hello")
    logging.getLogger("faust.app").info("a long banner")
    assert "hello" in out.getvalue()
    assert "banner" not in out.getvalue()
    set_up("console", "error")
    logging.getLogger("aiokafka").warning("a broker is away")
    assert "away" not in out.getvalue()
