"""A real Redis for tests: append-only file synced each second, nothing evicted, as in production."""

from __future__ import annotations

import shutil
import socket
import time
from typing import ClassVar

from redis import Redis as Client

from tests.services.server import POLL, Server, ServerFailed, free_port


class Redis(Server):
    name: ClassVar[str] = "redis"
    patience: ClassVar[float] = 20

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        server = shutil.which("redis-server")
        if server is None:
            raise ServerFailed("no redis-server on the PATH: run `make servers`, which installs it or says how")
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        return [server, *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def ready(self, said: str) -> bool:
        """Answers PING; while it loads its data it answers LOADING."""
        if "Ready to accept connections" not in said:
            return False
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")

    def forget_tail(self, size: int) -> None:
        """Kills it and cuts the last `size` bytes off its append-only file: what a crash between two syncs loses."""
        self.handed_over()
        self.kill()
        self.cut_tail(size)

    def handed_over(self) -> None:
        """Waits until Redis has handed its file all it has answered for.

        While a sync is under way it holds writes back, and a kill would take those as well.
        """
        with Client.from_url(self.url) as client:
            while client.info("persistence")["aof_buffer_length"]:
                time.sleep(POLL)

    def cut_tail(self, size: int) -> None:
        """Cuts the last `size` bytes off the append-only file of a Redis that is down."""
        newest = max((self.folder / "appendonlydir").glob("*.incr.aof"), key=lambda file: file.stat().st_mtime_ns)
        with newest.open("r+b") as file:
            file.truncate(max(0, newest.stat().st_size - size))
