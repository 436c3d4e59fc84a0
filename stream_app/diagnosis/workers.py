"""The workers: whether Kafka knows of any, and what the one at the HTTP address says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from aiohttp import ClientError, ClientSession
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    for_code,
)

from stream_app.diagnosis.finding import Finding, fault, ok, skipped, warning
from stream_app.diagnosis.remedies import Name

ITEM: Final = "workers"
HTTP: Final = "http"
PATIENCE: Final = 2.0
PAUSE: Final = 0.2
UNSETTLED: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)
"""Where there never was a group, Kafka makes its topic for them when it is asked."""
READY, BUSY = 200, 503
EVERYWHERE: Final[Mapping[str, str]] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- nothing is bound here
"""Where one asks a server that listens everywhere."""


class Group:
    """A consumer group as its coordinator describes it."""

    def __init__(self, state: str, hosts: list[str]) -> None:
        """`hosts` of its members."""
        self.state: Final = state
        self.hosts: Final = hosts


async def group(admin: AIOKafkaAdminClient, name: str) -> Group:
    """The group; one without members where Kafka knows of none. Raises KafkaError."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(*UNSETTLED):
                    return await _described(admin, name)
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        return Group("Dead", [])


async def _described(admin: AIOKafkaAdminClient, name: str) -> Group:
    (answer,) = await admin.describe_consumer_groups([name])
    its: dict[str, Any] = answer.to_object()["groups"][0]
    if its["error_code"]:
        raise for_code(its["error_code"])(name)
    return Group(its["state"], [member["client_host"].lstrip("/") for member in its["members"]])


def judged(name: str, its: Group) -> list[Finding]:
    """Whether somebody reads."""
    if not its.hosts:
        return [fault(ITEM, Name.NO_WORKER, f"the consumer group {name} has no member")]
    count = f"{len(its.hosts)} worker{'s' * (len(its.hosts) != 1)} in the group {name}"
    if its.state != "Stable":
        return [warning(ITEM, Name.REBALANCING, f"{count}, which is {its.state}")]
    return [ok(ITEM, f"{count}: {', '.join(sorted(set(its.hosts)))}")]


async def http(host: str, port: int) -> list[Finding]:
    """What a worker at this address says of itself."""
    if not port:
        return [skipped(HTTP, "TENGGAT_HTTP_PORT is 0: any free port")]
    where = EVERYWHERE.get(host, host)
    url = f"http://[{where}]:{port}" if ":" in where else f"http://{where}:{port}"
    try:
        async with asyncio.timeout(PATIENCE), ClientSession() as session, session.get(f"{url}/readyz") as answer:
            return answered(url, answer.status, (await answer.content.read(1_000)).decode(errors="replace"))
    except (ClientError, OSError):
        return [warning(HTTP, Name.HTTP_SILENT, f"nobody answers at {url}")]


def answered(url: str, status: int, text: str) -> list[Finding]:
    """What the answer of `/readyz` means."""
    said = text.strip()
    if status == READY and said == "ready":
        return [ok(HTTP, f"the worker at {url} is ready")]
    if status == BUSY and said and "<" not in said:
        return [fault(HTTP, Name.WORKER_NOT_READY, f"the worker at {url} is not ready: {said}")]
    return [warning(HTTP, Name.HTTP_STRANGE, f"what answers at {url} is no worker of ours (status {status})")]
