"""A real Apache Kafka for tests: one node that is broker and controller (KRaft), its jars fetched by `make servers`."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.services.server import Server, ServerFailed, free_port, listens

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
JARS: Final = ROOT / ".cache" / "kafka"
LOGGING: Final = Path(__file__).with_name("log4j2.properties")

SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # one node: nothing to replicate to
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # few and small: started for each run of the tests
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.segment.bytes": "67108864",
    # consumers join at once, and a killed one may be missed within a second
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # a killed broker may register again at once: its own controller waits for the end of its last session
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "250",
    "auto.create.topics.enable": "false",
    # events of years ago, stamped with their own time, are not too old to keep
    "log.retention.ms": "-1",
}


class Kafka(Server):
    name: ClassVar[str] = "kafka"
    patience: ClassVar[float] = 60

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """With `settings` beside or instead of ours."""
        super().__init__()
        self.port = free_port()
        controller = free_port()
        chosen = {
            **SETTINGS,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "log.dirs": str(self.folder / "data"),
            **(settings or {}),
        }
        self._properties = self.folder / "server.properties"
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in chosen.items()))

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        if not any(JARS.glob("kafka_*.jar")):
            raise ServerFailed(f"no Kafka jars in {JARS}: run `make servers`, which fetches them or says what it needs")
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        return [*self._java("-Xms256m", "-Xmx768m"), "kafka.Kafka", str(self._properties)]

    def ready(self, said: str) -> bool:
        return "Kafka Server started" in said and listens(self.port)

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Makes a topic and returns when it is there; raises confluent_kafka.KafkaException where it already is."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(config or {}))
        admin.create_topics([topic], operation_timeout=10)[name].result(15)

    def _format(self) -> None:
        # 128 bits in URL-safe base64; the first byte is 0, lest it begin with "-" and be taken for an option
        cluster = base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(self._properties)]
        with self._log.open("ab") as log:
            subprocess.run([*self._java("-Xmx128m"), *tool], check=True, cwd=self.folder, stdout=log, stderr=log)

    @staticmethod
    def _java(*options: str) -> list[str]:
        home = os.environ.get("JAVA_HOME")
        java = str(Path(home, "bin", "java")) if home else "java"
        return [java, *options, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", f"{JARS}/*"]
