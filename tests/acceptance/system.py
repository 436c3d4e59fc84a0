"""One installation of Tenggat on the real Kafka and Redis: its commands as processes, its topics, what it reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import redis
from prometheus_client.parser import text_string_to_metric_families

from stream_app.engine.keys import TP, Names
from tests.acceptance.log import SIGNALS, DeadLetter, Log, Spoken
from tests.services.kafka import Kafka
from tests.services.redis import Redis
from tests.services.server import Server, free_port

ROOT: Final = Path(__file__).resolve().parents[2]
TENGGAT: Final = Path(sys.executable).with_name("tenggat")
WORKER: Final = (str(TENGGAT), "worker")
TOPICS: Final = ("tickets", "security-incidents", "measurements")
SESSION: Final = 3.0
"""Seconds after which Kafka gives up a worker that was killed."""
POLL: Final = 0.1

Report = dict[str, Any]


def until(holds: Callable[[], bool], what: str, within: float = 30) -> None:
    """Waits until it holds; fails, naming what was waited for, after so many seconds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(POLL / 2)


class Worker(Server):
    """A `tenggat worker`."""

    name: ClassVar[str] = "worker"
    patience: ClassVar[float] = 40

    def __init__(
        self, environment: dict[str, str], options: Sequence[str] = (), program: Sequence[str] = WORKER
    ) -> None:
        """With settings from the environment; it is started by entering it."""
        super().__init__()
        self.port = free_port()
        self._program = program
        self._environment = environment | {"TENGGAT_HTTP_PORT": str(self.port)}
        self._options = options

    def command(self) -> list[str]:
        settings = [f"{name}={value}" for name, value in self._environment.items()]
        return ["env", *settings, *self._program, "--session-timeout", f"{SESSION:g}", *self._options]

    def ready(self, said: str) -> bool:
        del said
        return self.get("/readyz")[0] == 200

    def launch(self) -> None:
        """Starts it and does not wait until it is ready."""
        self._launch()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def total(self, metric: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
            if sample.name == metric and labels.items() <= sample.labels.items()
        )

    def ended(self, within: float) -> int:
        """Asks it to stop (SIGTERM); the exit code. Fails after so many seconds."""
        assert self._process is not None
        self._process.terminate()
        return self.exit_code(within)

    def exit_code(self, within: float) -> int:
        """Waits until it ends by itself."""
        assert self._process is not None
        return self._process.wait(within)


class System:
    """Topics, a namespace and workers of their own."""

    def __init__(self, kafka: Kafka, redis_server: Redis, name: str, folder: Path) -> None:
        """`folder` takes the files of configuration and events."""
        self.folder: Final = folder
        self.prefix: Final = f"{name}-"
        self.names: Final = Names(name)
        self.environment: Final = {
            "TENGGAT_BROKERS": kafka.bootstrap,
            "TENGGAT_REDIS_URL": redis_server.url,
            "TENGGAT_TOPIC_PREFIX": self.prefix,
            "TENGGAT_NAMESPACE": name,
            "PYTHONPATH": str(ROOT),  # these sources, wherever the command is installed from
        }
        self.log: Final = Log(kafka.bootstrap, self.prefix)
        self.redis: Final[Any] = redis.Redis.from_url(redis_server.url)
        self.workers: Final[list[Worker]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.close()
        self.redis.close()
        self.log.close()

    def tenggat(self, *arguments: object, code: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, which must come with this exit code."""
        done = subprocess.run(
            [str(TENGGAT), *map(str, arguments)],
            env=os.environ | self.environment | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, (
            f"{arguments} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr}"
        )
        return done

    def create_topics(self, partitions: int = 2) -> None:
        """Makes all topics."""
        self.tenggat("topics", "--create", "--partitions", partitions)
        self.log.look()

    def worker(
        self, config: Path | None = None, *, wait: bool = True, program: Sequence[str] = WORKER, **settings: str
    ) -> Worker:
        """Starts one."""
        options = () if config is None else ("--config", str(config))
        worker = Worker(self.environment | settings, options, program)
        self.workers.append(worker)
        if wait:
            worker.start()
        else:
            worker.launch()
        return worker

    def file(self, name: str, text: str | bytes) -> Path:
        """A file of this text."""
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def produce(self, file: Path, *options: object) -> None:
        """Sends a file of events."""
        self.tenggat("produce", file, *options)

    def producing(self, file: Path, rate: int) -> subprocess.Popen[bytes]:
        """Sends a file of events at so many a second, meanwhile."""
        return subprocess.Popen(
            [str(TENGGAT), "produce", str(file), "--rate", str(rate)],
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def applied(self) -> int:
        """How many records the state in Redis contains."""
        return sum(self._position(tp) or 0 for tp in self.tps())

    def behind(self) -> int:
        """How many records it does not contain yet."""
        return sum(self.log.ends(TOPICS).values()) - self.applied()

    def settle(self, within: float = 60, quiet: float = 1.5) -> None:
        """Waits until all that was sent is applied, all that is true is said, and nothing has changed for a while.

        `quiet` seconds: long enough for a round of upkeep, and for a loss to be noticed.
        """
        ends = self.log.ends(TOPICS)
        since, shown = time.monotonic(), self._shown()
        deadline = since + within
        while time.monotonic() - since < quiet:
            assert time.monotonic() < deadline, f"not settled within {within:g} s; positions {shown}, ends {ends}"
            time.sleep(POLL)
            now = self._shown()
            if now != shown or any((now[tp] or 0) < end for tp, end in ends.items()) or self._to_say():
                since, shown = time.monotonic(), now

    def report(self, *options: object) -> Report:
        """What `tenggat report` says."""
        return dict(json.loads(self.tenggat("report", "--json", *options).stdout))

    def replay(self, *options: object) -> Report:
        """What `tenggat replay` says."""
        return dict(json.loads(self.tenggat("replay", "--json", *options).stdout))

    def spoken(self) -> Spoken:
        """All that the topic of signals holds."""
        return self.log.spoken()

    def dead_letters(self) -> list[DeadLetter]:
        """All that was parked."""
        return [letter for topic in TOPICS for letter in self.log.dead_letters(topic)]

    def tps(self) -> list[TP]:
        """All partitions of the topics of events."""
        return [TP(self.prefix + topic, number) for topic in TOPICS for number in range(self.log.partitions(topic))]

    def _position(self, tp: TP) -> int | None:
        position = self.redis.hget(self.names.of(tp).meta, "next")
        return None if position is None else int(position)

    def _shown(self) -> dict[TP, int | None]:
        """The positions, and how much has been said."""
        return {tp: self._position(tp) for tp in self.tps()} | self.log.ends([SIGNALS])

    def _to_say(self) -> bool:
        now = time.time_ns() // 1000  # noqa: TID251 -- the edge reads the clock
        return any(
            self.redis.xlen(self.names.of(tp).outbox) or self.redis.zcount(self.names.of(tp).wake, "-inf", now)
            for tp in self.tps()
        )
