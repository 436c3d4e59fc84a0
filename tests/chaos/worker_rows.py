"""Rows whose fault is in a worker: killed, killed between two steps, put to sleep, joining and leaving."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.acceptance.system import SESSION, until
from tests.chaos.row import Result, Row, Says, tried
from tests.chaos.scene import WITHIN, Player, Scene, Servers, stream
from tests.chaos.wire import Trap, Written
from tests.chaos.witness import Seen, Witness
from tests.services.proxy import Verdict

APART: Final = (0.2, 1.5)
"""Seconds between two faults, drawn evenly."""
A_RUN: Final = 3000
"""Events that one run may need, and as many again to begin with."""


def _in_two(servers: Servers, runs: int, says: Says, attempt: Callable[[Scene, random.Random, int], Seen]) -> Result:
    """Two workers, and one fault after another under one load."""
    chance = random.Random(runs)
    with Scene(servers, stream(A_RUN * (2 * runs + 4), 100 + runs)) as scene:
        scene.join(wait=False)
        scene.join(wait=False)
        with scene.load:
            scene.warm()
            seen = tried(partial(attempt, scene, chance), runs, says)
            time.sleep(1)
        return Result(seen, [scene.ending()], runs)


def _victim(scene: Scene, chance: random.Random) -> Player:
    """One that has partitions."""
    time.sleep(chance.uniform(*APART))
    return chance.choice(scene.owning())


def _killed(scene: Scene, chance: random.Random, number: int) -> Seen:
    """At a random moment; what it had said and Redis not yet got arrives when another has long gone on."""
    del number
    victim = _victim(scene, chance)
    witness, before, its, ends = Witness(scene), scene.owners(), scene.of(victim), scene.ends()
    flying = scene.strike(victim, signal.SIGKILL, chance)
    since, left = time.monotonic(), scene.waiting(its)
    victim.worker.kill()
    heir = scene.join(wait=False)
    scene.changed(before, its)
    seconds = scene.right_again(ends, since)
    victim.road.release()
    scene.ready(heir)
    return witness.seen(flying, seconds, left)


def _speaks(write: Written) -> bool:
    return write.base is not None and write.says > 0


def _note(write: Written) -> bool:
    return write.trims


def _between(scene: Scene, chance: random.Random, number: int) -> Seen:
    """After the answer and before it is heard; once it is heard; after publishing and before that is noted."""
    victim = _victim(scene, chance)
    witness, before, its, ends = Witness(scene), scene.owners(), scene.of(victim), scene.ends()
    kill = partial(os.kill, victim.worker.pid, signal.SIGKILL)
    traps: list[Callable[[], Trap]] = [
        lambda: victim.road.trap(_speaks, Verdict.HOLD, kill),
        lambda: victim.road.trap(_speaks, Verdict.PASS, kill),
        lambda: victim.road.trap_asked(_note, kill),
    ]
    trap = traps[number % len(traps)]()
    until(trap.sprung.is_set, "a write with signals goes by", WITHIN)
    since, left = time.monotonic(), scene.waiting(its)
    victim.worker.kill()
    heir = scene.join(wait=False)
    scene.changed(before, its)
    seconds = scene.right_again(ends, since)
    victim.road.release()
    scene.ready(heir)
    return witness.seen(trap.in_flight, seconds, left)


def _asleep(scene: Scene, chance: random.Random, number: int) -> Seen:
    """Stopped in its tracks until another has its partitions and all is right; then it wakes and goes on writing."""
    del number
    victim = _victim(scene, chance)
    witness, before, its, ends = Witness(scene), scene.owners(), scene.of(victim), scene.ends()
    flying = scene.strike(victim, signal.SIGSTOP, chance)
    since = time.monotonic()
    scene.changed(before, its)
    seconds = scene.right_again(ends, since)
    time.sleep(chance.uniform(0, SESSION))
    victim.road.release()
    os.kill(victim.worker.pid, signal.SIGCONT)
    scene.ready(victim)
    until(lambda: bool(scene.of(victim)), "the one that slept has partitions again", WITHIN)
    return witness.seen(flying, seconds)


def _moving(servers: Servers, runs: int, says: Says) -> Result:
    """Workers come and go, in order."""
    chance = random.Random(5)
    with Scene(servers, stream(A_RUN * (runs + 4), 71)) as scene:
        scene.join(wait=False)

        def change(number: int) -> Seen:
            time.sleep(chance.uniform(*APART))
            witness, before, ends = Witness(scene), scene.owners(), scene.ends()
            flying, since = scene.amid(chance), time.monotonic()
            if number % 3 == 2:
                assert scene.living()[0].worker.ended(within=15) == 0
            else:
                scene.ready(scene.join(wait=False))
            until(lambda: scene.owners() != before, "partitions change hands", WITHIN)
            seconds = scene.right_again(ends, since)
            after = scene.owners()
            moved = sum(after[tp] != owner for tp, owner in before.items())
            seen = witness.seen(flying, seconds)
            what = "left" if number % 3 == 2 else "joined"
            return Seen(
                in_flight=seen.in_flight,
                rewinds=seen.rewinds,
                fenced=seen.fenced,
                resent=seen.resent,
                seconds=seconds,
                else_seen=f"one {what}, {moved} partitions moved" if moved and flying else "",
            )

        with scene.load:
            scene.warm()
            seen = tried(change, runs, says)
            time.sleep(1)
        return Result(seen, [scene.ending()], runs)


def _kills(servers: Servers, runs: int, says: Says) -> Result:
    return _in_two(servers, runs, says, _killed)


def _steps(servers: Servers, runs: int, says: Says) -> Result:
    return _in_two(servers, runs, says, _between)


def _zombies(servers: Servers, runs: int, says: Says) -> Result:
    return _in_two(servers, runs, says, _asleep)


ROWS: Final = (
    Row("kill", "worker `kill -9` at random moments", 20, _kills),
    Row("step", "worker `kill -9` exactly between Redis's reply and the next step", 6, _steps),
    Row("zombie", "worker stopped (SIGSTOP) beyond its session, then woken", 3, _zombies),
    Row("moving", "workers joining and leaving", 6, _moving),
)
