"""`tenggat produce`: a file of events goes to Kafka, each to its topic, under its subject."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import sys
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from stream_app.commands import eventfile
from stream_app.commands.arguments import Rate, kafka, moment_of
from stream_app.commands.progress import bar
from stream_app.sla.instant import Micros

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

TOPICS: Final = {
    "ticket": "tickets",
    "incident": "security-incidents",
    "measure": "measurements",
    "service": "measurements",
    "asset": "measurements",
}
"""The topic of a type, by the type's first word."""
REST: Final = "tickets"
"""Where that goes which cannot be read: the worker puts it among the dead letters."""

BATCH: Final = 262_144  # bytes a partition; and a little time for it to fill
LINGER_MS: Final = 20
LARGEST: Final = 1_048_576  # the most that brokers take unless told otherwise; events end at a quarter of it
LONGEST_LINE: Final = 64 * LARGEST
PATIENCE: Final = 30.0  # seconds without an acknowledgement
STOPPING: Final = 2.0  # seconds
SHOWING: Final = 3.0  # seconds


class Address(NamedTuple):
    """Where a line goes, and when what it tells of happened (None if it does not say)."""

    topic: str
    key: bytes | None
    at: Micros | None


class _Envelope(msgspec.Struct):
    """As much of an event as its address needs, of whatever type it is."""

    type: Any = None
    subject: Any = None
    time: Any = None


_decoder: Final = msgspec.json.Decoder(_Envelope)


def address(line: bytes) -> Address:
    """The address of a line, which may be anything."""
    try:
        event = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Address(REST, None, None)
    family, dot, _ = event.type.partition(".") if isinstance(event.type, str) else ("", "", "")
    key = event.subject.encode() if isinstance(event.subject, str) and event.subject else None
    try:
        at = moment_of(event.time) if isinstance(event.time, str) else None
    except ValueError:
        at = None
    return Address(TOPICS.get(family, REST) if dot else REST, key, at)


class Refused(Exception):
    """It cannot be done, or not to the end; tell the operator."""


class Sender:
    """Sends lines and counts what Kafka has acknowledged; gives up after so many seconds without a word from it.

    It has to count time itself: an idempotent producer goes on trying a batch for ever.
    """

    def __init__(self, producer: AIOKafkaProducer, prefix: str, patience: float) -> None:
        self._producer: Final = producer
        self._prefix: Final = prefix
        self._existing: set[str] = set()
        self._patience: Final = patience
        self._clock: Final = asyncio.get_running_loop().time
        self._heard = self._clock()
        self._news: Final = asyncio.Event()
        self._failure: BaseException | None = None
        self.sent = 0
        self.acknowledged: Final[Counter[str]] = Counter()

    async def send(self, line: bytes, to: Address) -> None:
        """Hand it over. Returns when there is room for it, not when it is acknowledged."""
        topic = self._prefix + to.topic
        if topic not in self._existing:
            await self._look_for(topic)
        self._check()
        future = await self._producer.send(topic, value=line, key=to.key)
        self.sent += 1
        future.add_done_callback(lambda done: self._told(topic, done))

    async def settled(self) -> None:
        """Returns when all that was sent is acknowledged."""
        while self._check():
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._patience / 10)

    async def _look_for(self, topic: str) -> None:
        """Refuse to send to a topic that does not exist; one just created may take a moment to show."""
        until = self._clock() + SHOWING
        while topic not in self._existing:
            if self._clock() > until:
                raise Refused(f"the topic {topic} does not exist: `tenggat topics --create` makes it")
            self._existing = (await self._producer.client.fetch_all_metadata()).topics()
            if topic not in self._existing:
                await asyncio.sleep(SHOWING / 10)

    def _check(self) -> bool:
        """Whether something is still on its way; raises what has gone wrong with what was."""
        if self._failure is not None:
            raise self._failure
        if self.acknowledged.total() == self.sent:
            self._heard = self._clock()
            return False
        if self._clock() - self._heard > self._patience:
            raise Refused(f"no acknowledgement for {self._patience:g} s")
        return True

    def _told(self, topic: str, done: asyncio.Future[Any]) -> None:
        if done.cancelled():
            return
        self._failure = self._failure or done.exception()
        if done.exception() is None:
            self.acknowledged[topic] += 1
        self._heard = self._clock()
        self._news.set()


