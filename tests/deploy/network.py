"""Where on the loopback each port of a container is, and how its texts, which name services, are said with that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from tests.deploy.compose import Service
from tests.services.server import free_port

_ADDRESS: Final = re.compile(r"(?<![\w.-])(?P<host>[a-z][a-z0-9-]*|127\.0\.0\.1|)(?P<colon>:)(?P<port>[0-9]{4,5})\b")


class Network:
    """Where each port of each container is on this machine."""

    def __init__(self, all_services: Mapping[str, Service]) -> None:
        self._services: Final = all_services
        self._ports: Final[dict[tuple[str, int], int]] = {}

    def port(self, service: str, port: int) -> int:
        """The port on the loopback for a port of a container."""
        return self._ports.setdefault((service, port), free_port())

    def local(self, own: str, text: str) -> str:
        """A text of the service `own`, with what it says to containers and to itself said to the loopback."""
        return _ADDRESS.sub(partial(self._translated, own), text)

    def published(self, port: int) -> int:
        """The port on the loopback for one that Compose would publish. Raises LookupError."""
        for service in self._services.values():
            for known in service.ports:
                if known.published == port:
                    return self.port(service.name, known.target)
        raise LookupError(f"no service publishes {port}")

    def _translated(self, own: str, found: re.Match[str]) -> str:
        host, port = found["host"], int(found["port"])
        if host in ("", "localhost", "127.0.0.1"):
            return f"127.0.0.1:{self.port(own, port)}"
        if host in self._services:
            return f"127.0.0.1:{self.port(host, port)}"
        return found[0]
