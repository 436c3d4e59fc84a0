"""docker-compose.yml as Compose reads it: anchors merged, variables replaced, one Service a service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docker-compose.yml"

_VARIABLE: Final = re.compile(r"\$\{(?P<name>[A-Z0-9_]+):-(?P<otherwise>[^}]*)\}")
"""The one form of variables that our file uses."""


class Port(NamedTuple):
    """A port of a container, published on this machine."""

    address: str
    published: int
    target: int


class Mount(NamedTuple):
    """A volume by name, or a path of this checkout, and where the container sees it."""

    source: str
    target: str
    read_only: bool

    @property
    def bound(self) -> Path | None:
        """The path of this checkout; None of a named volume."""
        return ROOT / self.source if self.source.startswith(".") else None


class Service:
    """One service."""

    def __init__(self, name: str, raw: Mapping[str, Any]) -> None:
        self.name: Final = name
        self.raw: Final = raw
        self.image: Final[str] = raw["image"]
        self.environment: Final[dict[str, str]] = dict(raw.get("environment", {}))
        self.command: Final[list[str]] = list(raw.get("command", []))
        self.entrypoint: Final[list[str] | None] = raw.get("entrypoint")
        self.profiles: Final[list[str]] = list(raw.get("profiles", []))
        self.healthcheck: Final[Mapping[str, Any]] = raw.get("healthcheck", {})
        self.depends_on: Final = {other: how["condition"] for other, how in raw.get("depends_on", {}).items()}
        self.ports: Final = [_port(text) for text in raw.get("ports", [])]
        self.mounts: Final = [_mount(text) for text in raw.get("volumes", [])]

    @property
    def ours(self) -> bool:
        """Whether it runs the image of our Dockerfile."""
        return "build" in self.raw

    @property
    def ends(self) -> bool:
        """Whether it does one thing and ends."""
        return self.raw.get("restart") == "no"


def plain(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file as plain data, with variables from `environ`."""
    text = _VARIABLE.sub(lambda found: (environ or {}).get(found["name"]) or found["otherwise"], FILE.read_text())
    return dict(YAML(typ="safe", pure=True).load(text))


def services(environ: Mapping[str, str] | None = None) -> dict[str, Service]:
    """All services by name, of profiles too."""
    return {name: Service(name, raw) for name, raw in plain(environ)["services"].items()}


def in_order(wanted: Mapping[str, Service]) -> list[Service]:
    """Each after those it depends on. Raises KeyError for one that depends on none that is there."""
    ordered: dict[str, Service] = {}

    def visit(service: Service, path: tuple[str, ...]) -> None:
        assert service.name not in path, f"a circle: {path}"
        for other in service.depends_on:
            visit(wanted[other], (*path, service.name))
        ordered.setdefault(service.name, service)

    for service in wanted.values():
        visit(service, ())
    return list(ordered.values())


def _port(text: str) -> Port:
    address, published, target = text.split(":")
    return Port(address, int(published), int(target))


def _mount(text: str) -> Mount:
    source, target, *how = text.split(":")
    return Mount(source, target, how == ["ro"])
