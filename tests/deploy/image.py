"""The image, built without an engine: each step that the Dockerfile takes is taken in a folder instead of a root.

The base image is a fresh environment of the Python that runs the tests. COPY takes what .dockerignore lets through, RUN
runs in a shell that sees the stage's variables and no others, with absolute paths put below the folder.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.deploy.compose import ROOT
from tests.deploy.dockerfile import Instruction, Stage, context, stages

SYSTEM: Final = "/usr/local/bin:/usr/bin:/bin"
OUTSIDE: Final = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_FIND_LINKS", "PIP_CONFIG_FILE", "HOME")
"""How this machine reaches a package index: not the image's, but a build needs it."""
_ABSOLUTE: Final = re.compile(r"(?<![\w./\\])/(?=(?:opt|build)\b)")


class Image:
    """What the Dockerfile makes, under a folder."""

    def __init__(self, folder: Path) -> None:
        """Builds it; raises CalledProcessError where a step fails."""
        self._folder: Final = folder
        self._base: Final = folder / "base"
        self._sees: Final = context()
        self._roots: Final[dict[str, Path]] = {}
        self._found()
        for stage in stages():
            self._build(stage)
        self.stage: Final = stages()[-1]
        self.root: Final = self._root(self.stage)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a process in a container sees, and nothing of the variables of this machine."""
        return self._environment(self.stage) | dict(more or {})

    def argv(self, command: list[str], entrypoint: list[str] | None = None) -> list[str]:
        """What a container runs, its program found as there."""
        if entrypoint is None:
            entrypoint = self.stage.last("ENTRYPOINT").words
            command = command or self.stage.last("CMD").words
        program, *rest = [*entrypoint, *command]
        found = shutil.which(program, path=self.environment()["PATH"])
        assert found is not None, f"there is no {program} in the image"
        return [found, *rest]

    @property
    def healthcheck(self) -> list[str]:
        """The command of the image's health check."""
        check = self.stage.last("HEALTHCHECK").text.removeprefix("CMD").strip()
        return self.argv([], Instruction("CMD", {}, check).words)

    def _found(self) -> None:
        """The base image: `python` and `pip`."""
        pip_there = find_spec("pip") is not None
        venv.create(self._base, with_pip=not pip_there, symlinks=True)
        if pip_there:  # to install another takes seconds
            pip = self._base / "bin" / "pip"
            pip.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pip "$@"\n')
            pip.chmod(0o755)

    def _build(self, stage: Stage) -> None:
        root = self._root(stage)
        here = root
        for step in stage.instructions:
            match step.name:
                case "WORKDIR":
                    here = root / step.text.lstrip("/")
                    here.mkdir(parents=True)
                case "COPY":
                    self._copy(step, root, here)
                case "RUN":
                    command = _ABSOLUTE.sub(f"{root}/", step.text)
                    outside = {name: os.environ[name] for name in OUTSIDE if name in os.environ}
                    # Neither size nor a fast start matter here: packages come from the cache and are not compiled.
                    environment = self._environment(stage) | outside | {"PIP_NO_COMPILE": "1"}
                    environment.pop("PIP_NO_CACHE_DIR", None)
                    subprocess.run(["sh", "-ec", command], cwd=here, env=environment, check=True, stdout=sys.stderr)
                case _:
                    pass

    def _copy(self, step: Instruction, root: Path, here: Path) -> None:
        *sources, target = step.words
        into = root / target.lstrip("/") if target.startswith("/") else here / target
        if (origin := step.flags.get("from")) is not None:
            # The folders stay where they are: an environment is bound to its path, which in an image is the same.
            into.parent.mkdir(parents=True, exist_ok=True)
            into.symlink_to(self._roots[origin] / sources[0].lstrip("/"))
            return
        for source in sources:
            files = [path for path in self._sees if path == Path(source) or Path(source) in path.parents]
            assert files, f"COPY {source}: the build does not see it"
            for path in files:
                within = path.relative_to(source) if path != Path(source) else Path(path.name)
                place = into / within
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, place)

    def _environment(self, stage: Stage) -> dict[str, str]:
        path = f"{self._base / 'bin'}:{SYSTEM}"
        own = {name: value.replace("$PATH", path) for name, value in stage.environment.items()}
        return {"PATH": path, **{name: _ABSOLUTE.sub(f"{self._root(stage)}/", value) for name, value in own.items()}}

    def _root(self, stage: Stage) -> Path:
        root = self._roots.setdefault(stage.name or "image", self._folder / (stage.name or "image"))
        root.mkdir(exist_ok=True)
        return root
