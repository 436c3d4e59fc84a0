"""Kafka and Redis for trying things by hand: `.venv/bin/python -m tests.services up`, ended by Ctrl-C."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack

from tests.services import Kafka, Redis


def main(arguments: list[str]) -> int:
    if arguments != ["up"]:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as servers:
        try:
            redis = servers.enter_context(Redis())
            kafka = servers.enter_context(Kafka())
            sys.stdout.write(f"export TENGGAT_BROKERS={kafka.bootstrap}\nexport TENGGAT_REDIS_URL={redis.url}\n")
            sys.stdout.flush()
            signal.pause()
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
