"""Sums: a clock's spans written out day by day, so that anybody can add them up again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import Final

from msgspec import Struct

from stream_app.account.stretch import stretches
from stream_app.account.tally import Span, total
from stream_app.account.wording import Wall, on, span
from stream_app.sla.instant import DAY
from stream_app.sla.policy import Calendar

LISTED: Final = 800 * DAY
"""A longer span is not written out day by day."""
LINES: Final = 12
"""So many lines of one sum are shown; of more, those in the middle are drawn together."""


class Line(Struct, frozen=True):
    """One line of a sum. `counted` is in microseconds."""

    label: str
    counted: int
    days: int = 1

    @property
    def text(self) -> str:
        """`Mon 2016-02-29 08:53-12:00 = 3 h 07 min`."""
        if self.days > 1:
            return f"{self.label} = {self.days} x {span(self.counted // self.days)} = {span(self.counted)}"
        return f"{self.label} = {span(self.counted)}"


class _Day(Struct):
    """What is open on one day."""

    begin: int
    hours: str
    counted: int


def lines(spans: Iterable[Span], calendar: Calendar, wall: Wall) -> list[str]:
    """The spans day by day, days alike in a row as one line, with the rests in between, and the sum at the end.

    What another calendar than the given one counted says so.
    """
    ran = list(spans)
    found: list[Line | str] = []
    for number, one in enumerate(ran):
        if number and ran[number - 1].end < one.begin:
            found.append(f"  stands still until {wall.moment(one.begin)}")
        other = "" if one.calendar is None or one.calendar == calendar else f" {on(one.calendar)}"
        found += [Line(line.label + other, line.counted, line.days) for line in _lines(one, wall)]
    texts = [one if isinstance(one, str) else one.text for one in found]
    if len(found) > LINES:
        head, tail = LINES // 2, len(found) - LINES // 2 + 1
        between = [one for one in found[head:tail] if isinstance(one, Line)]
        texts[head:tail] = [f"… {len(between)} lines more = {span(sum(one.counted for one in between))}"]
    if len(found) > 1:
        texts.append(f"together {span(total(ran))}")
    return texts


def _lines(one: Span, wall: Wall) -> Iterator[Line]:
    whole = wall.stretch(one.begin, one.end)
    if one.calendar is None:
        yield Line(f"{whole} as several calendars counted it", one.counted)
        return
    if one.calendar.between(one.begin, one.end) == one.end - one.begin:  # type: ignore[arg-type] # Micros are ints
        yield Line(whole, one.counted)
    elif not one.counted:
        yield Line(f"{whole}, closed", 0)
    elif one.end - one.begin > LISTED:
        yield Line(f"{whole}, when open", one.counted)
    else:
        yield from _together(_days(one, one.calendar, wall), wall)


def _days(one: Span, calendar: Calendar, wall: Wall) -> list[_Day]:
    days: list[_Day] = []
    for opens, closes in stretches(calendar, one.begin, one.end):
        hours = f"{wall.time(opens)}-{wall.until(closes, opens)}"
        if days and wall.date(days[-1].begin) == wall.date(opens):
            days[-1].hours += f", {hours}"
            days[-1].counted += closes - opens
        else:
            days.append(_Day(opens, hours, closes - opens))
    return days


def _together(days: list[_Day], wall: Wall) -> Iterator[Line]:
    """Days alike in a row as one line."""
    starts = [0, *(later for later, (one, two) in enumerate(pairwise(days), 1) if one.hours != two.hours), len(days)]
    for start, end in pairwise(starts):
        alike = list(islice(days, start, end))
        label = wall.day(alike[0].begin)
        if len(alike) > 1:
            label += f" to {wall.day(alike[-1].begin)}"
        yield Line(f"{label} {alike[0].hours}", sum(day.counted for day in alike), len(alike))
