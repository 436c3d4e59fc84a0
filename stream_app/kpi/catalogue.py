"""The catalogue: all KPIs that hold, and the cells that a fact of theirs is counted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import chain

from stream_app.kpi.cell import Series
from stream_app.kpi.entry import Fault, Raw, percentiles, read
from stream_app.kpi.formula import BINNED, aggregates
from stream_app.kpi.grain import Window, grains
from stream_app.kpi.kpi import Kpi
from stream_app.kpi.register import Counted, Register


class Catalogue:
    """KPIs, their windows and their series. Cells belong to series, so KPIs that ask the same share them."""

    def __init__(self, kpis: Sequence[Kpi], windows: Sequence[Window] = ()) -> None:
        self.kpis = tuple(kpis)
        """In the order of the catalogue, the configuration's own last."""
        self.windows = tuple(dict.fromkeys(chain(windows, *(kpi.windows for kpi in kpis))))
        """The configuration's, then those that KPIs have of their own."""
        self.grains = grains(self.windows)
        """What buckets are needed, the finest first."""
        self._counted = _counted(kpis)
        self.cells = Register(self._counted).cells
        """`cells(name, labels)`: the `Cells` that a fact is counted in."""

    @property
    def series(self) -> tuple[str, ...]:
        """What is counted and how it is broken down, a line each: buckets made under other lines lack cells."""
        return tuple(
            sorted(
                " by ".join([f"{one.series.name}{' in bins' if one.binned else ''}", *grouping])
                for one in chain.from_iterable(self._counted.values())
                for grouping in one.groupings
            )
        )


def build(
    builtin: Mapping[str, Raw], overrides: Mapping[str, object], windows: Sequence[Window]
) -> Catalogue | list[Fault]:
    """The catalogue of the built-in entries with the user's on top, or every mistake in the user's.

    A user's entry of a known name (a percentile's too) changes the keys that it has; any other is a new KPI.
    Paths of faults start at the entry's name. Raises ValueError where the built-in entries are themselves wrong.
    """
    changes = {str(name): raw for name, raw in overrides.items() if isinstance(raw, Mapping)}
    faults = [Fault((name,), "expected a mapping") for name in overrides if str(name) not in changes]
    raws: dict[str, Raw] = {}
    parents: dict[str, str] = {}
    new = {name: raw for name, raw in changes.items() if name not in builtin and "formula" in raw}
    for name, raw in chain(builtin.items(), new.items()):
        raws[name] = {**raw, **changes.get(name, {})}
        derived = percentiles(name, raws[name])
        raws |= derived
        parents |= dict.fromkeys(derived, name)
    for name, raw in changes.items():
        if name in raws:
            raws[name] = {**raws[name], **raw}
        else:
            near = get_close_matches(name, raws, 1)
            hint = f"did you mean `{near[0]}`? " if near else ""
            faults.append(Fault((name,), f"no KPI `{name}`; {hint}a new one needs a `formula`, like `count(resolved)`"))
    kpis: dict[str, Kpi] = {}
    for name, raw in raws.items():
        if name in parents and parents[name] not in kpis:
            continue  # what is wrong was said once
        found = read(name, raw, tuple(windows))
        if isinstance(found, Kpi):
            kpis[name] = found
        elif name in changes or parents.get(name) in changes:
            faults += [_placed(fault, changes) for fault in found]
        else:
            raise ValueError("; ".join(f"{'.'.join(map(str, fault.path))}: {fault.message}" for fault in found))
    return faults or Catalogue(tuple(kpis.values()), windows)


def _placed(fault: Fault, changes: Mapping[str, Raw]) -> Fault:
    """The fault at a place that the user wrote: a built-in key that no longer fits is the entry's mistake."""
    name, *keys = fault.path
    if keys and keys[0] not in changes.get(str(name), {}):
        return Fault((name,), f"{keys[0]}: {fault.message}")
    return fault


def _counted(kpis: Sequence[Kpi]) -> dict[str, list[Counted]]:
    """The series of all KPIs, by fact; for each the groupings that any KPI asks of it."""
    found: dict[Series, Counted] = {}
    for kpi in kpis:
        for group in kpi.groups:
            for aggregate in aggregates(group.formula):
                one = found.setdefault(aggregate.series, Counted(aggregate.series, []))
                if group.dimensions not in one.groupings:
                    one.groupings.append(group.dimensions)
                one.binned = one.binned or aggregate.measure in BINNED
    by_fact: dict[str, list[Counted]] = {}
    for series, one in found.items():
        by_fact.setdefault(series.fact, []).append(one)
    return by_fact
