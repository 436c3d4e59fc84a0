"""The brokers: whether Kafka answers, at the addresses given and at those that it names itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

from stream_app.diagnosis.finding import Finding, fault, listed, ok, warning
from stream_app.diagnosis.remedies import Name

ITEM: Final = "kafka"
KNOCK: Final = 1.5
"""Seconds that a broker has to accept a connection."""
CLOSING: Final = 0.5
FETCH: Final = 65_536
"""Bytes of a partition at once: samples are small."""


class Broker:
    """Kafka as it is asked."""

    def __init__(self, addresses: Sequence[str], prefix: str) -> None:
        """`prefix` stands before the names of the topics."""
        self.addresses: Final = list(addresses)
        self.prefix: Final = prefix
        self.admin: Final = AIOKafkaAdminClient(bootstrap_servers=self.addresses)
        self.named: list[str] = []
        """The addresses that Kafka names as its brokers', which all clients then go to."""

    async def open(self) -> None:
        """Learn where the brokers say that they are. Raises KafkaError where nobody answers."""
        its: Any = AIOKafkaClient(bootstrap_servers=self.addresses)
        try:
            await its.bootstrap()
            self.named = sorted(f"{broker.host}:{broker.port}" for broker in its.cluster.brokers())
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(its.close(), CLOSING)
        await self.admin.start()

    async def close(self) -> None:
        """Lets go of the connections."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.admin.close(), CLOSING)

    @asynccontextmanager
    async def consumer(self, fetch: int = FETCH) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer in no group."""
        its: Any = AIOKafkaConsumer(
            bootstrap_servers=self.addresses,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=fetch,
        )
        try:
            await its.start()
            yield its
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(its.stop(), CLOSING)

    async def topics(self) -> dict[str, dict[str, Any]]:
        """Metadata of all topics by name. All are asked for: a question by name can make the broker create a topic."""
        return {topic["topic"]: topic for topic in await self.admin.describe_topics() if not topic["error_code"]}

    async def examine(self) -> list[Finding]:
        """Whether each broker answers where it was said to be, and where it says that it is."""
        named = self.named
        silent = await _silent([*self.addresses, *named])
        given = [address for address in self.addresses if address in silent]
        own = [address for address in named if address in silent]
        found = []
        if own:
            what = f"Kafka names {listed(own)} as a broker's address; nobody answers there"
            found.append(fault(ITEM, Name.BROKER_UNREACHABLE, what))
        if given:
            found.append(warning(ITEM, Name.BOOTSTRAP_UNREACHABLE, f"nobody answers at {listed(given)}"))
        return found or [ok(ITEM, f"{len(named)} broker{'s' * (len(named) != 1)} at {listed(named)}")]


async def _silent(addresses: Sequence[str]) -> set[str]:
    every = list(dict.fromkeys(addresses))
    answers = await asyncio.gather(*map(_answers, every))
    return {address for address, answer in zip(every, answers, strict=True) if not answer}


async def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(KNOCK):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
