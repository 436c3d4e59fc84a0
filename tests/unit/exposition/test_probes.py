from __future__ import annotations

import socket

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry, Counter

from stream_app.exposition.probes import Probes


async def get(port: int, path: str) -> tuple[int, str]:
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_a_process_that_answers_lives() -> None:
    probes = Probes(CollectorRegistry(), lambda: "not ready at all")
    port = await probes.start("127.0.0.1", 0)
    try:
        assert await get(port, "/healthz") == (200, "ok\n")
    finally:
        await probes.stop()


async def test_it_is_ready_when_nothing_is_missing_and_says_what_is() -> None:
    missing: list[str] = ["Redis does not answer"]
    probes = Probes(CollectorRegistry(), lambda: missing[0] if missing else None)
    port = await probes.start("127.0.0.1", 0)
    try:
        assert await get(port, "/readyz") == (503, "Redis does not answer\n")
        missing.clear()
        assert await get(port, "/readyz") == (200, "ready\n")
    finally:
        await probes.stop()


async def test_metrics_are_those_of_the_registry() -> None:
    registry = CollectorRegistry()
    Counter("tenggat_things", "Things.", registry=registry).inc(3)
    probes = Probes(registry, lambda: None)
    port = await probes.start("127.0.0.1", 0)
    try:
        status, text = await get(port, "/metrics")
        assert status == 200
        assert "tenggat_things_total 3.0" in text
        assert (await get(port, "/nothing"))[0] == 404
    finally:
        await probes.stop()


async def test_a_port_that_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        probes = Probes(CollectorRegistry(), lambda: None)
        with pytest.raises(OSError, match="address already in use"):
            await probes.start("127.0.0.1", taken.getsockname()[1])
        await probes.stop()
