"""A worker process for test_transport.py: writes down what it was handed, and keeps its positions in those files.

Usage: transport_worker.py BROKER GROUP FOLDER SECONDS_A_BATCH TOPIC...

For each partition a file of lines "process base next offset,offset,…", appended before the batch counts as done. Its
last line holds the position, as Redis does in the product.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from stream_app.engine.transport import Stream

if TYPE_CHECKING:
    from stream_app.engine.batch import Batch, Displaced
    from stream_app.engine.keys import TP


class Ledger:
    def __init__(self, folder: Path, pause: float) -> None:
        self._folder = folder
        self._pause = pause

    async def open(self, tp: TP) -> int | None:
        lines = self._file(tp).read_text().splitlines() if self._file(tp).exists() else []
        self._say(f"open {tp.topic}-{tp.partition}")
        return int(lines[-1].split()[2]) if lines else None

    async def handle(self, batch: Batch) -> None:
        self._say(f"handle {batch.topic}-{batch.partition}")
        await asyncio.sleep(self._pause)
        offsets = ",".join(str(record.offset) for record in batch.records)
        with self._file(batch.tp).open("a") as file:
            file.write(f"{os.getpid()} {batch.base} {batch.next} {offsets}\n")

    async def displaced(self, displaced: Displaced) -> None:
        self._say(repr(displaced))

    async def close(self, tp: TP) -> None:
        self._say(f"close {tp.topic}-{tp.partition}")

    def _file(self, tp: TP) -> Path:
        return self._folder / f"{tp.topic}-{tp.partition}"

    @staticmethod
    def _say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


async def main(broker: str, group: str, folder: str, pause: str, *topics: str) -> None:
    port = Ledger(Path(folder), float(pause))
    second = timedelta(seconds=1)
    stream = Stream(
        port, group=group, brokers=[broker], topics=topics, session_timeout=3 * second, drain=5 * second,
        consumer_max_fetch_size=20_000,
    )  # fmt: skip
    await stream.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
