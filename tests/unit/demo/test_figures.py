from __future__ import annotations

from prometheus_client import generate_latest

from stream_app.demo.figures import Figures, figures
from stream_app.sla.admission import Outcome
from stream_app.sla.decode import Reason
from stream_app.telemetry import Telemetry


def test_the_figures_are_those_of_the_workers_own_metrics() -> None:
    telemetry = Telemetry()
    telemetry.events_taken("tickets", {("ticket.created", Outcome.APPLIED): 3, ("ticket.rated", Outcome.LATE): 1}, [5])
    telemetry.events_taken("security-incidents", {("incident.closed", Outcome.APPLIED): 2}, [])
    telemetry.event_refused("tickets", Reason.NOT_JSON)
    telemetry.signals_said({"sla.met": [1_500_000], "sla.breached": [500_000]})
    telemetry.signals_published(2)
    telemetry.state_rewound("tickets")
    telemetry.write_refused("tickets")
    telemetry.stands("tickets", 0, lag=4, as_of=None, outbox=1)
    telemetry.stands("tickets", 1, lag=5, as_of=None, outbox=1)
    assert figures(generate_latest(telemetry.registry).decode()) == Figures(
        applied=5, late=1, malformed=1, lag=9, waiting=2, said=2, delay=2.0, published=2, healed=1, refused=1
    )


def test_a_worker_that_has_done_nothing_has_no_figures() -> None:
    assert figures(generate_latest(Telemetry().registry).decode()) == Figures()
