"""Regulatory clocks: what the law wants reported, by when. A table, with the source of each figure."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from stream_app.sla.instant import DAY, HOUR, micros, moment


class Stage(Struct, frozen=True):
    """One report that a law asks for."""

    clock: str
    regulation: str
    kind: str
    """The classification of an incident that makes the law apply."""
    starts: str
    """`aware` (the detection), `classified`, or the stage that must have been sent."""
    due: Callable[[int, int], int]
    """The deadline from (start, awareness), both in microseconds since the epoch."""
    source: str


def month_later(at: int) -> int:
    """The same day and time of the next month in UTC, its last day where that day is missing."""
    start = moment(at)
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)  # noqa: PLR2004 -- December
    day = min(start.day, calendar.monthrange(year, month)[1])
    return micros(start.replace(year=year, month=month, day=day))


@lru_cache(maxsize=16)
def _federal_holidays(year: int) -> frozenset[date]:
    from holidays import country_holidays  # noqa: PLC0415 -- slow to import, and few incidents are material

    return frozenset(country_holidays("US", years=year))


def fourth_business_day(at: int) -> int:
    """17:30 in New York on the fourth business day after the moment's date there; federal holidays are none."""
    zone = ZoneInfo("America/New_York")
    day = moment(at).astimezone(zone).date()
    left = 4
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in _federal_holidays(day.year):  # noqa: PLR2004 -- Saturday
            left -= 1
    return micros(datetime.combine(day, time(17, 30), zone).astimezone(UTC))


STAGES: Final = (
    Stage(
        "uu_pdp:notice",
        "uu_pdp",
        "personal_data_breach",
        "aware",
        lambda start, _: start + 3 * DAY,
        "Indonesia, Law 27 of 2022 on personal data protection, article 46(1): 3 x 24 hours",
    ),
    Stage(
        "gdpr:authority",
        "gdpr",
        "personal_data_breach",
        "aware",
        lambda start, _: start + 72 * HOUR,
        "Regulation (EU) 2016/679, article 33(1): 72 hours after having become aware",
    ),
    Stage(
        "nis2:early_warning",
        "nis2",
        "significant",
        "aware",
        lambda start, _: start + 24 * HOUR,
        "Directive (EU) 2022/2555, article 23(4)(a): 24 hours of becoming aware",
    ),
    Stage(
        "nis2:notification",
        "nis2",
        "significant",
        "aware",
        lambda start, _: start + 72 * HOUR,
        "Directive (EU) 2022/2555, article 23(4)(b): 72 hours of becoming aware",
    ),
    Stage(
        "nis2:final_report",
        "nis2",
        "significant",
        "nis2:notification",
        lambda start, _: month_later(start),
        "Directive (EU) 2022/2555, article 23(4)(d): one month after the incident notification",
    ),
    Stage(
        "dora:initial",
        "dora",
        "major",
        "classified",
        lambda start, aware: min(start + 4 * HOUR, aware + 24 * HOUR),
        "Delegated Regulation (EU) 2025/301, article 5(1)(a): 4 hours from classification, 24 from awareness",
    ),
    Stage(
        "dora:intermediate",
        "dora",
        "major",
        "dora:initial",
        lambda start, _: start + 72 * HOUR,
        "Delegated Regulation (EU) 2025/301, article 5(1)(b): 72 hours from the initial notification",
    ),
    Stage(
        "dora:final",
        "dora",
        "major",
        "dora:intermediate",
        lambda start, _: month_later(start),
        "Delegated Regulation (EU) 2025/301, article 5(1)(c): one month after the intermediate report",
    ),
    Stage(
        "sec_8k:filing",
        "sec_8k",
        "material",
        "classified",
        lambda start, _: fourth_business_day(start),
        "Form 8-K, item 1.05: four business days after materiality is determined; filings close at 17:30 Eastern",
    ),
)
REGULATIONS: Final = frozenset(stage.regulation for stage in STAGES)


def starting(
    regulations: tuple[str, ...], kinds: Mapping[str, int], sent: Mapping[str, int], aware: int
) -> Iterator[tuple[Stage, int]]:
    """The stages that apply, with the moment each starts at.

    `kinds` says when the incident was first classified as each kind, `sent` when each stage was first reported.
    """
    for stage in STAGES:
        if stage.regulation not in regulations or stage.kind not in kinds:
            continue
        match stage.starts:
            case "aware":
                yield stage, aware
            case "classified":
                yield stage, kinds[stage.kind]
            case earlier:
                if earlier in sent:
                    yield stage, sent[earlier]
