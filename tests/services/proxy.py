"""A TCP proxy on loopback that loses, cuts, delays and listens on demand: what networks do to connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, Final, Protocol, Self


class Verdict(Enum):
    """What becomes of something the server said."""

    PASS = "pass"  # noqa: S105 -- no password: it goes on to the client
    HOLD = "hold"
    """The client does not hear it, nor anything after it."""
    CUT = "cut"
    """The client does not hear it, and the connection ends."""


class Tap(Protocol):
    """Listens to one connection. It is called in the proxy's loop."""

    def asked(self, data: bytes) -> None:
        """The client has said this; it is not on its way to the server yet."""

    def answered(self, data: bytes) -> Verdict:
        """The server has said this; the client has not heard it yet."""

    def heard(self) -> None:
        """What was judged last is the client's now."""

    def ended(self) -> None:
        """Nothing more is heard."""


class _Deaf:
    """A tap that does not listen."""

    def asked(self, data: bytes) -> None: ...
    def answered(self, data: bytes) -> Verdict:
        del data
        return Verdict.PASS

    def heard(self) -> None: ...
    def ended(self) -> None: ...


Pipe = asyncio.Queue[tuple[float, bytes] | None]


class _Link:
    """One client's connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter, tap: Tap) -> None:
        self.client: Final = client
        self.server: Final = server
        self.tap: Final = tap
        self.kept = bytearray()
        self.mute = False
        self.over = False
        """The server was told all that it is told."""

    def cut(self) -> None:
        """Ends it, but for what the server has still to be told."""
        self.client.transport.abort()
        if not self.kept:
            self.server.transport.abort()


class Proxy:
    """Stands before 127.0.0.1:`target`; passes everything on until told otherwise. Use it in a running loop."""

    def __init__(self, target: int, *, latency: float = 0.0, taps: Callable[[], Tap] = _Deaf) -> None:
        """`latency` is how many seconds each way takes; `taps` makes the listener of each connection."""
        self.port = 0
        self.connections = 0
        """How many were ever made."""
        self.refuses = False
        """Whether new connections are turned away."""
        self._target: Final = target
        self._latency: Final = latency
        self._taps: Final = taps
        self._links: Final[set[_Link]] = set()
        self._pumps: Final[set[asyncio.Task[None]]] = set()
        self._listener: asyncio.Server | None = None
        self._passes: int | None = None
        self._stalls = False

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.close()
        for link in self._links:
            link.kept.clear()
        self.cut()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def cut(self) -> None:
        """Cuts every connection now."""
        for link in self._links:
            link.cut()

    def swallow(self, after: int = 0) -> None:
        """The next answer of the server is cut off after so many bytes, and the connection with it."""
        self._passes = after

    def stall(self) -> None:
        """What clients of the connections that stand now say, and what is under way, is kept; they hear nothing."""
        self._stalls = True

    def release(self) -> None:
        """What was kept reaches the server after all, in connections whose clients may long have gone."""
        self._stalls = False
        for link in list(self._links):
            if link.kept:
                link.server.write(bytes(link.kept))
                link.kept.clear()
                link.server.write_eof()
                link.over = True

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        self.connections += 1
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, to_server, self._taps())
        self._links.add(link)
        there, back = Pipe(), Pipe()
        self._start(self._filled(there, reader, link.tap.asked))
        self._start(self._to_server(link, there))
        self._start(self._filled(back, from_server))
        self._start(self._back(link, back)).add_done_callback(lambda _: link.tap.ended())

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        pump = asyncio.create_task(work)
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)
        return pump

    async def _filled(
        self, pipe: Pipe, reader: asyncio.StreamReader, listen: Callable[[bytes], None] | None = None
    ) -> None:
        clock = asyncio.get_running_loop().time
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if listen is not None:
                    listen(data)
                pipe.put_nowait((clock() + self._latency, data))
        pipe.put_nowait(None)

    async def _to_server(self, link: _Link, pipe: Pipe) -> None:
        with contextlib.suppress(OSError):
            while (data := await _arrived(pipe)) is not None:
                if self._stalls:
                    link.kept += data
                elif link.over:
                    break
                else:
                    link.server.write(data)
                    await link.server.drain()
        if not link.kept:
            self._links.discard(link)
        link.cut()

    async def _back(self, link: _Link, pipe: Pipe) -> None:
        with contextlib.suppress(OSError):
            while (data := await _arrived(pipe)) is not None:
                if self._passes is not None:
                    part, self._passes = data[: self._passes], None
                    link.client.write(part)
                    await link.client.drain()
                    link.client.close()  # unlike a cut, it lets the part arrive
                    link.server.transport.abort()
                    self._links.discard(link)
                    return
                verdict = link.tap.answered(data)
                if verdict is Verdict.CUT:
                    break
                # Once something was not passed on nothing may be: a connection has no holes.
                link.mute = link.mute or bool(link.kept) or verdict is Verdict.HOLD
                if not (link.mute or link.client.transport.is_closing()):
                    link.client.write(data)
                    await link.client.drain()
                    link.tap.heard()
        self._links.discard(link)
        link.cut()


async def _arrived(pipe: Pipe) -> bytes | None:
    """The next that has come through; None at its end."""
    item = await pipe.get()
    if item is None:
        return None
    due, data = item
    wait = due - asyncio.get_running_loop().time()
    if wait > 0:
        await asyncio.sleep(wait)
    return data
