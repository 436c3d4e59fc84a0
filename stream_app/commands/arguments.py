"""What commands take on their command line besides words and numbers: moments, spans, rates, brokers."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, ParamSpec, TypeVar

import click
import msgspec

from stream_app.sla.instant import DAY, EARLIEST, HOUR, MINUTE, NEVER, SECOND, Micros, micros

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

_AWARE: Final = Annotated[datetime, msgspec.Meta(tz=True)]
_SPAN: Final = re.compile(r"([0-9]{1,12})([smhd])")
_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_RATE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(?:/s)?")
_BROKER: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_LAST_PORT: Final = 65_535


def moment_of(text: str) -> Micros:
    """The moment of an RFC 3339 text. ValueError where it is none, or has no offset."""
    try:
        at = micros(msgspec.convert(text, _AWARE))
    except msgspec.ValidationError:
        at = None
    if at is None or not EARLIEST <= at <= NEVER:
        raise ValueError(f"{text!r} is no moment with an offset, such as 2026-06-30T10:00:00Z")
    return at


class Moment(click.ParamType):
    """RFC 3339 with an offset; the command gets Micros since the epoch."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Micros:
        if isinstance(value, int):  # a default, already in microseconds
            return Micros(value)
        try:
            return moment_of(str(value))
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


class Span(click.ParamType):
    """A length of time such as 90s, 15m, 8h or 3d, more than nothing; the command gets Micros."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Micros:
        if isinstance(value, int):
            return Micros(value)
        match = _SPAN.fullmatch(str(value))
        if match is None or not int(match[1]):
            self.fail(f"{value!r} is no duration such as 90s, 15m, 8h or 3d", param, ctx)
        return Micros(int(match[1]) * _UNITS[match[2]])


class Rate(click.ParamType):
    """So many a second, such as 500/s or 500; the command gets a float above 0."""

    name = "n/s"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = _RATE.fullmatch(str(value))
        rate = float(match[1]) if match else math.nan
        if not rate > 0:
            self.fail(f"{value!r} is no rate above 0 such as 500/s", param, ctx)
        return rate


class Brokers(click.ParamType):
    """Kafka brokers, `host:port` with commas between; the command gets a list of them."""

    name = "host:port,…"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        if isinstance(value, list):
            return value
        brokers = [broker.strip() for broker in str(value).split(",")]
        for broker in brokers:
            match = _BROKER.fullmatch(broker)
            if match is None or not 0 < int(match[1] or 1) <= _LAST_PORT:
                self.fail(f"{broker!r} is no broker such as localhost:9092", param, ctx)
        return brokers


MOMENT: Final = Moment()
SPAN: Final = Span()


def kafka(command: Callable[P, R]) -> Callable[P, R]:
    """The options that say which Kafka, as `brokers: list[str]` and `topic_prefix: str`."""
    prefix = click.option(
        "--topic-prefix",
        envvar="TENGGAT_TOPIC_PREFIX",
        show_envvar=True,
        default="",
        help="Put before the name of every topic.",
    )
    brokers = click.option(
        "--brokers",
        envvar="TENGGAT_BROKERS",
        show_envvar=True,
        required=True,
        type=Brokers(),
        help="Kafka brokers to begin with.",
    )
    return brokers(prefix(command))
