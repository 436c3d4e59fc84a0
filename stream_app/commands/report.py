"""`tenggat report`: the report of the running system, read from Redis."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import click
from redis.exceptions import RedisError

from stream_app.commands.arguments import MOMENT
from stream_app.commands.printing import printed, summary
from stream_app.commands.running import running
from stream_app.config.configuration import Configuration
from stream_app.config.dated import Dated
from stream_app.config.settings import Settings
from stream_app.engine import mirror
from stream_app.engine.connection import address
from stream_app.engine.generation import active
from stream_app.engine.judge import Judge
from stream_app.engine.keys import Names
from stream_app.engine.ledger import dated
from stream_app.engine.reader import RedisReader, client
from stream_app.engine.survey import survey
from stream_app.sla.instant import EARLIEST, Micros


@click.command(
    short_help="Report on the running system.",
    epilog="\b\nExample:\n"
    "  TENGGAT_REDIS_URL=redis://localhost:6379/0 tenggat report --until 2026-06-30T10:00:00Z --json",
)
@running
@click.option("--until", type=MOMENT, metavar="TIME", help="Report as of then; default: now.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as one JSON object.")
def report(settings: Settings, configuration: Configuration, until: Micros | None, *, as_json: bool) -> None:
    """Report on the running system, from Redis: the report that `tenggat replay` gives of the same events.

    It is judged by the configurations that the workers have activated; --config serves where none has run yet.
    """
    now = Micros(time.time_ns() // 1_000)  # noqa: TID251 -- the edge reads the clock
    try:
        found = asyncio.run(_surveyed(settings, configuration, now if until is None else until))
    except (RedisError, OSError) as error:
        raise click.ClickException(f"Redis does not answer: {error}") from error
    sys.stdout.write(printed(found) if as_json else summary(found))


async def _surveyed(settings: Settings, configuration: Configuration, until: Micros) -> dict[str, Any]:
    redis = client(address(settings.redis_url.reveal()), once=True)
    names = Names(settings.namespace)
    async with RedisReader(redis, names) as reader:
        names.turn_to(await active(redis, names))
        activations = await mirror.get(redis, names)
        held = dated(activations) if activations else Dated(((EARLIEST, configuration),))
        return await survey(reader, Judge(held), until)
