"""The report: entities, signals and KPIs as of a moment, the same from a file of events and from the running system."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.table import Sums, rows
from stream_app.sla import report
from stream_app.sla.era import Eras
from stream_app.sla.history import State
from stream_app.sla.instant import Micros, text
from stream_app.sla.signals import standing


def reported(
    states: Iterable[State], eras: Eras, catalogue: Catalogue, sums: Sums, until: Micros | None
) -> dict[str, Any]:
    """`until`, `entities`, `signals` and `kpis` of the contract's report, each in its order."""
    if until is None:
        return {"until": None, "entities": [], "signals": [], "kpis": []}
    ordered = sorted(states, key=lambda state: (state.kind, state.id))
    signals = sorted(
        (signal for state in ordered for signal in standing(state.id, state.clocks)), key=lambda signal: signal.order
    )
    return {
        "until": text(until),
        "entities": [report.entity(state, eras, until) for state in ordered],
        "signals": [report.signal(signal) for signal in signals],
        "kpis": [msgspec.structs.asdict(row) for row in rows(catalogue, sums, until)],
    }
