"""The machine room and the books: outages, patches and all that is simply measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream_app.simulation import cast
from stream_app.simulation.chance import Odds
from stream_app.simulation.life import Life
from stream_app.sla.instant import DAY, MINUTE, SECOND, Micros, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_app.simulation.chance import Chance

SOURCE: Final = "meters/simulated"

CAUSES: Final = ("power", "release", "capacity", "vendor", "certificate", "unknown")
CUSTOMERS: Final = cast.CUSTOMERS
TEAMS: Final = Odds.zipf(list(cast.TEAMS), 0.3)

READINGS: Final[Mapping[str, tuple[Odds[str], float, str]]] = {
    "agent.available_seconds": (cast.EVERYONE, 3600, "s"),
    "agent.scheduled_days": (cast.EVERYONE, 1, "d"),
    "agent.absent_days": (cast.EVERYONE, 1, "d"),
    "coaching.session": (cast.EVERYONE, 1, "1"),
    "sop.checked": (cast.EVERYONE, 10, "1"),
    "sop.followed": (cast.EVERYONE, 9, "1"),
    "nps": (CUSTOMERS, 8, "1"),
    "complaint": (CUSTOMERS, 1, "1"),
    "customer.active": (CUSTOMERS, 1, "1"),
    "repeat.orders": (CUSTOMERS, 2, "1"),
    "revenue": (CUSTOMERS, 900, "USD"),
    "journey.checked": (CUSTOMERS, 10, "1"),
    "journey.correct": (CUSTOMERS, 9, "1"),
    "cost": (TEAMS, 240, "USD"),
    "budget": (TEAMS, 250, "USD"),
    "procurement.planned": (TEAMS, 500, "USD"),
    "procurement.saved": (TEAMS, 50, "USD"),
    "innovation": (TEAMS, 1, "1"),
}
"""What is measured: of whom, about how much, in which unit."""
NAMES: Final = Odds(
    dict.fromkeys(READINGS, 2.0)
    | {"agent.available_seconds": 30, "customer.active": 20, "nps": 12, "cost": 12, "complaint": 0.5, "innovation": 0.5}
)
EXACT: Final = frozenset(
    {"agent.scheduled_days", "agent.absent_days", "coaching.session", "complaint", "customer.active", "innovation"}
)
"""One at a time, always."""
BEST_SCORE: Final = 10


def reading(chance: Chance, begins: Micros) -> Life:
    """One measurement."""
    name = chance.draw(NAMES)
    whose, median, unit = READINGS[name]
    subject = chance.draw(whose)
    value: float = 1
    if name == "nps":
        value = min(BEST_SCORE, round(chance.about(median, 0.25)))
    elif name not in EXACT:
        value = round(chance.about(median, 0.3), 2) if unit == "USD" else round(chance.about(median, 0.3))
    life = Life(chance, subject, SOURCE, begins, pace=1)
    labels = {"team": subject} if whose is TEAMS else {}
    life.says("measure.recorded", name=name, value=value, unit=unit, **({"labels": labels} if labels else {}))
    return life


def outage(chance: Chance, begins: Micros, pace: float) -> Life:
    """A service goes down and comes back."""
    life = Life(chance, chance.draw(cast.SERVICE), SOURCE, begins, pace)
    cause, impact = chance.any_of(CAUSES), "high" if chance.happens(0.4) else "low"
    life.says("service.down", impact=impact, cause=cause)
    life.passes(12 * MINUTE)
    life.says("service.up", impact=impact, cause=cause)
    return life


def patch(chance: Chance, begins: Micros, pace: float) -> Life:
    """A weakness of an asset has to be mended by a day, and mostly is."""
    life = Life(chance, chance.draw(cast.ASSETS), SOURCE, begins, pace)
    cve, critical = f"CVE-2026-{chance.whole(1000, 49999)}", chance.happens(0.2)
    grace = (2 if critical else 6) * DAY / 24 * pace  # hours for days: an eight-hour span sees some come due
    life.says("asset.patch_due", due=text(begins + round(grace / SECOND) * SECOND), cve=cve, critical=critical)
    life.passes(grace * 0.5)
    life.says("asset.patched", cve=cve)
    return life
