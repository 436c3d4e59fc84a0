"""A pause between two tries, in which a cancel is noticed that redis-py has swallowed."""

from __future__ import annotations

import asyncio


async def pause(seconds: float) -> None:
    """Sleep. Raises CancelledError where the task was cancelled before: now and then redis-py just gives its answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    await asyncio.sleep(seconds)
