"""One ordered connection to Redis: commands go out at once, replies come back in the order they were asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis
import msgspec

Command: TypeAlias = tuple[bytes | str | int, ...]

DEFAULT_PORT: Final = 6379
_MORE: Final = object()
_VERIFY: Final[Mapping[str, ssl.VerifyMode]] = {
    "required": ssl.CERT_REQUIRED,
    "optional": ssl.CERT_OPTIONAL,
    "none": ssl.CERT_NONE,
}


class Refused(Exception):
    """Redis answered with an error: the operator has to look (wrong password, out of memory, wrong kind of key)."""


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """How a `rediss://` server is believed; paths of PEM files."""

    verify: str = "required"
    check_hostname: bool = True
    ca_certs: str | None = None
    certfile: str | None = None
    keyfile: str | None = None

    def context(self) -> ssl.SSLContext:
        """What asyncio connects with. Raises OSError for a file that can't be read."""
        context = ssl.create_default_context(cafile=self.ca_certs)
        context.check_hostname = self.check_hostname and self.verify != "none"
        context.verify_mode = _VERIFY[self.verify]
        if self.certfile is not None:
            context.load_cert_chain(self.certfile, self.keyfile)
        return context


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a Redis is and how it is entered. Shown without its secrets."""

    host: str = "localhost"
    port: int = DEFAULT_PORT
    path: str | None = None
    username: str | None = None
    password: str | None = None
    database: int = 0
    tls: Tls | None = None

    def __repr__(self) -> str:
        return f"Address({self})"

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'redis' if self.tls is None else 'rediss'}://{host}:{self.port}/{self.database}"

    def greeting(self, name: str) -> list[Command]:
        """The commands that a new connection begins with."""
        commands: list[Command] = []
        if self.password is not None:
            commands.append(("AUTH", *([self.username] if self.username else []), self.password))
        if self.database:
            commands.append(("SELECT", self.database))
        commands.append(("CLIENT", "SETNAME", name))
        return commands


def address(url: str, password: str | None = None) -> Address:
    """The address of `redis://`, `rediss://` (TLS; options named as redis-py's) or `unix://`.

    A password given beside the URL wins over one in it. Raises ValueError on anything else, without the URL in its
    text: it may hold a password.
    """
    try:
        return _parsed(url, password)
    except (ValueError, KeyError):
        message = "the Redis URL: expected redis://[[user]:password@]host[:port][/db], rediss://… or unix://path"
        raise ValueError(message) from None


def _parsed(url: str, password: str | None) -> Address:
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    local, tls = {"redis": (False, False), "rediss": (False, True), "unix": (True, False)}[parts.scheme]
    return Address(
        host=parts.hostname or "localhost",
        port=parts.port or DEFAULT_PORT,
        path=unquote(parts.path) if local else None,
        username=unquote(parts.username) if parts.username else None,
        password=password or (unquote(parts.password) if parts.password else None),
        database=int(query.get("db") or ("" if local else parts.path.strip("/")) or 0),
        tls=_parsed_tls(query) if tls else None,
    )


def _parsed_tls(query: Mapping[str, str]) -> Tls:
    verify = query.get("ssl_cert_reqs", "required")
    if verify not in _VERIFY:
        raise ValueError
    return Tls(
        verify=verify,
        check_hostname=query.get("ssl_check_hostname", "true").lower() not in ("false", "0", "no"),
        ca_certs=query.get("ssl_ca_certs"),
        certfile=query.get("ssl_certfile"),
        keyfile=query.get("ssl_keyfile"),
    )


def packed(*command: bytes | str | int) -> bytes:
    """The command as Redis reads it."""
    return cast("bytes", hiredis.pack_command(cast("Any", command)))  # its stub asks for a tuple of one


class Line(asyncio.Protocol):
    """A connection. What it hears goes to `heard`, reply by reply; when it is cut, `cut` holds why."""

    def __init__(self) -> None:
        self.heard: Callable[[Any], None] = _nobody_asked
        self.heard_at = 0.0
        self.cut: Final[asyncio.Future[str]] = asyncio.get_running_loop().create_future()
        self._loop: Final = asyncio.get_running_loop()
        self._reader: Final = hiredis.Reader(notEnoughData=_MORE)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.heard_at = self._loop.time()

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        self._reader.feed(data)
        while not self.cut.done():
            try:
                reply = self._reader.gets()
            except hiredis.ProtocolError as error:
                self.abort(f"not Redis: {error}")
                return
            if reply is _MORE:
                return
            self.heard(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "closed by Redis")

    def say(self, data: bytes) -> None:
        """Sends packed commands; they run in the order in which they were said."""
        if self._transport is not None and not self.cut.done():
            self._transport.write(data)

    def abort(self, why: str) -> None:
        """Cuts the connection; what was said may or may not have run, and nothing more is heard."""
        self._end(why)
        if self._transport is not None:
            self._transport.abort()

    async def answers(self, commands: Iterable[Command]) -> list[Any]:
        """Asks and waits, for the first words of a connection. Raises Refused, or OSError when it is cut."""
        asked = [packed(*command) for command in commands]
        replies: list[Any] = []
        complete: asyncio.Future[None] = self._loop.create_future()

        def heard(reply: Any) -> None:  # noqa: ANN401 -- a reply is whatever Redis says
            replies.append(reply)
            if len(replies) == len(asked) and not complete.done():
                complete.set_result(None)

        self.heard = heard
        self.say(b"".join(asked))
        await asyncio.wait((complete, self.cut), return_when=asyncio.FIRST_COMPLETED)
        if not complete.done():
            raise ConnectionError(self.cut.result())
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError):
                raise Refused(str(reply))
        return replies

    def _end(self, why: str) -> None:
        if not self.cut.done():
            self.cut.set_result(why)


def _nobody_asked(reply: Any) -> None:  # noqa: ANN401 -- a reply is whatever Redis says
    message = f"Redis said what nobody asked for: {reply!r}"
    raise AssertionError(message)


async def dial(where: Address, *, name: str, first: Sequence[Command], limit: float) -> Line:
    """A connection that was let in and has run the `first` commands.

    Raises OSError (TimeoutError after `limit` seconds) or Refused.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(limit):
        if where.path is not None:
            _, line = await loop.create_unix_connection(Line, where.path)
        else:
            _, line = await loop.create_connection(
                Line, where.host, where.port, ssl=where.tls.context() if where.tls else None
            )
        try:
            await line.answers([*where.greeting(name), *first])
        except BaseException:
            line.abort("not let in")
            raise
    return line
