"""`tenggat dlq` on a real Kafka: what waits is shown, sent again once, or dropped for good."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from click.testing import CliRunner, Result
from confluent_kafka import Producer

from stream_app.commands.dlq import dlq
from stream_app.dlq.letter import Fate
from stream_app.dlq.office import Office
from stream_app.dlq.selection import ALL
from stream_app.dlq.settling import Settling
from stream_app.engine.hearing import partition_of
from stream_app.engine.keys import TP
from tests.acceptance.log import Log
from tests.acceptance.system import until
from tests.services.kafka import Kafka
from tests.services.server import free_port

EVENT = b'{"specversion":"1.0","id":"1","source":"s","type":"ticket.merged","subject":"T-1","data":{"into":"Q"}}'


class Shelf:
    """The topics of an installation, with dead letters that a test lays there."""

    def __init__(self, kafka: Kafka, name: str) -> None:
        self.kafka = kafka
        self.prefix = f"{name}-"
        for topic in ("tickets", "security-incidents", "measurements"):
            kafka.create_topic(self.prefix + topic, 3)
            kafka.create_topic(f"{self.prefix}{topic}.dlq")
        self.log = Log(kafka.bootstrap, self.prefix)
        until(self._shown, "the broker tells of the topics")
        self.producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all", "linger.ms": 0, "log_level": 0})

    def _shown(self) -> bool:
        self.log.look()
        with suppress(KeyError):
            return all(self.log.partitions(topic) for topic in ("tickets", "tickets.dlq", "measurements.dlq"))
        return False

    def park(
        self, value: bytes | None, reason: str = "not_json", key: str | None = None, topic: str = "tickets"
    ) -> None:
        origin = {"tenggat-topic": self.prefix + topic, "tenggat-partition": "2", "tenggat-offset": "17"}
        headers = {name: text.encode() for name, text in ({"tenggat-reason": reason} | origin).items()}
        time.sleep(0.002)  # letters of one millisecond have no order across topics
        self.producer.produce(f"{self.prefix}{topic}.dlq", value=value, key=key, headers=dict(headers))
        assert self.producer.flush(20) == 0

    def tenggat(self, *arguments: str, code: int = 0, stdin: str = "") -> Result:
        command, *rest = arguments
        options = ["--brokers", self.kafka.bootstrap, "--topic-prefix", self.prefix]
        result = CliRunner().invoke(dlq, [command, *options, *rest], input=stdin)
        assert result.exit_code == code, result.output
        return result

    def waiting(self, *arguments: str) -> Mapping[str, Any]:
        return dict(json.loads(self.tenggat("show", "--json", *arguments).stdout))

    def records(self, topic: str = "tickets") -> list[tuple[bytes | None, bytes | None, int, dict[str, bytes]]]:
        return [(its.key(), its.value(), its.partition(), dict(its.headers() or ())) for its in self.log.records(topic)]


@pytest.fixture
def shelf(kafka: Kafka, namespace: str) -> Iterator[Shelf]:
    its = Shelf(kafka, namespace)
    yield its
    its.log.close()


def test_what_waits_is_shown_the_newest_first_with_its_reasons_counted(shelf: Shelf) -> None:
    for number in range(4):
        shelf.park(b"%d" % number, "not_json", f"T-{number}")
    shelf.park(b"\x1b[31mred\xff" + b"x" * 5000, "wrong_key", topic="measurements")
    shelf.park(None, "not_json", "gone", topic="security-incidents")
    found = shelf.waiting("--limit", "3")
    assert [letter["key"] for letter in found["letters"]] == ["gone", None, "T-3"]
    assert found["letters"][2]["origin"] == {"topic": f"{shelf.prefix}tickets", "partition": 2, "offset": 17}
    assert found["letters"][0]["value"] is None
    assert (found["waiting"], found["reasons"]) == (6, {"not_json": 5, "wrong_key": 1})

    shown = shelf.tenggat("show").stdout
    assert shown.endswith("6 wait\n       5  not_json\n       1  wrong_key\n")
    assert "\\x1b[31mred\\xffxxx" in shown
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) < 250
    assert "x" * 5000 in shelf.tenggat("show", "measurements", "--whole").stdout
    assert [its["key"] for its in shelf.waiting("tickets", "--offset", "1-2")["letters"]] == ["T-2", "T-1"]
    assert shelf.waiting("--key", "T-1")["waiting"] == 1
    assert shelf.waiting(f"{shelf.prefix}tickets.dlq", "--limit", "0") == {
        "letters": [],
        "waiting": 4,
        "reasons": {"not_json": 4},
    }


def test_a_letter_goes_back_as_it_came_once(shelf: Shelf) -> None:
    shelf.park(EVENT, "too_far_ahead", "T-1")
    shelf.park(b"bad", "not_json")
    shelf.park(b"other", "wrong_key", "I-1", topic="security-incidents")
    planned = shelf.tenggat("redrive", "--dry-run", "--reason", "too_far_ahead").stdout
    assert planned == f"1 would be sent again: 1 of {shelf.prefix}tickets.dlq\n"
    assert shelf.records() == []

    said = shelf.tenggat("redrive", "--reason", "too_far_ahead", "--reason", "wrong_key")
    assert f"2 sent again: 1 of {shelf.prefix}security-incidents, 1 of {shelf.prefix}tickets" in said.stderr
    assert said.stdout == ""
    letter = f"{shelf.prefix}tickets.dlq/0/0".encode()
    assert shelf.records() == [(b"T-1", EVENT, partition_of("T-1", 3), {"tenggat-redriven": letter})]
    assert shelf.waiting()["reasons"] == {"not_json": 1}

    assert "0 sent again" in shelf.tenggat("redrive", "--key", "T-1").stderr
    shelf.tenggat("redrive")  # the one that is left, and no other
    assert [value for _, value, _, _ in shelf.records()] == [EVENT, b"bad"] or len(shelf.records()) == 2
    assert len(shelf.records("security-incidents")) == 1
    assert shelf.waiting()["waiting"] == 0
    done = shelf.waiting("tickets", "--done")["letters"]
    assert [(its["offset"], its["done"]) for its in done] == [(1, "redriven"), (0, "redriven")]


def test_only_so_many_are_sent_the_oldest_first(shelf: Shelf) -> None:
    for number in range(5):
        shelf.park(b"%d" % number, key="T-1")
    shelf.tenggat("redrive", "tickets", "--limit", "2")
    shelf.tenggat("redrive", "tickets", "--limit", "1")
    assert [value for _, value, _, _ in shelf.records()] == [b"0", b"1", b"2"]
    assert "2 would be sent" in shelf.tenggat("redrive", "--dry-run", "--limit", "9").stdout


class Cut:
    """A producer that goes away before the first note."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer

    async def send(self, topic: str, **parts: Any) -> Any:  # noqa: ANN401 -- as the producer's
        if topic.endswith(".dlq"):
            raise KafkaError
        return await self.producer.send(topic, **parts)


