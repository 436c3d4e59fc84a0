"""The screen: the board drawn with rich, to fit a terminal of any size from 80 columns and 24 rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from stream_app.demo import wording
from stream_app.demo.board import Board
from stream_app.demo.signals import Said
from stream_app.demo.watch import Due
from stream_app.sla.instant import MINUTE

WIDE: Final = 120
"""Columns from which on the KPIs stand beside the deadlines."""
KPIS: Final = 58
"""Columns that they take there."""
ROOMY: Final = 100
"""Columns from which on a list of deadlines has room for bars."""
HEAD: Final = 2
FOOT: Final = 1
BAR: Final = 12

URGENCIES: Final = {"critical": "bold red", "high": "yellow", "medium": "", "low": "dim"}
SIGNALS: Final = {
    "sla.warning": "yellow",
    "sla.breached": "bold red",
    "sla.met": "green",
    "sla.cancelled": "dim",
    "sla.corrected": "magenta",
}
SOON: Final = 5 * MINUTE
LATER: Final = 30 * MINUTE


def screen(board: Board, width: int, height: int) -> RenderableType:
    """All of it, in exactly so many columns and rows."""
    rows = height - HEAD - FOOT
    parts: list[RenderableType] = [*_head(board, width)]
    if width >= WIDE:
        below = rows * 2 // 5
        parts += [*_wide(board, width, rows - below), *_signals(board, width, below)]
    else:
        kpis = min(-(-len(board.sight.kpis) // 2), max(0, rows // 4))
        said = (rows - kpis - 1) * 2 // 5
        parts += _next(board, width, rows - said - kpis - 1)
        parts += [Rule(_title("KPIs of the last 24 h against target"), align="left", style="dim")]
        parts += [_kpis_in_two(board, width, kpis)] if kpis else []
        parts += _signals(board, width, said)
    return Group(*parts, _foot(board, width))


def _title(text: str) -> str:
    return f"[bold cyan]{text}[/]"


def _line(width: int, left: Text, right: Text) -> Table:
    line = Table.grid(expand=True)
    line.width = width
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", no_wrap=True)
    line.add_row(left, right)
    return line


def _head(board: Board, width: int) -> list[RenderableType]:
    clock = board.clock
    now = clock()
    left = Text.assemble((" TENGGAT ", "bold reverse"), (" a simulated help desk and SOC", "dim"))
    right = Text.assemble(
        (wording.local(now, "%a %d %b  "), ""), (wording.local(now), "bold"), (f"  {clock.speed:g}x ", "dim")
    )
    if board.loading is not None:
        loading = board.loading
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            Text(f" reading {loading.total} events of history" if loading.total else " starting broker, Redis, worker"),
            ProgressBar(total=1.0, completed=loading.share, width=min(40, width // 3), pulse=not loading.total),
            Text(f"{loading.share:4.0%}" if loading.total else ""),
        )
        return [_line(width, left, right), bar]
    sight = board.sight
    state = Text(f" {sight.running} clocks run  ")
    for number, (span, count) in enumerate(sight.within.items()):
        state.append(", " if number else "· ", "" if number else "dim")
        state.append(str(count), "bold red" if number == 0 and count else "bold")
        state.append(f" break within {span}" if number == 0 else f" within {span}")
    over = Text(f"{len(sight.overdue)} overdue ", "bold red" if sight.overdue else "green")
    return [_line(width, left, right), _line(width, state, over)]


def _foot(board: Board, width: int) -> RenderableType:
    its = board.figures
    words = [f" {its.applied} events ({board.rate:.1f}/s)", f"lag {its.lag}", f"{its.published} signals"]
    if board.delay is not None:
        words.append(f"said in {board.delay:.2f} s")
    words += [f"{count} {what}" for count, what in ((its.malformed, "malformed"), (its.healed, "healed")) if count]
    if width >= WIDE:
        words.append(board.doors)
    return _line(
        width, Text("  ·  ".join(words), "dim"), Text("ending … " if board.ending else "Ctrl-C ends it ", "dim")
    )


def _wide(board: Board, width: int, height: int) -> list[RenderableType]:
    both = Table.grid(padding=(0, 2, 0, 0))
    both.add_column(width=width - KPIS - 2)
    both.add_column(width=KPIS)
    over = min(len(board.sight.overdue) + 2, height // 3) if board.sight.overdue else 0
    left = [*_next(board, width - KPIS - 2, height - over)]
    if over:
        left.append(Rule("[bold red]over their deadline[/]", align="left", style="dim"))
        left.append(_dues(board, board.sight.overdue, over - 1, width - KPIS - 2, over=True))
    right: list[RenderableType] = [Rule(_title("KPIs of the last 24 h against target"), align="left", style="dim")]
    right.append(_kpis(board, KPIS, height - 1))
    both.add_row(Group(*left), Group(*right))
    return [both]


def _next(board: Board, width: int, height: int) -> list[RenderableType]:
    title = Rule(_title("breaks next"), align="left", style="dim")
    return [title, _dues(board, board.sight.next, height - 1, width)]


def _dues(board: Board, dues: Sequence[Due], height: int, width: int, *, over: bool = False) -> RenderableType:
    now = board.clock()
    wide = width >= ROOMY
    names, teams = (19, 13) if wide else (15, 12)
    table = _grid(width, ("right", 8), ("left", 10), ("left", names), ("left", 8), ("left", teams), ("left", None))
    for due in dues[: max(0, height)]:
        left = due.at - now
        text = f"+{wording.since(-left)}" if over else wording.countdown(left)
        about = Text(due.title)
        if wide and not over:
            about = Text.assemble(_bar(due, now), "  ", due.title)
        table.add_row(
            Text(text, "bold red" if over else _heat(left)),
            Text(due.subject, "bold"),
            Text(wording.clock(due.clock)),
            Text(due.urgency, URGENCIES.get(due.urgency, "")),
            Text(due.team, "dim"),
            about,
        )
    return _filled(table, min(len(dues), max(0, height)), height)


def _heat(left: int) -> str:
    return "bold red" if left < SOON else "yellow" if left < LATER else "green"


def _bar(due: Due, now: int) -> Text:
    """How much of the time from the clock's start to its deadline is gone."""
    whole = max(1, due.at - due.started)
    full = max(0, min(BAR, round((now - due.started) / whole * BAR)))
    return Text.assemble(("━" * full, _heat(due.at - now)), ("─" * (BAR - full), "dim"))


