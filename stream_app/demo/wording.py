"""The wording: moments, spans, values and targets as a person reads them on the demo's screen."""

from __future__ import annotations

from typing import Final

from stream_app.kpi.kpi import Kpi
from stream_app.kpi.table import Row
from stream_app.simulation.arrivals import JAKARTA
from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND, Micros, moment

WORDS: Final = {
    "sla.warning": "warning",
    "sla.breached": "BREACHED",
    "sla.met": "met",
    "sla.cancelled": "cancelled",
    "sla.corrected": "corrected",
}
"""What signals are called."""

LONG: Final = 10
"""Hours from which on seconds do not matter."""


def local(at: int, form: str = "%H:%M:%S") -> str:
    """The moment on the wall of the simulated office, in Jakarta."""
    return moment(at + JAKARTA * HOUR).strftime(form)


def countdown(span: int) -> str:
    """What is left until a deadline: `04:12`, `3:04:12`, `14h 32m`, `2d 03h`; `now` where nothing is."""
    if span <= 0:
        return "now"
    return since(span)


def since(span: int) -> str:
    """The same of a span that grows."""
    if span >= DAY:
        return f"{span // DAY}d {span % DAY // HOUR:02d}h"
    hours, minutes, seconds = span // HOUR, span % HOUR // MINUTE, span % MINUTE // SECOND
    if hours >= LONG:
        return f"{hours}h {minutes:02d}m"
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def spelled(span: int) -> str:
    """A span in its two largest units: `15m`, `2h 30m`, `4d`."""
    units = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND))
    found: list[str] = []
    for name, unit in units:
        if span >= unit:
            found.append(f"{span // unit}{name}")
            span %= unit
        elif found:
            break
    return " ".join(found[:2]) or "0s"


def amount(number: float, unit: str) -> str:
    """A number in its KPI's unit."""
    match unit:
        case "seconds":
            return spelled(Micros(round(number) * SECOND))
        case "ratio":
            return f"{number:.1%}"
        case _:
            return f"{number:.0f}" if number == int(number) else f"{number:.1f}"


def value(kpi: Kpi, row: Row) -> str:
    """A KPI's value."""
    return amount(row.value, kpi.unit)


def target(kpi: Kpi, row: Row) -> str:
    """What it is held against: `≥ 95.0%`, `< 15m`; or that this differs by priority or severity."""
    if row.target is None:
        return f"by {kpi.goal.dimension}" if kpi.goal.each else ""
    sense, _, number = row.target.partition(" ")
    signs = {"<=": "≤", ">=": "≥"}
    try:
        return f"{signs.get(sense, sense)} {amount(float(number), kpi.unit)}"
    except ValueError:
        return row.target


def name(kpi: Kpi) -> str:
    """What it is called: its id, with blanks."""
    return kpi.id.replace("_", " ")


def clock(its: str) -> str:
    """A clock's name, likewise."""
    return its.replace("_", " ")
