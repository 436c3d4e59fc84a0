"""A worker whose host's clock is wrong: `tenggat worker`, but for a clock that a file says how far to shift."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from stream_app.app import wall, work
from stream_app.commands.logs import set_up
from stream_app.config.configuration import load
from stream_app.config.settings import settings as settings_of
from stream_app.config.source import read
from stream_app.sla.instant import Micros

SECOND: Final = 1_000_000


def main(arguments: list[str]) -> None:
    """`FILE --session-timeout SECONDS --config FILE`: the first file holds the seconds that the clock is ahead."""
    shift = Path(arguments[0])
    options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    config = options["--config"]
    found = settings_of(os.environ, {}, read)
    set_up(found.log_format, found.log_level)

    def clock() -> Micros:
        return Micros(wall() + round(float(shift.read_text()) * SECOND))

    asyncio.run(work(found, load(read(config), config), timedelta(seconds=float(options["--session-timeout"])), clock))


if __name__ == "__main__":
    main(sys.argv[1:])
