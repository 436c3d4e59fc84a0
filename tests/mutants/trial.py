"""A trial: a mutant's tests run on a copy of the working tree in which its change was made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
import pytest
from msgspec import Struct

from tests.mutants.mutant import Mutant, Stale, edited
from tests.mutants.witness import Verdict

ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST: Final = 600.0
"""Seconds that a run of tests may take."""
GRACE: Final = 30.0
"""Seconds that pytest has to stop the servers it started."""
LEFT_OUT: Final = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "dist", "build")


class Outcome(StrEnum):
    """What came of a mutant. All but the first are findings."""

    KILLED = "killed"
    SURVIVED = "survived"
    STALE = "stale"
    VOID = "void"
    """Its tests say nothing: they are red without it, or do not run."""


class Result(Struct, frozen=True):
    mutant: Mutant
    outcome: Outcome
    detail: str
    """The test that killed it, or what is wrong."""
    seconds: float = 0.0


class Broken(Exception):
    """The tests did not run to a verdict; with the end of what pytest wrote."""


@contextmanager
def copy(tree: Path) -> Iterator[Path]:
    """A copy of a working tree without what is made in it; Kafka's jars are reached through a link."""
    with tempfile.TemporaryDirectory(prefix="tenggat-mutant-") as folder:
        there = Path(folder, "copy").resolve()
        shutil.copytree(tree, there, ignore=LEFT_OUT, symlinks=True)
        (there / ".cache").symlink_to((tree / ".cache").resolve())
        yield there


def tested(tree: Path, tests: Sequence[str], *, to_the_end: bool) -> Verdict:
    """Run tests of a tree on its own product, up to the first failure unless `to_the_end`. Raises Broken."""
    verdict = tree.parent / "verdict.json"
    verdict.unlink(missing_ok=True)
    options = ["-p", "tests.mutants.witness", "--verdict", str(verdict), "-p", "no:cacheprovider", "--quiet"]
    options += [] if to_the_end else ["--exitfirst"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=tree,
        env=_environment(tree),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise Broken(f"no verdict within {LONGEST:.0f} s:\n{_ended(process)}") from None
    finally:
        if process.poll() is None:  # Ctrl-C came to pytest too
            process.wait()
    if process.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or not verdict.exists():
        raise Broken(f"pytest ended with {process.returncode}:\n{output[-3000:]}")
    found = msgspec.json.decode(verdict.read_bytes(), type=Verdict)
    if found.broken and not found.failed:
        raise Broken(f"{found.broken[0]} could not be set up or torn down:\n{output[-3000:]}")
    return found


def _environment(tree: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "COV_", "PYTEST_"))}
    # the package is installed as the checkout: the copy comes before it, in what tests start as well
    return ours | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def _ended(process: subprocess.Popen[str]) -> str:
    """Stop pytest as Ctrl-C does, so that its servers go with it; what it wrote last."""
    process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return output[-3000:]


def green(tree: Path, mutants: Sequence[Mutant]) -> dict[str, str]:
    """Run all that is to kill mutants without any: of each mutant that cannot be judged by its tests, why.

    Raises Broken.
    """
    tests = list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
    red = tested(tree, tests, to_the_end=True).failed
    return {
        mutant.name: f"red without it: {failed}"
        for mutant in mutants
        for failed in red
        if any(failed == test or failed.startswith((f"{test}::", f"{test}[", f"{test}/")) for test in mutant.tests)
    }


def tried(mutant: Mutant, tree: Path) -> Result:
    """What comes of a mutant made of a tree."""
    began = time.monotonic()
    with copy(tree) as there:
        try:
            for path, text in edited(mutant, there).items():
                path.write_text(text, "utf-8")
            verdict = tested(there, mutant.tests, to_the_end=False)
        except Stale as stale:
            return Result(mutant, Outcome.STALE, str(stale))
        except Broken as broken:
            return Result(mutant, Outcome.VOID, str(broken), time.monotonic() - began)
    seconds = time.monotonic() - began
    if verdict.failed:
        return Result(mutant, Outcome.KILLED, verdict.failed[0], seconds)
    return Result(mutant, Outcome.SURVIVED, f"{verdict.passed} tests passed: {', '.join(mutant.tests)}", seconds)
