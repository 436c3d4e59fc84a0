"""A selection: which dead letters are meant."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec import Struct

from stream_app.dlq.letter import Letter, Span


class Selection(Struct, frozen=True, kw_only=True):
    """All that hold at once; what is empty or None says nothing."""

    reasons: Collection[str] = ()
    key: bytes | None = None
    offsets: Collection[Span] = ()

    def has(self, letter: Letter) -> bool:
        """Whether it is meant."""
        offset = letter.place.offset
        return (
            (not self.reasons or letter.reason in self.reasons)
            and (self.key is None or letter.key == self.key)
            and (not self.offsets or any(span.first <= offset <= span.last for span in self.offsets))
        )


ALL: Final = Selection()
