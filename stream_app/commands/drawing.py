"""Drawings: a timeline as lines of a terminal; its glyphs differ where its colours do, for those who see none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from stream_app.account.timeline import ASCII, GLYPHS, Cell, Timeline
from stream_app.account.wording import about

STYLES: Final = {
    Cell.DUE: "bold magenta",
    Cell.WARNED: "bold yellow",
    Cell.BREACHED: "red",
    Cell.RUNNING: "green",
    Cell.PAUSED: "yellow",
    Cell.OFF: "dim",
    Cell.EVENT: "cyan",
    Cell.LATER: "cyan",
    Cell.EMPTY: "",
}


def drawing(drawn: Timeline, width: int, *, unicode: bool) -> Iterator[Text]:
    """The rows, the ends of the axis, and what the glyphs mean; in ASCII where the terminal speaks no Unicode."""
    glyphs = GLYPHS if unicode else ASCII
    margin = max(len(row.label) for row in drawn.rows) + 2
    for row in drawn.rows:
        text = Text(row.label.ljust(margin))
        for cell in row.cells:
            text.append(glyphs[cell], STYLES[cell])
        yield text
    gap = len(drawn.rows[0].cells) - len(drawn.begin) - len(drawn.end)
    yield Text(" " * margin + drawn.begin + " " * max(gap, 1) + drawn.end, "dim")
    used = {cell for row in drawn.rows for cell in row.cells} - {Cell.EMPTY}
    legend = Text("  ")
    for cell in Cell:
        if cell in used:
            legend.append(glyphs[cell], STYLES[cell])
            legend.append(f" {cell.value}  ")
    scale = f"a cell is {about(drawn.cell)}"
    if len(legend) + len(scale) > width:
        legend.rstrip()
        yield legend
        legend = Text("  ")
    legend.append(scale, "dim")
    yield legend
    if drawn.hidden:
        yield Text(f"  {drawn.hidden} earlier clocks are not drawn")