class Pace:
    """When the next record is due: at a rate, at a multiple of the recorded speed, or at once."""

    def __init__(self, rate: float | None, speed: float | None) -> None:
        self._rate: Final = rate
        self._speed: Final = speed
        self._first: Micros | None = None

    def due(self, sent: int, at: Micros | None) -> float:
        """Seconds after the beginning at which a record is due, so many having been sent, that happened then."""
        if self._rate is not None:
            return sent / self._rate
        if self._speed is None or at is None:
            return 0.0
        if self._first is None:
            self._first = at
        return (at - self._first) / 1_000_000 / self._speed


async def arriving(path: str) -> AsyncIterator[bytes]:
    """The lines of a file; of a pipe, each as soon as it is written, while others are still on their way to Kafka."""
    if path != eventfile.STDIN or not piped():
        for line in eventfile.lines(path):
            yield line
        return
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    try:
        while raw := await reader.readline():
            if line := raw.rstrip(b"\r\n"):
                yield line
    finally:
        transport.close()


def piped() -> bool:
    """Whether standard input is a pipe."""
    try:
        return stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError):
        return False


async def send_all(
    files: Sequence[str],
    brokers: list[str],
    prefix: str,
    pace: Pace,
    progress: Callable[[int], None] = lambda _: None,
    patience: float = PATIENCE,
) -> Counter[str]:
    """Send every line of the files; how many each topic has acknowledged is given back. `progress` is told bytes read.

    Raises Refused, saying how many were acknowledged, where not all of them could be.
    """
    async with connected(brokers, patience) as producer:
        sender = Sender(producer, prefix, patience)
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            for path in files:
                async for line in arriving(path):
                    to = address(line)
                    wait = began + pace.due(sender.sent, to.at) - clock()
                    if wait > 0:
                        await asyncio.sleep(wait)
                    await sender.send(line, to)
                    progress(len(line) + 1)
            await sender.settled()
        except (KafkaError, Refused) as problem:
            why = f"no room for more in {patience:g} s" if isinstance(problem, KafkaTimeoutError) else problem
            raise Refused(f"{why} ({sender.acknowledged.total()} records were acknowledged)") from problem
        return sender.acknowledged


@asynccontextmanager
async def connected(brokers: list[str], patience: float) -> AsyncIterator[AIOKafkaProducer]:
    """A producer that writes each record once, and to all replicas; left in the lurch it is not waited for."""
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers,
        enable_idempotence=True,
        acks="all",
        max_batch_size=BATCH,
        max_request_size=LARGEST,
        linger_ms=LINGER_MS,
        request_timeout_ms=round(patience * 1000),
    )
    try:
        await producer.start()
        yield producer
    except KafkaConnectionError as problem:
        raise Refused(f"no broker answers at {', '.join(brokers)}") from problem
    finally:
        with suppress(TimeoutError):  # what is not acknowledged by now it would try to send for ever
            await asyncio.wait_for(producer.stop(), STOPPING)
        await producer.client.close()


@click.command(
    short_help="Send a file of events to Kafka.",
    epilog="\b\nExample:\n"
    "  tenggat produce events.jsonl --brokers localhost:9092\n"
    "  tenggat produce events.jsonl.gz --brokers kafka-1:9092,kafka-2:9092 --speed 60",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@kafka
@click.option("--rate", type=Rate(), metavar="N/s", help="So many records a second.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="At X times the speed at which it happened: 1 as it was, 60 an hour in a minute.",
)
def produce(
    files: tuple[str, ...], brokers: list[str], topic_prefix: str, rate: float | None, speed: float | None
) -> None:
    """Send files of events (JSON lines, - for standard input, .gz too) to Kafka.

    The topic follows from the event's type, the key is its subject. A line that is no event goes to the topic tickets,
    where the worker puts it among the dead letters. Done (exit code 0) when Kafka has acknowledged every record.
    """
    if rate is not None and speed is not None:
        raise click.UsageError("--rate and --speed exclude each other")
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # what it would say, our own error says
    eventfile.require(files)
    with bar() as shown:
        task = shown.add_task("bytes", total=eventfile.size(files))
        try:
            acknowledged = asyncio.run(
                send_all(files, brokers, topic_prefix, Pace(rate, speed), lambda size: shown.advance(task, size))
            )
        except Refused as refusal:
            raise click.ClickException(str(refusal)) from refusal
    each = ", ".join(f"{count} to {topic}" for topic, count in sorted(acknowledged.items()))
    click.echo(f"{acknowledged.total()} records acknowledged{': ' + each if each else ''}", err=True)
