"""Telemetry: one function for each thing that happens; what metrics come of it is known here alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from time import time  # noqa: TID251 -- an edge: when a series began
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from stream_app.sla.admission import Outcome
from stream_app.sla.decode import Reason
from stream_app.sla.fact import Fact

_AGES: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 604_800)
_DELAYS: Final = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2.5, 10, 60, 600)
_RESPONSES: Final = (60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 604_800)
_SPANS: Final = (
    ("first_response", "first_response", "first response", "priority"),
    ("resolution", "resolution", "resolution, pauses left out", "priority"),
    ("acknowledge_time", "incident_acknowledge", "acknowledgement", "severity"),
    ("contain_time", "incident_contain", "containment", "severity"),
    ("resolve_time", "incident_resolve", "resolution", "severity"),
)
"""Facts whose values are durations, the names of their metrics, what was reached, the label of urgency."""


class _Counts(Struct, frozen=True):
    """What a label's spans come to."""

    below: list[int]
    """How many are at most as long as each bound."""
    count: int
    total: int
    since: float


class _Spans(Collector):
    """A histogram as prometheus_client's, which is told of a whole batch at once: one by one costs as much as folding.

    What is shown of a label is replaced as a whole, so that whoever collects meanwhile sees all of a batch or nothing.
    """

    def __init__(self, name: str, text: str, label: str, bounds: Sequence[float]) -> None:
        """`bounds` in seconds, in their order."""
        self._said = name, text, [label]
        self._names = [*(str(float(bound)) for bound in bounds), "+Inf"]
        self._bounds = [round(bound * 1_000_000) for bound in bounds]
        self._counts: dict[str, _Counts] = {}

    def note(self, label: str, spans: Iterable[int]) -> None:
        """These are more, in microseconds."""
        ordered = sorted(spans)
        if not ordered:
            return
        earlier = self._counts.get(label)
        if earlier is None:
            earlier = _Counts([0] * len(self._bounds), 0, 0, time())
        below = [bisect_right(ordered, bound) + more for bound, more in zip(self._bounds, earlier.below, strict=True)]
        self._counts[label] = _Counts(below, earlier.count + len(ordered), earlier.total + sum(ordered), earlier.since)

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """What it is, without figures."""
        name, text, labels = self._said
        return [HistogramMetricFamily(name, text, labels=labels)]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """The figures."""
        name, text, labels = self._said
        family = HistogramMetricFamily(name, text, labels=labels)
        for label, counts in list(self._counts.items()):
            below = [*map(float, counts.below), float(counts.count)]
            family.add_metric([label], list(zip(self._names, below, strict=True)), counts.total / 1_000_000)
            family.add_sample(f"{name}_created", {labels[0]: label}, counts.since)
        return [family]


