"""Rows whose fault is in Redis or on the way there: its tail lost, all of it lost, an answer that never came."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from stream_app.commands.produce import address
from tests.acceptance.system import until
from tests.chaos.row import Result, Row, Says, tried
from tests.chaos.scene import WITHIN, Ending, Scene, Servers, stream
from tests.chaos.wire import Written
from tests.chaos.witness import Seen, Witness
from tests.services.proxy import Verdict

TAIL: Final = (100_000, 1_500_000)
"""Bytes of the append-only file that are lost, drawn evenly: a second or two of this load."""
A_RUN: Final = 5000
"""Events that one run may need, and as many again to begin with."""
NOTICED: Final = 8.0
"""Seconds within which idle partitions notice a loss: they look every second, and write nothing for half a minute."""
IDLE: Final = "security-incidents"
"""The topic in which nothing comes any more when Redis is emptied."""


def _one_by_one(
    servers: Servers, runs: int, says: Says, attempt: Callable[[Scene, random.Random, int], Seen], *, idle: bool = False
) -> Result:
    """Two workers; the load ends after each run, and all is looked at: the next loss would hide what this one did."""
    chance = random.Random(runs)
    endings: list[Ending] = []
    with Scene(servers, stream(A_RUN * (2 * runs + 2), 200 + runs)) as scene:
        scene.join(wait=False)
        scene.join(wait=False)

        def run(number: int) -> Seen:
            with scene.load:
                scene.warm()
                if idle:
                    scene.load.rests = lambda line: address(line).topic == IDLE
                    until(lambda: _idle(scene), f"nothing comes in {IDLE}", WITHIN)
                time.sleep(chance.uniform(0.2, 1.0))
                seen = attempt(scene, chance, number)
                time.sleep(1)
            endings.append(scene.ending(again=False))
            scene.load.rests = lambda _: False
            return seen

        return Result(tried(run, runs, says), endings, runs)


def _idle(scene: Scene) -> bool:
    """Whether all that the idle topic holds is applied and said."""
    tps = [tp for tp in scene.system.tps() if tp.topic.endswith(IDLE)]
    return not scene.waiting(tps) and all(
        int(scene.system.redis.hget(scene.system.names.of(tp).meta, "next") or 0) >= end
        for tp, end in scene.system.log.ends([IDLE]).items()
    )


def _cut_back(scene: Scene, chance: random.Random, number: int) -> Seen:
    """Killed, and up again a moment later with a shorter file."""
    del number
    redis, size = scene.servers.redis, chance.randrange(*TAIL)
    witness, ends = Witness(scene), scene.ends()
    redis.handed_over()
    flying = scene.amid(chance, partial(os.kill, redis.pid, signal.SIGKILL))
    since = time.monotonic()
    redis.kill()
    redis.cut_tail(size)
    redis.start()
    return witness.seen(flying, scene.right_again(ends, since))


def _emptied(scene: Scene, chance: random.Random, number: int) -> Seen:
    """Emptied in the middle of it; the idle topic's partitions have to notice by themselves."""
    del number
    witness, ends = Witness(scene), scene.ends()
    before = _noticed(scene)
    idle = sum(tp.topic == _topic(scene) and end > 0 for tp, end in ends.items())
    flying = scene.amid(chance, scene.system.redis.flushall)
    since = time.monotonic()
    until(lambda: _noticed(scene) - before >= idle, "every idle partition notices", NOTICED)
    return witness.seen(flying, scene.right_again(ends, since))


def _noticed(scene: Scene) -> float:
    """How often a partition of the idle topic was found to be other than it was believed."""
    return sum(player.worker.total("tenggat_fenced_total", topic=_topic(scene)) for player in scene.living())


def _topic(scene: Scene) -> str:
    return f"{scene.system.prefix}{IDLE}"


def _speaks(write: Written) -> bool:
    return write.base is not None and write.says > 0


def _unanswered(scene: Scene, chance: random.Random, number: int) -> Seen:
    """The connection ends when Redis has applied a batch and its worker has not heard so: it asks again."""
    del number
    victim = chance.choice(scene.owning())
    witness, ends = Witness(scene), scene.ends()
    trap = victim.road.trap(_speaks, Verdict.CUT, lambda: None)
    until(trap.sprung.is_set, "a batch with signals goes by", WITHIN)
    return witness.seen(trap.in_flight, scene.right_again(ends, time.monotonic()))


def _tails(servers: Servers, runs: int, says: Says) -> Result:
    return _one_by_one(servers, runs, says, _cut_back)


def _empties(servers: Servers, runs: int, says: Says) -> Result:
    return _one_by_one(servers, runs, says, _emptied, idle=True)


def _cuts(servers: Servers, runs: int, says: Says) -> Result:
    """All under one load: nothing is lost that could hide anything."""
    chance = random.Random(runs)
    with Scene(servers, stream(A_RUN * (runs + 2), 300 + runs)) as scene:
        scene.join(wait=False)
        scene.join(wait=False)
        with scene.load:
            scene.warm()
            seen = tried(partial(_unanswered, scene, chance), runs, says)
            time.sleep(1)
        ending = scene.ending(again=False)
        refused = sum(player.worker.total("tenggat_fenced_total") for player in scene.living())
        if refused:  # it was applied, and the worker must find that out
            ending = replace(ending, wrong=[*ending.wrong, f"{refused:g} writes counted as refused, nothing was lost"])
        return Result(seen, [ending], runs)


ROWS: Final = (
    Row("tail", "Redis `kill -9`, the tail of its append-only file cut off", 3, _tails),
    Row("empty", "Redis emptied (FLUSHALL) while one topic's partitions are idle", 2, _empties),
    Row("cut", "connection cut after the write reached Redis (its answer never comes)", 6, _cuts),
)