async def test_after_a_crash_before_the_note_a_letter_is_sent_once_more(shelf: Shelf) -> None:
    shelf.park(EVENT, key="T-1")
    tickets, servers = f"{shelf.prefix}tickets", {"bootstrap_servers": shelf.kafka.bootstrap}
    async with AIOKafkaProducer(**servers) as producer, AIOKafkaConsumer(**servers) as consumer:
        counts = []
        for its in (Cut(producer), producer, producer):
            office = Office(consumer, [TP(f"{tickets}.dlq", 0)])
            await office.look()
            settling = Settling(its, 20)
            with pytest.raises(KafkaError) if its is not producer else nullcontext():
                await settling.redrive(office, ALL, {tickets})
            counts.append(settling.done.total())
    assert counts == [0, 1, 0]
    assert [value for _, value, _, _ in shelf.records()] == [EVENT, EVENT]


def test_what_is_dropped_is_gone_and_what_waits_before_it_stays(shelf: Shelf) -> None:
    for number, reason in enumerate(["not_json", "wrong_key", "not_json", "not_json"]):
        shelf.park(b"%d" % number, reason, f"T-{number}")
    assert "nobody to ask" in shelf.tenggat("drop", code=2).stderr
    planned = shelf.tenggat("drop", "--dry-run", "--reason", "not_json").stdout
    assert planned == f"3 would be dropped: 3 of {shelf.prefix}tickets.dlq\n"
    said = shelf.tenggat("drop", "tickets", "--reason", "not_json", "--yes")
    assert "3 dropped" in said.stderr
    assert [its["key"] for its in shelf.waiting()["letters"]] == ["T-1"]
    # the one before it is deleted, those after it lie there until it is gone too
    assert [its["done"] for its in shelf.waiting("--done")["letters"]] == ["dropped", "dropped", None]
    shelf.tenggat("redrive")
    assert [value for _, value, _, _ in shelf.records()] == [b"1"]
    shelf.tenggat("drop", "--yes")
    assert shelf.waiting("--done")["letters"] == []
    shelf.park(b"new", key="T-9")
    assert [its["key"] for its in shelf.waiting("--done")["letters"]] == ["T-9"]


