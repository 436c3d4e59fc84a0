"""How long a replay of simulated events takes, and how much memory: `python benchmarks/replay.py [events]`.

The whole command in a process of its own, as an operator runs it: 100 000 events are to take less than 10 s and 1 GB.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVENTS = 100_000
TENGGAT = Path(sys.executable).with_name("tenggat")


def main(events: int) -> None:
    """Simulate, replay, check that every event was applied, print."""
    with tempfile.TemporaryDirectory(prefix="tenggat-bench-") as folder:
        file = Path(folder) / "events.jsonl"
        made = [str(TENGGAT), "simulate", f"--events={events}", "--span=7d", f"--out={file}"]
        subprocess.run(made, check=True)  # noqa: S603 -- our own command
        began = time.perf_counter()
        done = subprocess.run([TENGGAT, "replay", file, "--json"], check=True, capture_output=True)  # noqa: S603
        took = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    counts = json.loads(done.stdout)["events"]
    if counts["read"] != events or counts["malformed"]:
        raise SystemExit(f"not what was simulated: {counts}")
    print(f"replay of {events} events: {took:.1f} s, {used.ru_maxrss / 1024:.0f} MB at most")
    print(f"  {counts['applied']} applied, {counts['late']} late, {counts['duplicate']} duplicate")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
