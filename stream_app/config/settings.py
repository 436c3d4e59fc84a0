"""Settings: where the program runs, read once from the environment and the command line's options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from stream_app.config.mistake import ConfigurationRefused, Mistake, Unreadable
from stream_app.config.reader import D, Form, T, choice

CONFIG: Final = "TENGGAT_CONFIG"
BROKERS: Final = "TENGGAT_BROKERS"
REDIS_URL: Final = "TENGGAT_REDIS_URL"
TOPIC_PREFIX: Final = "TENGGAT_TOPIC_PREFIX"
NAMESPACE: Final = "TENGGAT_NAMESPACE"
HTTP_HOST: Final = "TENGGAT_HTTP_HOST"
HTTP_PORT: Final = "TENGGAT_HTTP_PORT"
LOG_FORMAT: Final = "TENGGAT_LOG_FORMAT"
LOG_LEVEL: Final = "TENGGAT_LOG_LEVEL"
TOKEN: Final = "TENGGAT_TOKEN"  # noqa: S105 -- the variable's name, not a token

_BROKER: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{0,100}")
_NAMESPACE: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_REDIS: Final = re.compile(r"(rediss?|unix)://\S+")
_LAST_PORT: Final = 65_535


class Secret:
    """A text that is not shown by printing what holds it; `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


class Settings(Struct, frozen=True, kw_only=True):
    """Where the program runs."""

    config: str | None
    """The file of the configuration; None: the built-in one."""
    brokers: tuple[str, ...]
    """`host:port` of Kafka's brokers."""
    redis_url: Secret
    """A secret, for it may hold a password."""
    topic_prefix: str
    """Put before the name of every topic."""
    namespace: str
    """Put before the name of every key in Redis, and part of the consumer group's name."""
    http_host: str
    http_port: int
    """0: any that is free."""
    log_format: str
    log_level: str
    token: Secret | None
    """What callers of the HTTP API must show."""


def settings(environ: Mapping[str, str], options: Mapping[str, str | None], read: Callable[[str], str]) -> Settings:
    """The settings; an option (by its variable's name, None: not given) goes before the environment.

    A variable that is set but empty counts as not set. The token and Redis's URL may come from a file instead, named
    by the variable with `_FILE` (a line break at its end is not part of the secret); `read` gives a file's text or
    raises `ConfigurationRefused`. Raises `ConfigurationRefused` with everything that is wrong, each by its name.
    """
    chosen = {name: value for name, value in options.items() if value is not None}
    kept = {name: value for name, value in environ.items() if name.removesuffix("_FILE") not in chosen}
    given = _Given({**kept, **chosen}, read)
    found = Settings(
        config=given.text(CONFIG),
        brokers=given.read(BROKERS, _BROKERS, ("localhost:9092",)),
        redis_url=given.secret(REDIS_URL, _REDIS_URL) or Secret("redis://localhost:6379/0"),
        topic_prefix=given.read(TOPIC_PREFIX, _TOPIC_PREFIX, ""),
        namespace=given.read(NAMESPACE, _NAMESPACE_NAME, "tenggat"),
        http_host=given.text(HTTP_HOST) or "127.0.0.1",
        http_port=given.read(HTTP_PORT, _PORT, 8000),
        log_format=given.read(LOG_FORMAT, choice(("console", "json"), "format"), "console"),
        log_level=given.read(LOG_LEVEL, choice(("debug", "info", "warning", "error"), "level"), "info"),
        token=given.secret(TOKEN, _SECRET),
    )
    if given.mistakes:
        raise ConfigurationRefused(given.mistakes)
    return found


class _Given:
    """The variables, and what is wrong with them so far."""

    def __init__(self, variables: Mapping[str, str], read_file: Callable[[str], str]) -> None:
        self._variables = variables
        self._read_file = read_file
        self.mistakes: list[Mistake] = []

    def text(self, name: str) -> str | None:
        return self._variables.get(name) or None

    def read(self, name: str, form: Form[T], otherwise: T) -> T:
        text = self.text(name)
        return otherwise if text is None else self._parsed(name, text, form, otherwise)

    def secret(self, name: str, form: Form[Secret]) -> Secret | None:
        """The secret of a variable or of the file it names; its text is in no mistake."""
        text, file = self.text(name), self.text(f"{name}_FILE")
        if text is not None and file is not None:
            what = f"{name} is set too, expected one of the two"
            self.mistakes.append(Mistake(f"{name}_FILE", 0, 0, what))
            return None
        if file is not None:
            try:
                text = self._read_file(file).rstrip("\r\n")
            except ConfigurationRefused as refused:
                self.mistakes.extend(Mistake(f"{name}_FILE", 0, 0, str(mistake)) for mistake in refused.mistakes)
                return None
            return self._parsed(f"{name}_FILE", text, form, None)
        return None if text is None else self._parsed(name, text, form, None)

    def _parsed(self, name: str, text: str, form: Form[T], otherwise: D) -> T | D:
        try:
            return form.read(text)
        except Unreadable as wrong:
            self.mistakes.append(Mistake(name, 0, 0, f"{wrong.what}, expected {form.expected}{wrong.hint}"))
            return otherwise


def _brokers(text: str) -> tuple[str, ...]:
    brokers = tuple(part.strip() for part in text.split(","))
    for broker in brokers:
        match = _BROKER.fullmatch(broker)
        if match is None or not 0 < int(match[2]) <= _LAST_PORT:
            raise Unreadable(f'"{broker}" is no address')
    return brokers


def _named(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise Unreadable(f'"{text}" has other characters or is too long')
        return text

    return read


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > _LAST_PORT:
        raise Unreadable(f'"{text}" is no port')
    return int(text)


def _redis(text: str) -> Secret:
    if not _REDIS.fullmatch(text):
        raise Unreadable("no address of a Redis")
    return Secret(text)


def _secret(text: str) -> Secret:
    if not text or any(character.isspace() or not character.isprintable() for character in text):
        raise Unreadable("empty, or with blanks in it")
    return Secret(text)


_BROKERS: Final = Form("addresses such as kafka-1:9092,kafka-2:9092", _brokers)
_REDIS_URL: Final = Form("redis://host:6379/0, rediss://… or unix://…", _redis)
_TOPIC_PREFIX: Final = Form("up to 100 letters, digits, dots, dashes and underscores", _named(_TOPIC))
_NAMESPACE_NAME: Final = Form("up to 100 letters, digits, dots, dashes and underscores", _named(_NAMESPACE))
_PORT: Final = Form("a number from 0 to 65535", _port)
_SECRET: Final = Form("a text in one word", _secret)
