"""Steady load: events go to Kafka at one rate, before, during and after a fault, whatever becomes of Kafka."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

from confluent_kafka import Producer

from stream_app.commands.produce import address
from tests.acceptance.material import Lines

PATIENCE: Final = 90.0
"""Seconds within which Kafka must have taken everything once the load ends."""
BEAT: Final = 0.01


class Load:
    """A thread that sends. What it sent is the file that `replay` is asked about."""

    def __init__(self, brokers: str, prefix: str, lines: Iterator[bytes], rate: float) -> None:
        """`lines` by their order in the log; `rate` a second. Enter it to begin, or to go on after an end."""
        self.sent: Final[Lines] = []
        self.rests: Callable[[bytes], bool] = lambda _: False
        """Lines that are left out from now on."""
        self._lines: Final = lines
        self._rate: Final = rate
        self._prefix: Final = prefix
        self._errors: Final[list[str]] = []
        # Idempotent, so that a line is in the log once and in its place, whatever happens to the broker.
        self._producer: Final = Producer(
            {
                "bootstrap.servers": brokers,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 2,
                "message.timeout.ms": int(PATIENCE * 1000),
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._over,), name="load", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops sending and waits until Kafka has it all."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        assert self._producer.flush(PATIENCE) == 0, "Kafka has not taken all of the load"
        assert not self._errors, self._errors[:3]

    def say(self, lines: Lines) -> None:
        """These too, at once, after an end."""
        for line in lines:
            self._send(line)
        assert self._producer.flush(PATIENCE) == 0, "Kafka has not taken all of the load"

    def _run(self, over: threading.Event) -> None:
        due = time.monotonic()
        while not over.is_set():
            now = time.monotonic()
            while due <= now:
                line = next(self._lines, None)
                if line is None:
                    self._errors.append("the lines of the load have run out")
                    return
                due += 1 / self._rate
                if not self.rests(line):
                    self._send(line)
            self._producer.poll(0)
            over.wait(BEAT)

    def _send(self, line: bytes) -> None:
        to = address(line)
        self._producer.produce(self._prefix + to.topic, value=line, key=to.key, on_delivery=self._delivered)
        self.sent.append(line)

    def _delivered(self, error: Any, _: object) -> None:  # noqa: ANN401 -- librdkafka's
        if error is not None:
            self._errors.append(str(error))
