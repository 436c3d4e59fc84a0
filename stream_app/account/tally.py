"""The tally of a clock: the spans it ran for, and what each came to on the calendar that counted it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from stream_app.sla.clock import Clock
from stream_app.sla.deadline import length
from stream_app.sla.instant import Micros
from stream_app.sla.policy import Calendar


class Span(Struct, frozen=True):
    """A stretch of time for which a clock ran. Moments and spans in microseconds."""

    begin: int
    end: int
    calendar: Calendar | None
    """What counted it; None where several calendars had a hand in it, and only the sum is known."""
    counted: int
    """The working time in it."""


def total(spans: Iterable[Span]) -> int:
    """What the spans come to."""
    return sum(span.counted for span in spans)


def settled(known: tuple[Span, ...], clock: Clock, old: Calendar, calendar: Calendar) -> tuple[Span, ...]:
    """The spans that earlier calendars counted, of which some are `known`; new among them is what `old` counted."""
    edges = clock.runs[: clock.settled_runs]
    spans = [
        known[number]
        if number < len(known) and (known[number].begin, known[number].end) == (begin, end)
        else counted(begin, end, old)
        for number, (begin, end) in enumerate(zip(edges[::2], edges[1::2], strict=True))
    ]
    carried = clock.done - length(clock.runs[clock.settled_runs :], calendar)
    if spans and total(spans) != carried:  # a late stop cut through them: what is kept is known as a sum
        return (Span(edges[0], edges[-1], None, carried),)
    return tuple(spans)


def counted(begin: int, end: int, calendar: Calendar) -> Span:
    """What a calendar makes of a stretch of time."""
    return Span(begin, end, calendar, calendar.between(Micros(begin), Micros(end)))


def spans(known: tuple[Span, ...], clock: Clock, calendar: Calendar, upto: int) -> list[Span]:
    """All that a clock ran for up to a moment: what it has elapsed, span by span."""
    edges = clock.runs[clock.settled_runs :]
    if clock.since is not None and clock.since < upto:
        edges = (*edges, clock.since, upto)
    ran = [*known, *(counted(*pair, calendar) for pair in zip(edges[::2], edges[1::2], strict=True))]
    return [span for span in ran if span.begin < span.end]


def legs(known: tuple[Span, ...], clock: Clock, calendar: Calendar) -> list[Span]:
    """What leads a clock to its deadline: what it ran for before, and what was left then, up to the deadline."""
    due = clock.due
    if due is None:
        return []
    ran = [
        span if span.end <= due else counted(span.begin, due, span.calendar or calendar)
        for span in spans(known, clock, calendar, due)
        if span.begin < due
    ]
    if clock.since is None and clock.stopped_at is not None and clock.stopped_at < due:
        ran.append(counted(clock.stopped_at, due, calendar))  # stopped while paused: the rest from then on
    return ran
