"""Kafka and Redis for trying things by hand, until Ctrl-C: `.venv/bin/python -m tests.services up [kafka] [redis]`."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack

from tests.services import Kafka, Redis

NAMES = ("kafka", "redis")


def main(arguments: list[str]) -> int:
    if arguments[:1] != ["up"] or not set(arguments[1:]).issubset(NAMES):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    wanted = arguments[1:] or NAMES
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as servers:
        try:
            if "redis" in wanted:
                _say("TENGGAT_REDIS_URL", servers.enter_context(Redis()).url)
            if "kafka" in wanted:
                _say("TENGGAT_BROKERS", servers.enter_context(Kafka()).bootstrap)
            while True:  # not pause(): a signal that comes just before it would not end it
                time.sleep(0.2)
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")
    return 0


def _say(name: str, value: str) -> None:
    sys.stdout.write(f"export {name}={value}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
