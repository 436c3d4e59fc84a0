"""Real servers for tests: Apache Kafka and Redis as child processes on loopback, killed and restarted at will."""

from tests.services.kafka import Kafka
from tests.services.redis import Redis
from tests.services.server import Server, ServerFailed

__all__ = ["Kafka", "Redis", "Server", "ServerFailed"]
