"""Draws docs/demo.svg, the picture of the demo in the README: `make capture`."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path
from typing import Final

from rich.console import Console

from stream_app.commands.demo import BEGAN, SEED
from stream_app.demo.board import Board
from stream_app.demo.clock import ScaledClock
from stream_app.demo.screen import screen
from stream_app.demo.stage import Stage

PICTURE: Final = Path(__file__).parents[1] / "docs" / "demo.svg"
SPEED: Final = 60.0
SECONDS: Final = 25.0
"""Of the show, before the picture is taken."""
WIDTH: Final = 118
HEIGHT: Final = 36
FONTS: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""Fetched from elsewhere; any monospaced font will do."""


async def shown() -> Board:
    """A board in the middle of a show."""
    board = Board(ScaledClock(BEGAN, SPEED))
    end = asyncio.Event()
    loop = asyncio.get_running_loop()

    def loaded() -> None:
        loop.call_later(SECONDS, end.set)

    async with Stage(board, SEED, lambda _: None, loaded) as stage:
        await stage.run(end)
    return board


def main() -> None:
    """Draw it."""
    console = Console(record=True, width=WIDTH, height=HEIGHT, file=io.StringIO(), force_terminal=True)
    console.print(screen(asyncio.run(shown()), WIDTH, HEIGHT))
    picture = FONTS.sub("", console.export_svg(title="tenggat demo")).replace("Fira Code", "ui-monospace")
    PICTURE.write_text(picture, "utf-8")
    sys.stderr.write(f"{PICTURE}: drawn\n")


if __name__ == "__main__":
    main()
