"""Reports as they are printed: whole as JSON, or what matters of them for a person."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table


def printed(report: dict[str, Any]) -> str:
    """The report as JSON, a line an entity, signal and KPI."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1).decode() + "\n"


def summary(report: dict[str, Any]) -> str:
    """Counts, clocks by state and the KPIs' overall values, as a terminal shows them."""
    out = io.StringIO()
    console = Console(file=out, width=100)
    events = report.get("events")
    if events:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in events.items())
        console.print(f"events: {counts}")
    console.print(f"as of {report['until']}: {len(report['entities'])} entities, {len(report['signals'])} signals")
    clocks: Counter[tuple[str, str]] = Counter(
        (clock["clock"], clock["state"]) for entity in report["entities"] for clock in entity["clocks"]
    )
    console.print(_clocks(clocks))
    console.print(_kpis(report["kpis"]))
    return out.getvalue()


def _clocks(clocks: Counter[tuple[str, str]]) -> Table:
    states = ("running", "paused", "met", "breached", "cancelled")
    table = Table("clock", *states)
    for name in sorted({name for name, _ in clocks}):
        table.add_row(name, *(str(clocks[name, state] or "") for state in states))
    return table


def _kpis(rows: list[dict[str, Any]]) -> Table:
    table = Table("KPI", "window", "value", "count", "target", "met")
    for row in rows:
        if not row["labels"]:
            met = {True: "yes", False: "no", None: ""}[row["met"]]
            table.add_row(row["kpi"], row["window"], f"{row['value']:.4g}", str(row["count"]), row["target"] or "", met)
    return table
