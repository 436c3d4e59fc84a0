"""The options of the commands that use Kafka and Redis: settings by environment or option, and the configuration."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from stream_app.commands.configured import Refused
from stream_app.config.configuration import built_in, load
from stream_app.config.mistake import ConfigurationRefused
from stream_app.config.settings import Settings
from stream_app.config.settings import settings as settings_of
from stream_app.config.source import read

R = TypeVar("R")

_OPTIONS = (
    ("--log-level", "TENGGAT_LOG_LEVEL", "debug, info, warning or error."),
    ("--log-format", "TENGGAT_LOG_FORMAT", "console or json."),
    ("--http-port", "TENGGAT_HTTP_PORT", "0 takes any that is free."),
    ("--http-host", "TENGGAT_HTTP_HOST", "The address to listen on; the loopback unless said otherwise."),
    ("--namespace", "TENGGAT_NAMESPACE", "Put before every key in Redis."),
    ("--topic-prefix", "TENGGAT_TOPIC_PREFIX", "Put before the name of every topic."),
    ("--redis-url", "TENGGAT_REDIS_URL", "Such as redis://localhost:6379/0; or TENGGAT_REDIS_URL_FILE."),
    ("--brokers", "TENGGAT_BROKERS", "Kafka brokers to begin with, host:port,…"),
    ("--config", "TENGGAT_CONFIG", "The configuration; without one the built-in holds."),
)


def running(command: Callable[..., R]) -> Callable[..., R]:
    """The arguments `settings` and `configuration`; a mistake in either ends the command with exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, settings: Settings, **kwargs: Any) -> R:  # noqa: ANN401 -- click's
        configuration = built_in() if settings.config is None else load(read(settings.config), settings.config)
        return command(*args, settings=settings, configuration=configuration, **kwargs)

    return placed(wrapped)


def placed(command: Callable[..., R]) -> Callable[..., R]:
    """The argument `settings` alone, for a command that examines the configuration itself."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> R:  # noqa: ANN401 -- click's
        options = {name: kwargs.pop(_parameter(option)) for option, name, _ in _OPTIONS}
        try:
            return command(*args, settings=settings_of(os.environ, options, read), **kwargs)
        except ConfigurationRefused as refused:
            raise Refused(str(refused)) from None

    for option, name, text in _OPTIONS:
        wrapped = click.option(option, metavar="TEXT", help=f"{text}  [env var: {name}]")(wrapped)
    return wrapped


def _parameter(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
