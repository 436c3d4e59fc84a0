from __future__ import annotations

from stream_app.demo.clock import ScaledClock
from stream_app.sla.instant import HOUR, MINUTE, Micros

BEGAN = Micros(1_000 * HOUR)
SECOND_NS = 1_000_000_000


class Ticks:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 77 * SECOND_NS

    def __call__(self) -> int:
        return self.now


def test_it_stands_still_until_it_is_started() -> None:
    ticks = Ticks()
    clock = ScaledClock(BEGAN, 60, ticks)
    ticks.now += 10 * SECOND_NS
    assert clock() == BEGAN
    clock.start()
    assert clock() == BEGAN


def test_at_sixty_times_the_speed_a_second_is_a_minute() -> None:
    ticks = Ticks()
    clock = ScaledClock(BEGAN, 60, ticks)
    clock.start()
    ticks.now += SECOND_NS
    assert clock() == BEGAN + MINUTE
    assert clock.passed == MINUTE


def test_another_process_that_is_told_the_start_reads_the_same_time() -> None:
    ticks = Ticks()
    one = ScaledClock(BEGAN, 7.5, ticks)
    since = one.start()
    ticks.now += 3 * SECOND_NS
    other = ScaledClock(BEGAN, 7.5, ticks)
    other.start(since)
    assert other() == one() == BEGAN + 22_500_000


def test_it_never_shows_a_time_before_its_start() -> None:
    ticks = Ticks()
    clock = ScaledClock(BEGAN, 60, ticks)
    clock.start(ticks.now + SECOND_NS)
    assert clock() == BEGAN
