"""Sets up what this checkout needs: its Python environment, and the servers that its tests start.

    python3 tools/provision.py python demo [dev]   .venv: the package, its extras, the versions of constraints.txt
    python3 tools/provision.py servers             Redis, Java, Prometheus and Maven from the distribution; Kafka's jars

Runs on the bare python3 of the system, does nothing where nothing is missing, and where it may not install something
says what to install and fails.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "provisioned.json"
CONSTRAINTS = ROOT / "constraints.txt"

POM = ROOT / "tests" / "services" / "pom.xml"
KAFKA = ROOT / ".cache" / "kafka"

LEAST_PYTHON = (3, 11)
LEAST_REDIS = 7
LEAST_JAVA = 17  # what Apache Kafka 4's broker runs on
LEAST_PROMETHEUS = 2

POLICY = Path("/usr/sbin/policy-rc.d")


class Missing(Exception):
    """Something has to be installed by hand: the message says what."""


def main(arguments: list[str]) -> int:
    if sys.version_info < LEAST_PYTHON:
        print(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}.", file=sys.stderr)
        print("Install one and name it: make test PYTHON=python3.13", file=sys.stderr)
        return 1
    try:
        if arguments[:1] == ["python"] and arguments[1:]:
            environment(arguments[1:])
        elif arguments == ["servers"]:
            servers()
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except Missing as missing:
        print(f"\nset-up stopped: {missing}", file=sys.stderr)
        return 1
    return 0


def environment(extras: list[str]) -> None:
    """Installs the package (editable) with these extras, and those installed before, into .venv."""
    before = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    wanted = {"of": _fingerprint(), "extras": sorted({*extras, *before.get("extras", [])})}
    if before == wanted and _works(PYTHON):
        return
    uv = shutil.which("uv")
    if not _works(PYTHON):
        _make_venv(uv)
    STAMP.unlink(missing_ok=True)
    package = f"{ROOT}[{','.join(wanted['extras'])}]"
    print(f"installing the package with {', '.join(wanted['extras'])} into {VENV}", flush=True)
    what = ["-c", str(CONSTRAINTS), "-e", package]
    done = uv is not None and _ran([uv, "pip", "install", "--quiet", "--python", str(PYTHON), *what])
    if not done:
        if not _quietly([str(PYTHON), "-m", "pip", "--version"]):
            _run([str(PYTHON), "-m", "ensurepip"], "Python's ensurepip")
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *what]
        _run(pip, "access to a Python package index: pip could not install the packages above")
    STAMP.write_text(json.dumps(wanted))


def _fingerprint() -> str:
    """What the installation depends on: package and build tables, exact versions, the place of the checkout."""
    import tomllib  # noqa: PLC0415 -- an older Python must get as far as main's message

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = [project["project"], project["build-system"], CONSTRAINTS.read_text(), str(ROOT)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _works(python: Path) -> bool:
    return _quietly([str(python), "-c", f"import sys; sys.exit(sys.version_info < {LEAST_PYTHON})"])


def _make_venv(uv: str | None) -> None:
    print(f"making {VENV}", flush=True)
    if uv and _ran([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]):
        return
    if not _quietly([sys.executable, "-c", "import venv, ensurepip"]):
        _install(["python3-venv"], "Python's venv module")
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)], "Python's venv module (Debian: python3-venv)")


def servers() -> None:
    """Makes sure of Redis, Java, Prometheus and Kafka's jars; Maven is asked for only where the jars are missing."""
    needed = []
    if _version(["redis-server", "--version"], r"v=(\d+)") < LEAST_REDIS:
        needed.append("redis-server")
    if _version([java(), "-version"], r'version "(\d+)') < LEAST_JAVA:
        needed.append("default-jre-headless")
    if _version(["prometheus", "--version"], r"version (\d+)") < LEAST_PROMETHEUS or not shutil.which("promtool"):
        needed.append("prometheus")
    if not _jars_there() and not shutil.which("mvn"):
        needed.append("maven")
    if needed:
        _install(needed, f"Redis {LEAST_REDIS}, Java {LEAST_JAVA}, Prometheus {LEAST_PROMETHEUS} and Maven (or later)")
    for what, found, least in (
        ("Redis", _version(["redis-server", "--version"], r"v=(\d+)"), LEAST_REDIS),
        ("Java", _version([java(), "-version"], r'version "(\d+)'), LEAST_JAVA),
        ("Prometheus", _version(["prometheus", "--version"], r"version (\d+)"), LEAST_PROMETHEUS),
    ):
        if found < least:
            raise Missing(f"install {what} {least} or later and put it on the PATH (found: {found or 'none'})")
    if not _jars_there():
        _fetch_jars()


def java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home, "bin", "java")) if home else "java"


def _jars_there() -> bool:
    """The folder of jars keeps the pom that it was made from."""
    made_from = KAFKA / "pom.xml"
    return made_from.exists() and made_from.read_text() == POM.read_text()


def _fetch_jars() -> None:
    print(f"fetching Apache Kafka's jars into {KAFKA}", flush=True)
    part = KAFKA.with_name(f"kafka.{os.getpid()}")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}"]
    mvn = ["mvn", "--batch-mode", "--quiet", "--file", str(POM), *goal]
    try:
        _run(mvn, "access to a Maven repository (settings.xml names a mirror): Maven could not fetch the jars above")
        shutil.copy(POM, part / "pom.xml")
        shutil.rmtree(KAFKA, ignore_errors=True)
        part.rename(KAFKA)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _install(packages: list[str], what: str) -> None:
    """Installs Debian packages where we may, else says what is missing."""
    by_hand = f"install {what}; on Debian or Ubuntu: sudo apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise Missing(by_hand)
    print(f"installing {', '.join(packages)} from the distribution", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--quiet", "--no-install-recommends", *packages]
    _ran(
        ["apt-get", "update", "--quiet", "--quiet"], quiet
    )  # a fresh machine has no lists of packages, others old ones
    with _nothing_started():
        done = _ran(install, quiet)
    if not done:
        raise Missing(by_hand)


@contextmanager
def _nothing_started() -> Iterator[None]:
    """Debian's packages start what they install, on the usual ports; tests start their own. A policy of yours stays."""
    if POLICY.exists() or not POLICY.parent.is_dir():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _version(command: list[str], number: str) -> int:
    """The first number of a program's version, 0 where it does not run."""
    try:
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    except OSError:
        return 0
    found = re.search(number, said.stdout + said.stderr)
    return int(found[1]) if found else 0


def _quietly(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _ran(command: list[str], environ: dict[str, str] | None = None) -> bool:
    try:
        return subprocess.run(command, check=False, env=environ).returncode == 0
    except OSError:
        return False


def _run(command: list[str], needs: str) -> None:
    if not _ran(command):
        raise Missing(f"this needs {needs}\n  failed: {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
