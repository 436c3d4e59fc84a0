"""Topics: those that the product reads and writes, how each is set up, and what of them is there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka import errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from msgspec import Struct

from stream_app.engine.post import DEAD, SIGNALS
from stream_app.sla.kind import TOPICS

CONFIG: Final = "tenggat-config"
ALERT_LOG: Final = "alert-log"
FOR_EVER: Final = "-1"
RETENTION: Final = "retention.ms"
TRIES: Final = 50
PAUSE: Final = 0.1
"""Seconds: brokers take a moment to tell each other of a topic."""


class Plan(Struct, frozen=True):
    """How a topic is to be."""

    name: str
    partitions: int
    settings: Mapping[str, str]
    """Of the broker, where its defaults do not serve."""


class Found(Struct, frozen=True):
    """How a topic is."""

    name: str
    partitions: int
    replication: int


def plans(prefix: str, partitions: int) -> list[Plan]:
    """All topics; `partitions` are those of the topics of events and signals.

    Topics that others build on are kept for ever: activated configurations, acknowledgements, dead letters.
    """
    kept = {RETENTION: FOR_EVER, "retention.bytes": FOR_EVER}
    events = [Plan(f"{prefix}{name}", partitions, {}) for name in TOPICS]
    dead = [Plan(f"{prefix}{name}{DEAD}", 1, kept) for name in TOPICS]
    return [
        *events,
        Plan(f"{prefix}{SIGNALS}", partitions, {}),
        *dead,
        Plan(f"{prefix}{CONFIG}", 1, kept),
        Plan(f"{prefix}{ALERT_LOG}", 1, kept),
    ]


async def found(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Found]:
    """The topics that are there, by name. Raises KafkaError."""
    there: dict[str, Found] = {}
    for topic in await admin.describe_topics():  # all: a broker may make one that is asked for by its name
        parts: list[dict[str, Any]] = topic["partitions"]
        if topic["topic"] in names and not topic["error_code"] and parts:
            replication = min(len(part["replicas"]) for part in parts)
            there[topic["topic"]] = Found(topic["topic"], len(parts), replication)
    return there


async def create(admin: AIOKafkaAdminClient, missing: Sequence[Plan], replication: int) -> dict[str, Found]:
    """Make topics and wait until they are there; one that somebody else makes first is welcome. Raises KafkaError."""
    answer = await admin.create_topics(
        [NewTopic(plan.name, plan.partitions, replication, topic_configs=dict(plan.settings)) for plan in missing]
    )
    for name, code, message in answer.topic_errors:
        if code and errors.for_code(code) is not errors.TopicAlreadyExistsError:
            raise errors.for_code(code)(f"{name}: {message}")
    names = [plan.name for plan in missing]
    there = await found(admin, names)
    for _ in range(TRIES):
        if len(there) == len(names):
            break
        await asyncio.sleep(PAUSE)
        there = await found(admin, names)
    return there


async def kept(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    """For how many milliseconds the broker keeps the records of each topic; -1: for ever. Raises KafkaError."""
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, int] = {}
    for answer in await admin.describe_configs(wanted) if wanted else ():
        for code, _, _, name, entries in answer.resources:
            retention = next((entry[1] for entry in entries if entry[0] == RETENTION), None)
            if not code and retention is not None:
                found[name] = int(retention)
    return found


async def counts(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """The number of partitions of those topics that are there."""
    return {name: topic.partitions for name, topic in (await found(admin, names)).items()}
