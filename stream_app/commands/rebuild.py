"""`tenggat rebuild`: the log read again into a fresh state beside the one at work, and the switch to it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from stream_app.commands.arguments import MOMENT
from stream_app.commands.configured import Refused
from stream_app.commands.logs import set_up
from stream_app.commands.progress import bar
from stream_app.config import settings as named
from stream_app.config.dated import dated
from stream_app.config.mistake import ConfigurationRefused
from stream_app.config.settings import Settings
from stream_app.config.source import read
from stream_app.sla.instant import Micros

if TYPE_CHECKING:
    from stream_app.engine.ledger import Activation
    from stream_app.engine.rebuild import Done, Rebuild, Standing

R = TypeVar("R")

RATED: Final = 1.0
"""Seconds over which the rate is shown."""


def _setting(option: str, name: str, text: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    return click.option(option, name, metavar="TEXT", help=f"{text}  [env var: {name}]")


@click.command(
    short_help="Read the log again into a fresh state, and switch over.",
    epilog="\b\nExample:\n"
    "  tenggat rebuild --brokers localhost:9092 --config corrected.yaml\n"
    "  tenggat rebuild --back\n"
    "  tenggat rebuild --forget-old --yes",
)
@click.option("--from", "since", type=MOMENT, metavar="TIME", help="Read from this log time on; default: all there is.")
@click.option(
    "--config",
    "words",
    multiple=True,
    metavar="FILE[@TIME]",
    help="Judge by this, one more from TIME on for each time the option is given; default: by what was activated.",
)
@click.option("--back", is_flag=True, help="Return to the state before the last switch.")
@click.option("--forget-old", "forget", is_flag=True, help="Remove the state before the last switch.")
@click.option("--yes", is_flag=True, help="Do not ask before it is removed.")
@_setting("--brokers", named.BROKERS, "Kafka brokers to begin with, host:port,…")
@_setting("--redis-url", named.REDIS_URL, "Such as redis://localhost:6379/0; or TENGGAT_REDIS_URL_FILE.")
@_setting("--topic-prefix", named.TOPIC_PREFIX, "Put before the name of every topic.")
@_setting("--namespace", named.NAMESPACE, "Put before every key in Redis.")
@_setting("--log-level", named.LOG_LEVEL, "debug, info, warning or error; here warning unless said otherwise.")
def rebuild(
    *, since: Micros | None, words: tuple[str, ...], back: bool, forget: bool, yes: bool, **options: str | None
) -> None:
    """Read the log again from a time into a fresh state, beside the one at work, and switch over when it is read.

    The workers go on meanwhile and turn to the new state within a second; what was said is not said again, what differs
    is said or corrected. Interrupted, nothing has changed. The old state is kept: --back returns to it, --forget-old
    removes it. Until then Redis holds both, so it needs memory for both.
    """
    if back + forget + bool(since is not None or words) > 1:
        raise click.UsageError("--back, --forget-old and --from or --config exclude each other")
    try:
        settings = named.settings(os.environ, options, read)
        configurations = _activations(words) if words else None
    except ConfigurationRefused as refused:
        raise Refused(str(refused)) from None
    quiet = options.get(named.LOG_LEVEL) is None and not os.environ.get(named.LOG_LEVEL)
    set_up(settings.log_format, "warning" if quiet else settings.log_level)
    if quiet:
        logging.getLogger("mode").setLevel(logging.ERROR)  # that its timers are late is no news of a process this busy
    if forget:
        _forget(settings, yes=yes)
    elif back:
        _switched(_run(settings, lambda its: its.back()))
    else:
        _switched(_run(settings, lambda its: its.run(configurations, since)))


def _activations(words: tuple[str, ...]) -> list[Activation]:
    """The configurations as if they had been activated, each at its moment. Raises ConfigurationRefused."""
    from stream_app.engine.ledger import Activation  # noqa: PLC0415 -- Kafka's client takes a while to import

    found = [Activation(one.digest, one.text, one.file, since) for since, one in dated(words, read).entries]
    if len({one.digest for one in found}) < len(found):
        raise click.UsageError("--config: the same configuration is given twice")
    return found


def _run(settings: Settings, what: Callable[[Rebuild], Coroutine[Any, Any, R]]) -> R:
    """What comes of it, with its progress on a terminal; what stops it in one sentence."""
    # Faust takes a second to import, and --help need not wait
    from aiokafka.errors import KafkaConnectionError, KafkaError  # noqa: PLC0415 -- see above
    from redis.exceptions import RedisError  # noqa: PLC0415 -- as above

    from stream_app.app import wall  # noqa: PLC0415 -- as above
    from stream_app.engine.builder import GivenUp  # noqa: PLC0415 -- as above
    from stream_app.engine.generation import Busy  # noqa: PLC0415 -- as above
    from stream_app.engine.rebuild import Rebuild  # noqa: PLC0415 -- as above

    with bar() as shown:
        task = shown.add_task("looking", total=None)
        marks: list[tuple[float, int]] = []

        def show(standing: Standing) -> None:
            now = time.monotonic()
            marks.append((now, standing.read))
            while marks[0][0] < now - RATED:
                marks.pop(0)
            rate = (standing.read - marks[0][1]) / max(now - marks[0][0], 1e-3)
            behind = standing.whole - standing.read
            text = f"{standing.phase}: {behind:,} records behind, {rate:,.0f}/s"
            shown.update(task, description=text, completed=standing.read, total=standing.whole)

        try:
            return asyncio.run(what(Rebuild(settings, wall, show)))
        except KafkaConnectionError as error:
            raise click.ClickException(f"no Kafka answers at {', '.join(settings.brokers)}") from error
        except KafkaError as error:
            raise click.ClickException(f"Kafka refuses: {error!r}") from error
        except (RedisError, OSError) as error:
            raise click.ClickException(f"Redis does not answer: {error}") from error
        except (Busy, GivenUp) as error:
            raise click.ClickException(str(error)) from error
        except ConfigurationRefused as refused:
            raise Refused(str(refused)) from None


def _switched(done: Done | None) -> None:
    if done is None:
        raise click.ClickException("interrupted: nothing has changed")
    read = "" if done.read is None else f": {done.read:,} records read in {done.seconds:.0f} s"
    differing = "" if done.read is None else f", {done.differing:,} messages say what differs"
    click.echo(f"generation {done.generation} is at work{read}{differing}")
    click.echo(f"generation {done.previous} is kept: --back returns to it, --forget-old removes it")
    if done.failed:
        what = "events could not be judged and are missing from it: see the errors above, and consider --back"
        click.echo(f"{done.failed:,} {what}", err=True)
    if done.waiting:
        click.echo(f"{done.waiting} partitions wait for a worker: is one running?", err=True)


def _forget(settings: Settings, *, yes: bool) -> None:
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("--forget-old asks before it removes anything; in a pipe say --yes")
        click.confirm("Remove the state before the last switch? There is no way back then.", abort=True, err=True)
    gone = _run(settings, lambda its: its.forget())
    click.echo(f"{gone:,} keys removed")
