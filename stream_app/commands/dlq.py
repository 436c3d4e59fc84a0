"""`tenggat dlq`: the dead letters that wait, and what becomes of them."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from heapq import heappush, heappushpop
from typing import Any, Final, TypeVar

import click
import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_app.commands.lettering import EXCERPT, PREVIEW, Left, complain, counted, lines, row
from stream_app.commands.produce import PATIENCE, Refused, connected
from stream_app.commands.progress import bar
from stream_app.commands.selecting import Which, selecting
from stream_app.dlq.letter import Fate, Letter, Place
from stream_app.dlq.office import Office
from stream_app.dlq.settling import Settling, delete, unsendable
from stream_app.engine.keys import TP

R = TypeVar("R")

SHOWN: Final = 20


@click.group(
    short_help="Show, redrive or drop dead letters.",
    epilog="\b\nExample:\n"
    "  tenggat dlq show tickets --brokers localhost:9092\n"
    "  tenggat dlq redrive --reason too_far_ahead\n"
    "  tenggat dlq drop tickets --offset 17-40 --yes",
)
def dlq() -> None:
    """Show dead letters, send them again, or drop them.

    Records that are no events lie on <topic>.dlq, as they came, with the reason. What was sent again or
    dropped is noted there too, and is not shown any more.
    """


@dlq.command(
    short_help="List dead letters, the newest first.",
    epilog="\b\nExample:\n  tenggat dlq show tickets --reason wrong_key --limit 5 --brokers localhost:9092",
)
@selecting
@click.option("--limit", type=click.IntRange(0), default=SHOWN, show_default=True, help="At most so many.")
@click.option("--done", is_flag=True, help="Those too that were redriven or dropped and are still there.")
@click.option("--whole", is_flag=True, help="Values at their full length.")
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
def show(which: Which, limit: int, *, done: bool, whole: bool, as_json: bool) -> None:
    """List the dead letters that wait, the newest first, with reason, key and value; then how many wait for what.

    TOPIC is tickets, security-incidents or measurements; without one, all of them.
    """
    newest, counts = asyncio.run(_shown(which, limit, done=done))
    if as_json:
        rows = [row(letter, fate, EXCERPT if not whole else None) for letter, fate in newest]
        found = {"letters": rows, "waiting": counts.total(), "reasons": dict(counts.most_common())}
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1))
        return
    for letter, fate in newest:
        click.echo(lines(letter, fate, PREVIEW if not whole else None))
    each = "".join(f"\n{count:>8}  {reason}" for reason, count in counts.most_common())
    click.echo(f"{counts.total()} wait{each}")


@dlq.command(
    short_help="Send dead letters again to the topic they came from.",
    epilog="\b\nExample:\n  tenggat dlq redrive tickets --reason too_far_ahead --brokers localhost:9092",
)
@selecting
@click.option("--limit", type=click.IntRange(1), help="At most so many, the oldest of each partition first.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
def redrive(which: Which, limit: int | None, *, dry_run: bool) -> None:
    """Send dead letters again, key and value as they came, and note that it was done: once noted, never again.

    A letter is noted once Kafka has acknowledged it. After a crash in between it is sent once more, which changes
    nothing: an event that is known is a duplicate. One that is still no event comes back as a new dead letter. A record
    that was sent again says so in the header tenggat-redriven.
    """
    if dry_run:
        waiting, left = asyncio.run(_would(which, limit))
        click.echo(counted("would be sent again", waiting))
        complain(left)
        return
    settling = asyncio.run(_redriven(which, limit))
    click.echo(counted("sent again", settling.done), err=True)
    if settling.left:
        complain(settling.left)
        raise click.ClickException(f"{len(settling.left)} could not be sent")


@dlq.command(
    short_help="Drop dead letters for good.",
    epilog="\b\nExample:\n  tenggat dlq drop tickets --reason not_json --brokers localhost:9092 --yes",
)
@selecting
@click.option("--dry-run", is_flag=True, help="Say what would be dropped, and drop nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
def drop(which: Which, *, dry_run: bool, yes: bool) -> None:
    """Drop dead letters: they are neither shown nor sent any more. Asks first on a terminal; elsewhere --yes is needed.

    Up to the first letter that still waits Kafka deletes the records; those after it lie there until that one is gone.
    """
    if not (dry_run or yes or asked()):
        raise click.UsageError("nobody to ask: say --yes to drop, or --dry-run")
    if dry_run:
        waiting, _ = asyncio.run(_would(which, None))
        click.echo(counted("would be dropped", waiting))
        return
    settling = asyncio.run(_dropped(which, ask=not yes))
    click.echo(counted("dropped", settling.done), err=True)


def asked() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


# the work


@asynccontextmanager
async def _office(which: Which) -> AsyncIterator[tuple[Office, AIOKafkaAdminClient, set[str]]]:
    """The office that has looked, and the topics that exist."""
    admin = AIOKafkaAdminClient(bootstrap_servers=which.brokers)
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=which.brokers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await admin.start()
        there = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
        if missing := [topic for topic in which.topics if topic not in there]:
            raise click.ClickException(
                f"the topic {', '.join(missing)} does not exist: `tenggat topics --create` makes it"
            )
        await consumer.start()
        office = Office(consumer, [TP(topic, number) for topic in which.topics for number in range(there[topic])])
        with bar() as shown:
            task = shown.add_task("looking", total=None)
            await office.look(lambda count: shown.advance(task, count))
        yield office, admin, set(there)
    finally:
        await consumer.stop()
        await admin.close()


async def _shown(which: Which, limit: int, *, done: bool) -> tuple[list[tuple[Letter, Fate | None]], Counter[str]]:
    """The newest letters with what became of them, and those that wait by reason."""
    counts: Counter[str] = Counter()
    newest: list[tuple[int, Place, Letter]] = []
    async with _office(which) as (office, _, _):
        async for letter in office.letters(which.selection):
            waits = office.fate(letter) is None
            counts[letter.reason] += waits
            if limit and (waits or done):
                entry = (int(letter.at), letter.place, letter)
                if len(newest) < limit:
                    heappush(newest, entry)
                else:
                    heappushpop(newest, entry)
        rows = [
            (letter, office.fate(letter)) for *_, letter in sorted(newest, key=lambda entry: entry[:2], reverse=True)
        ]
    return rows, +counts


async def _would(which: Which, limit: int | None) -> tuple[Counter[str], list[Left]]:
    """How many would be settled, by the topic they lie on; and those that could not be sent."""
    counts: Counter[str] = Counter()
    left: list[Left] = []
    async with _office(which) as (office, _, topics):
        async for letter in office.waiting(which.selection):
            if limit is not None and counts.total() + len(left) >= limit:
                break
            if (why := unsendable(letter, topics)) is None:
                counts[letter.place.topic] += 1
            else:
                left.append((letter.place, why))
    return counts, left


async def _redriven(which: Which, limit: int | None) -> Settling:
    async with _office(which) as (office, _, topics), connected(which.brokers, PATIENCE) as producer:
        settling = Settling(producer, PATIENCE)
        with bar() as shown:
            task = shown.add_task("records", total=office.size)
            await _attempted(
                settling,
                settling.redrive(office, which.selection, topics, limit, lambda count: shown.advance(task, count)),
            )
    return settling


async def _dropped(which: Which, *, ask: bool) -> Settling:
    async with _office(which) as (office, admin, _), connected(which.brokers, PATIENCE) as producer:
        # What comes in while the question stands is beyond what the office has looked at, and stays.
        if ask and (count := len([letter.place async for letter in office.waiting(which.selection)])):
            click.confirm(f"Drop {count} dead letters for good?", abort=True, err=True)
        settling = Settling(producer, PATIENCE)
        with bar() as shown:
            task = shown.add_task("records", total=office.size)
            upto = await _attempted(
                settling, settling.drop(office, which.selection, lambda count: shown.advance(task, count))
            )
        try:
            await delete(admin, upto)
        except KafkaError as error:  # they are dropped all the same: it is the room that is not given back
            click.echo(f"Kafka keeps the records, which count as dropped: {error!r}", err=True)
    return settling


async def _attempted(settling: Settling, work: Awaitable[R]) -> R:
    """What the work gives. Raises Refused, saying how far it came, where Kafka does not take it."""
    try:
        return await work
    except (KafkaError, TimeoutError) as error:
        why = f"no acknowledgement for {PATIENCE:g} s" if isinstance(error, TimeoutError) else repr(error)
        raise Refused(f"{why} ({settling.done.total()} were done and noted)") from error
