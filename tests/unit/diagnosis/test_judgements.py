"""What the doctor makes of what it sees, where a real server would have to be broken in a rare way to show it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from stream_app.config.configuration import load
from stream_app.diagnosis import clocks, configuration, keys, letters, progress, redis, retention, topics, workers
from stream_app.diagnosis.finding import Finding, Weight, listed, ok, sick, warning
from stream_app.diagnosis.keys import Sampled
from stream_app.diagnosis.progress import Look
from stream_app.diagnosis.remedies import REMEDIES, Name
from stream_app.engine import fitness
from stream_app.engine.excerpt import Bounds
from stream_app.engine.hearing import partition_of
from stream_app.engine.keys import TP
from stream_app.engine.ledger import Activation, Generation, Record, Switch
from stream_app.engine.topics import plans
from stream_app.sla.instant import DAY, SECOND

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "operations.md"
ZERO, ONE = TP("tickets", 0), TP("tickets", 1)


def names(found: list[Finding]) -> list[tuple[str | None, Weight]]:
    return [(finding.name, finding.weight) for finding in found]


# findings


def test_every_name_has_a_remedy_and_a_line_in_the_guide() -> None:
    assert set(REMEDIES) == set(Name)
    text = GUIDE.read_text()
    assert [name for name in Name if f"`{name}`" not in text] == []


def test_every_name_that_the_worker_gives_its_findings_is_one_of_the_doctors() -> None:
    wrong: dict[str, Any] = {
        "redis_version": "6", "role": "slave", "cluster_enabled": 1, "loading": 1, "maxmemory_policy": "allkeys-lru",
        "aof_enabled": 1, "aof_last_write_status": "err",
    }  # fmt: skip
    every = [*fitness.judged(wrong, "no"), *fitness.judged({"redis_version": "7.0", "aof_enabled": 0})]
    assert {Name(its.name) for its in every} >= {Name.REDIS_VERSION, Name.NO_PERSISTENCE, Name.PERSISTENCE_FAILING}
    found = redis.judged(every, wrong, "here")
    assert {its.name for its in found if its.weight is Weight.WARNING} == {Name.REDIS_LOADING, Name.LAX_FSYNC}


def test_only_faults_are_sick_and_long_lists_are_cut() -> None:
    assert not sick([ok("a", "b"), warning("a", Name.LAG, "b")])
    assert listed("abcdef", shown=2) == "a, b and 4 more"
    assert ok("a", "b").row() == {"item": "a", "weight": "ok", "name": None, "text": "b", "remedy": None}


# topics


def cluster(**changes: list[dict[str, Any]]) -> dict[str, Any]:
    part = {"partition": 0, "leader": 1, "replicas": [1, 2, 3], "isr": [1, 2, 3]}
    whole = {plan.name: {"partitions": [part]} for plan in plans("", 1)}
    return whole | {name.replace("_", "-"): {"partitions": parts} for name, parts in changes.items()}


def test_topics_that_are_whole_are_sound() -> None:
    assert names(topics.judged("", cluster())) == [(None, Weight.OK)]
    assert topics.compared(cluster(), [ZERO, TP("other", 7)]) == []


@pytest.mark.parametrize(
    ("part", "name", "weight"),
    [
        ({"leader": -1}, Name.NO_LEADER, Weight.FAULT),
        ({"isr": [1]}, Name.UNDER_REPLICATED, Weight.WARNING),
        ({"replicas": [1], "isr": [1]}, Name.SINGLE_COPY, Weight.WARNING),
    ],
)
def test_partitions_that_may_be_lost_are_found(part: dict[str, Any], name: Name, weight: Weight) -> None:
    whole = {"partition": 0, "leader": 1, "replicas": [1, 2, 3], "isr": [1, 2, 3]}
    assert names(topics.judged("", cluster(tickets=[whole | part]))) == [(name, weight)]


# retention


def test_topics_that_are_kept_for_ever_lose_nothing() -> None:
    found = {plan.name: {"retention.ms": "-1", "cleanup.policy": "delete"} for plan in plans("", 1)}
    assert names(retention.judged("", found, 30 * DAY)) == [(None, Weight.OK)]


@pytest.mark.parametrize(
    ("topic", "kept", "weight"),
    [
        ("tickets", 2 * 3_600_000, Weight.FAULT),
        ("tickets", 7 * 86_400_000, Weight.WARNING),
        ("tickets", 40 * 86_400_000, None),
        ("tenggat-config", 400 * 86_400_000, Weight.FAULT),
        ("tickets.dlq", 400 * 86_400_000, Weight.WARNING),
        ("sla-signals", 39 * 86_400_000, Weight.WARNING),
        ("sla-signals", 41 * 86_400_000, None),
    ],
)
def test_what_is_kept_too_short_is_found(topic: str, kept: int, weight: Weight | None) -> None:
    settings = {topic: {"retention.ms": str(kept)}}
    if topic == "sla-signals":
        settings["tickets"] = {"retention.ms": str(40 * 86_400_000)}
    found = [its for its in retention.judged("", settings, 30 * DAY) if its.name and topic in its.text]
    assert names(found) == ([] if weight is None else [(Name.RETENTION_SHORT, weight)])


# keys


def sampled(subject: str, partition: int, key: str | None = None) -> Sampled:
    return Sampled(TP("tickets", partition), (key or subject).encode(), subject, 0)


def test_keys_where_murmur2_puts_them_are_sound_and_without_events_nothing_is_said() -> None:
    right = [sampled(f"T-{n}", partition_of(f"T-{n}", 6)) for n in range(40)]
    assert names(keys.judged(right, {"tickets": 6})) == [(None, Weight.OK)]
    assert keys.judged([Sampled(ZERO, b"k", None, 0)], {"tickets": 6})[0].text == "there are no events yet to go by"


def test_the_reason_of_wrong_places_is_told_apart() -> None:
    def judged(rule: object) -> str | None:
        wrong = [sampled(f"T-{n}", rule(f"T-{n}")) for n in range(40)]  # type: ignore[operator] # each of the three below
        (finding,) = keys.judged(wrong, {"tickets": 6})
        return f"{finding.name} {'librdkafka' in finding.text}"

    assert judged(lambda subject: keys.librdkafka(subject, 6)) == "wrong-partitioner True"
    assert judged(lambda subject: partition_of(subject, 4)) == "partitions-added False"
    assert judged(lambda subject: (partition_of(subject, 6) + 1) % 6) == "wrong-partitioner False"


def test_librdkafkas_default_is_the_crc_of_zlib() -> None:
    # rd_crc32 of "123456789" is the check value of CRC-32 (ISO-HDLC)
    assert keys.librdkafka("123456789", 1 << 32) == 0xCBF43926


def test_the_newest_stamp_of_each_topic_counts() -> None:
    assert keys.newest([Sampled(ZERO, None, None, 3), Sampled(ONE, None, None, 9), Sampled(ZERO, None, None, 4)]) == {
        "tickets": 9
    }


# progress


def test_a_partition_that_is_read_to_its_end_is_sound() -> None:
    at = {ZERO: Look(position=10, owned=True)}
    assert names(progress.lag({ZERO: Bounds(0, 10)}, at, at)) == [(None, Weight.OK)]
    assert names(progress.lag({ONE: Bounds(7, 7)}, {}, {})) == [(None, Weight.OK)]  # all of it has been deleted


def test_what_is_behind_is_a_fault_only_if_nothing_moves() -> None:
    held, first, later = {ZERO: Bounds(0, 10)}, {ZERO: Look(position=3)}, {ZERO: Look(position=5)}
    assert names(progress.lag(held, first, first)) == [(Name.LAG, Weight.FAULT)]
    assert names(progress.lag(held, first, later)) == [(Name.LAG, Weight.WARNING)]
    assert "tickets-0 by 10" in progress.lag(held, {}, {})[0].text


def test_records_that_retention_took_unread_are_found() -> None:
    at = {ZERO: Look(position=3)}
    found = progress.lag({ZERO: Bounds(8, 10)}, at, at)
    assert names(found) == [(Name.LOG_LOST, Weight.FAULT), (Name.LAG, Weight.FAULT)]
    assert "took 5 records" in found[0].text


def test_signals_that_wait_are_stuck_only_if_they_are_the_same() -> None:
    first, later = {ZERO: Look(waiting=2, first=b"3-1")}, {ZERO: Look(waiting=2, first=b"4-1")}
    assert names(progress.outbox(first, first)) == [(Name.OUTBOX_STUCK, Weight.FAULT)]
    assert names(progress.outbox(first, later)) == [(None, Weight.OK)]


def test_partitions_each_with_an_owner_are_sound() -> None:
    assert names(progress.owners([ZERO], {ZERO: Look(owned=True)})) == [(None, Weight.OK)]
    found = progress.owners([ZERO, ONE], {ZERO: Look(owned=True, healing=True), ONE: Look()})
    assert names(found) == [(Name.UNCLAIMED, Weight.WARNING), (Name.HEALING, Weight.WARNING)]


# the rest


@pytest.mark.parametrize(
    ("ahead", "error", "weight"),
    [(SECOND // 2, 0, Weight.OK), (-2 * SECOND, 0, Weight.WARNING), (31 * SECOND, 0, Weight.FAULT),
     (5 * SECOND, 5 * SECOND, Weight.OK)],
)  # fmt: skip
def test_clocks_are_judged_by_what_is_sure(ahead: int, error: int, weight: Weight) -> None:
    assert clocks.judged(ahead, error, "there")[0].weight is weight


def test_stamps_ahead_of_us_are_a_fault_where_events_are_refused_for_it() -> None:
    now = 1_000 * SECOND
    assert clocks.stamped({"a": 900_000}, now, 300 * SECOND) == []
    assert names(clocks.stamped({"a": 1_010_000}, now, 300 * SECOND)) == [(Name.CLOCK_SKEW, Weight.WARNING)]
    assert names(clocks.stamped({"a": 1_400_000}, now, 300 * SECOND)) == [(Name.CLOCK_SKEW, Weight.FAULT)]


@pytest.mark.parametrize(
    ("info", "weight", "said"),
    [
        ({"used_memory": 5, "maxmemory": 10}, Weight.OK, "50% of maxmemory"),
        ({"used_memory": 9, "maxmemory": 10}, Weight.WARNING, "90%"),
        ({"used_memory": 96, "maxmemory": 100}, Weight.FAULT, "96%"),
        ({"used_memory_rss": 2**34, "total_system_memory": 2**34}, Weight.FAULT, "16.0 GiB"),
        ({"used_memory": 2**20}, Weight.OK, "1.0 MiB used"),
    ],
)
def test_memory_is_judged_by_its_limit_or_the_machines(info: dict[str, int], weight: Weight, said: str) -> None:
    (finding,) = redis.room(info)
    assert finding.weight is weight
    assert said in finding.text


@pytest.mark.parametrize(
    ("status", "text", "name"),
    [
        (200, "ready\n", None),
        (503, "partitions are not assigned\n", Name.WORKER_NOT_READY),
        (503, "<html>busy</html>", Name.HTTP_STRANGE),
        (404, "not found", Name.HTTP_STRANGE),
    ],
)
def test_what_answers_over_http_is_told_apart(status: int, text: str, name: Name | None) -> None:
    assert workers.answered("http://here", status, text)[0].name == name


def test_a_group_that_is_moving_partitions_is_a_warning() -> None:
    assert names(workers.judged("g", workers.Group("Stable", ["h"]))) == [(None, Weight.OK)]
    assert names(workers.judged("g", workers.Group("PreparingRebalance", ["h"]))) == [
        (Name.REBALANCING, Weight.WARNING)
    ]
    assert names(workers.judged("g", workers.Group("Empty", []))) == [(Name.NO_WORKER, Weight.FAULT)]


async def test_a_port_of_zero_is_not_looked_at() -> None:
    assert names(await workers.http("::", 0)) == [(None, Weight.SKIPPED)]
    assert names(await workers.http("::", 1)) == [(Name.HTTP_SILENT, Weight.WARNING)]


def test_dead_letters_that_could_not_all_be_counted_are_at_least_so_many() -> None:
    (finding,) = letters.judged(Counter(not_json=3), whole=False)
    assert finding.text.startswith("at least 3 ")
    assert letters.judged(Counter(), whole=True)[0].weight is Weight.OK


def test_what_a_rebuild_was_made_with_is_what_holds_once_it_is_at_work() -> None:
    own = load("windows: [1h]", "own.yaml")
    mine, other = Activation("d", "windows: [2h]", "old.yaml", 1), Activation(own.digest, own.text, "own.yaml", 2)
    built: list[Record] = [mine, Generation(1, 0, {}, [other])]
    assert names(configuration.judged(own, configuration.holding(built))) == [(Name.CONFIG_NOT_ACTIVE, Weight.FAULT)]
    at_work = configuration.holding([*built, Switch(1, 3)])
    assert at_work == [other]
    assert names(configuration.judged(own, at_work)) == [(None, Weight.OK)]
    back = configuration.holding([*built, Switch(1, 3), Switch(0, 4)])
    assert back == [mine]


def test_an_old_configuration_that_was_replaced_is_said_to_have_been() -> None:
    own = load("windows: [1h]", "own.yaml")
    mine, other = Activation(own.digest, own.text, "own.yaml", 1), Activation("d", "windows: [2h]", "other.yaml", 2)
    assert names(configuration.judged(own, [other, mine])) == [(None, Weight.OK)]
    again = Activation(own.digest, own.text, "own.yaml", 3)
    (finding,) = configuration.judged(own, [mine, other, again])  # of each text the first activation counts
    assert finding.name is Name.CONFIG_NOT_ACTIVE
    assert "was replaced" in finding.text
    assert configuration.mirrored([mine], [mine, other]) == []
    assert names(configuration.mirrored([mine, other], [mine])) == [(Name.MIRROR_STALE, Weight.WARNING)]
