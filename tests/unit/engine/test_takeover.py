from __future__ import annotations

import asyncio

import pytest

from stream_app.engine.keys import OutboxId
from stream_app.engine.store import Signal
from stream_app.engine.takeover import Takeover, unsaid
from stream_app.engine.write import LEFT
from tests.unit.engine.desk import PLAIN, QUICK, TICKETS, Desk, dated, nothing_heard


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.engine.takeover.GLANCE", 0.01, raising=False)


def takeover(desk: Desk) -> Takeover:
    return Takeover(
        desk.store, desk.topics, desk.judge, desk.upkeep, nothing_heard, desk.clock, desk.telemetry, patience=0.01
    )


async def test_a_worker_that_has_not_heard_of_a_configuration_waits_for_it(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk("09:30")
    await desk.store.claim(TICKETS)
    desk.held().marks["eras"] = b"2"
    taking = asyncio.create_task(takeover(desk).take(TICKETS, "ticket"))
    await asyncio.sleep(0.1)
    assert not taking.done()
    assert caplog.text.count("judged by 2 configurations, of which 1 are known here") == 1
    desk.judge.hold(dated(PLAIN, ("09:00", QUICK)))
    async with asyncio.timeout(5):
        await taking


async def test_a_claim_that_waits_for_a_configuration_is_renewed_when_another_generation_is_at_work() -> None:
    desk = Desk("09:30")
    await desk.store.claim(TICKETS)
    desk.held().marks["eras"] = b"2"
    taking = asyncio.create_task(takeover(desk).take(TICKETS, "ticket"))
    await asyncio.sleep(0.05)
    assert not taking.done()
    desk.held().owner, desk.held().marks["eras"] = LEFT, b"1"
    async with asyncio.timeout(5):
        partition = await taking
    assert desk.held().owner == partition.pen.expected[0]


async def test_a_log_that_was_replaced_is_nothing_to_a_partition_that_was_given_up_meanwhile() -> None:
    its = takeover(Desk("09:30"))
    await its.take(TICKETS, "ticket")
    its.end(TICKETS)
    its.begin(TICKETS)


@pytest.mark.parametrize(
    ("said", "held", "left"),
    [
        ("", None, [("a", 1), ("b", 2), ("c", 3)]),
        ("abc", 3, []),
        ("ab", 2, [("c", 3)]),
        ("bc", None, [("a", 3)]),
        ("b", None, [("a", 2), ("c", 3)]),
        ("ac", 1, [("b", 3)]),
    ],
)
def test_what_is_said_leaves_the_outbox_with_what_was_to_be_said_before_it(
    said: str, held: int | None, left: list[tuple[str, int]]
) -> None:
    waiting = [Signal(OutboxId(number, 1), b"T", text.encode()) for number, text in enumerate("abc", 1)]
    found, rest = unsaid(waiting, lambda payload: payload.decode() in said)
    assert found == (None if held is None else OutboxId(held, 1))
    assert [(payload.decode(), place.seq) for place, _, payload in rest] == left
