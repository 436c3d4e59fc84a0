"""What a question to a calendar costs, in microseconds: `python benchmarks/calendars.py`. Answers are checked first."""

from __future__ import annotations

import random
import sys
import timeit
from collections.abc import Callable
from datetime import UTC, date, datetime
from time import perf_counter

from stream_app.sla.calendar import Always, Working
from stream_app.sla.instant import DAY, HOUR, MINUTE, NEVER, Micros, micros
from stream_app.sla.policy import Calendar
from stream_app.sla.shift import Hours

CALLS = 20_000
LAST_HOLIDAYS = 2100
BUDGET = 2.0
"""Microseconds a call, once warm."""


def office() -> Working:
    """Two shifts a day in a zone whose clocks are changed, with a holiday a year for as long as libraries know them."""
    shifts = dict.fromkeys(range(5), ((480, 720), (780, 1020)))

    def holidays(year: int) -> frozenset[date]:
        return frozenset({date(year, 5, 1)}) if year <= LAST_HOLIDAYS else frozenset()

    return Working(Hours(name="office", timezone="Europe/Berlin", shifts=shifts, holidays=holidays))


def check(calendar: Working) -> None:
    """Stops the program unless a few answers, worked out by hand, are right."""
    friday = micros(datetime(2025, 3, 28, 15, tzinfo=UTC))
    monday = micros(datetime(2025, 3, 31, 9, tzinfo=UTC))
    right = calendar.add(friday, Micros(4 * HOUR)) == monday and calendar.between(friday, monday) == 4 * HOUR
    if not (right and calendar.end_of_business_day(friday) == friday + HOUR):
        sys.exit("the answers are wrong: no point in timing them")


def cost(ask: Callable[[Micros], Micros], moments: list[Micros]) -> float:
    """Microseconds a call, the loop and the lambda included: the best of five rounds."""

    def run() -> None:
        for at in moments:
            ask(at)

    return min(timeit.repeat(run, number=1, repeat=5)) / len(moments) * 1e6


def asks(calendar: Calendar) -> dict[str, Callable[[Micros], Micros]]:
    """The questions that are timed."""
    return {
        "add 4 h": lambda at: calendar.add(at, Micros(4 * HOUR)),
        "add 400 h": lambda at: calendar.add(at, Micros(400 * HOUR)),
        "between, 3 days": lambda at: calendar.between(at, Micros(at + 3 * DAY)),
        "between, 30 years": lambda at: calendar.between(at, Micros(at + 30 * 365 * DAY)),
        "3 business days": lambda at: calendar.business_days(at, 3),
        "end of business day": calendar.end_of_business_day,
    }


def main() -> None:
    """Prints a line a question."""
    check(office())
    draw = random.Random(1)
    start = micros(datetime(2024, 1, 1, tzinfo=UTC))
    moments = [Micros(start + draw.randrange(730 * 24 * 60) * MINUTE) for _ in range(CALLS)]
    for calendar in (Always(), office()):
        for question, ask in asks(calendar).items():
            spent = cost(ask, moments)
            print(f"{calendar.name:8} {question:20} {spent:6.2f} us{'' if spent < BUDGET else '  OVER BUDGET'}")
    for question, until in (("to 2050", micros(datetime(2050, 1, 1, tzinfo=UTC))), ("to 9999", NEVER)):
        cold, began = office(), perf_counter()
        cold.between(micros(datetime(1971, 1, 1, tzinfo=UTC)), until)
        print(f"cold     from 1971 {question:11} {(perf_counter() - began) * 1e3:6.0f} ms")


if __name__ == "__main__":
    main()
