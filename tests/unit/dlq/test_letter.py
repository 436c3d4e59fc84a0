from __future__ import annotations

from dataclasses import dataclass, field

from stream_app.dlq.letter import Fate, Letter, Note, Place, Settled, Span, opened, spans
from stream_app.dlq.selection import Selection
from stream_app.dlq.settling import unsendable
from stream_app.sla.instant import Micros


@dataclass
class Record:
    """A record as aiokafka gives it."""

    value: bytes | None = b"{"
    key: bytes | None = b"T-1"
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    topic: str = "tickets.dlq"
    partition: int = 0
    offset: int = 7
    timestamp: int = 5


def test_a_letter_keeps_what_its_headers_say() -> None:
    came = [("tenggat-reason", b"not_json"), ("tenggat-topic", b"tickets"), ("tenggat-partition", b"2")]
    letter = opened(Record(headers=[*came, ("tenggat-offset", b"41")]))
    assert isinstance(letter, Letter)
    assert letter.origin == Place("tickets", 2, 41)
    assert (letter.at, letter.reason, str(letter.place)) == (5_000, "not_json", "tickets.dlq/0/7")
    stray = opened(Record(headers=[*came, ("tenggat-offset", b"\xb2")]))
    assert isinstance(stray, Letter)
    assert stray.origin is None


def test_a_note_is_read_as_it_was_written() -> None:
    note = Note(Fate.DROPPED, spans([1, 2, 3, 7, 9, 10]))
    assert note.spans == [Span(1, 3), Span(7, 7), Span(9, 10)]
    value, headers = note.record()
    assert opened(Record(value=value, headers=headers)) == note
    assert opened(Record(value=b"no", headers=headers)) is None


def test_of_two_notes_on_a_letter_the_first_counts_and_none_reaches_beyond_itself() -> None:
    settled = Settled()
    settled.note(Note(Fate.REDRIVEN, [Span(3, 4)]), 0, 10)
    settled.note(Note(Fate.DROPPED, [Span(4, 10**15)]), 0, 6)
    assert [settled.fate(offset) for offset in (2, 3, 4, 5, 6)] == [
        None, Fate.REDRIVEN, Fate.REDRIVEN, Fate.DROPPED, None,
    ]  # fmt: skip


def letter(key: bytes | None = b"T-1", value: bytes | None = b"{", offset: int = 7) -> Letter:
    return Letter(
        place=Place("tickets.dlq", 0, offset),
        at=Micros(0),
        key=key,
        value=value,
        reason="not_json",
        detail="",
        origin=None,
    )


def test_a_selection_holds_in_all_its_parts() -> None:
    assert Selection().has(letter())
    assert Selection(reasons=("time", "not_json"), key=b"T-1", offsets=(Span(1, 2), Span(7, 7))).has(letter())
    assert not Selection(reasons=("time",)).has(letter())
    assert not Selection(key=b"").has(letter(key=None))
    assert not Selection(offsets=(Span(8, 9),)).has(letter())


def test_what_cannot_be_sent_says_why() -> None:
    assert unsendable(letter(), {"tickets"}) is None
    assert unsendable(letter(), {"measurements"}) == "the topic tickets does not exist"
    assert unsendable(letter(None, None), {"tickets"}) == "it has neither key nor value"
