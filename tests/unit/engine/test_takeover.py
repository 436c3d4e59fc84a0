from __future__ import annotations

import pytest

from stream_app.engine.keys import OutboxId
from stream_app.engine.store import Signal
from stream_app.engine.takeover import unsaid


@pytest.mark.parametrize(
    ("said", "held", "left"),
    [
        ("", None, [("a", 1), ("b", 2), ("c", 3)]),
        ("abc", 3, []),
        ("ab", 2, [("c", 3)]),
        ("bc", None, [("a", 3)]),
        ("b", None, [("a", 2), ("c", 3)]),
        ("ac", 1, [("b", 3)]),
    ],
)
def test_what_is_said_leaves_the_outbox_with_what_was_to_be_said_before_it(
    said: str, held: int | None, left: list[tuple[str, int]]
) -> None:
    waiting = [Signal(OutboxId(number, 1), b"T", text.encode()) for number, text in enumerate("abc", 1)]
    found, rest = unsaid(waiting, lambda payload: payload.decode() in said)
    assert found == (None if held is None else OutboxId(held, 1))
    assert [(payload.decode(), place.seq) for place, _, payload in rest] == left
