"""Dead letters on a real Kafka: whatever was on the log can be parked."""

from __future__ import annotations

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream_app.engine.keys import TP
from stream_app.engine.letters import Letter
from stream_app.engine.post import ROOM, KafkaPost
from stream_app.sla.decode import Reason
from stream_app.telemetry import Telemetry
from tests.services import Kafka

pytestmark = pytest.mark.integration

LONG = b"x" * 3_000_000


async def test_whatever_was_on_the_log_can_be_parked(kafka: Kafka, namespace: str) -> None:
    topic = f"{namespace}.dlq"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    came = [(None, None), (b"T1", b"{"), (b"T2", None), (b"T3", LONG), (LONG, b"{"), (b"T4", b"x" * 1_048_000)]
    letters = [
        Letter(TP(namespace, 0), number, key, value, Reason.NOT_JSON, "") for number, (key, value) in enumerate(came)
    ]
    async with (
        AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, enable_idempotence=True, acks="all") as producer,
        AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest") as consumer,
    ):
        await KafkaPost(producer, "", Telemetry()).park(letters)
        newest: dict[bytes, tuple[ConsumerRecord, dict[str, bytes]]] = {}
        while len(newest) < len(came):
            record = await consumer.getone()
            headers = dict(record.headers)
            newest[headers["tenggat-offset"]] = (record, headers)
    parked = [newest[str(number).encode()] for number in range(len(came))]
    assert [(record.key, record.value) for record, _ in parked[:3]] == [(None, b""), (b"T1", b"{"), (b"T2", None)]
    assert [headers.get("tenggat-null") for _, headers in parked] == [b"value", *[None] * 5]
    assert [headers.get("tenggat-cut") for _, headers in parked] == [None, None, None, b"3000000", None, b"1048000"]
    assert parked[4][1]["tenggat-cut-key"] == b"3000000"
    for record, _ in parked:
        assert LONG.startswith(record.key or b"") or record.key in {b"T1", b"T2", b"T3", b"T4"}
        assert len(record.value or b"") <= ROOM
