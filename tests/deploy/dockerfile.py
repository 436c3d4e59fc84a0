"""Our Dockerfile and .dockerignore, read: stages of instructions, and which files of the checkout a build sees."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple

from tests.deploy.compose import ROOT

FILE: Final = ROOT / "Dockerfile"
IGNORED: Final = ROOT / ".dockerignore"

KNOWN: Final = frozenset(
    "ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN STOPSIGNAL USER WORKDIR".split()  # noqa: SIM905 -- as they are written
)
_ARGUMENT: Final = re.compile(r"\$\{(\w+)\}")


class Instruction(NamedTuple):
    """One instruction; `flags` are its leading --name=value, `text` the rest."""

    name: str
    flags: dict[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The rest in words: of a JSON list its members, else as a shell would cut it."""
        return list(json.loads(self.text)) if self.text.startswith("[") else shlex.split(self.text)

    @property
    def pairs(self) -> dict[str, str]:
        """The rest as NAME=value, by name."""
        return dict(word.split("=", 1) for word in self.words)


class Stage(NamedTuple):
    """What stands between one FROM and the next."""

    image: str
    name: str | None
    instructions: list[Instruction]

    def all(self, name: str) -> list[Instruction]:
        """Its instructions of this name."""
        return [instruction for instruction in self.instructions if instruction.name == name]

    def last(self, name: str) -> Instruction:
        """Of several, the last holds. Raises IndexError where there is none."""
        return self.all(name)[-1]

    @property
    def environment(self) -> dict[str, str]:
        """All of its ENV."""
        return {key: value for env in self.all("ENV") for key, value in env.pairs.items()}


def stages(text: str | None = None) -> list[Stage]:
    """The stages; the last is the image. Raises ValueError for what we do not understand."""
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for instruction in _instructions(FILE.read_text() if text is None else text):
        if instruction.name == "FROM":
            words = _ARGUMENT.sub(lambda argument: arguments[argument[1]], instruction.text).split()
            found.append(Stage(words[0], words[2] if words[1:2] == ["AS"] else None, []))
        elif instruction.name == "ARG" and not found:
            arguments.update(instruction.pairs)
        else:
            found[-1].instructions.append(instruction)
    return found


def context() -> set[Path]:
    """The files that a build sees, relative to the checkout."""
    rules = [line for line in IGNORED.read_text().splitlines() if line and not line.startswith("#")]
    seen: set[Path] = set()
    for top in ROOT.iterdir():
        if _ignored(Path(top.name), rules):
            continue
        files = top.rglob("*") if top.is_dir() else [top]
        seen |= {path.relative_to(ROOT) for path in files if path.is_file()}
    return {path for path in seen if not _ignored(path, rules)}


def _ignored(path: Path, rules: list[str]) -> bool:
    """The last rule that fits a path or a folder above it decides."""
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        anywhere = pattern.startswith("**/")
        names = [path, *path.parents[:-1]]
        if any(fnmatchcase(name.name if anywhere else str(name), pattern.removeprefix("**/")) for name in names):
            ignored = not rule.startswith("!")
    return ignored


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for logical in re.split(r"(?<!\\)\n", "\n".join(lines)):
        name, _, rest = logical.replace("\\\n", " ").strip().partition(" ")
        if not name:
            continue
        if name not in KNOWN:
            raise ValueError(f"{name} is no instruction we know")
        rest, flags = rest.strip(), {}
        while flag := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[flag[1]] = flag[2]
            rest = rest[flag.end() :]
        yield Instruction(name, flags, rest)
