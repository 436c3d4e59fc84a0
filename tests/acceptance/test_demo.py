from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

from stream_app.commands.demo import BEGAN
from stream_app.config.configuration import built_in
from stream_app.config.dated import Dated
from stream_app.config.kpis import catalogue
from stream_app.demo import wording
from stream_app.demo.feed import Feed
from stream_app.engine.eras import eras
from stream_app.engine.replay import Replay
from stream_app.sla.instant import EARLIEST, MINUTE, Micros, micros, moment
from tests.acceptance.system import ROOT, TENGGAT

SEED: Final = 4
MINUTES: Final = 12
"""Of the show: what becomes true by then is surely said before it ends."""
LINE: Final = re.compile(r"(\d\d:\d\d:\d\d)  (BREACHED|met) +(\S+) +(\S+(?: \S+)?)  ")


class Replayed:
    """A log that judges what it is sent, as `tenggat replay` does."""

    def __init__(self, until: Micros) -> None:
        built = built_in()
        self.replay = Replay(eras(Dated(((EARLIEST, built),))), catalogue(built), until)

    def send(self, topic: str, key: bytes, value: bytes, timestamp: int) -> None:
        del topic, key, timestamp
        self.replay.take(value)


def expected(minutes: int) -> set[tuple[str, str, str, str]]:
    """The ends and breaches of clocks in the first minutes of the show, as its lines begin."""
    until = Micros(BEGAN + minutes * MINUTE)
    log = Replayed(until)
    Feed(log, SEED, BEGAN).send_until(until)
    found = set()
    for one in log.replay.report()["signals"]:
        at = micros(moment(0).fromisoformat(one["at"]))
        if at > BEGAN and one["type"] in {"sla.breached", "sla.met"}:
            clock = wording.clock(one["clock"])
            found.add((wording.local(at), wording.WORDS[one["type"]], one["subject"], clock))
    return found


def processes(mark: str) -> list[str]:
    """The command lines of processes that have the mark in their environment: ours and all that came of it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def left(folder: Path) -> list[str]:
    """Files and processes that are still there."""
    return [*map(str, folder.iterdir()), *processes(str(folder))]


def environment(folder: Path) -> dict[str, str]:
    """Temporary files go to the folder, by which the processes are known, too."""
    return os.environ | {"TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}


pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")


def test_in_a_pipe_it_says_what_replay_finds_and_sums_up_and_nothing_is_left(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(TENGGAT), "demo", "--for", "15s", "--seed", str(SEED)],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    said = set(LINE.findall(done.stdout))
    awaited = expected(MINUTES)
    assert any(word == "BREACHED" for _, word, _, _ in awaited)
    assert awaited <= said, done.stdout
    applied = re.search(r"events *│ (\d+) applied, 0 duplicate, 0 late, 0 malformed", done.stdout)
    assert applied is not None, done.stdout
    assert int(applied[1]) > 1_000
    assert "\x1b" not in done.stdout
    assert not left(tmp_path)


def test_ctrl_c_ends_it_whenever_it_comes_and_nothing_is_left(tmp_path: Path) -> None:
    with subprocess.Popen(
        [str(TENGGAT), "demo"], env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        demo.stdout.readline()  # it starts
        demo.stdout.readline()  # the history is read
        assert len(processes(str(tmp_path))) >= 3
        demo.send_signal(signal.SIGINT)
        said, wrong = demo.communicate(timeout=30)
    assert demo.returncode == 0
    assert "The demo's summary" in said
    assert not wrong
    assert not left(tmp_path)


def test_killed_it_leaves_nothing_either(tmp_path: Path) -> None:
    with subprocess.Popen(
        [str(TENGGAT), "demo"], env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as demo:
        assert demo.stdout is not None
        demo.stdout.readline()
        time.sleep(2)
        demo.kill()
    deadline = time.monotonic() + 10
    while left(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left(tmp_path)
