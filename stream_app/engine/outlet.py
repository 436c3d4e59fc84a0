"""The outlet: what a partition has to say, each signal once, and its way from the outbox to the topic."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from stream_app.engine.heard import Heard
from stream_app.engine.pen import Pen
from stream_app.engine.ports import SAID, Post
from stream_app.sla.news import News
from stream_app.telemetry import Telemetry

OUTCOMES: Final = {"sla.met": "met", "sla.breached": "breached", "sla.cancelled": "cancelled"}
"""How clocks end, by the signal that says so."""


class Outlet:
    """One partition's. It goes by the pen's outbox: what is there is in Redis."""

    def __init__(self, pen: Pen, post: Post, marks: Mapping[str, bytes], telemetry: Telemetry) -> None:
        """`marks` are those that Redis has of the partition."""
        self._pen = pen
        self._post = post
        self._telemetry = telemetry
        self._marks = {name: mark for name, mark in marks.items() if name.startswith(SAID)}
        """How far Redis says that the topic of signals is known, as far as we have written it."""
        self._posting: asyncio.Task[Mapping[str, bytes]] | None = None
        self.heard: Heard | None = None
        """Signals that the topic holds and Redis does not know of."""

    def said(self, news: Iterable[News], now: int, as_of: str | None) -> list[tuple[bytes, bytes]]:
        """The signals to write into the outbox, counted; what the topic holds already is not said again."""
        outbox = []
        delays: dict[str, list[int]] = {}
        ends: list[tuple[str, str, str, str]] = []
        for item in news:
            if self.heard is not None and self.heard.has(item):
                continue
            delays.setdefault(item.type, []).append(now - item.at)
            if (outcome := OUTCOMES.get(item.type)) is not None:
                urgency = item.data.get("priority") or item.data.get("severity") or ""
                ends.append((item.data["kind"], item.data["clock"], urgency, outcome))
            if as_of is not None:
                item.data["as_of"] = as_of
            outbox.append((item.subject.encode(), item.envelope()))
        self._telemetry.signals_said(delays)
        self._telemetry.clocks_finished(Counter(ends))
        return outbox

    async def publish(self, limit: int = 1_000) -> None:
        """Publish what waits, in its order, and note in Redis that it is done. Raises Lost.

        Never returns where the post is mute and something waits.
        """
        some = self._pen.outbox[:limit]
        if not some:
            return
        if self._post.mute:
            await self._post.publish(())  # nothing is on its way, so there is nothing that `posted` would wait for
        posting = self._posting = asyncio.create_task(self._post.publish([(key, payload) for _, key, payload in some]))
        marks = await asyncio.shield(posting)
        if self.heard is not None:
            marks = {}  # whoever claims while we heal has to hear all of it again
        async with self._pen.turn():
            self._pen.send(published=some[-1][0], marks=marks)
            self._marks.update(marks)
            del self._pen.outbox[: len(some)]

    async def posted(self) -> None:
        """Wait until nothing of ours is on its way to the topic, where whoever claims next would miss it."""
        if self._posting is not None:
            await asyncio.wait([self._posting])

    async def renew_marks(self) -> None:
        """Note how far the topic of signals is known, so that whoever claims next need not read it again. Raises Lost.

        Only while nothing of ours is on its way there, and nothing that was heard waits to be judged.
        """
        # an earlier owner's workers may know of more than ours does
        known = self._marks | {
            name: mark for name, mark in self._post.known.items() if int(mark) > int(self._marks.get(name, b"0"))
        }
        if known != self._marks and not self._pen.outbox and self._pen.quiet and self.heard is None:
            self._marks = known
            await self._pen.mark(known)
