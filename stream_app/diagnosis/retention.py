"""Retention: whether Kafka keeps records for as long as they may be read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from stream_app.diagnosis.finding import Finding, fault, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.engine.post import DEAD, SIGNALS
from stream_app.engine.topics import ALERT_LOG, CONFIG, RETENTION
from stream_app.sla.instant import DAY
from stream_app.sla.kind import TOPICS

ITEM: Final = "retention"
POLICY: Final = "cleanup.policy"
LEAST: Final = DAY
"""Shorter than this, a night's outage loses events."""

Settings = Mapping[str, Mapping[str, str]]
"""Of topics by name."""


async def settings(admin: AIOKafkaAdminClient, names: Collection[str]) -> Settings:
    """The settings of topics. Raises KafkaError."""
    found: dict[str, dict[str, str]] = {}
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers: list[Any] = await admin.describe_configs(wanted) if wanted else []
    for answer in answers:
        for code, _, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(name)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


def judged(prefix: str, found: Settings, needed: int) -> list[Finding]:
    """What the settings lose. `needed`: how far back, in microseconds, the windows of the KPIs look."""
    said: list[Finding] = []
    spans = {name: _span(its) for name, its in found.items()}
    for name, its in found.items():
        if "compact" in its.get(POLICY, ""):
            said.append(fault(ITEM, Name.COMPACTED, f"{name} has cleanup.policy={its[POLICY]}"))
    for topic in (CONFIG, ALERT_LOG, *(f"{topic}{DEAD}" for topic in TOPICS)):
        span = spans.get(name := prefix + topic)
        if span is not None:
            say = warning if topic.endswith(DEAD) else fault
            said.append(say(ITEM, Name.RETENTION_SHORT, f"{name} is kept for {_days(span)}, expected for ever"))
    shortest: int | None = None
    for topic in TOPICS:
        span = spans.get(name := prefix + topic)
        if span is None:
            continue
        shortest = span if shortest is None else min(span, shortest)
        if span < needed:
            say = fault if span < LEAST else warning
            what = f"{name} is kept for {_days(span)}: after a loss of Redis no more than that can be read again"
            said.append(say(ITEM, Name.RETENTION_SHORT, f"{what}, the longest window is {_days(needed)}"))
    signals = spans.get(name := prefix + SIGNALS)
    if signals is not None and (shortest is None or signals < shortest):
        what = f"{name} is kept for {_days(signals)}, shorter than the events: after a loss of Redis older signals "
        said.append(warning(ITEM, Name.RETENTION_SHORT, f"{what}are said again"))
    kept = "for ever" if shortest is None else f"for {_days(shortest)}"
    return said or [ok(ITEM, f"events are kept {kept}; nothing is compacted")]


def _span(its: Mapping[str, str]) -> int | None:
    """How long records are kept, in microseconds; None: for ever."""
    kept = int(its.get(RETENTION, "-1"))
    return None if kept < 0 else kept * 1_000


def _days(span: int) -> str:
    return f"{span / DAY:.3g} d"
