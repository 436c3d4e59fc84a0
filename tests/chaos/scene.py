"""The scene of one row: an installation under steady load, its workers each with its own road to Redis."""

from __future__ import annotations

import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from redis.exceptions import RedisError

from stream_app.engine.keys import TP
from stream_app.sla.instant import text
from tests.acceptance.comparison import differences
from tests.acceptance.log import Spoken, Statement, stated
from tests.acceptance.material import (
    CONFIG,
    POISONED,
    Lines,
    disturbed,
    moment,
    simulated,
    swirled,
    text_of,
)
from tests.acceptance.system import POLL, TOPICS, WORKER, System, Worker, until
from tests.chaos.load import Load
from tests.chaos.network import Network, Road
from tests.chaos.wire import Written
from tests.services.kafka import Kafka
from tests.services.redis import Redis

RATE: Final = 150.0
"""Events a second."""
DISORDER: Final = 5400.0
"""Seconds by which events come out of order; more than the hour of lateness, so that some are late."""
DENSE: Final = 1500
"""Lines to one dose of poison."""
WITHIN: Final = 60.0
"""Seconds in which all must be right again."""
QUIET: Final = 2.5
"""Seconds without any change before the end is looked at: a loss that nobody had noticed would show by then."""
TAIL: Final = 3000
"""Characters of a worker's log that are shown when a scene breaks off."""
HEALING: Final = b"mark:healing"


@dataclass(frozen=True)
class Servers:
    """What every scene shares."""

    kafka: Kafka
    redis: Redis


@dataclass(frozen=True, eq=False)
class Player:
    """A worker and its road."""

    worker: Worker
    road: Road

    def rewinds(self) -> float:
        """Losses that it found and healed."""
        return self.worker.total("tenggat_state_rewinds_total") if self.worker.running else 0.0


@dataclass(frozen=True)
class Ending:
    """What was found once the load had ended and everything was quiet."""

    events: int
    signals: int
    corrected: int
    repeated: int
    """Ids that the topic holds more than once."""
    wrong: Sequence[str]
    """What differs from what must be; nothing where all is right."""


