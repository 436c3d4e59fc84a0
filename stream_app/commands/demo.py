"""`tenggat demo`: everything in one go, with nothing installed but Python."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.live import Live

from stream_app.commands.arguments import SPAN, moment_of
from stream_app.sla.instant import SECOND, Micros

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stream_app.demo.board import Board
    from stream_app.demo.signals import Said

BEGAN: Final = moment_of("2026-06-30T03:00:00Z")
"""A Tuesday, 10:00 in Jakarta. Fixed, so that equal seeds tell the same story."""
SEED: Final = 4
"""Its first quarter of an hour has signals of all kinds."""
SLOWEST: Final = 1.0
FASTEST: Final = 3_600.0
FRAMES: Final = 6
"""Pictures a second."""
ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(
    short_help="Everything in one go, with nothing installed but Python.",
    epilog="\b\nExample:\n  tenggat demo\n  tenggat demo --speed 120 --for 60s --seed 7",
)
@click.option(
    "--speed",
    type=click.FloatRange(SLOWEST, FASTEST),
    default=60.0,
    show_default=True,
    metavar="X",
    help="So much faster than life: 60 is an hour a minute.",
)
@click.option("--for", "span", type=SPAN, metavar="SPAN", help="Ends by itself so long after the clock starts.")
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="Another seed, another story.")
def demo(speed: float, span: Micros | None, seed: int) -> None:
    """Show everything in one go: an embedded broker, a Redis, a worker, a simulated help desk and SOC.

    First a month of history is read, then the clock starts: what breaks next with its countdown, the signals as
    they are said, the KPIs against their targets. In a pipe the signals come as lines. Ctrl-C ends it; no process and
    no folder stay behind.
    """
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    from stream_app.demo.missing import Missing  # noqa: PLC0415 -- see _show

    try:
        asyncio.run(_show(speed, span, seed))
    except Missing as missing:
        raise click.ClickException(str(missing)) from missing
    except asyncio.CancelledError:
        raise click.Abort from None  # asked twice


async def _show(speed: float, span: Micros | None, seed: int) -> None:
    from stream_app.demo import lines  # noqa: PLC0415 -- it takes a while to import, and --help need not wait
    from stream_app.demo.board import Board  # noqa: PLC0415 -- as above
    from stream_app.demo.clock import ScaledClock  # noqa: PLC0415 -- as above
    from stream_app.demo.stage import Stage  # noqa: PLC0415 -- as above

    console = Console()
    watched = console.is_terminal and not console.is_dumb_terminal
    board = Board(ScaledClock(BEGAN, speed))
    end = _end_of_signals(board)

    def heard(one: Said) -> None:
        if not watched:
            console.print(lines.line(one), soft_wrap=True)

    def loaded() -> None:
        if not watched:
            console.print(lines.opening(board), soft_wrap=True, highlight=False)
        if span is not None:
            asyncio.get_running_loop().call_later(span / SECOND, end.set)

    if not watched:
        console.print("starting a broker, Redis and a worker, which reads a month of history first", soft_wrap=True)
    drawn = _drawn(console, board) if watched else contextlib.nullcontext()
    async with drawn, Stage(board, seed, heard, loaded) as stage:
        await stage.run(end)
        board.ending = True
    console.print("ended before the history was read" if board.loading is not None else lines.summary(board))


def _end_of_signals(board: Board) -> asyncio.Event:
    """Set by the first signal that asks us to end; the second one does not wait for anything."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    whole = asyncio.current_task()

    def asked() -> None:
        if end.is_set() and whole is not None:
            whole.cancel()
        board.ending = True
        end.set()

    for one in ENDS:
        loop.add_signal_handler(one, asked)
    return end


@contextlib.asynccontextmanager
async def _drawn(console: Console, board: Board) -> AsyncIterator[None]:
    """The board on the whole terminal, drawn again and again."""
    from stream_app.demo.screen import screen  # noqa: PLC0415 -- as above

    with Live(console=console, screen=True, auto_refresh=False) as live:

        async def draw() -> None:
            while True:
                live.update(screen(board, *console.size), refresh=True)
                await asyncio.sleep(1 / FRAMES)

        drawing = asyncio.create_task(draw())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            drawing.cancel()
            await asyncio.wait([drawing])
            if not drawing.cancelled():
                drawing.result()
