"""A worker that notes where its processor time goes: run by `benchmarks/parts.py` in the place of `tenggat`.

A timer of processor time interrupts the main thread. Each time, what the threads have used since is written down: the
main thread's under its innermost function of ours, the others' (Faust's fetching thread) as theirs, the garbage
collector's as its own. Nothing is wrapped or replaced; 500 looks a processor second cost less than one per cent.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Final

EVERY: Final = 0.002
"""Processor seconds."""
ROOT: Final = f"{Path(__file__).resolve().parents[1]}{os.sep}"
OURS: Final = f"{ROOT}stream_app{os.sep}engine", f"{ROOT}stream_app{os.sep}sla", f"{ROOT}stream_app{os.sep}kpi"
TELEMETRY: Final = f"{ROOT}stream_app{os.sep}telemetry"


class Note:
    """What was used, by the moment."""

    def __init__(self) -> None:
        self._lines: Final[list[tuple[float, str, float, float, float]]] = []
        self._main: Final = time.pthread_getcpuclockid(threading.main_thread().ident or 0)
        self._before = self._spent()
        self._collecting = 0.0
        self._collected = 0.0

    def _spent(self) -> tuple[float, float]:
        return time.clock_gettime(self._main), time.process_time()

    def collector(self, phase: str, info: object) -> None:
        """Hears the garbage collector begin and end."""
        del info
        if phase == "start":
            self._collecting = time.thread_time()
        else:
            self._collected += time.thread_time() - self._collecting

    def look(self, number: int, frame: FrameType | None) -> None:
        """Writes down what was used since the last look."""
        del number
        main, whole = self._spent()
        mine, every = main - self._before[0], whole - self._before[1]
        self._before = main, whole
        collected, self._collected = min(self._collected, mine), 0.0
        self._lines.append((time.monotonic(), place(frame), mine - collected, max(0.0, every - mine), collected))

    def write(self, file: Path) -> None:
        """A line a look: moment, place, seconds of the main thread, of the others, of the collector."""
        file.write_text("".join("\t".join(map(str, line)) + "\n" for line in self._lines))


def place(frame: FrameType | None) -> str:
    """The innermost function of ours, as `stream_app/sla/life.py:grow`; else the innermost of all, likewise."""
    innermost = frame
    while frame is not None:
        if frame.f_code.co_filename.startswith((*OURS, TELEMETRY)):
            return f"{frame.f_code.co_filename.removeprefix(ROOT)}:{frame.f_code.co_name}"
        frame = frame.f_back
    if innermost is None:
        return "?"
    return f"{'/'.join(Path(innermost.f_code.co_filename).parts[-2:])}:{innermost.f_code.co_name}"


def main() -> None:
    """Runs the command after the first argument, which is the file for the notes."""
    from stream_app.cli import main as tenggat  # noqa: PLC0415 -- imported where it is to be measured

    file = Path(sys.argv.pop(1))
    note = Note()
    signal.signal(signal.SIGPROF, note.look)
    gc.callbacks.append(note.collector)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        tenggat()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        note.write(file)


if __name__ == "__main__":
    main()
