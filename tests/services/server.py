"""One server process on loopback: its folder, ports and log outlive every restart, and nothing outlives the tests."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Final, Self

POLL: Final = 0.02
"""Seconds between two looks at a server that is starting."""

# Below Linux's ephemeral ports (32768 and up): while a server is down for a restart, no outgoing connection takes
# its port.
PORTS: Final = range(15_000, 32_000)

# Waits for the end of its input, which comes when the process that holds the other end is gone, however it went.
LEASH: Final = 'read _; kill -KILL "$1"; sleep 0.2; rm -rf -- "$2"'


class ServerFailed(Exception):
    """A server did not come up: the message ends with the tail of its log."""


def free_port() -> int:
    for port in random.SystemRandom().sample(PORTS, k=100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerFailed("no free port on 127.0.0.1")


class Server(ABC):
    """A server that is started in a folder of its own. It dies with the tests, even if they are killed."""

    name: ClassVar[str]
    patience: ClassVar[float]
    """Seconds within which the server must be ready."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"tenggat-{self.name}-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._log = self.folder / f"{self.name}.log"
        self._log.touch()
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None
        self._paused = False

    @abstractmethod
    def command(self) -> list[str]:
        """What to run in the folder."""

    @abstractmethod
    def ready(self, said: str) -> bool:
        """Whether it serves; `said` is what it logged since this start."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> None:
        """Starts it, with the data and ports it had, and returns when it serves. Does nothing where it runs."""
        if self.running:
            return
        self._gone()
        before = self.logged()
        try:
            self._launch()
            self._await_ready(before)
        except BaseException:  # Ctrl-C and a test's time-out come while it starts, too
            self.kill()
            raise

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it
            )
        self._leash = subprocess.Popen(
            ["sh", "-c", LEASH, "leash", str(self._process.pid), str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _await_ready(self, before: int) -> None:
        deadline = time.monotonic() + self.patience
        while not self.ready(self.log(before)):
            if not self.running or time.monotonic() > deadline:
                why = f"was not ready in {self.patience} s" if self.running else "ended while starting"
                raise ServerFailed(f"{self.name} {why}; its log ends:\n{self.log(before)[-4000:]}")
            time.sleep(POLL)

    def stop(self, within: float = 30) -> None:
        """Asks it to end in order (SIGTERM) and waits; kills it after `within` seconds."""
        if self._process is not None and self.running:
            self.resume()
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(within)
        self.kill()

    def kill(self) -> None:
        """Ends it at once (SIGKILL), as a crash would; data and ports stay."""
        if self._process is not None and self.running:
            self._process.kill()
        self._gone()

    def restart(self) -> None:
        """A crash and a start on the same data and ports."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Stops the process in its tracks (SIGSTOP): connections stay open and nobody answers."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGSTOP)
            self._paused = True

    def resume(self) -> None:
        if self._process is not None and self._paused and self.running:
            self._process.send_signal(signal.SIGCONT)
        self._paused = False

    def heal(self) -> None:
        """Whatever a test did to it: it runs and answers again."""
        self.resume()
        self.start()

    def close(self) -> None:
        """The end: process and folder are gone."""
        self.kill()
        self._remove()

    def logged(self) -> int:
        """The length of the log so far, in bytes."""
        return self._log.stat().st_size if self._log.exists() else 0

    def log(self, since: int = 0) -> str:
        """What it logged after the first `since` bytes."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def _gone(self) -> None:
        """Lets go of a process that has ended, and of its leash."""
        if self._leash is not None:
            self._leash.kill()
            self._leash.wait()
            if self._leash.stdin is not None:
                self._leash.stdin.close()
        if self._process is not None:
            self._process.wait()
        self._process = self._leash = None
        self._paused = False


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
