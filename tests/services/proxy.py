"""A TCP proxy on loopback that loses, cuts and delays on demand: what networks do to connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Self


class _Link:
    """One client's connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client: Final = client
        self.server: Final = server
        self.kept = bytearray()

    def cut(self) -> None:
        """Ends it, but for what the server has still to be told."""
        self.client.transport.abort()
        if not self.kept:
            self.server.transport.abort()


class Proxy:
    """Stands before 127.0.0.1:`target`; passes everything on until told otherwise. Use it in a running loop."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.connections = 0
        """How many were ever made."""
        self.refuses = False
        """Whether new connections are turned away."""
        self._target: Final = target
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
        """From now on what clients of the connections that stand now say is kept, and they hear nothing."""
        self._stalls = True

    def release(self) -> None:
        """What was kept reaches the server after all, in connections whose clients may long have gone."""
        self._stalls = False
        for link in list(self._links):
            if link.kept:
                link.server.write(bytes(link.kept))
                link.kept.clear()
                link.server.write_eof()

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
        link = _Link(writer, to_server)
        self._links.add(link)
        pumps = [asyncio.create_task(self._to_server(link, reader)), asyncio.create_task(self._back(link, from_server))]
        for pump in pumps:
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _to_server(self, link: _Link, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if self._stalls:
                    link.kept += data
                else:
                    link.server.write(data)
                    await link.server.drain()
        if not link.kept:
            self._links.discard(link)
        link.cut()

    async def _back(self, link: _Link, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if self._passes is not None:
                    part, self._passes = data[: self._passes], None
                    link.client.write(part)
                    await link.client.drain()
                    link.client.close()  # unlike a cut, it lets the part arrive
                    link.server.transport.abort()
                    self._links.discard(link)
                    return
                if not link.kept:
                    link.client.write(data)
                    await link.client.drain()
        self._links.discard(link)
        link.cut()
