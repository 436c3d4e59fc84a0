"""The watch: what stands in Redis now, read beside the worker: what breaks next, what is over, how the KPIs are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stream_app.demo.signals import Said
from stream_app.engine.assembly import name_of
from stream_app.engine.drawers import grain_name
from stream_app.engine.hearing import partition_of
from stream_app.engine.kept import life_of
from stream_app.engine.keys import TP
from stream_app.engine.reader import RedisReader
from stream_app.engine.survey import Shown
from stream_app.kpi.catalogue import Catalogue
from stream_app.kpi.grain import Window
from stream_app.kpi.kpi import Kpi
from stream_app.kpi.table import Row, rows
from stream_app.kpi.windows import Tally
from stream_app.sla.clock import Clock
from stream_app.sla.instant import DAY, HOUR, MINUTE, NEVER, Micros
from stream_app.sla.kind import TOPICS, Kind
from stream_app.sla.life import Life

WINDOW: Final = Window(DAY, "24h")
"""The window of the KPIs that are shown."""
HORIZONS: Final = (("15m", Micros(15 * MINUTE)), ("1h", HOUR), ("4h", Micros(4 * HOUR)))
MOST: Final = 5_000
"""Running deadlines that are counted, of each partition."""
NEXT: Final = 40
"""Of those, so many are shown at most."""

_names: Final = msgspec.json.Decoder(tuple[str, str, int])


class Due(Struct, frozen=True, kw_only=True):
    """A running clock and its deadline."""

    at: Micros
    """The deadline."""
    subject: str
    clock: str
    kind: str = "ticket"
    urgency: str = ""
    """Priority or severity."""
    team: str = ""
    title: str = ""
    started: Micros
    """When the clock started."""


class Sight(Struct, frozen=True):
    """What was seen at one look."""

    next: Sequence[Due] = ()
    """The earliest deadline first."""
    running: int = 0
    """Clocks with a deadline that is still ahead."""
    within: Mapping[str, int] = {}
    """Of those, how many break within each horizon."""
    overdue: Sequence[Due] = ()
    """Clocks that run on beyond their deadline, the latest breach first."""
    kpis: Sequence[tuple[Kpi, Row]] = ()
    """The overall values of those that have data, those with a target first."""


class Watch:
    """Looks into Redis."""

    def __init__(self, reader: RedisReader, catalogue: Catalogue, partitions: int) -> None:
        """Every topic of events has so many partitions."""
        self._reader: Final = reader
        self._partitions: Final = partitions
        self._tps: Final = [TP(topic, number) for topic in TOPICS for number in range(partitions)]
        self._catalogue: Final = overall(catalogue)
        self._kpis: Final = {kpi.id: kpi for kpi in self._catalogue.kpis}

    async def applied(self) -> int:
        """How many records the state contains. Raises redis errors, as all of this."""
        return sum(standing.next or 0 for standing in (await self._reader.standing(self._tps)).values())

    async def look(self, now: Micros, breaches: dict[str, Said]) -> Sight:
        """Look once; breaches whose clocks have stopped are taken out of `breaches` (by alert)."""
        dues: list[tuple[int, TP, bytes]] = []
        for tp in self._tps:
            dues += [(at, tp, name) for name, at in await self._reader.due(tp, NEVER, MOST)]
        dues.sort()
        return Sight(
            next=await self._described(dues[:NEXT]),
            running=len(dues),
            within={name: sum(at <= now + span for at, _, _ in dues) for name, span in HORIZONS},
            overdue=await self._overdue(breaches),
            kpis=await self._values(now),
        )

    async def _described(self, dues: Sequence[tuple[int, TP, bytes]]) -> list[Due]:
        named = [(tp, *_names.decode(name)) for _, tp, name in dues]
        lives = await self._lives({(tp, entity.encode()) for tp, entity, _, _ in named})
        found = [_due(lives.get((tp, entity.encode())), clock, cycle) for tp, entity, clock, cycle in named]
        return [due for due in found if due is not None]

    async def _overdue(self, breaches: dict[str, Said]) -> list[Due]:
        asked = [(alert, one, self._place(one)) for alert, one in breaches.items()]
        lives = await self._lives(place for _, _, place in asked)
        overdue: list[Due] = []
        for alert, one, place in asked:
            due = _due(lives.get(place), one.clock, None, breached=True)
            if due is None:
                breaches.pop(alert, None)  # others may have been heard meanwhile, and this one's end
            else:
                overdue.append(due)
        return sorted(overdue, key=lambda due: -due.at)

    def _place(self, one: Said) -> tuple[TP, bytes]:
        topic = _TOPICS[one.kind]
        return TP(topic, partition_of(one.subject, self._partitions)), name_of(one.kind, one.subject)

    async def _lives(self, places: Iterable[tuple[TP, bytes]]) -> dict[tuple[TP, bytes], Life]:
        asked: dict[TP, list[bytes]] = {}
        for tp, name in dict.fromkeys(places):
            asked.setdefault(tp, []).append(name)
        found: dict[tuple[TP, bytes], Life] = {}
        for tp, names in asked.items():
            for name, data in zip(names, await self._reader.lives(tp, names), strict=True):
                if data is not None:
                    found[tp, name] = life_of(data)
        return found

    async def _values(self, now: Micros) -> list[tuple[Kpi, Row]]:
        found = [(self._kpis[row.kpi], row) for row in await self._rows(now) if not row.labels]
        return sorted(found, key=lambda one: one[1].met is None)

    async def _rows(self, now: Micros) -> list[Row]:
        shown = Shown(Tally(self._catalogue))
        for tp in self._tps:
            for grain in self._catalogue.grains:
                first, last = WINDOW.span(now)
                shown.add(grain, await self._reader.buckets(tp, grain_name(grain), first, last + 1))
            shown.add_gauges(await self._reader.gauges(tp))
        return list(rows(self._catalogue, shown, now))


_TOPICS: Final[Mapping[str, str]] = {kind: topic for topic, kind in TOPICS.items()}


def overall(catalogue: Catalogue) -> Catalogue:
    """The same KPIs in the one window that is shown, their overall values and what those are judged by."""
    kpis = []
    for kpi in catalogue.kpis:
        judged_by = {(), (kpi.goal.dimension,)}
        groups = tuple(group for group in kpi.groups if group.dimensions in judged_by)
        kpis.append(replace(kpi, groups=groups, windows=(WINDOW,)))
    return Catalogue(kpis)


def _due(life: Life | None, name: str, cycle: int | None, *, breached: bool = False) -> Due | None:
    """The deadline of a life's running clock; None where it is no longer so. Without a cycle its latest."""
    if life is None or life.state is None:
        return None
    state = life.state
    for clock in reversed(state.clocks):
        if clock.name == name and cycle in (None, clock.cycle):
            return _shown(clock, life.kind, state) if _runs(clock, breached=breached) else None
    return None


def _runs(clock: Clock, *, breached: bool) -> bool:
    return clock.unfinished and clock.due is not None and (clock.breached_at is not None) == breached


def _shown(clock: Clock, kind: Kind, state: object) -> Due:
    def of(name: str) -> str:
        return str(getattr(state, name, None) or "")

    return Due(
        at=Micros(clock.due or 0),
        subject=of("id"),
        clock=clock.name,
        kind=kind,
        urgency=of("priority") or of("severity"),
        team=of("team"),
        title=of("title"),
        started=Micros(clock.started_at),
    )
