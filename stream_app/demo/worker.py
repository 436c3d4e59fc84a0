"""The demo's worker as the demo sees it: a process that is started, given an order, and ended."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import msgspec

from stream_app.demo.leash import Leash, ended
from stream_app.demo.missing import Missing
from stream_app.demo.order import Order

GRACE: Final = 5.0
"""Seconds for its drain."""
TAIL: Final = 1_500


class Worker:
    """A process of its own; it works once it has its order."""

    def __init__(self, leash: Leash) -> None:
        """The leash has the folder that it may write to."""
        self._leash = leash
        self._log = leash.folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Let it import what it needs, while the rest is made ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- ourselves
                # The temporary folder is ours, so that nothing of it stays behind, whatever becomes of the process.
                [sys.executable, "-c", _PROGRAM, str(self._leash.folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, who end it in its turn
            )
        self._leash.hold(self._process)

    def stop(self) -> None:
        """SIGTERM: it drains. Its input ends last, for it would take that for our death."""
        if self._process is not None:
            ended(self._process, GRACE)
            if self._process.stdin is not None:
                self._process.stdin.close()

    def work(self, order: Order) -> None:
        """Let it begin."""
        self._tell(msgspec.json.encode(order))

    def start_clock(self, since: int) -> None:
        """Let its clock run since this monotonic nanosecond."""
        self._tell(str(since).encode())

    def check(self) -> None:
        """Raises Missing, with what it said last, if it has ended."""
        if self._process is not None and self._process.poll() is not None:
            said = self._log.read_text(errors="replace")[-TAIL:]
            raise Missing(f"the worker ended with exit code {self._process.returncode}; it said last:\n{said}")

    def _tell(self, text: bytes) -> None:
        try:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(text + b"\n")
                self._process.stdin.flush()
        except BrokenPipeError:
            self.check()


_PROGRAM: Final = "import sys, tempfile; tempfile.tempdir = sys.argv[1]; from stream_app.demo import duty; duty.main()"
