"""A Redis that crashes twice: what its append-only file holds of a torn transaction must not come back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from stream_app.engine import aof
from tests.services import Redis

pytestmark = [pytest.mark.integration, pytest.mark.chaos]

WRITE = "for n = 1, #KEYS do redis.call('HSET', KEYS[n], 'v', ARGV[1]) end return 1"


async def rewritten(client: Client) -> None:
    while True:
        info: Any = await client.info("persistence")
        if (await client.info())["aof_rewrites"] and not info["aof_rewrite_in_progress"]:
            return
        await asyncio.sleep(0.05)


async def test_a_transaction_that_a_crash_tore_does_not_come_back_at_the_start_after_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aof, "EVERY", 0.05)
    with Redis() as server:
        newest = next((server.folder / "appendonlydir").glob("*.incr.aof"))
        async with Client.from_url(server.url) as client:
            await client.eval(WRITE, 3, "a", "b", "c", "old")
            server.handed_over()
            before = newest.stat().st_size
            await client.eval(WRITE, 3, "a", "b", "c", "torn")
            server.handed_over()
            whole = newest.stat().st_size
        server.forget_tail((whole - before) // 3)
        server.start()
        async with Client.from_url(server.url) as client:
            keeper = asyncio.create_task(aof.kept_whole(client))
            async with asyncio.timeout(20):
                await rewritten(client)
            keeper.cancel()
            await asyncio.wait([keeper])
            await client.eval(WRITE, 1, "d", "new")
            server.handed_over()
        server.restart()
        async with Client.from_url(server.url) as client:
            assert [await client.hget(key, "v") for key in "abcd"] == [b"old", b"old", b"old", b"new"]
