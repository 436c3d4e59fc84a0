"""The regulatory clocks: which kind of incident starts which, and when each is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.workdays import SECOND, instant, moment, public

HOUR = 3600 * SECOND
NEW_YORK = ZoneInfo("America/New_York")


def next_month(at: int) -> int:
    """The same day and time of the next month in UTC, or its last day."""
    start = moment(at)
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    for day in range(start.day, 0, -1):
        try:
            return instant(start.replace(year=year, month=month, day=day))
        except ValueError:
            continue
    raise AssertionError


def filing(at: int) -> int:
    """17:30 in New York on the fourth business day after the date it is there."""
    day, left = moment(at).astimezone(NEW_YORK).date(), 4
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in public("US", day.year):
            left -= 1
    return instant(datetime(day.year, day.month, day.day, 17, 30, tzinfo=NEW_YORK).astimezone(UTC))


@dataclass(frozen=True)
class Stage:
    """One row: `start` is aware, classified, or the stage that must have been sent; `due` of (start, aware)."""

    name: str
    kind: str
    start: str
    due: Callable[[int, int], int]

    @property
    def regulation(self) -> str:
        return self.name.split(":", maxsplit=1)[0]


TABLE = (
    Stage("uu_pdp:notice", "personal_data_breach", "aware", lambda s, _: s + 72 * HOUR),
    Stage("gdpr:authority", "personal_data_breach", "aware", lambda s, _: s + 72 * HOUR),
    Stage("nis2:early_warning", "significant", "aware", lambda s, _: s + 24 * HOUR),
    Stage("nis2:notification", "significant", "aware", lambda s, _: s + 72 * HOUR),
    Stage("nis2:final_report", "significant", "nis2:notification", lambda s, _: next_month(s)),
    Stage("dora:initial", "major", "classified", lambda s, aware: min(s + 4 * HOUR, aware + 24 * HOUR)),
    Stage("dora:intermediate", "major", "dora:initial", lambda s, _: s + 72 * HOUR),
    Stage("dora:final", "major", "dora:intermediate", lambda s, _: next_month(s)),
    Stage("sec_8k:filing", "material", "classified", lambda s, _: filing(s)),
)
