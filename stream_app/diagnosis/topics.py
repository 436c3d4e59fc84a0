"""The topics: whether all are there, whole, and with partitions that agree with the state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from stream_app.diagnosis.finding import Finding, fault, listed, ok, warning
from stream_app.diagnosis.remedies import Name
from stream_app.engine.keys import TP
from stream_app.engine.topics import ALERT_LOG, CONFIG, plans
from stream_app.sla.kind import TOPICS

ITEM: Final = "topics"
SINGLE: Final = (CONFIG, ALERT_LOG)
"""They are read in partition 0 alone."""

Metadata = Mapping[str, Any]
"""A topic as Kafka describes it: `partitions`, each with `partition`, `leader`, `replicas` and `isr`."""


def event_topics(prefix: str, there: Collection[str]) -> list[str]:
    """Those that events come on and that are there."""
    return [name for topic in TOPICS if (name := prefix + topic) in there]


def partitions(topics: Mapping[str, Metadata], names: Collection[str]) -> list[TP]:
    """All partitions of these topics."""
    return [TP(name, number) for name in names for number in range(len(topics[name]["partitions"]))]


def judged(prefix: str, topics: Mapping[str, Metadata]) -> list[Finding]:
    """What the metadata of the cluster's topics shows of ours."""
    planned = [plan.name for plan in plans(prefix, 1)]
    there = {name: topics[name]["partitions"] for name in planned if name in topics}
    found: list[Finding] = []
    if missing := [name for name in planned if name not in there]:
        what = f"{len(missing)} of {len(planned)} do not exist: {listed(missing, len(missing))}"
        found.append(fault(ITEM, Name.TOPIC_MISSING, what))
    found += [
        fault(ITEM, Name.PARTITION_MISMATCH, f"{name} has {len(there[name])} partitions, expected 1")
        for topic in SINGLE
        if len(there.get(name := prefix + topic, ".")) != 1
    ]
    counts = {name: len(there[name]) for name in event_topics(prefix, there)}
    if len(set(counts.values())) > 1:
        each = ", ".join(f"{name} {count}" for name, count in counts.items())
        found.append(warning(ITEM, Name.PARTITION_MISMATCH, f"the topics of events differ in partitions: {each}"))
    every = [(f"{name}-{part['partition']}", part) for name, parts in there.items() for part in parts]
    if headless := [label for label, part in every if part["leader"] < 0]:
        found.append(fault(ITEM, Name.NO_LEADER, f"no broker leads {listed(headless)}"))
    if short := [label for label, part in every if 0 < len(part["isr"]) < len(part["replicas"])]:
        found.append(warning(ITEM, Name.UNDER_REPLICATED, f"not all replicas are in sync: {listed(short)}"))
    if single := [name for name, parts in there.items() if any(len(part["replicas"]) == 1 for part in parts)]:
        what = f"{len(single)} of {len(there)} topics are kept in one copy: a broker's disk lost is records lost"
        found.append(warning(ITEM, Name.SINGLE_COPY, what))
    spread = ", ".join(f"{name} {count}" for name, count in counts.items())
    return found or [ok(ITEM, f"all {len(planned)} are there; partitions: {spread}")]


def compared(topics: Mapping[str, Metadata], known: Collection[TP]) -> list[Finding]:
    """Whether Kafka has all partitions that Redis keeps the state of."""
    gone = [
        f"{tp.topic}-{tp.partition}"
        for tp in known
        if tp.topic in topics and tp.partition >= len(topics[tp.topic]["partitions"])
    ]
    what = f"Redis has the state of {listed(gone)}, which Kafka does not have: the topic was made anew with fewer"
    return [fault(ITEM, Name.PARTITION_MISMATCH, what)] if gone else []
