from __future__ import annotations

from pathlib import Path

from stream_app.engine.connection import packed
from stream_app.engine.keys import TP, Names, OutboxId
from stream_app.engine.write import Span, Write, commands
from tests.chaos.table import BEGIN, END, put
from tests.chaos.wire import APPLIED, Trap, Wire, Written
from tests.services.proxy import Verdict

PARTITION = TP("tickets", 3)
BATCH = Write(tp=PARTITION, token=b"mine", seq=7, span=Span(40, 44), outbox=[(b"T", b"{}"), (b"T", b"{}")])
NOTE = Write(tp=PARTITION, token=b"mine", seq=8, published=OutboxId(8, 2))


def said(write: Write) -> bytes:
    keys, arguments = commands(write, Names("ours").of(write.tp))
    return packed(b"EVALSHA", b"sha", len(keys), *keys, *arguments)


def test_a_wire_tells_writes_from_other_commands_and_what_became_of_each() -> None:
    wire = Wire()
    ear = wire.tap()
    sent = said(BATCH) + packed(b"HMGET", b"key", b"field") + said(NOTE)
    ear.asked(sent[:50])
    ear.asked(sent[50:])
    batch, note = wire.writes
    assert (batch.seq, batch.base, batch.says, batch.trims) == (7, 40, 2, False)
    assert (note.seq, note.base, note.says, note.trims) == (8, None, 0, True)
    assert wire.in_flight() == [batch, note]

    assert ear.answered(b":1\r\n" + packed(b"value")) is Verdict.PASS
    assert wire.in_flight() == [note]
    ear.answered(packed(b"owner", b"other", 9, 48))
    assert (batch.outcome, note.outcome) == (APPLIED, "owner")


def test_a_trap_springs_once_and_before_the_answer_that_it_holds_back() -> None:
    wire = Wire()
    ear = wire.tap()
    found: list[Written] = []

    def springs(chosen: Written) -> list[Written]:
        found.append(chosen)
        return found

    wire.trap = Trap(lambda write: write.says > 0, Verdict.HOLD, springs)
    ear.asked(said(NOTE) + said(BATCH) + said(BATCH))
    assert ear.answered(b":1\r\n") is Verdict.PASS
    assert ear.answered(b":1\r\n") is Verdict.HOLD
    assert ear.answered(b":1\r\n") is Verdict.PASS
    assert found == [wire.writes[1]]


def test_a_claim_gives_the_wire_its_token() -> None:
    wire = Wire()
    wire.tap().asked(packed(b"HSET", Names("ours").of(PARTITION).meta, b"owner", b"mine"))
    assert wire.tokens == {b"mine"}


def test_the_table_is_put_between_its_markers(tmp_path: Path) -> None:
    file = tmp_path / "doc.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put(file, "new")
    assert file.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
