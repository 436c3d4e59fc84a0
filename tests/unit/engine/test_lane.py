from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stream_app.engine.batch import Batch, Displaced
from stream_app.engine.keys import TP
from stream_app.engine.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HERE = TP("t", 0)


class Port:
    """Starts at 0 and notes what it is called with; each call can be held up."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.hold: Callable[[str], Awaitable[object]] | None = None

    async def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.hold is not None:
            await self.hold(name)

    async def open(self, tp: TP) -> int | None:  # noqa: ARG002 -- the port's
        await self._call("open")
        return 0

    async def handle(self, batch: Batch) -> None:
        await self._call(f"{batch.base}-{batch.next}")

    async def displaced(self, displaced: Displaced) -> None:
        await self._call(f"displaced {displaced.wanted}")

    async def close(self, tp: TP) -> None:  # noqa: ARG002 -- the port's
        await self._call("close")


class Anew(Port):
    """A partition that was never read."""

    async def open(self, tp: TP) -> None:
        await super().open(tp)


class Bench:
    def __init__(self, port: Port | None = None, epoch: int = 0) -> None:
        self.port = port or Port()
        self.failures: list[Exception] = []
        self.lane = Lane(HERE, self.port, epoch, wake=lambda: None, fail=self.failures.append)

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    def batch(self, base: int, last: int, epoch: int | None = None) -> Batch:
        epoch = self.lane.epoch if epoch is None else epoch
        return Batch(
            topic="t", partition=0, epoch=epoch, base=base, next=last, records=(), end=last, polled_at=0.0
        )  # fmt: skip


async def test_batches_are_handled_in_order_between_open_and_close() -> None:
    it = Bench()
    await it.settle()
    for base in (0, 5, 10):
        it.lane.deliver(it.batch(base, base + 5))
    await it.settle()
    await it.lane.close(1)
    assert it.port.calls == ["open", "0-5", "5-10", "10-15", "close"]


async def test_a_missing_batch_sends_the_lane_back_to_where_it_should_be() -> None:
    #  0-3   3-5     5-9      9-12
    #  given waiting missing  delivered: read again from 3
    it = Bench()
    await it.settle()
    it.lane.deliver(it.batch(0, 3))
    await it.settle()
    it.lane.deliver(it.batch(3, 5))
    before = it.lane.epoch
    it.lane.deliver(it.batch(9, 12))
    assert it.lane.order == (before + 1, 3)
    it.lane.deliver(it.batch(12, 15, epoch=before))
    assert it.lane.epoch == before + 1, "a stale batch is no missing one"
    it.lane.deliver(it.batch(3, 15))
    await it.settle()
    await it.lane.close(1)
    assert it.port.calls == ["open", "0-3", "3-15", "close"]


async def test_a_first_batch_that_is_missing_is_read_again_too_where_there_was_no_position_yet() -> None:
    #  0-1      1-4
    #  missing  delivered: read again from the log's start
    it = Bench(Anew())
    await it.settle()
    first = it.lane.order
    it.lane.origin = (first, 0)  # the log begins there
    it.lane.deliver(it.batch(1, 4))
    second = it.lane.order
    assert (second.epoch, second.offset) == (first.epoch + 1, None)
    it.lane.origin = (second, 0)
    it.lane.deliver(it.batch(0, 4))
    await it.settle()
    await it.lane.close(1)
    assert it.port.calls == ["open", "0-4", "close"]


async def test_a_rewind_drops_what_waits() -> None:
    it = Bench()
    await it.settle()
    it.lane.deliver(it.batch(0, 5))
    it.lane.go_to(3)
    it.lane.deliver(it.batch(3, 8))
    await it.settle()
    await it.lane.close(1)
    assert it.port.calls == ["open", "3-8", "close"]


async def test_a_replaced_log_is_read_again_after_the_port_has_heard_of_it() -> None:
    it = Bench()
    await it.settle()
    epoch = it.lane.epoch
    it.lane.deliver(Displaced(topic="t", partition=0, epoch=epoch, wanted=90, start=2, end=30))
    await it.settle()
    assert it.port.calls == ["open", "displaced 90"]
    assert it.lane.order == (epoch + 1, 2)
    await it.lane.close(1)


async def test_closing_while_it_opens_cancels_that_and_still_closes_the_port() -> None:
    it = Bench()
    forever = asyncio.Event()

    async def hold(name: str) -> None:
        if name == "open":
            await forever.wait()

    it.port.hold = hold
    await it.settle()
    assert not it.lane.flows
    await it.lane.close(10)
    assert it.port.calls == ["open", "close"]
    assert not it.failures


async def test_closing_lets_the_batch_in_hand_finish_and_drops_the_rest() -> None:
    it = Bench()
    await it.settle()
    finished: list[str] = []

    async def hold(name: str) -> None:
        await asyncio.sleep(0.02)
        finished.append(name)

    it.port.hold = hold
    it.lane.deliver(it.batch(0, 5))
    it.lane.deliver(it.batch(5, 9))
    await it.settle()
    await it.lane.close(1)
    assert finished == ["0-5", "close"]


async def test_a_port_that_will_not_close_is_left() -> None:
    it = Bench()
    forever = asyncio.Event()

    async def hold(name: str) -> None:
        if name == "close":
            await forever.wait()

    it.port.hold = hold
    await it.settle()
    async with asyncio.timeout(3):
        await it.lane.close(0.01)
    assert not it.failures


async def test_what_the_port_raises_is_passed_on_and_nothing_more_is_handled() -> None:
    for fault in ("open", "0-5", "close"):
        it = Bench()

        async def hold(name: str, fault: str = fault) -> None:
            if name == fault:
                raise ArithmeticError

        it.port.hold = hold
        await it.settle()
        it.lane.deliver(it.batch(0, 5))
        it.lane.deliver(it.batch(5, 9))
        await it.settle()
        await it.lane.close(1)
        assert [type(error) for error in it.failures] == [ArithmeticError]
        assert it.port.calls[-1] == "close"
        assert ("5-9" in it.port.calls) == (fault == "close")


async def test_epochs_go_on_from_the_assignment_before() -> None:
    it = Bench(epoch=7)
    await it.settle()
    opened = it.lane.epoch
    assert opened > 7
    it.lane.shut()
    assert it.lane.epoch > opened
    await it.lane.close(1)
