from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from stream_app.demo import redis
from stream_app.demo.leash import Leash, ended
from stream_app.demo.missing import Missing


def gone(pid: int) -> bool:
    """Whether it has ended; one that nobody has waited for yet counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_in_order_the_folder_goes_and_no_process_is_touched() -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        with Leash() as leash:
            leash.hold(sleeper)
            folder = leash.folder
            (folder / "file").touch()
        assert not folder.exists()
        assert sleeper.poll() is None
        ended(sleeper, within=5)
        assert sleeper.returncode is not None


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")
def test_when_its_holder_is_killed_processes_and_folder_go_too() -> None:
    script = (
        "import subprocess, time\n"
        "from stream_app.demo.leash import Leash\n"
        "with Leash() as leash:\n"
        "    sleeper = subprocess.Popen(['sleep', '60'])\n"
        "    leash.hold(sleeper)\n"
        "    print(sleeper.pid, leash.folder, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid, folder = holder.stdout.readline().split()
        assert not gone(int(pid))
        holder.kill()
    deadline = time.monotonic() + 10
    while (not gone(int(pid)) or Path(folder).exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone(int(pid))
    assert not Path(folder).exists()


def test_a_process_that_will_not_end_is_made_to() -> None:
    with subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; sleep 60 & wait; wait"], stdout=subprocess.PIPE
    ) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        ended(stubborn, within=0.2)
        assert stubborn.returncode == -9


def test_without_any_redis_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis, "BUNDLE", "no_such_package")
    with pytest.raises(Missing, match="install redis-server 7 or later"):
        redis.found()


def test_a_redis_on_the_path_that_is_too_old_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, version in (("redis-server", 6), ("valkey-server", 8)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho 'Server v={version}.0.1 sha=00'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis.found() == str(tmp_path / "valkey-server")
