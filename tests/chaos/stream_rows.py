"""Rows in which nothing breaks and everything is strange: a wild stream, another configuration, a wrong clock."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from stream_app.sla.instant import text
from tests.acceptance.log import SIGNALS
from tests.acceptance.material import moment, text_of
from tests.acceptance.system import until
from tests.chaos.desk import Desk
from tests.chaos.row import Result, Row, Says
from tests.chaos.scene import WITHIN, Scene, Servers, stream
from tests.chaos.witness import Seen, Witness

WILD: Final = 4000
OUTCOMES: Final = ("applied", "duplicate", "late", "malformed")
HOUR: Final = 3600.0
AGO: Final = HOUR + 360
"""Events of so long ago: a clock an hour behind still takes them for past, by more than `max_ahead`."""
SOON: Final = 8.0
"""Seconds from now in which the nearest deadlines of such tickets lie."""
SKEWED: Final = 8.0
"""Seconds for which the clock is wrong."""
ODD: Final = 2.0
"""Seconds by which a signal is early or late before it counts as that."""

POLICY: Final = """\
policies:
  - name: all
    clocks: {{first_response: {{target: {first}s}}, resolution: {{target: {last}s, warn: [50%]}}}}
windows: [1h, 24h]
"""
STRICT: Final = POLICY.format(first=3, last=8)
LOOSE: Final = POLICY.format(first=6, last=16)
SLOW: Final = f"""\
policies:
  - name: near
    match: {{priority: [critical, high]}}
    clocks: {{resolution: {{target: {AGO + SOON:.0f}s, warn: [50%]}}}}
  - name: far
    clocks: {{resolution: {{target: {AGO + HOUR / 2:.0f}s, warn: [50%, 90%]}}}}
windows: [1h, 24h]
"""


def _wild(servers: Servers, runs: int, says: Says) -> Result:
    """Two workers and a stream of everything; what becomes of each record is counted as `replay` counts it."""
    del runs
    with Scene(servers, stream(4 * WILD, 81), rate=400) as scene:
        scene.join()
        scene.join()
        witness, chance = Witness(scene), random.Random(1)

        def run() -> Seen:
            with scene.load:
                until(lambda: len(scene.load.sent) > WILD // 2, "half of it is sent", WITHIN)
                flying = scene.amid(chance)
                until(lambda: len(scene.load.sent) >= WILD, "all of it is sent", WITHIN)
            began = time.monotonic()
            scene.system.settle(within=WITHIN)
            seen = witness.seen(flying, time.monotonic() - began)
            found = {
                name: int(sum(player.worker.total("tenggat_events_total", outcome=name) for player in scene.players))
                for name in OUTCOMES
            }
            file = scene.system.file("wild.jsonl", text_of(scene.load.sent))
            now = text(time.time_ns() // 1000)  # noqa: TID251 -- after all of it
            counted: dict[str, Any] = scene.system.replay(file, "--config", scene.config, "--until", now)["events"]
            alike = {name: counted[name] for name in OUTCOMES} == found and all(found.values())
            what = ", ".join(f"{count} {name}" for name, count in found.items())
            says(f"{what}; replay counts {'the same' if alike else counted}")
            return replace(seen, else_seen=what if alike and not seen.rewinds + seen.fenced else "")

        return Result([run()], [scene.ending(again=False)], 1)


def _rolling(servers: Servers, runs: int, says: Says) -> Result:
    """Three workers, each stopped in order and started with another configuration, while tickets come and go."""
    del runs
    desk, chance = Desk(51), random.Random(3)
    with Scene(servers, desk.lines(), config=STRICT, rate=60) as scene:
        loose = scene.system.file("loose.yaml", LOOSE)
        for _ in range(3):
            scene.join(wait=False)
        with scene.load:
            scene.warm(200)
            witness, ends, before = Witness(scene), scene.ends(), scene.owners()
            flying, since = scene.amid(chance), time.monotonic()
            for number, player in enumerate(list(scene.living()), 1):
                assert player.worker.ended(within=15) == 0
                scene.ready(scene.join(loose, wait=False))
                says(f"worker {number} of 3 has the other configuration")
            seconds = scene.right_again(ends, since)
            moved = sum(scene.owners()[tp] != owner for tp, owner in before.items())
            time.sleep(2)
        scene.load.say(desk.closing())
        scene.system.settle(within=WITHIN, quiet=3)
        active = scene.system.log.activations()
        assert len(active) == 2, f"activations: {len(active)}"
        options = ("--config", scene.config, "--config", f"{loose}@{text(active[1]['at'])}")
        what = f"3 restarts, {moved} partitions moved, 2 activations"
        seen = replace(witness.seen(flying, seconds), else_seen=what if flying and moved else "")
        says(what)
        return Result([seen], [scene.ending(configs=options)], 1)


def _clock(servers: Servers, runs: int, says: Says) -> Result:
    """One of two workers has its clock put an hour ahead, or behind, and later right again."""
    seen, endings = [], []
    for number in range(runs):
        hours = 1 if number % 2 == 0 else -1
        desk = Desk(60 + number, AGO)
        with Scene(servers, desk.lines(), config=SLOW, rate=60) as scene:
            shift = scene.system.file("shift", "0")
            program = (sys.executable, "-m", "tests.chaos.skewed", str(shift))
            scene.join(program=program)
            scene.join()
            with scene.load:
                scene.warm(200)
                witness, ends = Witness(scene), scene.ends()
                flying = scene.amid(random.Random(number), partial(_put, shift, hours * HOUR))
                time.sleep(SKEWED)
                since = time.monotonic()
                _put(shift, 0)
                seconds = scene.right_again(ends, since)
                time.sleep(2)
            time.sleep(SOON + 2)  # what is true by then the monitor has said by itself
            scene.load.say(desk.closing())
            endings.append(scene.ending())
            odd = _odd(scene)
            count = odd["early" if hours > 0 else "late"]
            what = f"{hours:+d} h for {SKEWED:g} s: {count} signals {'early' if hours > 0 else 'late'}"
            seen.append(replace(witness.seen(flying, seconds), else_seen=what if flying and count else ""))
            says(what)
    return Result(seen, endings, runs)


def _put(shift: Path, seconds: float) -> None:
    """In one step: the worker reads it whenever it looks at its clock."""
    part = shift.with_suffix(".part")
    part.write_text(f"{seconds:g}")
    part.rename(shift)


def _odd(scene: Scene) -> Counter[str]:
    """Breaches and warnings that were on the topic before their moment, or long after it."""
    found: Counter[str] = Counter()
    for record in scene.system.log.records(SIGNALS):
        said = record.value()
        if b'"sla.warning"' not in said and b'"sla.breached"' not in said:
            continue
        off = record.timestamp()[1] / 1000 - moment(said)
        found["early" if off < -ODD else "late" if off > ODD else "in time"] += 1
    return found


ROWS: Final = (
    Row("stream", "duplicates, disorder, late events and poison in one stream", 1, _wild),
    Row("rolling", "configuration changed in a rolling restart of three workers", 1, _rolling),
    Row("clock", "clock of one worker's host +1 h, then (another run) -1 h, and right again", 2, _clock),
)
