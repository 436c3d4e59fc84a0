from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.config.configuration import load
from stream_app.config.dated import parse
from stream_app.config.mistake import ConfigurationRefused
from stream_app.sla.calendar import Working

GOOD = """\
calendars:
  office: {timezone: Asia/Jakarta, hours: {mon-thu: ["08:00-12:00", "13:00-17:00"]}, holidays: {extra: [2026-12-31]}}
policies:
  - name: urgent
    match: {priority: [critical, high], category: {not: [training]}}
    calendar: office
    clocks:
      resolution: {target: 2h, warn: [75%, 30m], pause_on: [pending]}
    on_reopen: new_cycle
  - &rest {name: rest, clocks: {"ola:L1": {target: 1 business day}}}
incidents:
  - {name: all, match: {severity: critical}, clocks: {contain: {target: 1h}}, regulations: [gdpr]}
lateness: 1h
windows: [1h, 24h]
kpis: {csat: {target: ">= 4.5"}}
"""
TOKENS = re.findall(r"\w+|\s+|[^\w\s]", GOOD)
SCRAPS = st.sampled_from(
    [*sorted(set(TOKENS)), "~", "*rest", "&a ", "!!x ", "---\n", "\t", '"', "? ", "|\n", "<<", "\\UFFFFFFFF"]
)
PLACE = re.compile(r"f\.yaml:[1-9][0-9]*:[1-9][0-9]*: \S")


def refused(text: str) -> list[str]:
    """The lines of the refusal; each has its place inside the text, and they are sorted by it."""
    try:
        load(text, "f.yaml")
    except ConfigurationRefused as refusal:
        lines = str(refusal).split("\n")
        assert all(PLACE.match(line) for line in lines), lines
        places = [(mistake.line, mistake.column) for mistake in refusal.mistakes]
        assert places == sorted(places)
        assert places[-1][0] <= len(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text))
        return lines
    return []


@given(text=st.text())
def test_any_text_is_a_configuration_or_refused(text: str) -> None:
    refused(text)


@given(scraps=st.lists(SCRAPS, max_size=25))
def test_any_scraps_of_a_configuration_are_one_or_refused(scraps: list[str]) -> None:
    refused("".join(scraps))


@given(at=st.integers(0, len(TOKENS) - 1), scrap=SCRAPS, more=st.booleans())
def test_a_good_configuration_with_one_word_changed_is_one_or_refused(at: int, scrap: str, *, more: bool) -> None:
    refused("".join([*TOKENS[:at], scrap, *TOKENS[at if more else at + 1 :]]))


@given(at=st.integers(0, len(TOKENS) - 1))
def test_a_nonsense_word_in_a_good_configuration_is_told_in_its_line(at: int) -> None:
    free = {"office", "urgent", "rest", "training", "L1", "all", "csat", "target", "4", "5", "1", "2", "24", "75", "30"}
    if TOKENS[at].isidentifier() and TOKENS[at] not in free:
        lines = refused("".join([*TOKENS[:at], "qqq", *TOKENS[at + 1 :]]))
        assert any(line.startswith(f"f.yaml:{''.join(TOKENS[:at]).count(chr(10)) + 1}:") for line in lines), lines


def test_the_good_configuration_is_good() -> None:
    assert refused(GOOD) == []


minutes = st.integers(0, 1439)
intervals = st.tuples(st.integers(0, 6), minutes, st.integers(1, 1439))


@given(written=st.lists(intervals, min_size=1, max_size=6))
def test_hours_are_refused_exactly_where_the_calendar_finds_overlaps(written: list[tuple[int, int, int]]) -> None:
    shifts: dict[int, list[tuple[int, int]]] = {}
    for day, start, length in written:
        shifts.setdefault(day, []).append((start, start + length))
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours = "".join(
        f"      {days[day]}: [{', '.join(f'{clock(start)}-{clock(end % 1440 or 1440)}' for start, end in found)}]\n"
        for day, found in shifts.items()
    )
    text = f"calendars:\n  c:\n    hours:\n{hours}"
    lines = refused(text)
    assert bool(lines) == (not open_minutes(shifts) or len(set(open_minutes(shifts))) < len(open_minutes(shifts))), text
    if not lines:
        calendar = load(text, "f.yaml").rules.calendars["c"]
        assert isinstance(calendar, Working)
        assert calendar.hours.shifts == {day: tuple(sorted(found)) for day, found in shifts.items()}


def open_minutes(shifts: dict[int, list[tuple[int, int]]]) -> list[int]:
    """The minutes of the week that the shifts cover, one covered twice twice."""
    return [
        (day * 1440 + minute) % 10_080 for day, found in shifts.items() for span in found for minute in range(*span)
    ]


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@given(word=st.text() | st.from_regex(r"[a-z]@[0-9]{4}-[0-9]{2}-[0-9]{2}T.*"))
@settings(max_examples=50)
def test_any_word_of_the_command_line_is_a_file_or_refused(word: str) -> None:
    try:
        given = parse(word)
    except ConfigurationRefused:
        return
    assert word.startswith(given.file)
