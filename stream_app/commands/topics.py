"""`tenggat topics`: the topics with partitions and replication; those that are missing can be made."""

from __future__ import annotations

import asyncio

import click
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from rich.console import Console
from rich.table import Table

from stream_app.commands.arguments import kafka
from stream_app.engine.topics import Found, Plan, create, found, kept, plans

PARTITIONS = 12
MS_A_DAY = 86_400_000


@click.command(
    short_help="List the topics, or make them.",
    epilog="\b\nExample:\n  tenggat topics --brokers localhost:9092 --create --partitions 12 --replication 3",
)
@kafka
@click.option("--create", "make", is_flag=True, help="Make those that are missing.")
@click.option(
    "--partitions",
    type=click.IntRange(1),
    default=PARTITIONS,
    show_default=True,
    help="Of the topics of events and signals, when made.",
)
@click.option("--replication", type=click.IntRange(1), default=1, show_default=True, help="Copies of each, when made.")
def topics(brokers: list[str], topic_prefix: str, partitions: int, replication: int, *, make: bool) -> None:
    """List the topics with partitions, replication and retention; --create makes what is missing.

    Without --create, a missing topic makes the exit code 1.
    """
    planned = plans(topic_prefix, partitions)
    try:
        there, spans = asyncio.run(_looked_up(brokers, planned, replication if make else None))
    except KafkaConnectionError as error:
        raise click.ClickException(f"no Kafka answers at {', '.join(brokers)}") from error
    except KafkaError as error:
        raise click.ClickException(f"Kafka refuses: {error}") from error
    Console().print(_table(planned, there, spans))
    if missing := [plan.name for plan in planned if plan.name not in there]:
        raise click.ClickException(f"{len(missing)} missing; --create makes them")


async def _looked_up(
    brokers: list[str], planned: list[Plan], replication: int | None
) -> tuple[dict[str, Found], dict[str, int]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        names = [plan.name for plan in planned]
        there = await found(admin, names)
        missing = [plan for plan in planned if plan.name not in there]
        if replication is not None and missing:
            there |= await create(admin, missing, replication)
        return there, await kept(admin, there)
    finally:
        await admin.close()


def _table(planned: list[Plan], there: dict[str, Found], spans: dict[str, int]) -> Table:
    table = Table("topic", "partitions", "replication", "kept")
    for plan in planned:
        topic = there.get(plan.name)
        what = ("missing", "") if topic is None else (str(topic.partitions), str(topic.replication))
        table.add_row(plan.name, *what, _span(spans.get(plan.name)))
    return table


def _span(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return "for ever" if milliseconds < 0 else f"{milliseconds / MS_A_DAY:g} d"
