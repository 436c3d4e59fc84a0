"""Rows whose fault is in Kafka: killed and up again, away for twenty seconds, frozen for as long."""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial
from typing import Final

from tests.acceptance.system import until
from tests.chaos.row import Result, Row, Says, tried
from tests.chaos.scene import WITHIN, Scene, Servers, stream
from tests.chaos.wire import Written
from tests.chaos.witness import Seen, Witness
from tests.services.proxy import Verdict

SHORT: Final = (0.5, 3.0)
"""Seconds that a killed Kafka is away, drawn evenly."""
LONG: Final = 20.0
A_RUN: Final = 6000
"""Events that one run may need, and as many again to begin with."""
AFTER: Final = 120.0
"""Seconds within which all must be right again, the outage included."""


def _speaks(write: Written) -> bool:
    return write.base is not None and write.says > 0


def _away(scene: Scene, chance: random.Random, seconds: float, *, frozen: bool = False) -> Seen:
    """Kafka goes the moment that a worker hears that its signals are written: they cannot be published."""
    kafka = scene.servers.kafka
    time.sleep(chance.uniform(0.2, 1.0))
    witness, ends = Witness(scene), scene.ends()
    speaker = chance.choice(scene.owning())
    number = signal.SIGSTOP if frozen else signal.SIGKILL
    trap = speaker.road.trap(_speaks, Verdict.PASS, partial(os.kill, kafka.pid, number))
    until(trap.sprung.is_set, "a batch with signals goes by", WITHIN)
    since = time.monotonic()
    if frozen:
        kafka.pause()
    else:
        kafka.kill()
    time.sleep(seconds)
    left = scene.waiting(scene.system.tps())
    if frozen:
        kafka.resume()
    else:
        kafka.start()
    return witness.seen(trap.in_flight, scene.right_again(ends, since, AFTER), left)


def _with_two(
    servers: Servers, runs: int, says: Says, *, seconds: tuple[float, float], modes: tuple[bool, ...]
) -> Result:
    chance = random.Random(runs)
    with Scene(servers, stream(A_RUN * (2 * runs + 2), 400 + runs)) as scene:
        scene.join(wait=False)
        scene.join(wait=False)

        def run(number: int) -> Seen:
            scene.warm(100)
            return _away(scene, chance, chance.uniform(*seconds), frozen=modes[number % len(modes)])

        with scene.load:
            scene.warm()
            seen = tried(run, runs, says)
            time.sleep(1)
        return Result(seen, [scene.ending()], runs)


def _restarts(servers: Servers, runs: int, says: Says) -> Result:
    return _with_two(servers, runs, says, seconds=SHORT, modes=(False,))


def _outages(servers: Servers, runs: int, says: Says) -> Result:
    return _with_two(servers, runs, says, seconds=(LONG, LONG), modes=(False, True))


ROWS: Final = (
    Row("kafka", "Kafka `kill -9` and restart", 3, _restarts),
    Row("outage", "Kafka away for 20 s: down, then frozen (SIGSTOP)", 2, _outages),
)
