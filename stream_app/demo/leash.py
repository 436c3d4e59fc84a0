"""The leash: a shell that waits for the demo's end, however it comes, and leaves no process and no folder behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_SCRIPT: Final = """
while read -r pid; do pids="$pids $pid"; done
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
sleep 0.2
rm -rf -- "$1"
"""
"""It is told process ids line by line; its input ends when we let go of it, or when we are no more."""
SHELL: Final = "/bin/sh"


class Leash:
    """A folder, and the processes that work in it."""

    def __init__(self) -> None:
        """Nothing is made yet."""
        self._shell: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """Where all that the demo writes goes."""
        if self._folder is None:
            raise RuntimeError("the leash is not held")
        return self._folder

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="tenggat-demo-"))
        try:
            self._shell = subprocess.Popen(  # noqa: S603 -- our own script
                [SHELL, "-c", _SCRIPT, "tenggat-demo", str(self._folder)],
                stdin=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us: it has to outlive it
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def hold(self, process: subprocess.Popen[bytes]) -> None:
        """See to it that this process does not outlive us."""
        if self._shell is not None and self._shell.stdin is not None:
            os.write(self._shell.stdin.fileno(), f"{process.pid}\n".encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The processes have ended in order by now: their ids may be somebody else's, so the shell is stopped first."""
        if self._shell is not None:
            self._shell.kill()
            self._shell.wait()
            if self._shell.stdin is not None:
                self._shell.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def ended(process: subprocess.Popen[bytes], within: float) -> None:
    """Ask a process to end, and make it end after so many seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