def stream(events: int, seed: int) -> Lines:
    """Simulated events, out of order, some late, some twice, with poison between them."""
    lines = swirled(simulated(events, seed), seed + 1, DISORDER)
    return disturbed(lines, seed + 2, events // 12, max(1, events // DENSE))


class Scene:
    """Enter it to have topics and a load that is not flowing yet."""

    def __init__(
        self,
        servers: Servers,
        lines: Lines | Iterator[bytes],
        *,
        config: str = CONFIG,
        rate: float = RATE,
        partitions: int = 2,
    ) -> None:
        """`config` is what workers have unless told otherwise."""
        self._stack: Final = ExitStack()
        self.servers: Final = servers
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tenggat-chaos-")))
        name = f"c{secrets.token_hex(4)}"
        self.system: Final = System(servers.kafka, servers.redis, name, folder)
        self.network: Final = Network(servers.redis.port)
        self.load: Final = Load(servers.kafka.bootstrap, self.system.prefix, iter(lines), rate)
        self.config: Final = self.system.file("tenggat.yaml", config)
        self.players: Final[list[Player]] = []
        self._partitions: Final = partitions

    def __enter__(self) -> Self:
        self._stack.enter_context(self.network)
        self._stack.enter_context(self.system)
        self.system.create_topics(self._partitions)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            for number, player in enumerate(self.players, 1):
                sys.stderr.write(f"---- worker {number}\n{player.worker.log()[-TAIL:]}\n")
        self._stack.close()

    # workers

    def join(self, config: Path | None = None, *, wait: bool = True, program: Sequence[str] = WORKER) -> Player:
        """One more worker."""
        road = self.network.road()
        worker = self.system.worker(config or self.config, wait=wait, program=program, TENGGAT_REDIS_URL=road.url)
        player = Player(worker, road)
        self.players.append(player)
        return player

    def living(self) -> list[Player]:
        """Those that run."""
        return [player for player in self.players if player.worker.running]

    def ready(self, player: Player) -> None:
        """Waits until it serves."""
        until(lambda: player.worker.get("/readyz")[0] == 200, "the worker is ready", WITHIN)

    def warm(self, events: int = 500) -> None:
        """Waits until so many more are applied, by workers that are ready."""
        for player in self.living():
            self.ready(player)
        goal = self.system.applied() + events
        until(lambda: self.system.applied() >= goal, f"{events} events are applied", WITHIN)

    def amid(self, chance: random.Random, harm: Callable[[], object] = lambda: None) -> list[Written]:
        """Does harm while writes are in flight; those of all workers, right then."""

        def flying() -> list[Written]:
            return [write for player in self.players for write in player.road.wire.in_flight()]

        return self.owning()[0].road.amid(harm, flying, chance)

    def strike(self, player: Player, number: signal.Signals, chance: random.Random) -> list[Written]:
        """Signals the worker while it has writes in flight; which. What is under way to Redis waits before it."""

        def struck() -> None:
            player.road.keep()
            os.kill(player.worker.pid, number)

        return player.road.amid(struck, player.road.wire.in_flight, chance)

    # what Redis shows

    def ends(self) -> Mapping[TP, int]:
        """Where the log ends now."""
        return self.system.log.ends(TOPICS)

    def owners(self) -> dict[TP, bytes | None]:
        """Whose each partition is."""
        return {tp: self.system.redis.hget(self.system.names.of(tp).meta, "owner") for tp in self.system.tps()}

    def waiting(self, tps: Iterable[TP]) -> int:
        """Signals of these that are written and not noted as published."""
        return sum(self.system.redis.xlen(self.system.names.of(tp).outbox) for tp in tps)

    def right_again(self, ends: Mapping[TP, int], since: float, within: float = WITHIN) -> float:
        """Waits until all that the log held then is applied, nothing is being healed and nothing waits to be said.

        Gives the seconds `since`, by the monotonic clock. The load flows on meanwhile, so each partition is looked at
        until it has once been right.
        """
        unsaid: dict[TP, int] = {}
        left = set(ends)
        while left:
            assert time.monotonic() - since < within, f"not right again within {within:g} s: {sorted(left)}"
            time.sleep(POLL / 4)
            left -= {tp for tp in left if self._right(tp, ends[tp], unsaid)}
        return time.monotonic() - since

    def _right(self, tp: TP, end: int, unsaid: dict[TP, int]) -> bool:
        """`unsaid` keeps the sequence by which all was applied: what was said up to it must leave the outbox."""
        keys = self.system.names.of(tp)
        try:
            reached, healing, seq = self.system.redis.hmget(keys.meta, "next", HEALING, "seq")
            if int(reached or 0) < end or healing is not None:
                return False
            upto = unsaid.setdefault(tp, int(seq or 0))
            oldest = self.system.redis.xrange(keys.outbox, count=1)
            return not oldest or int(oldest[0][0].split(b"-")[0]) > upto
        except RedisError:
            return False

    def changed(self, before: Mapping[TP, bytes | None], tps: set[TP], within: float = WITHIN) -> None:
        """Waits until these partitions have owners other than they had."""
        until(lambda: all(self.owners()[tp] != before[tp] for tp in tps), "the partitions are taken over", within)

    def of(self, player: Player) -> set[TP]:
        """The partitions that the player owns."""
        return {tp for tp, owner in self.owners().items() if owner in player.road.wire.tokens}

    def owning(self) -> list[Player]:
        """Workers that own partitions; waits until there are some."""
        until(lambda: any(self.of(player) for player in self.living()), "a worker owns partitions", WITHIN)
        return [player for player in self.living() if self.of(player)]

    # the end

    def ending(self, *, configs: Sequence[object] | None = None, again: bool = True) -> Ending:
        """Looks at everything, once the load has ended: the report, the topic of signals, the dead letters.

        `configs` are options of `replay`; `again`: whether a signal may be on the topic twice under one id.
        """
        system, sent = self.system, self.load.sent
        system.settle(within=WITHIN, quiet=QUIET)
        file = system.file("events.jsonl", text_of(sent))
        options = ("--config", self.config) if configs is None else configs
        upto = text(round(max(moment(line) for line in sent if line not in POISONED) * 1_000_000))
        now = text(time.time_ns() // 1000)  # noqa: TID251 -- all that is true by now has been said
        asked: list[Callable[[], dict[str, object]]] = [
            lambda: system.replay(file, *options, "--until", upto),
            lambda: system.report("--until", upto),
            lambda: system.replay(file, *options, "--until", now),
        ]
        with ThreadPoolExecutor(2) as pool:
            replayed, reported, later = pool.map(lambda ask: ask(), asked)
        wrong = [said] if (said := differences(replayed, reported)) else []
        spoken = system.spoken()
        stands, expected = spoken.standing(), stated(later["signals"])
        for what, found in (("missing", expected - stands), ("too many", stands - expected)):
            if found:
                first = min(found, key=str)
                wrong.append(f"signals {what}: {found.total()} of {expected.total()}, such as {first}")
                wrong += _told(spoken, first)
        repeated = spoken.repeated()
        if repeated and not again:
            wrong.append(f"said twice: {len(repeated)}, such as {sorted(repeated)[:3]}")
        wrong += self._letters()
        corrected = sum(one["type"] == "sla.corrected" for one in spoken.messages)
        return Ending(len(sent), expected.total(), corrected, len(repeated), wrong)

    def _letters(self) -> list[str]:
        """Whether each record that is no event was parked, with its value; one that was parked twice counts once."""
        names = ("tenggat-topic", "tenggat-partition", "tenggat-offset")
        letters = {(*(letter.headers[name] for name in names), letter.value) for letter in self.system.dead_letters()}
        parked, poison = (
            Counter(value for *_, value in letters),
            Counter(line for line in self.load.sent if line in POISONED),
        )
        return [] if parked == poison else [f"dead letters: {parked.total()}, expected {poison.total()}"]


def _told(spoken: Spoken, about: Statement) -> list[str]:
    """All that the topic holds about that clock, in its order."""
    _, subject, clock, *_ = about
    return [
        f"    on the topic: {one['id']} at {one['time']}, corrects {one['data'].get('corrects')}"
        for one in spoken.messages
        if one["subject"] == subject and one["data"].get("clock") in (clock, None)
    ]
