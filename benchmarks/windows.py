"""How fast facts are counted into windows, and the table read from them: `python benchmarks/windows.py [facts]`."""

from __future__ import annotations

import random
import sys
from importlib.resources import files
from time import process_time

from ruamel.yaml import YAML

from stream_app.kpi.bucket import encode
from stream_app.kpi.catalogue import Catalogue, build
from stream_app.kpi.grain import window
from stream_app.kpi.table import rows
from stream_app.kpi.windows import Tally
from stream_app.sla.fact import Fact
from stream_app.sla.instant import DAY, HOUR, Micros

START = 20_000 * DAY
BATCH = 2_000


def facts(count: int, draw: random.Random) -> list[Fact]:
    """Four facts a ticket over eight hours, in the order of time."""
    made = []
    for number in range(count // 4):
        at = Micros(START + number * 8 * HOUR * 4 // count)
        known = {
            "kind": "ticket",
            "priority": draw.choice(["critical", "high", "medium", "low"]),
            "team": f"team {draw.randrange(12)}",
            "agent": f"agent {draw.randrange(80)}",
            "channel": draw.choice(["mail", "chat", "phone"]),
            "category": f"category {draw.randrange(20)}",
            "customer": f"customer {draw.randrange(1000)}",
        }
        labels = tuple(sorted(known.items()))
        clock = tuple(sorted({**known, "clock": "resolution", "outcome": "met"}.items()))
        made += [
            Fact("created", at, 1, labels),
            Fact("first_response", at, draw.randrange(HOUR), labels),
            Fact("resolution", at, draw.randrange(DAY), labels),
            Fact("clock", at, 1, clock),
        ]
    return made


def main(count: int) -> None:
    """Count, change by batches, read."""
    entries = YAML(typ="safe").load(files("stream_app.kpi").joinpath("catalogue.yaml").read_text("utf-8"))
    catalogue = build(entries, {}, [found for text in ("1h", "24h", "7d", "30d") if (found := window(text))])
    assert isinstance(catalogue, Catalogue)
    made = facts(count, random.Random(1))

    began = process_time()
    whole = Tally(catalogue)
    whole.add(made)
    counted = process_time()
    cells = 0
    for first in range(0, len(made), BATCH):
        batch = Tally(catalogue)
        batch.add(made[first : first + BATCH])
        cells += sum(len(encode(amount)) > 0 for slot in batch.changes().values() for amount in slot.values())
    changed = process_time()
    table = list(rows(catalogue, whole, Micros(START + 8 * HOUR)))
    read = process_time()

    print(f"count one store        {(counted - began) / count * 1e6:6.2f} µs a fact")
    print(
        f"change, {BATCH} a batch   {(changed - counted) / count * 1e6:6.2f} µs a fact, {cells / count:.1f} cells each"
    )
    print(f"table                  {(read - changed) / len(table) * 1e6:6.2f} µs a row, {len(table)} rows")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