def _signals(board: Board, width: int, height: int) -> list[RenderableType]:
    table = _grid(width, ("left", 8), ("left", 13), ("left", 10), ("left", 19), ("left", 8), ("left", None))
    latest = list(board.spoken.latest)[-(height - 1) :] if height > 1 else []
    for one in reversed(latest):
        table.add_row(
            Text(wording.local(one.at), "dim"),
            Text(word(one), SIGNALS.get(one.type, "")),
            Text(one.subject, "bold"),
            Text(wording.clock(one.clock)),
            Text(one.urgency, URGENCIES.get(one.urgency, "")),
            Text(one.title or one.team, "dim"),
        )
    return [
        Rule(_title("signals as they are said"), align="left", style="dim"),
        _filled(table, len(latest), height - 1),
    ]


def word(one: Said) -> str:
    """What a signal is called, its threshold behind."""
    return " ".join(filter(None, (wording.WORDS.get(one.type, one.type), one.threshold)))


def _kpis(board: Board, width: int, height: int) -> RenderableType:
    table = _grid(width, ("left", None), ("right", 9), ("left", 12), ("left", 2))
    shown = board.sight.kpis[: max(0, height)]
    for kpi, row in shown:
        table.add_row(
            Text(wording.name(kpi)),
            Text(wording.value(kpi, row), "bold"),
            Text(wording.target(kpi, row), "dim"),
            _mark(row.met),
        )
    return _filled(table, len(shown), height)


def _kpis_in_two(board: Board, width: int, height: int) -> RenderableType:
    table = _grid(width, ("left", None), ("right", 8), ("left", 1), ("left", None), ("right", 8), ("left", 1))
    shown = board.sight.kpis[: 2 * height]
    cells = [(Text(wording.name(kpi)), Text(wording.value(kpi, row), "bold"), _mark(row.met)) for kpi, row in shown]
    cells += [(Text(), Text(), Text())] * (len(cells) % 2)
    half = len(cells) // 2
    for left, right in zip(cells[:half], cells[half:], strict=True):
        table.add_row(*left, *right)
    return _filled(table, half, height)


def _mark(met: bool | None) -> Text:  # noqa: FBT001 -- a KPI's three answers
    return {True: Text("✓", "bold green"), False: Text("✗", "bold red"), None: Text("")}[met]


def _grid(width: int, *columns: tuple[str, int | None]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.width = width
    for justify, its in columns:
        table.add_column(justify=justify, width=its, ratio=None if its else 1, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]  # of its few words
    return table


def _filled(table: Table, rows: int, height: int) -> RenderableType:
    """The table with empty lines behind, so that what follows stays where it is."""
    if rows >= height:
        return table if rows else Text()
    return Group(*([table] if rows else []), Text("\n" * (height - rows - 1)))
