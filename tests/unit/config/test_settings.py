from __future__ import annotations

from collections.abc import Mapping

import pytest

from stream_app.config.mistake import ConfigurationRefused, Mistake
from stream_app.config.settings import Secret, Settings, settings

FILES = {"/run/token": "s3cret\n", "/run/blank": "\n", "/run/redis": "redis://:pw@redis:6379/1\r\n"}


def read(path: str) -> str:
    if path not in FILES:
        raise ConfigurationRefused([Mistake(path, 0, 0, "not there")])
    return FILES[path]


def given(*, options: Mapping[str, str | None] | None = None, **environ: str) -> Settings:
    return settings(environ, options or {}, read)


def refusal(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationRefused) as caught:
        settings(environ, {}, read)
    return str(caught.value).split("\n")


def test_without_any_variable_everything_is_local() -> None:
    found = given(PATH="/bin", TENGGAT_HTTP_HOST="")
    assert (found.config, found.brokers, found.redis_url) == (
        None,
        ("localhost:9092",),
        Secret("redis://localhost:6379/0"),
    )
    assert (found.topic_prefix, found.namespace) == ("", "tenggat")
    assert (found.http_host, found.http_port, found.token) == ("127.0.0.1", 8000, None)
    assert (found.log_format, found.log_level) == ("console", "info")


def test_variables_say_where_the_program_runs() -> None:
    found = given(
        TENGGAT_CONFIG="c.yaml",
        TENGGAT_BROKERS="k1:9092, [::1]:9093",
        TENGGAT_REDIS_URL="rediss://:pw@r:1/2",
        TENGGAT_TOPIC_PREFIX="it.",
        TENGGAT_NAMESPACE="it",
        TENGGAT_HTTP_HOST="0.0.0.0",  # noqa: S104 -- an address to parse, nothing is bound
        TENGGAT_HTTP_PORT="0",
        TENGGAT_LOG_FORMAT="json",
        TENGGAT_LOG_LEVEL="debug",
        TENGGAT_TOKEN="abc",  # noqa: S106 -- a made-up one
    )
    assert (found.config, found.brokers) == ("c.yaml", ("k1:9092", "[::1]:9093"))
    assert (found.topic_prefix, found.namespace, found.http_port) == ("it.", "it", 0)
    assert (found.http_host, found.log_format, found.log_level) == ("0.0.0.0", "json", "debug")  # noqa: S104 -- as above
    assert found.token is not None
    assert found.token.reveal() == "abc"
    assert found.redis_url.reveal() == "rediss://:pw@r:1/2"


def test_an_option_goes_before_the_environment() -> None:
    options: dict[str, str | None] = {"TENGGAT_NAMESPACE": "option", "TENGGAT_TOPIC_PREFIX": None}
    found = given(options=options, TENGGAT_NAMESPACE="environment", TENGGAT_TOPIC_PREFIX="kept.")
    assert (found.namespace, found.topic_prefix) == ("option", "kept.")


def test_secrets_may_come_from_files() -> None:
    found = given(TENGGAT_TOKEN_FILE="/run/token", TENGGAT_REDIS_URL_FILE="/run/redis")  # noqa: S106 -- a path
    assert found.token == Secret("s3cret")
    assert found.redis_url.reveal() == "redis://:pw@redis:6379/1"


def test_an_option_replaces_a_file_in_the_environment() -> None:
    found = given(options={"TENGGAT_REDIS_URL": "redis://option:1/0"}, TENGGAT_REDIS_URL_FILE="/run/redis")
    assert found.redis_url.reveal() == "redis://option:1/0"


def test_secrets_are_never_shown() -> None:
    found = given(TENGGAT_TOKEN="hush", TENGGAT_REDIS_URL="redis://:pw@r:1/2")  # noqa: S106 -- a made-up one
    assert "hush" not in repr(found) + str(found.token)
    assert "pw" not in repr(found)
    assert "p w" not in "".join(refusal(TENGGAT_REDIS_URL="redis://:p w@r:1/2"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_all_that_is_wrong_is_told_by_name() -> None:
    lines = refusal(
        TENGGAT_BROKERS="kafka, k:99999",
        TENGGAT_HTTP_PORT="http",
        TENGGAT_LOG_FORMAT="jsn",
        TENGGAT_LOG_LEVEL="loud",
        TENGGAT_NAMESPACE="a b",
        TENGGAT_TOPIC_PREFIX="x" * 101,
        TENGGAT_REDIS_URL="localhost",
        TENGGAT_TOKEN="a",  # noqa: S106 -- a made-up one
        TENGGAT_TOKEN_FILE="/run/token",  # noqa: S106 -- a path
    )
    assert [line.partition(":")[0] for line in lines] == [
        "TENGGAT_BROKERS",
        "TENGGAT_HTTP_PORT",
        "TENGGAT_LOG_FORMAT",
        "TENGGAT_LOG_LEVEL",
        "TENGGAT_NAMESPACE",
        "TENGGAT_REDIS_URL",
        "TENGGAT_TOKEN_FILE",
        "TENGGAT_TOPIC_PREFIX",
    ]
    assert lines[0] == 'TENGGAT_BROKERS: "kafka" is no address, expected addresses such as kafka-1:9092,kafka-2:9092'
    assert lines[2].endswith('did you mean "json"?')


@pytest.mark.parametrize("port", ["-1", "65536", "8080x", "٨٠"])
def test_a_port_is_a_number_up_to_65535(port: str) -> None:
    assert "is no port" in refusal(TENGGAT_HTTP_PORT=port)[0]


def test_a_file_of_a_secret_must_be_there_and_hold_one() -> None:
    assert refusal(TENGGAT_TOKEN_FILE="/nofile") == ["TENGGAT_TOKEN_FILE: /nofile: not there"]  # noqa: S106 -- a path
    assert "empty, or with blanks" in refusal(TENGGAT_TOKEN_FILE="/run/blank")[0]  # noqa: S106 -- a path
