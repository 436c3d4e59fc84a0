"""Tenggat's stream side: the pure core, the engine that runs it on Kafka and Redis, and its commands."""
