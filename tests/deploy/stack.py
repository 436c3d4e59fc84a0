"""docker-compose.yml brought up without an engine: each service's command with its environment as a process.

What an engine does is imitated: services start in the order of `depends_on` and wait for what it says, mounted files
are put where the container would see them (here below a folder), and what names `service:port` is translated to an
address of the loopback. What the images of others do at their start is said in `_Kafka`, `_Redis`, `_Prometheus`.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar, Final, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.deploy.compose import Service, in_order, services
from tests.deploy.image import SYSTEM, Image
from tests.deploy.network import Network
from tests.services.kafka import JARS, LOGGING
from tests.services.prometheus import binary
from tests.services.server import Server, ServerFailed

PAUSE: Final = 0.5
"""Seconds between two health checks: each is a process."""
DONE_WITHIN: Final = 60
"""Seconds for a service that does one thing and ends."""


class Container(Server):
    """A service as a process."""

    patience: ClassVar[float] = 100

    def __init__(self, service: Service, network: Network, image: Image) -> None:
        self.name = service.name  # type: ignore[misc] # there are two workers, and each has a name
        super().__init__()
        self.service: Final = service
        self.network: Final = network
        self.image: Final = image
        self._checked = 0.0
        self._places: Final = {target: self.folder / target.lstrip("/") for target in service.raw.get("tmpfs", [])}
        self._places.update({mount.target: self.folder / mount.target.lstrip("/") for mount in service.mounts})
        bound = {mount.target: mount.bound for mount in service.mounts}
        for target, place in self._places.items():
            self._fill(place, bound.get(target))

    def here(self, text: str) -> str:
        """A text as this container means it, said for this machine."""
        targets = "|".join(sorted(map(re.escape, self._places), key=len, reverse=True))
        if targets:
            text = re.sub(rf"(?<![\w./-])(?:{targets})\b", lambda found: str(self._places[found[0]]), text)
        return self.network.local(self.service.name, text)

    def environment(self) -> dict[str, str]:
        """All of its variables."""
        given = {name: self.here(value) for name, value in self.service.environment.items()}
        if not self.service.ours:
            return {"PATH": SYSTEM, **given}
        port = int(self.image.environment()["TENGGAT_HTTP_PORT"])
        return self.image.environment(given) | {"TENGGAT_HTTP_PORT": str(self.network.port(self.service.name, port))}

    def argv(self) -> list[str]:
        """What it runs."""
        command = [self.here(word) for word in self.service.command]
        entrypoint = self.service.entrypoint and [self.here(word) for word in self.service.entrypoint]
        return self.image.argv(command, entrypoint)

    def command(self) -> list[str]:
        return ["env", "-i", *(f"{name}={value}" for name, value in self.environment().items()), *self.argv()]

    def healthcheck(self) -> list[str]:
        """Its health check, by the service's definition or else by the image's."""
        test = self.service.healthcheck.get("test")
        if test is None:
            return self.image.healthcheck
        kind, *words = [self.here(word) for word in test]
        return ["sh", "-c", *words] if kind == "CMD-SHELL" else words

    def ready(self, said: str) -> bool:
        del said
        if time.monotonic() < self._checked + PAUSE:
            return False
        done = subprocess.run(
            self.healthcheck(), env=self.environment(), capture_output=True, check=False, timeout=60, cwd=self.folder
        )
        self._checked = time.monotonic()
        return done.returncode == 0

    def launch(self) -> None:
        """Starts it and does not wait for anything."""
        self._launch()

    def run(self) -> str:
        """Runs it to its end, which must be good; what it said."""
        self._launch()
        assert self._process is not None
        try:
            code = self._process.wait(DONE_WITHIN)
        finally:
            self.kill()
        if code:
            raise ServerFailed(f"{self.name} ended with {code}:\n{self.log()}")
        return self.log()

    def ended(self) -> int:
        """Asks it to stop, as Compose does, and gives the exit code. Raises TimeoutExpired after the grace period."""
        grace = self.service.raw["stop_grace_period"]
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(float(grace.removesuffix("s")))

    def _fill(self, place: Path, source: Path | None) -> None:
        if source is None or source.is_dir():
            place.mkdir(parents=True)
        files = [] if source is None else [source] if source.is_file() else [*source.rglob("*.*")]
        for path in files:
            target = place if path == source else place / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.here(path.read_text()))


class _Kafka(Container):
    """apache/kafka: its start makes server.properties of the environment and formats the storage, by this class."""

    def environment(self) -> dict[str, str]:
        own = super().environment()
        advertised = self.service.environment["KAFKA_ADVERTISED_LISTENERS"]
        outside = re.search(r"HOST://127\.0\.0\.1:(\d+)", advertised)
        assert outside is not None, "HOST is advertised at the loopback of this machine"
        listener = f"HOST://127.0.0.1:{self.network.published(int(outside[1]))}"
        own["KAFKA_ADVERTISED_LISTENERS"] = self.here(advertised.replace(outside[0], "HOST")).replace("HOST", listener)
        return own

    def argv(self) -> list[str]:
        config = self.folder / "config"
        if not config.exists():
            self._set_up(config)
        heap = self.service.environment["KAFKA_HEAP_OPTS"].split()
        return [*self._java(*heap), "kafka.Kafka", str(config / "server.properties")]

    def ready(self, said: str) -> bool:
        """Its own check calls a program that Kafka's jars do not hold; this asks the same at the same listener."""
        if "Kafka Server started" not in said:
            return False
        asked = re.search(r"--bootstrap-server (\S+)", self.service.healthcheck["test"][-1])
        assert asked is not None
        try:
            AdminClient({"bootstrap.servers": self.here(asked[1])}).list_topics(timeout=10)
        except KafkaException:
            return False
        return True

    def _set_up(self, config: Path) -> None:
        defaults, mounted = self.folder / "defaults", self.folder / "mounted"
        for folder in (defaults, mounted, config):
            folder.mkdir()
        folders = ["--default-configs-dir", defaults, "--mounted-configs-dir", mounted, "--final-configs-dir", config]
        setup = [*self._java("-Xmx128m"), "kafka.docker.KafkaDockerWrapper", "setup", *map(str, folders)]
        done = subprocess.run(setup, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerFailed(f"Kafka's set-up failed:\n{done.stdout}\n{done.stderr}")

    @staticmethod
    def _java(*options: str) -> list[str]:
        home = os.environ.get("JAVA_HOME")
        return [
            str(Path(home, "bin", "java")) if home else binary("java"),
            *options,
            f"-Dlog4j2.configurationFile={LOGGING}",
            "-cp",
            f"{JARS}/*",
        ]


class _Redis(Container):
    """redis: it listens on its usual port, without protection, for there it is alone."""

    def argv(self) -> list[str]:
        program, *options = [self.here(word) for word in self.service.command]
        port = self.network.port(self.service.name, 6379)
        return [binary(program), "--port", str(port), "--bind", "127.0.0.1", *options]

    def healthcheck(self) -> list[str]:
        port = self.network.port(self.service.name, 6379)
        return [word.replace("redis-cli", f"redis-cli -p {port}") for word in super().healthcheck()]


class _Prometheus(Container):
    """prom/prometheus: its entry point is the program, which listens on its usual port."""

    def argv(self) -> list[str]:
        for config in self._places["/etc/prometheus"].glob("*.yml"):  # tests do not wait so long
            config.write_text(re.sub(r"(scrape_(?:interval|timeout)): \w+", r"\1: 1s", config.read_text()))
        listen = self.here("localhost:9090")
        return [binary("prometheus"), f"--web.listen-address={listen}", *map(self.here, self.service.command)]


_KINDS: Final[Mapping[str, type[Container]]] = {"kafka": _Kafka, "redis": _Redis, "prometheus": _Prometheus}


class Stack:
    """All that `docker compose up` starts, and what profiles add when they are asked for."""

    def __init__(self, image: Image) -> None:
        self._image: Final = image
        self._services: Final = services()
        self.network: Final = Network(self._services)
        self.containers: Final[dict[str, Container]] = {}
        self.said: Final[dict[str, str]] = {}
        self._open: Final = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self._open.close)
            self.up(service for service in in_order(self._services) if not service.profiles)
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def up(self, wanted: Iterable[Service]) -> None:
        """Starts them in this order, each when what it depends on is as it wants it."""
        for service in wanted:
            for other, condition in service.depends_on.items():
                fulfilled = (
                    other in self.said if condition == "service_completed_successfully" else other in self.healthy
                )
                assert fulfilled, f"{service.name} waits for {other}: {condition}"
            container = self.container(service.name)
            if service.ends:
                self.said[service.name] = container.run()
            else:
                container.start()

    @property
    def healthy(self) -> set[str]:
        """The services that run; none is started before it is healthy."""
        return {name for name, container in self.containers.items() if container.running}

    def container(self, name: str) -> Container:
        """The process for a service, not started yet; it ends with the stack."""
        service = self._services[name]
        container = _KINDS.get(name, Container)(service, self.network, self._image)
        self._open.callback(container.close)
        self.containers[name] = container
        return container
