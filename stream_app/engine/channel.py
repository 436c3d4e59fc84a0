"""Requests to Redis in strict order over a connection that mends itself: what was not answered is sent again."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import hiredis
import msgspec

from stream_app.engine.connection import Address, Command, Line, Refused, dial, packed

SHORTEST_WAIT: Final = 0.05
_DOUBLINGS: Final = 16
_NEW: Final = "not yet connected"


class Closed(Exception):
    """The store was closed before Redis answered: what was asked may or may not have happened."""


class Health(msgspec.Struct, frozen=True):
    """Whether Redis answers, for how many seconds it has been so, and if not, why."""

    reachable: bool
    seconds: float
    why: str | None


class Watch(Protocol):
    """What the channel tells the telemetry."""

    def lost(self, why: str) -> None:
        """Redis no longer answers; the channel keeps trying."""

    def back(self, seconds: float) -> None:
        """Redis answers again, after so long."""

    def answered(self, seconds: float) -> None:
        """A request was answered, so long after it was made."""


class Unwatched:
    """A watch that looks away."""

    def lost(self, why: str) -> None: ...
    def back(self, seconds: float) -> None: ...
    def answered(self, seconds: float) -> None: ...


class _Request:
    """Commands that wait for their replies, kept packed so that they can be sent again."""

    __slots__ = ("asked_at", "count", "data", "failed", "replies", "sent_at", "settle", "tries")

    def __init__(
        self,
        data: bytes,
        count: int,
        settle: Callable[[list[Any], int], None],
        failed: Callable[[Exception], None],
        asked_at: float,
    ) -> None:
        self.data: Final = data
        self.count: Final = count
        self.settle: Final = settle
        self.failed: Final = failed
        self.asked_at: Final = asked_at
        self.sent_at = asked_at
        self.replies: list[Any] = []
        self.tries = 0


class Channel:
    """An ordered way to Redis. An error reply counts as a cut: everything unanswered goes out again, in order.

    So one request that Redis keeps refusing (out of memory, wrong password) holds up those behind it, and `health`
    says why. `patience` is how many seconds an answer may take before the connection is given up, `longest_wait` the
    most that lies between two tries.
    """

    def __init__(
        self, where: Address, *, first: Sequence[Command], watch: Watch, patience: float, longest_wait: float
    ) -> None:
        self._where: Final = where
        self._first: Final = first
        self._watch: Final = watch
        self._patience: Final = patience
        self._longest_wait: Final = longest_wait
        self._loop: Final = asyncio.get_running_loop()
        self._waiting: Final[deque[_Request]] = deque()
        self._idle: Final = asyncio.Event()
        self._idle.set()
        self._line: Line | None = None
        self._failures = 0
        self._why: str | None = _NEW
        self._since = self._loop.time()
        self._task: Final = asyncio.create_task(self._stay_connected(), name="redis channel")
        self._closed = False

    @property
    def health(self) -> Health:
        """Whether Redis answers."""
        return Health(self._why is None, self._loop.time() - self._since, self._why)

    @property
    def in_flight(self) -> int:
        """How many requests have not been answered."""
        return len(self._waiting)

    def send(
        self, data: bytes, count: int, settle: Callable[[list[Any], int], None], failed: Callable[[Exception], None]
    ) -> None:
        """Sends `count` packed commands; `settle` gets their replies and how often they had to be sent."""
        if self._closed:
            failed(Closed())
            return
        request = _Request(data, count, settle, failed, self._loop.time())
        self._waiting.append(request)
        self._idle.clear()
        if self._line is not None:
            request.tries = 1
            self._line.say(data)

    async def ask(self, *commands: Command) -> list[Any]:
        """The replies to the commands. Raises Closed."""
        if not commands:
            return []
        told: asyncio.Future[list[Any]] = self._loop.create_future()

        def settle(replies: list[Any], _: int) -> None:
            if not told.done():
                told.set_result(replies)

        def failed(error: Exception) -> None:
            if not told.done():
                told.set_exception(error)

        self.send(b"".join([packed(*command) for command in commands]), len(commands), settle, failed)
        return await told

    async def close(self, grace: float) -> None:
        """Waits up to `grace` seconds for what is in flight; what is then unanswered fails with Closed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), grace)
        self._closed = True
        self._task.cancel()
        await asyncio.wait((self._task,))
        while self._waiting:
            self._waiting.popleft().failed(Closed())

    async def _stay_connected(self) -> None:
        while True:
            self._lost(await self._connection())
            self._failures += 1
            if self._failures > 1:
                wait = SHORTEST_WAIT * 2 ** min(self._failures - 2, _DOUBLINGS)
                jitter = random.uniform(0.5, 1.0)  # noqa: S311 -- spreads the workers, keeps no secret
                await asyncio.sleep(min(wait, self._longest_wait) * jitter)

    async def _connection(self) -> str:
        """Connects and serves until the connection is cut; says why it was."""
        try:
            line = await dial(self._where, name="tenggat", first=self._first, limit=self._patience)
        except (OSError, Refused) as error:
            return str(error) or "no answer"
        self._line = line
        line.heard = self._heard
        try:
            for request in self._waiting:
                request.tries += 1
                request.sent_at = self._loop.time()
                request.replies.clear()
                line.say(request.data)
            if not self._waiting:
                self._back()
            return await self._cut(line)
        finally:
            self._line = None
            line.abort("let go")

    async def _cut(self, line: Line) -> str:
        while not line.cut.done():
            await asyncio.wait((line.cut,), timeout=self._patience / 4)
            oldest = self._waiting[0].sent_at if self._waiting else self._loop.time()
            if self._loop.time() - max(oldest, line.heard_at) > self._patience:
                line.abort(f"no answer for {self._patience:g} s")
        return line.cut.result()

    def _heard(self, reply: Any) -> None:  # noqa: ANN401 -- a reply is whatever Redis says
        if isinstance(reply, hiredis.ReplyError):
            # Those behind it may have been refused only because this one failed: their replies must not be heard.
            if self._line is not None:
                self._line.abort(str(reply))
            return
        request = self._waiting[0]
        request.replies.append(reply)
        if len(request.replies) < request.count:
            return
        self._waiting.popleft()
        if not self._waiting:
            self._idle.set()
        self._failures = 0
        self._back()
        self._watch.answered(self._loop.time() - request.asked_at)
        request.settle(request.replies, request.tries)

    def _lost(self, why: str) -> None:
        if self._why is None or self._why is _NEW:
            self._since = self._loop.time()
            self._watch.lost(why)
        self._why = why

    def _back(self) -> None:
        if self._why is not None:
            self._watch.back(self._loop.time() - self._since)
            self._why = None
            self._since = self._loop.time()
