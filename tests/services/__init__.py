"""Real servers for tests: Kafka, Redis, Prometheus as child processes on loopback, killed and restarted at will."""

from tests.services.kafka import Kafka
from tests.services.prometheus import Prometheus
from tests.services.redis import Redis
from tests.services.server import Server, ServerFailed

__all__ = ["Kafka", "Prometheus", "Redis", "Server", "ServerFailed"]