def test_on_a_terminal_it_asks_before_it_drops(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.park(b"1")
    monkeypatch.setattr("stream_app.commands.dlq.asked", lambda: True)
    said = shelf.tenggat("drop", code=1, stdin="n\n").stderr
    assert "Drop 1 dead letters for good?" in said
    assert shelf.waiting()["waiting"] == 1
    shelf.tenggat("drop", stdin="y\n")
    assert shelf.waiting()["waiting"] == 0


def test_a_letter_that_cannot_be_sent_goes_on_waiting_and_is_named(shelf: Shelf) -> None:
    shelf.park(None, key=None)
    shelf.park(b"good", key="T-1")
    said = shelf.tenggat("redrive", code=1).stderr
    assert f"{shelf.prefix}tickets.dlq/0/0 cannot be sent: it has neither key nor value" in said
    assert "1 sent again" in said
    assert shelf.waiting()["waiting"] == 1


def test_notes_that_cannot_be_read_are_no_letters(shelf: Shelf) -> None:
    shelf.park(b"good", key="T-1")
    for fate, value in (("burnt", b"{}"), (Fate.DROPPED.value, b"what"), (Fate.DROPPED.value, b'{"offsets":[[5,99]]}')):
        shelf.producer.produce(f"{shelf.prefix}tickets.dlq", value=value, headers={"tenggat-done": fate.encode()})
    shelf.producer.produce(f"{shelf.prefix}tickets.dlq", value=b"stray")
    assert shelf.producer.flush(20) == 0
    assert shelf.waiting()["reasons"] == {"not_json": 1, "unknown": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nonsense"], "none of tickets"),
        (["redrive", "--offset", "3"], "--offset needs the TOPIC"),
        (["redrive", "tickets", "--offset", "3-2"], "no offset"),
        (["drop", "--reason", "dislike"], "dislike"),
        (["redrive", "--limit", "0"], "--limit"),
    ],
)
def test_mistakes_on_the_command_line_are_said(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(dlq, [*arguments, "--brokers", "localhost:9092"])
    assert result.exit_code == 2
    assert said in result.stderr


def test_without_kafka_or_the_topic_it_says_so(kafka: Kafka) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    result = CliRunner().invoke(dlq, ["show", "--brokers", nobody])
    assert result.exit_code == 1
    assert f"no Kafka answers at {nobody}" in result.stderr
    result = CliRunner().invoke(dlq, ["show", "tickets", "--brokers", kafka.bootstrap, "--topic-prefix", "none-"])
    assert result.exit_code == 1
    assert "the topic none-tickets.dlq does not exist: `tenggat topics --create`" in result.stderr
