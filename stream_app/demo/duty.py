"""The demo's worker process: what `tenggat worker` runs, by the demo's clock, for as long as the demo is there.

Its input is an order and then the monotonic nanosecond since which the clock runs; when the input ends, so does it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec

from stream_app.app import work
from stream_app.config.configuration import built_in
from stream_app.config.settings import settings
from stream_app.config.source import read
from stream_app.demo.clock import ScaledClock
from stream_app.demo.order import Order
from stream_app.sla.instant import Micros

SESSION: Final = timedelta(seconds=6)
ORPHANED: Final = 3
INPUT: Final = 0
"""The file descriptor. It is read as such: a buffered reader would be locked when the interpreter ends."""


def line() -> bytes:
    """The next line of the input; none when it has ended."""
    found = b""
    while not found.endswith(b"\n"):
        byte = os.read(INPUT, 1)
        if not byte:
            return b""
        found += byte
    return found


def listen(start: Callable[[int], object]) -> None:
    """Start the clock when told to, and end with the one who tells."""
    while word := line():
        start(int(word))
    os._exit(ORPHANED)  # broker and Redis are gone with the demo: there is nothing to drain


def main() -> None:
    """Work until SIGTERM."""
    order = msgspec.json.decode(line(), type=Order)
    clock = ScaledClock(Micros(order.began), order.speed)
    threading.Thread(target=listen, args=(clock.start,), daemon=True).start()
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(work(settings(order.environment, {}, read), built_in(), SESSION, clock))


if __name__ == "__main__":
    main()
