"""The network between workers and Redis: a proxy for each worker, in a thread of their own, each with its wire."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, Self, TypeVar

from tests.chaos.wire import Chooses, Trap, Wire, Written
from tests.services.proxy import Proxy, Verdict

LATENCY: Final = 0.015
"""Seconds that each way takes, as between two halls: so that something is nearly always under way."""
PATIENCE: Final = 10.0
WITHIN: Final = 60.0
"""Seconds within which a batch must have come by."""

R = TypeVar("R")


class Road:
    """One worker's way to Redis."""

    def __init__(self, network: Network, proxy: Proxy, wire: Wire) -> None:
        self._network: Final = network
        self._proxy: Final = proxy
        self.wire: Final = wire

    @property
    def url(self) -> str:
        """What the worker takes for Redis."""
        return f"redis://127.0.0.1:{self._proxy.port}/0"

    def keep(self) -> None:
        """What is under way to Redis, and what follows, waits before it. To be called in the proxies' loop."""
        self._proxy.stall()

    def amid(
        self, harm: Callable[[], object], flying: Callable[[], list[Written]], chance: random.Random
    ) -> list[Written]:
        """Does harm at a random moment of a batch's way to Redis and back; what was `flying` right then.

        Where nothing was any more, the next batch is waited for.
        """
        told: Future[list[Written]] = Future()
        loop = self._network.loop

        def arm() -> None:
            self.wire.trap = Trap(lambda write: write.base is not None, Verdict.PASS, springs, asked=True)

        def springs(_: Written) -> list[Written]:
            loop.call_later(chance.uniform(0, 2 * LATENCY), strike)
            return []

        def strike() -> None:
            if found := flying():
                harm()
                told.set_result(found)
            else:
                arm()

        self._network.call(arm)
        return told.result(WITHIN)

    def trap(self, chooses: Chooses, verdict: Verdict, harm: Callable[[], None]) -> Trap:
        """Does harm the moment that the answer to a chosen write comes by; in flight is what was then, it first."""
        return self._laid(chooses, verdict, harm, asked=False)

    def trap_asked(self, chooses: Chooses, harm: Callable[[], None]) -> Trap:
        """The same the moment that the write itself comes by: it waits before Redis, with what follows."""
        return self._laid(chooses, Verdict.PASS, harm, asked=True)

    def _laid(self, chooses: Chooses, verdict: Verdict, harm: Callable[[], None], *, asked: bool) -> Trap:
        def springs(chosen: Written) -> list[Written]:
            if asked:
                self.keep()
            harm()
            return [chosen, *(write for write in self.wire.in_flight() if write is not chosen)]

        trap = Trap(chooses, verdict, springs, asked=asked)
        self.wire.trap = trap
        return trap

    def release(self) -> None:
        """What was kept arrives."""
        self._network.call(self._proxy.release)


class Network:
    """All roads. Enter it to have its loop run."""

    def __init__(self, port: int) -> None:
        """`port` is Redis's."""
        self._port: Final = port
        self.loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(target=self.loop.run_forever, name="network", daemon=True)
        self._proxies: Final[list[Proxy]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies:
            self._run(proxy.__aexit__())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()

    def road(self) -> Road:
        """One more."""
        wire = Wire()
        proxy = Proxy(self._port, latency=LATENCY, taps=wire.tap)
        self._run(proxy.__aenter__())
        self._proxies.append(proxy)
        return Road(self, proxy, wire)

    def call(self, work: Callable[[], R]) -> R:
        """Does it in the proxies' loop, between two messages."""

        async def done() -> R:
            return work()

        return self._run(done())

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)
