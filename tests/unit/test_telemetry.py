from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from stream_app.sla.admission import Outcome
from stream_app.sla.decode import Reason
from stream_app.sla.fact import Fact
from stream_app.sla.instant import HOUR, MINUTE, SECOND, Micros
from stream_app.telemetry import Telemetry

NOON = Micros(1_772_452_800 * SECOND)


def value(telemetry: Telemetry, name: str, **labels: str) -> float | None:
    return telemetry.registry.get_sample_value(name, labels)


def test_events_are_counted_by_type_and_outcome_and_new_ones_by_age() -> None:
    telemetry = Telemetry()
    taken = {("ticket.created", Outcome.APPLIED): 2, ("ticket.created", Outcome.DUPLICATE): 1}
    telemetry.events_taken("tickets", taken, [SECOND, 3 * SECOND])
    labels = {"topic": "tickets", "type": "ticket.created"}
    assert value(telemetry, "tenggat_events_total", outcome="applied", **labels) == 2
    assert value(telemetry, "tenggat_events_total", outcome="duplicate", **labels) == 1
    assert value(telemetry, "tenggat_event_age_seconds_count", topic="tickets") == 2
    assert value(telemetry, "tenggat_event_age_seconds_sum", topic="tickets") == 4


def test_a_record_that_is_no_event_is_malformed_and_a_dead_letter() -> None:
    telemetry = Telemetry()
    telemetry.event_refused("tickets", Reason.WRONG_KEY)
    assert value(telemetry, "tenggat_events_total", topic="tickets", type="", outcome="malformed") == 1
    assert value(telemetry, "tenggat_dead_letters_total", topic="tickets", reason="wrong_key") == 1


def test_signals_are_timed_when_written_and_counted_when_published() -> None:
    telemetry = Telemetry()
    telemetry.signals_said({"sla.warning": [SECOND // 2, -SECOND]})  # the producer's clock is ahead
    telemetry.signals_published(2)
    assert value(telemetry, "tenggat_signal_delay_seconds_count", type="sla.warning") == 2
    assert value(telemetry, "tenggat_signal_delay_seconds_sum", type="sla.warning") == 0.5
    assert value(telemetry, "tenggat_signals_published_total") == 2


def test_clocks_of_all_teams_are_one_series() -> None:
    telemetry = Telemetry()
    ended = {("ticket", clock, "high", "met"): 1 for clock in ("ola:net", "ola:db", "gdpr:authority")}
    telemetry.clocks_finished(ended)
    labels = {"kind": "ticket", "priority": "high", "outcome": "met"}
    assert value(telemetry, "tenggat_clocks_total", clock="ola", **labels) == 2
    assert value(telemetry, "tenggat_clocks_total", clock="gdpr:authority", **labels) == 1


def test_durations_are_measured_by_urgency() -> None:
    telemetry = Telemetry()
    found = [
        Fact("first_response", NOON, 5 * MINUTE, (("priority", "high"), ("team", "net"))),
        Fact("resolution", NOON, HOUR, ()),
        Fact("contain_time", NOON, HOUR, (("severity", "critical"),)),
        Fact("created", NOON, 1, (("priority", "high"),)),
    ]
    telemetry.facts_found(found)
    assert value(telemetry, "tenggat_first_response_seconds_sum", priority="high") == 300
    assert value(telemetry, "tenggat_resolution_seconds_sum", priority="") == 3600
    assert value(telemetry, "tenggat_incident_contain_seconds_sum", severity="critical") == 3600
    assert value(telemetry, "tenggat_incident_resolve_seconds_count", severity="critical") is None


def test_losses_and_failures_are_counted() -> None:
    telemetry = Telemetry()
    telemetry.write_refused("tickets")
    telemetry.state_rewound("tickets")
    telemetry.evaluation_failed("tickets")
    telemetry.log_lost("tickets", 7)
    assert value(telemetry, "tenggat_fenced_total", topic="tickets") == 1
    assert value(telemetry, "tenggat_state_rewinds_total", topic="tickets") == 1
    assert value(telemetry, "tenggat_evaluation_failures_total", topic="tickets") == 1
    assert value(telemetry, "tenggat_log_lost_records_total", topic="tickets") == 7


def test_a_partition_is_shown_while_it_is_ours() -> None:
    telemetry = Telemetry()
    labels = {"topic": "tickets", "partition": "3"}
    telemetry.stands("tickets", 3, lag=None, as_of=None, outbox=1)
    assert value(telemetry, "tenggat_outbox_signals", **labels) == 1
    assert value(telemetry, "tenggat_consumer_lag_records", **labels) is None
    assert value(telemetry, "tenggat_data_as_of_timestamp_seconds", **labels) is None
    telemetry.stands("tickets", 3, lag=4, as_of=NOON, outbox=0)
    assert value(telemetry, "tenggat_consumer_lag_records", **labels) == 4
    assert value(telemetry, "tenggat_data_as_of_timestamp_seconds", **labels) == NOON / SECOND
    telemetry.stands("tickets", 4, lag=1, as_of=None, outbox=0)
    telemetry.gone("tickets", 3)
    telemetry.gone("tickets", 9)
    assert value(telemetry, "tenggat_consumer_lag_records", **labels) is None
    assert value(telemetry, "tenggat_outbox_signals", **labels) is None
    assert value(telemetry, "tenggat_consumer_lag_records", topic="tickets", partition="4") == 1


def test_spans_are_shown_as_the_client_library_shows_them() -> None:
    telemetry, registry = Telemetry(), CollectorRegistry()
    bounds = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 604_800)
    text = "From an event's time to its being applied."
    theirs = Histogram("tenggat_event_age_seconds", text, ["topic"], buckets=bounds, registry=registry)
    batches = [
        ("tickets", [100_000, 100_001, 99_999, 0, SECOND, SECOND + 1, 10**13, 604_800 * SECOND]),
        ("tickets", []),
        ("others", [500_000]),
        ("tickets", [7 * SECOND, 3, 3]),
        ("nobody's", []),
    ]
    for topic, ages in batches:
        telemetry.events_taken(topic, {}, ages)
        for age in ages:
            theirs.labels(topic).observe(age / SECOND)
    shown = [line for line in lines(telemetry.registry) if "event_age" in line]
    assert [timeless(line) for line in shown] == [timeless(line) for line in lines(registry)]
    assert sum("_created{" in line for line in shown) == 2


def lines(registry: CollectorRegistry) -> list[str]:
    return generate_latest(registry).decode().splitlines()


def timeless(line: str) -> str:
    """The line without the moment at which a series began."""
    return line.partition("} ")[0] if "_created{" in line else line


def test_no_other_metric_can_take_the_name_of_spans() -> None:
    with pytest.raises(ValueError, match="Duplicated"):
        Counter("tenggat_event_age_seconds_count", "Another.", registry=Telemetry().registry)


def test_every_metric_says_what_it_is() -> None:
    text = generate_latest(Telemetry().registry).decode()
    helps = [line for line in text.splitlines() if line.startswith("# HELP")]
    assert len(helps) >= 18
    assert all(line.split(maxsplit=3)[2].startswith("tenggat_") for line in helps)
    assert all(line.endswith(".") for line in helps)
