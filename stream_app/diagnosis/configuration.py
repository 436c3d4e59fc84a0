"""The configuration: whether the file is good, and whether what it says is what the workers go by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from stream_app.config.configuration import Configuration, built_in, load
from stream_app.config.kpis import catalogue
from stream_app.config.mistake import ConfigurationRefused
from stream_app.diagnosis.broker import Broker
from stream_app.diagnosis.finding import Finding, fault, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.engine.excerpt import bounds, excerpt
from stream_app.engine.keys import TP
from stream_app.engine.ledger import Activation, Record, at_work, lineage, record_of
from stream_app.engine.topics import CONFIG
from stream_app.sla.instant import text

FILE: Final = "configuration"
ACTIVE: Final = "activation"
SHORT: Final = 8
"""Digits of a digest that are shown."""


def read(file: str | None, source: Callable[[str], str]) -> tuple[Configuration | None, list[Finding]]:
    """The configuration, None where it is refused, and what is to be said of its file."""
    try:
        found = built_in() if file is None else load(source(file), file)
        kpis = len(catalogue(found).kpis)
    except ConfigurationRefused as refused:
        return None, [fault(FILE, Name.CONFIG_MISTAKE, str(mistake)) for mistake in refused.mistakes]
    policies = len(found.rules.tickets) + len(found.rules.incidents)
    return found, [ok(FILE, f"{found.file}: good, {policies} policies, {kpis} KPIs")]


async def activations(broker: Broker) -> list[Activation]:
    """What was activated of what holds in the generation at work, in its order. Raises KafkaError."""
    async with broker.consumer() as consumer:
        held = await bounds(consumer, [TP(broker.prefix + CONFIG, 0)])
        found = [record_of(record.value) async for record in excerpt(consumer, held)]
    return holding([record for record in found if record is not None])


def holding(records: Sequence[Record]) -> list[Activation]:
    """What holds in the generation at work, by all that the topic says."""
    return lineage(records, at_work(records))


def judged(own: Configuration, activated: Sequence[Activation]) -> list[Finding]:
    """Whether our own configuration is the one that holds: of each text its first activation counts."""
    first = {activation.digest: activation for activation in reversed(activated)}
    if not first:
        return [warning(ACTIVE, Name.CONFIG_NOT_ACTIVE, f"no configuration was ever activated; {own.file} would be")]
    active = max(first.values(), key=activated.index)
    if active.digest == own.digest:
        return [ok(ACTIVE, f"{own.file} holds since {text(active.at)} ({len(first)} activated so far)")]
    since = f"{active.file} holds since {text(active.at)} (digest {active.digest[:SHORT]}…)"
    mine = first.get(own.digest)
    why = "was never activated" if mine is None else f"was replaced; it was activated at {text(mine.at)}"
    return [fault(ACTIVE, Name.CONFIG_NOT_ACTIVE, f"{own.file} (digest {own.digest[:SHORT]}…) {why}; {since}")]


def mirrored(activated: Sequence[Activation], mirror: Sequence[Activation]) -> list[Finding]:
    """Whether `report` goes by what the workers go by."""
    if list(mirror[: len(activated)]) == list(activated):
        return []
    what = f"Redis knows of {len(mirror)} configurations, the topic {CONFIG} of {len(activated)}: reports go by Redis"
    return [warning(ACTIVE, Name.MIRROR_STALE, what)]
