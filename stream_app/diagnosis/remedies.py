"""The remedies: every finding's stable name, and how it is mended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Name(StrEnum):
    """What can be found; scripts and docs/guides/operations.md go by these names."""

    CONFIG_MISTAKE = "config-mistake"
    CONFIG_NOT_ACTIVE = "config-not-active"
    MIRROR_STALE = "mirror-stale"
    KAFKA_UNREACHABLE = "kafka-unreachable"
    BROKER_UNREACHABLE = "broker-unreachable"
    BOOTSTRAP_UNREACHABLE = "bootstrap-unreachable"
    TOPIC_MISSING = "topic-missing"
    PARTITION_MISMATCH = "partition-mismatch"
    NO_LEADER = "no-leader"
    UNDER_REPLICATED = "under-replicated"
    SINGLE_COPY = "single-copy"
    COMPACTED = "compacted"
    RETENTION_SHORT = "retention-short"
    WRONG_PARTITIONER = "wrong-partitioner"
    PARTITIONS_ADDED = "partitions-added"
    WRONG_KEY = "wrong-key"
    REDIS_UNREACHABLE = "redis-unreachable"
    REDIS_REFUSES = "redis-refuses"
    REDIS_VERSION = "redis-version"
    REDIS_REPLICA = "redis-replica"
    REDIS_CLUSTER = "redis-cluster"
    REDIS_LOADING = "redis-loading"
    EVICTION_POLICY = "eviction-policy"
    NO_PERSISTENCE = "no-persistence"
    PERSISTENCE_FAILING = "persistence-failing"
    LAX_FSYNC = "lax-fsync"
    MEMORY_SHORT = "memory-short"
    LAG = "lag"
    LOG_LOST = "log-lost"
    POSITION_BEYOND_LOG = "position-beyond-log"
    OUTBOX_STUCK = "outbox-stuck"
    UNCLAIMED = "unclaimed"
    HEALING = "healing"
    NO_WORKER = "no-worker"
    REBALANCING = "rebalancing"
    WORKER_NOT_READY = "worker-not-ready"
    HTTP_SILENT = "http-silent"
    HTTP_STRANGE = "http-strange"
    CLOCK_SKEW = "clock-skew"
    DEAD_LETTERS = "dead-letters"
    NO_ANSWER = "no-answer"


REMEDIES: Final[Mapping[Name, str]] = {
    Name.CONFIG_MISTAKE: "correct the file at that place; `tenggat check-config FILE` checks it alone",
    Name.CONFIG_NOT_ACTIVE: "pass the workers' file with --config or TENGGAT_CONFIG; to make this one hold, restart a "
    "worker with it (one that was replaced before holds again only with a changed text: a comment will do)",
    Name.MIRROR_STALE: "run a worker: within a second it writes to Redis what is activated",
    Name.KAFKA_UNREACHABLE: "start Kafka, or correct --brokers (TENGGAT_BROKERS) and the network's way to it",
    Name.BROKER_UNREACHABLE: "correct advertised.listeners of that broker: it must name an address that every client "
    "reaches; or start the broker",
    Name.BOOTSTRAP_UNREACHABLE: "take the address out of TENGGAT_BROKERS, or start that broker",
    Name.TOPIC_MISSING: "`tenggat topics --create` makes what is missing",
    Name.PARTITION_MISMATCH: "partitions that are gone take their entities' state with them: start again in another "
    "TENGGAT_NAMESPACE; tenggat-config and alert-log must have one partition each: delete and make anew",
    Name.NO_LEADER: "start the brokers that hold the partition",
    Name.UNDER_REPLICATED: "start the brokers that lag behind, or move their replicas elsewhere",
    Name.SINGLE_COPY: "give the topics three replicas (kafka-reassign-partitions; new ones: `tenggat topics --create "
    "--replication 3`)",
    Name.COMPACTED: "set cleanup.policy=delete on the topic: compaction keeps one event a key and throws the rest away",
    Name.RETENTION_SHORT: "raise retention.ms of the topic (-1: for ever) with kafka-configs",
    Name.WRONG_PARTITIONER: "set partitioner=murmur2_random in librdkafka's clients (confluent-kafka for Python, Go, "
    ".NET; node-rdkafka), the murmur2 of Java's client in others; then start again in another TENGGAT_NAMESPACE with "
    "the events sent anew",
    Name.PARTITIONS_ADDED: "an entity's later events go elsewhere than its earlier ones: send the events anew to new "
    "topics (another TENGGAT_TOPIC_PREFIX) that have the wanted number of partitions from the beginning",
    Name.WRONG_KEY: "have producers send each event under its subject as the record's key; `tenggat dlq show "
    "--reason wrong_key` lists those that were parked",
    Name.REDIS_UNREACHABLE: "start Redis, or correct TENGGAT_REDIS_URL and the network's way to it",
    Name.REDIS_REFUSES: "correct user, password or database in TENGGAT_REDIS_URL, and the user's rights (ACL)",
    Name.REDIS_VERSION: "use Redis 7.0 or newer",
    Name.REDIS_REPLICA: "name the primary in TENGGAT_REDIS_URL",
    Name.REDIS_CLUSTER: "name a Redis in TENGGAT_REDIS_URL that is no Cluster node",
    Name.REDIS_LOADING: "wait until it has read its file",
    Name.EVICTION_POLICY: "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
    Name.NO_PERSISTENCE: "CONFIG SET appendonly yes, and the same in redis.conf",
    Name.PERSISTENCE_FAILING: "look at the disk and the log of Redis",
    Name.LAX_FSYNC: "CONFIG SET appendfsync everysec, and the same in redis.conf",
    Name.MEMORY_SHORT: "give Redis more memory (maxmemory), or shorten `retention` in the configuration",
    Name.LAG: "look at the workers' logs and /readyz; where they are busy, start more of them, up to one a partition",
    Name.LOG_LOST: "those records are gone: raise retention.ms of the topic, and keep the workers reading",
    Name.POSITION_BEYOND_LOG: "the topic was made anew or cut: a worker reads it from its beginning; start again in "
    "another TENGGAT_NAMESPACE if the old state is not wanted",
    Name.OUTBOX_STUCK: "look at the workers' logs: somebody must own the partition, and Kafka must take records on "
    "sla-signals (min.insync.replicas, rights, disk)",
    Name.UNCLAIMED: "wait for the workers to take it, or look at their logs",
    Name.HEALING: "wait until the log is read again; if it does not end, look at the worker's log",
    Name.NO_WORKER: "start one: `tenggat worker`",
    Name.REBALANCING: "wait a moment; if it goes on, look for workers that come and go",
    Name.WORKER_NOT_READY: "look at the worker's log; /readyz says what it waits for",
    Name.HTTP_SILENT: "nothing, if the workers run elsewhere; else start one, or say where it listens "
    "(TENGGAT_HTTP_HOST, TENGGAT_HTTP_PORT)",
    Name.HTTP_STRANGE: "choose another TENGGAT_HTTP_PORT: the port is taken by another program",
    Name.CLOCK_SKEW: "set the clocks by NTP (chrony, systemd-timesyncd): deadlines are said by the workers' clock",
    Name.DEAD_LETTERS: "`tenggat dlq show` lists them; mend the producer, then `tenggat dlq redrive` or `drop`",
    Name.NO_ANSWER: "try again; if it stays so, look at the load and the log of that server",
}
