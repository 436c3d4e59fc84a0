"""The peer: the thinnest such job in plain Faust, an event at a time; a process, run by `benchmarks/worker.py`.

It decodes JSON, keeps a dictionary a ticket with its status and one deadline, and writes each change to Redis at once,
with the event's offset in the same HSET. It is durable as Faust comes: Faust commits offsets in the background, and
after a crash some events are judged twice. No calendars, policies, windows, signals, deadlines said, history.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any, Final

import faust
from redis.asyncio import Redis

POSITION: Final = "position:{}"
"""The field of the offset after the last event, by partition."""
TARGET: Final = 4 * 3600.0


def create_app(broker: str, url: str, topic: str, key: str) -> faust.App:
    """Writes states into the hash `key` of the Redis at `url`."""
    app = faust.App(
        f"{topic}-peer",
        broker=f"kafka://{broker}",
        consumer_auto_offset_reset="earliest",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        datadir=tempfile.mkdtemp(prefix="tenggat-peer-"),
    )
    redis: Any = Redis.from_url(url)
    states: dict[str, dict[str, Any]] = {}

    @app.agent(app.topic(topic, key_serializer="raw", value_serializer="json"))
    async def judge(stream: Any) -> None:  # noqa: ANN401 -- Faust's
        async for event in stream.events():
            value, message = event.value, event.message
            subject, data = value["subject"], value["data"]
            state = states.setdefault(subject, {"status": "new", "events": 0, "due": None})
            state["events"] += 1
            state["status"] = data.get("status", state["status"])
            if value["type"] == "ticket.created":
                state["due"] = message.timestamp + TARGET
            elif state["status"] in {"resolved", "closed"}:
                state["due"] = None
            position = {POSITION.format(message.partition): message.offset + 1}
            await redis.hset(key, mapping={subject: json.dumps(state), **position})

    return app


if __name__ == "__main__":
    arguments, sys.argv[1:] = sys.argv[1:], ["worker", "--without-web", "--loglevel", "warn"]
    os.chdir(tempfile.gettempdir())
    create_app(*arguments).main()