class Telemetry:
    """A worker's own metrics. Spans that callers give are microseconds."""

    def __init__(self) -> None:
        """A registry of its own, so that tests and processes do not share one."""
        self.registry = CollectorRegistry()
        self._events = self._counter("events", "Records by what became of them.", "topic type outcome")
        self._refused = self._counter("dead_letters", "Records that are no events, by reason.", "topic reason")
        self._rewinds = self._counter("state_rewinds", "Losses of state that were found and healed.", "topic")
        self._fenced = self._counter("fenced", "Writes that Redis refused, or would have.", "topic")
        self._failed = self._counter("evaluation_failures", "Entities whose deadlines could not be judged.", "topic")
        self._published = self._counter("signals_published", "Signals that Kafka has acknowledged.", "")
        self._lost = self._counter("log_lost_records", "Offsets that retention took before they were read.", "topic")
        self._clocks = self._counter("clocks", "Finished clocks.", "kind clock priority outcome")
        self._lag = self._gauge("consumer_lag_records", "Records between the position and the log's end.")
        self._as_of = self._gauge("data_as_of_timestamp_seconds", "Up to when the log has been read.")
        self._outbox = self._gauge("outbox_signals", "Signals written and not yet published.")
        self._age = self._histogram("event_age", "From an event's time to its being applied.", "topic", _AGES)
        self._delay = self._histogram("signal_delay", "From a signal's becoming true to its writing.", "type", _DELAYS)
        self._spans = {
            fact: self._histogram(name, f"From the beginning to the {what}.", urgency, _RESPONSES)
            for fact, name, what, urgency in _SPANS
        }

    def _counter(self, name: str, text: str, labels: str) -> Counter:
        return Counter(f"tenggat_{name}", text, labels.split(), registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"tenggat_{name}", text, ["topic", "partition"], registry=self.registry)

    def _histogram(self, name: str, text: str, label: str, bounds: Sequence[float]) -> _Spans:
        made = _Spans(f"tenggat_{name}_seconds", text, label, bounds)
        self.registry.register(made)
        return made

    def events_taken(self, topic: str, outcomes: Mapping[tuple[str, Outcome], int], ages: Iterable[int]) -> None:
        """Events of (type, outcome) were taken in, those that are new at these ages."""
        for (kind, outcome), count in outcomes.items():
            self._events.labels(topic, kind, outcome.value).inc(count)
        self._age.note(topic, ages)

    def event_refused(self, topic: str, reason: Reason) -> None:
        """A record went to the dead letters."""
        self._events.labels(topic, "", Outcome.MALFORMED.value).inc()
        self._refused.labels(topic, reason.value).inc()

    def signals_said(self, delays: Mapping[str, Iterable[int]]) -> None:
        """Signals were written, by type: so long after they had become true."""
        for kind, its in delays.items():
            self._delay.note(kind, [max(0, delay) for delay in its])

    def signals_published(self, count: int) -> None:
        """Kafka has acknowledged signals."""
        self._published.inc(count)

    def clocks_finished(self, ends: Mapping[tuple[str, str, str, str], int]) -> None:
        """Clocks of (kind, clock, priority) ended as met, breached or cancelled. Clocks of teams count as one."""
        for (kind, clock, priority, outcome), count in ends.items():
            name = "ola" if clock.startswith("ola:") else clock
            self._clocks.labels(kind, name, priority, outcome).inc(count)

    def facts_found(self, facts: Iterable[Fact]) -> None:
        """Facts stand that did not; durations of responses, resolutions and stages are measured."""
        found: dict[tuple[str, str], list[int]] = {}
        for fact in facts:
            if fact.name in self._spans:
                known = dict(fact.labels)
                urgency = known.get("priority") or known.get("severity", "")
                found.setdefault((fact.name, urgency), []).append(fact.value)
        for (name, urgency), spans in found.items():
            self._spans[name].note(urgency, spans)

    def write_refused(self, topic: str) -> None:
        """Redis holds something else than this worker believed."""
        self._fenced.labels(topic).inc()

    def state_rewound(self, topic: str) -> None:
        """The log is read again from where Redis stands."""
        self._rewinds.labels(topic).inc()

    def evaluation_failed(self, topic: str) -> None:
        """An entity's deadlines could not be judged."""
        self._failed.labels(topic).inc()

    def log_lost(self, topic: str, count: int) -> None:
        """Retention took records that nobody had read."""
        self._lost.labels(topic).inc(count)

    def stands(self, topic: str, partition: int, *, lag: int | None, as_of: int | None, outbox: int) -> None:
        """How far a partition is."""
        if lag is not None:
            self._lag.labels(topic, str(partition)).set(lag)
        if as_of is not None:
            self._as_of.labels(topic, str(partition)).set(as_of / 1_000_000)
        self._outbox.labels(topic, str(partition)).set(outbox)

    def gone(self, topic: str, partition: int) -> None:
        """The partition is no longer ours: its gauges are somebody else's."""
        for gauge in (self._lag, self._as_of, self._outbox):
            gauge.remove_by_labels({"topic": topic, "partition": str(partition)})
