"""`tenggat worker`: reads the topics, keeps the state in Redis, says the signals."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import click
from aiokafka.errors import KafkaConnectionError, KafkaError

from stream_app.commands.logs import set_up
from stream_app.commands.running import running
from stream_app.config.configuration import Configuration
from stream_app.config.settings import Settings


@click.command(
    short_help="Run a stream worker.",
    epilog="\b\nExample:\n"
    "  TENGGAT_REDIS_URL=redis://localhost:6379/0 tenggat worker --brokers localhost:9092 --config tenggat.yaml",
)
@running
@click.option(
    "--session-timeout",
    type=click.FloatRange(1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="After so long a worker that was killed is given up by Kafka.",
)
def worker(settings: Settings, configuration: Configuration, session_timeout: float) -> None:
    """Run a stream worker, one of as many as you like, until SIGTERM or Ctrl-C.

    Where it runs is said by the environment or by options of the same names. SIGTERM drains: what was read is written,
    then the partitions go to the other workers.
    """
    from stream_app.app import Unfit, work  # noqa: PLC0415 -- Faust takes a second to import, and --help need not wait

    set_up(settings.log_format, settings.log_level)
    try:
        asyncio.run(work(settings, configuration, timedelta(seconds=session_timeout)))
    except KafkaConnectionError as error:
        where = ", ".join(settings.brokers)
        raise click.ClickException(f"the worker cannot start: no Kafka answers at {where}") from error
    except (KafkaError, OSError, Unfit) as error:
        raise click.ClickException(f"the worker cannot start: {error}") from error
