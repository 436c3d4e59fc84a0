"""Lines: what the demo prints where nobody watches a screen, and the summary at its end."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stream_app.demo import wording
from stream_app.demo.board import Board
from stream_app.demo.screen import SIGNALS, URGENCIES, word
from stream_app.demo.signals import Said
from stream_app.sla.instant import Micros


def opening(board: Board) -> str:
    """Said once the history is read."""
    return (
        f"{board.history} events of history read in {board.loaded_in:.1f} s, {board.spoken.history} signals; "
        f"now it is {wording.local(board.clock.began, '%A %d %B %Y %H:%M')} in Jakarta, "
        f"and time runs {board.clock.speed:g} times as fast"
    )


def line(one: Said) -> Text:
    """A signal."""
    return Text.assemble(
        (f"{wording.local(one.at)}  ", "dim"),
        (f"{word(one):13}  ", SIGNALS.get(one.type, "")),
        (f"{one.subject:11} ", "bold"),
        f"{wording.clock(one.clock):19} ",
        (f"{one.urgency:9} ", URGENCIES.get(one.urgency, "")),
        f"{one.title or one.team}".rstrip(),
    )


def summary(board: Board) -> RenderableType:
    """What there was."""
    its, sight, spoken = board.figures, board.sight, board.spoken
    ran = Micros(board.clock.passed)
    facts = Table("", "", title="The demo's summary", title_justify="left", title_style="bold", show_header=False)
    facts.add_row(
        "events", f"{its.applied} applied, {its.duplicate} duplicate, {its.late} late, {its.malformed} malformed"
    )
    facts.add_row("of these", f"{board.live} in the {wording.spelled(ran)} that were shown")
    facts.add_row("signals", f"{spoken.history} of the history, {spoken.counts.total()} since: " + _counted(board))
    if board.delay is not None:
        facts.add_row("said", f"{board.delay:.2f} s after they became true, in the mean")
    facts.add_row("clocks", f"{sight.running} run, {len(sight.overdue)} are over their deadline")
    kpis = Table("KPI, last 24 h", "value", "target", "met")
    kpis.columns[1].justify = "right"
    for kpi, row in sight.kpis:
        met = {True: Text("yes", "green"), False: Text("no", "red"), None: Text("")}[row.met]
        kpis.add_row(wording.name(kpi), wording.value(kpi, row), wording.target(kpi, row), met)
    return Group(facts, *([kpis] if sight.kpis else []))


def _counted(board: Board) -> str:
    counts = board.spoken.counts
    return ", ".join(f"{counts[kind]} {name.lower()}" for kind, name in wording.WORDS.items() if counts[kind]) or "none"
