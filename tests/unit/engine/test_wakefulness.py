from __future__ import annotations

import asyncio

import pytest

from stream_app.engine.write import Fenced, Standing, Why
from tests.unit.engine.desk import TICKETS, Desk
from tests.unit.engine.test_engine import worker

HERE = Standing(owner=None, seq=0, next=None)


@pytest.mark.parametrize("steps", range(6))
async def test_a_loss_is_healed_also_when_something_wakes_at_that_very_moment(steps: int) -> None:
    async with worker(Desk()) as its:
        lost = its.engine.partitions[TICKETS]
        await asyncio.sleep(0.01)
        lost.pen.lose(Fenced(why=Why.SEQUENCE, found=HERE))
        for _ in range(steps):
            await asyncio.sleep(0)
        lost.woken.set()  # the deadlines' loop is about to go on when it is cancelled
        async with asyncio.timeout(2):
            while its.engine.partitions[TICKETS] is lost:  # noqa: ASYNC110 -- nobody tells when it is healed
                await asyncio.sleep(0.01)
