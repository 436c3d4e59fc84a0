"""The wording: moments, spans and names as a person reads them, exact to the microsecond."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from stream_app.sla.calendar import Always, Working
from stream_app.sla.instant import HOUR, MINUTE, NEVER, SECOND, moment
from stream_app.sla.policy import BusinessDays, Calendar, EndOfBusinessDay, Target

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = 24 * 60


def plain(text: str) -> str:
    """The text on one line, with nothing in it that a terminal would obey."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def span(length: int) -> str:
    """A span in full: `3 h 07 min`, `8 h`, `1 h 00 min 05 s`, `0.5 s`; `0 min` for none."""
    if length < 0:
        return f"-{span(-length)}"
    hours, minutes, rest = length // HOUR, length % HOUR // MINUTE, length % MINUTE
    parts = []
    if hours:
        parts.append(f"{hours} h")
    if minutes or (hours and rest):
        parts.append(f"{minutes:02d} min" if hours else f"{minutes} min")
    if rest:
        whole, fraction = divmod(rest, SECOND)
        seconds = f"{whole:02d}" if parts else str(whole)
        parts.append(f"{seconds}.{fraction:06d}".rstrip("0") + " s" if fraction else f"{seconds} s")
    return " ".join(parts) or "0 min"


def about(length: int) -> str:
    """A span in its largest units, to the minute where it has hours: `7 min`, `2 h 10 min`."""
    unit = MINUTE if length >= HOUR else SECOND if length >= SECOND else 1
    return (
        span(round(length / unit) * unit)
        if length < 10 * MINUTE or length >= HOUR
        else span(round(length / MINUTE) * MINUTE)
    )


class Wall:
    """What a clock on the wall of a place shows. Moments are microseconds since the epoch."""

    def __init__(self, timezone: str) -> None:
        """An IANA zone."""
        self.timezone: Final = timezone
        self._zone = ZoneInfo(timezone)

    def local(self, at: int) -> datetime:
        """The local time; the last hours of the year 9999 are shown in UTC."""
        return moment(at) if at > NEVER - 24 * HOUR else moment(at).astimezone(self._zone)

    def moment(self, at: int) -> str:
        """`2016-02-29 08:53`."""
        return f"{self.date(at)} {self.time(at)}"

    def date(self, at: int) -> str:
        """`2016-02-29`."""
        return self.local(at).date().isoformat()

    def day(self, at: int) -> str:
        """`Mon 2016-02-29`."""
        return f"{_DAYS[self.local(at).weekday()].title()} {self.date(at)}"

    def time(self, at: int) -> str:
        """`08:53`, with seconds and their fraction where there are any."""
        local = self.local(at)
        if local.microsecond:
            return local.strftime("%H:%M:%S.%f").rstrip("0")
        return local.strftime("%H:%M:%S" if local.second else "%H:%M")

    def until(self, at: int, begin: int) -> str:
        """The time at which something ends that began on the same day (midnight is 24:00), else with its day."""
        if self.date(at) == self.date(begin):
            return self.time(at)
        if self.date(at - 1) == self.date(begin):
            return "24:00"
        return f"{self.time(at)} on {self.day(at)}"

    def stretch(self, begin: int, end: int) -> str:
        """`Mon 2016-02-29 08:53-12:00`, `Mon 2016-02-29 08:53 to Tue 2016-03-01 12:00`."""
        head = f"{self.day(begin)} {self.time(begin)}"
        if self.date(end - 1) == self.date(begin):
            return f"{head}-{self.until(end, begin)}"
        return f"{head} to {self.day(end)} {self.time(end)}"


def on(calendar: Calendar) -> str:
    """`on office`; `round the clock` where time is working time."""
    return "round the clock" if isinstance(calendar, Always) else f"on {plain(calendar.name)}"


def hours(calendar: Calendar) -> str:
    """What a calendar says: `mon-fri 08:00-12:00, 13:00-17:00 (Asia/Jakarta)`."""
    if not isinstance(calendar, Working):
        return "always open"
    shifts = calendar.hours.shifts
    days: list[tuple[list[int], str]] = []
    for day in sorted(shifts):
        text = ", ".join(f"{_time(start)}-{_time(end)}" for start, end in shifts[day])
        if days and days[-1][1] == text and days[-1][0][-1] == day - 1:
            days[-1][0].append(day)
        elif text:
            days.append(([day], text))
    said = "; ".join(f"{_week(its)} {text}" for its, text in days)
    return f"{said} ({calendar.hours.timezone})"


def _week(days: list[int]) -> str:
    return _DAYS[days[0]] if len(days) == 1 else f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}"


def _time(minute: int) -> str:
    minute = minute if minute <= _DAY else minute - _DAY
    return f"{minute // 60:02d}:{minute % 60:02d}"


def target(said: Target | None, length: int | None, calendar: Calendar) -> str:
    """A target with its calendar: `30 h on office`, `5 business days (50 h on office)`; `no target`."""
    if length is None:
        return "no target"
    amount = f"{span(length)} {on(calendar)}"
    match said:
        case BusinessDays(count=count):
            return f"{count} business day{'s' if count > 1 else ''} ({amount})"
        case EndOfBusinessDay():
            return f"end of business day ({amount})"
        case _:
            return amount


def listed(words: Iterable[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *before, end = words
    return f"{', '.join(before)} {last} {end}" if before else end
