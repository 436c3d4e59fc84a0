"""`make chaos`: plays every row, says how each ended, and writes the table into docs/reliability.md."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from redis import Redis as Client

from tests.chaos import kafka_rows, redis_rows, stream_rows, worker_rows
from tests.chaos.row import Row, Says
from tests.chaos.scene import Servers
from tests.chaos.table import Played, put, surroundings, table
from tests.services.kafka import Kafka
from tests.services.redis import Redis

ROWS: Final = (*worker_rows.ROWS, *redis_rows.ROWS, *kafka_rows.ROWS, *stream_rows.ROWS)
DOCS: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def main() -> int:
    """The exit code: 0 where every row holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only these; the table is then left alone")
    parser.add_argument("--runs", type=int, help="so many runs of each row, instead of its own number")
    parser.add_argument("--list", action="store_true", help="say which rows there are")
    chosen = parser.parse_args()
    if chosen.list:
        _say("\n".join(f"{row.name:8} {row.runs:3}  {row.fault}" for row in ROWS))
        return 0
    if unknown := set(chosen.rows) - {row.name for row in ROWS}:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    rows = [row for row in ROWS if not chosen.rows or row.name in chosen.rows]
    began = time.monotonic()
    with Kafka() as kafka, Redis() as redis:
        played = [
            _played(Servers(kafka, redis), row, chosen.runs or row.runs, f"[{number}/{len(rows)}]")
            for number, row in enumerate(rows, 1)
        ]
    wrong = [f"{one.row.name}: {said}" for one in played for said in one.wrong]
    lines = table(played)
    if not chosen.rows and not chosen.runs:
        today = datetime.now(UTC).strftime("%Y-%m-%d")  # noqa: TID251 -- the date of the table
        put(DOCS, "\n".join([surroundings(today, time.monotonic() - began), "", *lines]))
        _say(f"the table is in {DOCS}")
    _say("\n".join([*lines, *wrong]))
    return 1 if wrong else 0


def _played(servers: Servers, row: Row, runs: int, place: str) -> Played:
    _say(f"{place} {row.name}: {row.fault}")
    began = time.monotonic()
    servers.kafka.heal()
    servers.redis.heal()
    with Client.from_url(servers.redis.url) as client:
        client.flushall()  # what an earlier row left would only be in the way
    try:
        one = Played(row, row.plays(servers, runs, _indented()))
    except Exception as error:  # noqa: BLE001 -- whatever it is, the row fails and the others are played
        one = Played(row, None, f"{type(error).__name__}: {error}")
    _say(f"    {'right' if not one.wrong else 'WRONG'} after {time.monotonic() - began:.0f} s")
    for said in one.wrong:
        _say(f"    {said}")
    return one


def _indented() -> Says:
    return lambda said: _say(f"    {said}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
