from __future__ import annotations

import asyncio
import contextlib

import pytest

from stream_app.engine.pause import pause


async def swallows_a_cancel_and_goes_on() -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    await pause(60)


async def test_a_cancel_that_was_swallowed_is_noticed_at_the_next_pause() -> None:
    task = asyncio.create_task(swallows_a_cancel_and_goes_on())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
