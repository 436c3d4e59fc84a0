"""The arguments of the commands for dead letters: which topic, which letters, which Kafka."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NamedTuple, TypeVar

import click
from aiokafka.errors import KafkaConnectionError, KafkaError

from stream_app.commands.arguments import kafka
from stream_app.commands.produce import Refused
from stream_app.dlq.letter import UNKNOWN, Span
from stream_app.dlq.selection import Selection
from stream_app.dlq.settling import home
from stream_app.engine.post import DEAD
from stream_app.sla.decode import Reason
from stream_app.sla.kind import TOPICS

R = TypeVar("R")

_SPAN: Final = re.compile("([0-9]{1,18})(?:-([0-9]{1,18}))?")


class Offsets(click.ParamType):
    """One offset, 17, or those from one to another, 17-40; the command gets a Span."""

    name = "offset"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Span:
        match = _SPAN.fullmatch(str(value))
        if match is None or int(match[2] or match[1]) < int(match[1]):
            self.fail(f"{value!r} is no offset such as 17, nor a span such as 17-40", param, ctx)
        return Span(int(match[1]), int(match[2] or match[1]))


class Which(NamedTuple):
    """The letters that are meant, and where Kafka is."""

    brokers: list[str]
    topics: list[str]
    """Of dead letters."""
    selection: Selection


def selecting(command: Callable[..., R]) -> Callable[..., R]:
    """The arguments that say which letters, as `which: Which`."""

    @click.argument("topic", required=False)
    @kafka
    @click.option(
        "--reason",
        "reasons",
        multiple=True,
        type=click.Choice([*(reason.value for reason in Reason), UNKNOWN]),
        metavar="REASON",
        help="Only those parked for it; may be given again.",
    )
    @click.option("--key", help="Only those with this key.")
    @click.option(
        "--offset",
        "offsets",
        multiple=True,
        type=Offsets(),
        metavar="N[-M]",
        help="Only these on the topic; again too.",
    )
    @wraps(command)
    def wrapped(
        topic: str | None,
        brokers: list[str],
        topic_prefix: str,
        reasons: tuple[str, ...],
        key: str | None,
        offsets: tuple[Span, ...],
        **kwargs: Any,  # noqa: ANN401 -- click's
    ) -> R:
        if offsets and topic is None:
            raise click.UsageError("--offset needs the TOPIC")
        topics = [_named(topic, topic_prefix)] if topic else [f"{topic_prefix}{name}{DEAD}" for name in TOPICS]
        selection = Selection(reasons=reasons, key=None if key is None else key.encode(), offsets=offsets)
        logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # what it would say, our own error says
        try:
            return command(which=Which(brokers, topics, selection), **kwargs)
        except Refused as refused:
            raise click.ClickException(str(refused)) from refused
        except KafkaConnectionError as error:
            raise click.ClickException(f"no Kafka answers at {', '.join(brokers)}") from error
        except KafkaError as error:
            raise click.ClickException(f"Kafka refuses: {error}") from error

    return wrapped


def _named(topic: str, prefix: str) -> str:
    """The topic of dead letters that is meant by `tickets`, `tickets.dlq` or either with the prefix before it."""
    name = home(topic)
    known = {**{f"{prefix}{its}": its for its in TOPICS}, **{its: its for its in TOPICS}}
    if name not in known:
        raise click.UsageError(f"{topic!r} is none of {', '.join(TOPICS)}")
    return f"{prefix}{known[name]}{DEAD}"
