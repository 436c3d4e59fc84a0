"""The timeline: a row of cells for each clock, each cell a stretch of time, drawn with glyphs that differ."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from stream_app.account.account import Account
from stream_app.account.paragraph import named
from stream_app.account.wording import Wall
from stream_app.sla.clock import Clock
from stream_app.sla.instant import Micros


class Cell(StrEnum):
    """What a cell shows; what is on top of what, the topmost first."""

    DUE = "due"
    WARNED = "warning"
    BREACHED = "past due"
    RUNNING = "counts"
    PAUSED = "paused"
    OFF = "closed"
    EVENT = "event"
    LATER = "later"
    EMPTY = ""


GLYPHS: Final = {
    Cell.DUE: "◆",
    Cell.WARNED: "!",
    Cell.BREACHED: "▓",
    Cell.RUNNING: "━",
    Cell.PAUSED: "░",
    Cell.OFF: "·",
    Cell.EVENT: "▼",
    Cell.LATER: "»",
    Cell.EMPTY: " ",
}
ASCII: Final = {
    Cell.DUE: "D",
    Cell.WARNED: "!",
    Cell.BREACHED: "#",
    Cell.RUNNING: "=",
    Cell.PAUSED: "~",
    Cell.OFF: ".",
    Cell.EVENT: "v",
    Cell.LATER: ">",
    Cell.EMPTY: " ",
}
_LONGEST: Final = 20
"""The characters of a clock's name that are shown."""
_ROWS: Final = 16
"""Clocks that are drawn; of more, the latest."""


class Row(Struct, frozen=True):
    """A row: what it is of, and its cells."""

    label: str
    cells: tuple[Cell, ...]


class Timeline(Struct, frozen=True):
    """A drawing: the events on top, a row for each clock, and what stands at either end."""

    rows: tuple[Row, ...]
    begin: str
    end: str
    cell: int
    """How long a cell is, in microseconds."""
    hidden: int
    """Clocks that are not drawn."""


def timeline(account: Account, wall: Wall, width: int) -> Timeline | None:
    """The drawing in so many columns; None for a life of no length, in which there is nothing to draw."""
    clocks = sorted(account.state.clocks, key=lambda clock: (clock.started_at, clock.name, clock.cycle))
    shown = clocks[-_ROWS:]
    labels = [_short(named((clock.name, clock.cycle))) for clock in shown]
    columns = width - max(map(len, labels)) - 2
    scale = _scale(account, shown, columns)
    if scale is None:
        return None
    events = [max(step.at, scale.begin) for step in account.steps if step.entry is not None]
    top = [Cell.EMPTY] * columns
    for at in events:
        top[scale.column(at)] = Cell.EVENT if at <= scale.end else Cell.LATER
    rows = [Row("events", tuple(top))]
    rows += [Row(label, _cells(clock, account, scale)) for label, clock in zip(labels, shown, strict=True)]
    begin, end = wall.moment(scale.begin), wall.moment(scale.end)
    return Timeline(tuple(rows), begin, end, scale.cell, len(clocks) - len(shown))


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 4]}…{label[-3:]}"


class _Scale(Struct, frozen=True):
    """Where each moment stands."""

    begin: int
    end: int
    cell: int
    columns: int

    def column(self, at: int) -> int:
        """The cell of a moment; what lies beyond either end stands at it."""
        return min(max((at - self.begin) // self.cell, 0), self.columns - 1)


def _scale(account: Account, clocks: list[Clock], columns: int) -> _Scale | None:
    """From the first start to the last end; a deadline ahead is in, if that does not more than double the length."""
    begin = min(account.state.created_at, *(clock.started_at for clock in clocks))
    ends = [account.until if clock.unfinished else clock.stopped_at or begin for clock in clocks]
    end = max(ends)
    dues = [clock.due for clock in clocks if clock.due is not None and end < clock.due <= end + (end - begin)]
    end = max([end, *dues])
    if end <= begin:
        return None
    return _Scale(begin, end, -(-(end - begin) // columns), columns)


def _cells(clock: Clock, account: Account, scale: _Scale) -> tuple[Cell, ...]:
    end = account.until if clock.unfinished else clock.stopped_at or account.until
    runs = [(span.begin, span.end) for span in account.spans(clock)]
    cells = []
    for number in range(scale.columns):
        begins = scale.begin + number * scale.cell
        cells.append(_cell(clock, account, (begins, begins + scale.cell), end, runs))
    for at in (warned.at for warned in clock.warned):
        cells[scale.column(at)] = Cell.WARNED
    if clock.due is not None and scale.begin <= clock.due <= scale.end:
        cells[scale.column(clock.due)] = Cell.DUE
    return tuple(cells)


def _cell(clock: Clock, account: Account, cell: tuple[int, int], end: int, runs: list[tuple[int, int]]) -> Cell:
    """What most of a stretch of a clock's life is; a clock that lives in it at all is seen."""
    begins, ends = max(cell[0], clock.started_at), min(cell[1], end)
    if begins >= ends and not (begins == ends == end and cell[0] <= end < cell[1]):
        return Cell.EMPTY
    calendar = account.calendar(clock)
    ran = worked = past = 0
    since = None if clock.breached_at is None else min(clock.due or clock.breached_at, clock.breached_at)
    for run_begins, run_ends in runs:
        begun, ended = max(begins, run_begins), min(ends, run_ends)
        if begun < ended:
            ran += ended - begun
            worked += calendar.between(Micros(begun), Micros(ended))
            past += 0 if since is None else max(0, ended - max(begun, since))
    shares = {
        Cell.BREACHED: past,
        Cell.RUNNING: worked if not past else 0,
        Cell.PAUSED: ends - begins - ran,
        Cell.OFF: ran - worked if not past else 0,
    }
    return max(shares, key=lambda one: shares[one]) if any(shares.values()) else Cell.RUNNING
