"""What is drawn: each assertion shows the row it expects."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.account.account import account
from stream_app.account.timeline import ASCII, GLYPHS, Cell, Timeline, timeline
from stream_app.account.wording import Wall
from stream_app.sla.era import Era
from stream_app.sla.events import Event
from tests.unit.sla.build import at, created, entries, era, policy, rule, status, updated


def drawn(events: Iterable[Event], eras: Era, until: str, width: int = 52) -> Timeline | None:
    found = account(entries(events, [eras]), [eras], at(until))
    assert found is not None
    return timeline(found, Wall("UTC"), width)


def row(its: Timeline | None, label: str) -> str:
    assert its is not None
    return "".join(ASCII[cell] for one in its.rows if one.label == label for cell in one.cells)


def test_running_paused_past_due_and_closed_differ_and_marks_lie_on_top() -> None:
    eras = era(policy(resolution=rule("4h", "50%"), calendar="office"))
    events = [created("09:00"), status("10:00", "pending"), status("11:00", "open"), status("18:00", "resolved")]
    its = drawn(events, eras, "18:00")
    #  9    10   11   12   13   14   15   16   17   18: a cell is a quarter of an hour
    assert row(its, "resolution") == "====~~~~====!...========D###########"
    assert row(its, "events") == "v   v   v                          v"
    assert its is not None
    assert (its.begin, its.end) == ("2025-03-03 09:00", "2025-03-03 18:00")


def test_a_deadline_ahead_is_drawn_if_it_is_near() -> None:
    eras = era(policy(resolution="4h"))
    #  9         10        11        12        13
    near = drawn([created("09:00")], eras, "11:00", 56)
    assert row(near, "resolution") == "=" * 21 + " " * 18 + "D"
    assert "D" not in row(drawn([created("09:00")], eras, "10:30", 56), "resolution")


def test_events_after_the_last_clock_are_marked_as_later() -> None:
    events = [created("09:00"), status("10:00", "resolved"), status("05 10:00", "closed")]
    assert row(drawn(events, era(policy()), "06 00:00"), "events").endswith(">")


def test_of_many_clocks_the_latest_are_drawn_and_long_names_are_cut() -> None:
    events = [created("09:00", team="0")]
    events += [updated(f"{9 + n // 6:02d}:{n % 6}5", team="a team with a very long name " + str(n)) for n in range(20)]
    its = drawn(events, era(policy()), "14:00", 80)
    assert its is not None
    assert (len(its.rows), its.hidden) == (17, 7)
    assert its.rows[-1].label == "ola:a team with …19" or its.rows[-1].label.endswith(" 19")


def test_a_life_of_no_length_is_not_drawn() -> None:
    assert drawn([created("09:00")], era(policy()), "09:00") is None


def test_every_cell_has_a_glyph_of_its_own_in_both_alphabets() -> None:
    for glyphs in (GLYPHS, ASCII):
        assert set(glyphs) == set(Cell)
        assert len(set(glyphs.values())) == len(Cell)
    assert all(glyph.isascii() for glyph in ASCII.values())
