"""Probes: whether a process lives, whether it is ready, and its metrics, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler


class Probes:
    """A small server for `/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, registry: CollectorRegistry, why_not_ready: Callable[[], str | None]) -> None:
        """`why_not_ready` says what is missing; None: nothing."""
        self._why = why_not_ready
        self._app = web.Application()
        self._app.router.add_get("/healthz", self._healthz)
        self._app.router.add_get("/readyz", self._readyz)
        metrics: Any = make_aiohttp_handler(registry)
        self._app.router.add_get("/metrics", metrics)
        self._runner = web.AppRunner(self._app, access_log=None)

    async def start(self, host: str, port: int) -> int:
        """Listen; gives the port, which was free for the taking where 0 was asked for. Raises OSError."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        addresses: Any = self._runner.addresses
        return int(addresses[0][1])

    async def stop(self) -> None:
        """Close all connections."""
        await self._runner.cleanup()

    async def _healthz(self, request: web.Request) -> web.Response:
        del request
        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        del request
        why = self._why()
        return web.Response(text="ready\n") if why is None else web.Response(text=f"{why}\n", status=503)
