from __future__ import annotations

import re
import subprocess
import tomllib
from email import message_from_string
from pathlib import Path

import pytest

from tests.deploy.compose import ROOT, services
from tests.deploy.dockerfile import Instruction, context, stages
from tests.deploy.image import Image

STAGES = stages()
LAST = STAGES[-1]
BASE = re.compile(r"python:3\.(?P<minor>[0-9]+)\.[0-9]+-slim-[a-z]+")
ALONE = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "USER"})


def test_it_is_built_in_one_stage_and_runs_in_another_of_the_same_exact_python() -> None:
    assert [stage.name for stage in STAGES] == ["build", None]
    assert STAGES[0].image == STAGES[1].image
    base = BASE.fullmatch(LAST.image)
    assert base is not None
    assert 11 <= int(base["minor"]) <= 13  # what pyproject.toml and constraints.txt speak of


def test_the_image_is_nothing_but_what_the_first_stage_installed() -> None:
    assert LAST.all("RUN") == []
    assert [(copy.flags, copy.words) for copy in LAST.all("COPY")] == [({"from": "build"}, ["/opt/tenggat"] * 2)]
    for stage in STAGES:
        assert all(len(stage.all(name)) <= 1 for name in ALONE)


def test_it_does_not_run_as_root() -> None:
    user = re.fullmatch(r"([0-9]+):([0-9]+)", LAST.last("USER").text)
    assert user is not None, "a number, for runAsNonRoot knows no names"
    assert min(map(int, user.groups())) >= 10_000


def test_its_program_gets_the_signals_and_its_check_asks_for_readiness() -> None:
    assert LAST.last("ENTRYPOINT").text == '["tenggat"]'  # in JSON: no shell in between
    assert LAST.last("CMD").text.startswith("[")
    assert LAST.last("STOPSIGNAL").text == "SIGTERM"
    check = LAST.last("HEALTHCHECK")
    assert check.text.startswith("CMD [")
    assert "/readyz" in check.text
    assert check.flags.keys() == {"interval", "timeout", "start-period", "retries"}
    assert LAST.last("EXPOSE").text == LAST.environment["TENGGAT_HTTP_PORT"]
    assert LAST.environment["TENGGAT_HTTP_HOST"] == "0.0.0.0"  # noqa: S104 -- the container's, which publishes what it wants


def test_packages_are_held_to_the_constraints_and_leave_no_cache() -> None:
    for run in STAGES[0].all("RUN"):
        for install in re.findall(r"pip [^&]*\binstall\b[^&]*", run.text):
            assert "--constraint constraints.txt" in install or "--no-deps" in install
    assert STAGES[0].environment["PIP_NO_CACHE_DIR"] == "1"
    assert not any(re.search(r"apt-get|curl|wget|sudo|chmod 777", run.text) for run in STAGES[0].all("RUN"))


def test_the_sources_come_after_what_they_stand_on() -> None:
    copies = [word for step in STAGES[0].instructions if step.name == "COPY" for word in step.words]
    assert copies.index("constraints.txt") < copies.index("stream_app")


def test_a_build_sees_what_it_copies_and_nothing_else() -> None:
    copied = {Path(source) for copy in STAGES[0].all("COPY") for source in copy.words[:-1]}
    seen = context()
    assert {next(source for source in copied if source in (path, *path.parents)) for path in seen} == copied
    assert not any(path.suffix == ".pyc" for path in seen)
    assert all((ROOT / source).exists() for source in copied)


def test_the_reader_of_this_file_reads_what_docker_reads() -> None:
    (stage,) = stages(
        'ARG V=1.2\nFROM base:${V} AS one\n# said\nRUN a \\\n # between\n && b\nENV A="x y" B=z\nCMD ["p", "q r"]\n'
    )
    assert (stage.image, stage.name) == ("base:1.2", "one")
    assert stage.last("RUN").words == ["a", "&&", "b"]
    assert stage.environment == {"A": "x y", "B": "z"}
    assert stage.last("CMD") == Instruction("CMD", {}, '["p", "q r"]')
    assert stage.last("CMD").words == ["p", "q r"]
    with pytest.raises(ValueError, match="ADD"):
        stages("FROM x\nADD y z\n")


def test_the_tag_in_compose_is_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {service.image for service in services().values() if service.ours} == {f"tenggat:{version}"}


def test_the_steps_of_the_build_give_a_program_that_runs(image: Image) -> None:
    said = subprocess.run(
        image.argv(["--help"]), env=image.environment(), cwd=image.root, capture_output=True, text=True, check=True
    )
    assert "worker" in said.stdout
    site = next((image.root / "opt/tenggat/lib").glob("python3.*")) / "site-packages"
    ours = {
        path.relative_to(site) for top in ("stream_app", "alerts") for path in (site / top).rglob("*") if path.is_file()
    }
    copied = {path for path in context() if path.parts[0] in ("stream_app", "alerts")}
    assert {path for path in ours if path.suffix != ".pyc"} == copied  # YAML and Lua too


def test_what_is_installed_has_the_versions_that_the_tests_run_on(image: Image) -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = dict(_named(*line.split("==")) for line in lines if "==" in line)
    site = next((image.root / "opt/tenggat/lib").glob("python3.*")) / "site-packages"
    infos = [message_from_string(path.read_text()) for path in site.glob("*.dist-info/METADATA")]
    installed = dict(_named(info["Name"], info["Version"]) for info in infos)
    installed.pop("tenggat")
    assert installed
    assert installed.items() <= pinned.items()
    assert not {"pip", "setuptools", "pytest", "confluent-kafka"} & installed.keys()


def _named(name: str, version: str) -> tuple[str, str]:
    return re.sub(r"[-_.]+", "-", name).lower(), version
