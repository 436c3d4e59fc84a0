"""Working time the naive way: shifts laid out date by date, looked through one after the other."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(moment: datetime) -> int:
    """Microseconds since the epoch of an aware moment."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """The aware UTC moment of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=at)


def from_local(wall: datetime, zone: ZoneInfo, *, as_end: bool) -> int:
    """A wall time as an instant: in a gap the jump; of two occurrences the first as a start, the second as an end."""
    early = wall.replace(tzinfo=zone, fold=0)
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        low = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
        high = early.astimezone(UTC)
        before = low.astimezone(zone).utcoffset()
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=1) // 2)
            if middle.astimezone(zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        return instant(high)
    return instant(wall.replace(tzinfo=zone, fold=1 if as_end else 0).astimezone(UTC))


@dataclass(frozen=True)
class Workdays:
    """A calendar: per weekday (Monday is 0) shifts in minutes after midnight; past 1440 is the next day."""

    zone: str
    shifts: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[date] = frozenset()
    country: str | None = None
    kept: frozenset[date] = frozenset()

    def is_closed(self, day: date) -> bool:
        return day in self.closed or (self.country is not None and day in public(self.country, day.year) - self.kept)

    def of_day(self, day: date) -> list[tuple[int, int]]:
        """The shifts that begin on a local date, as instants."""
        return _of_day(self, day)

    def local(self, at: int) -> date:
        return moment(at).astimezone(ZoneInfo(self.zone)).date()

    def worked(self, a: int, b: int) -> int:
        """Working time between two instants, 0 if they are not in order."""
        if b <= a:
            return 0
        total, seen = 0, a
        day, last = self.local(a) - timedelta(days=2), self.local(b) + timedelta(days=1)
        while day <= last:
            for start, end in self.of_day(day):
                low, high = max(start, seen), min(end, b)
                if high > low:
                    total += high - low
                    seen = high
            day += timedelta(days=1)
        return total

    def after(self, a: int, span: int) -> int:
        """The earliest instant at or after a at which span has been worked since a; a itself for nothing."""
        if span <= 0:
            return a
        day, left, seen = self.local(a) - timedelta(days=2), span, a
        while True:
            for start, end in self.of_day(day):
                low = max(start, seen)
                if end > low:
                    if end - low >= left:
                        return low + left
                    left -= end - low
                    seen = end
            day += timedelta(days=1)

    def business_days(self, a: int, count: int) -> int:
        """The end of the count-th working day that begins at or after a."""
        day = self.local(a) - timedelta(days=2)
        while True:
            shifts = self.of_day(day)
            if shifts and shifts[0][0] >= a:
                count -= 1
                if count == 0:
                    return max(end for _, end in shifts)
            day += timedelta(days=1)

    def end_of_day(self, a: int) -> int:
        """The end of the working day that a lies in, else of the next one."""
        day = self.local(a) - timedelta(days=2)
        while True:
            shifts = self.of_day(day)
            if shifts and max(end for _, end in shifts) > a:
                return max(end for _, end in shifts)
            day += timedelta(days=1)


@cache
def _of_day(calendar: Workdays, day: date) -> list[tuple[int, int]]:
    if calendar.is_closed(day):
        return []
    zone, midnight, shifts = ZoneInfo(calendar.zone), datetime.combine(day, time()), []
    for opens, closes in sorted(calendar.shifts[day.weekday()]):
        start = from_local(midnight + timedelta(minutes=opens), zone, as_end=False)
        end = from_local(midnight + timedelta(minutes=closes), zone, as_end=True)
        if end > start:
            shifts.append((start, end))
    return shifts


@cache
def public(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country as the library has them."""
    import holidays  # noqa: PLC0415  only calendars that name a country pay for it

    return frozenset(holidays.country_holidays(country, years=year))


ALWAYS = Workdays("UTC", (((0, 1440),),) * 7)
