"""The security desk: the life of an incident, through its stages, its classification and what the law wants told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream_app.simulation import cast
from stream_app.simulation.chance import Odds
from stream_app.simulation.life import Life
from stream_app.sla.instant import HOUR, MINUTE, SECOND, Micros, text

if TYPE_CHECKING:
    from stream_app.simulation.chance import Chance

SOURCE: Final = "siem/simulated"

SEVERITIES: Final = Odds({"critical": 7, "high": 20, "medium": 43, "low": 30})
CATEGORIES: Final = Odds.zipf(
    ("phishing", "malware", "unauthorised access", "data leak", "denial of service", "misuse", "ransomware"), 0.9
)
ACKNOWLEDGED: Final = {"critical": 5 * MINUTE, "high": 15 * MINUTE, "medium": 45 * MINUTE, "low": 90 * MINUTE}
STAGE: Final = {"critical": 25 * MINUTE, "high": 35 * MINUTE, "medium": 50 * MINUTE, "low": 60 * MINUTE}
"""How long the way from one stage to the next takes, as a median."""
FALSE_ALARM: Final = {"critical": 0.05, "high": 0.12, "medium": 0.25, "low": 0.35}
GRAVE: Final = {"critical": 0.6, "high": 0.25, "medium": 0.04, "low": 0.0}
"""How likely an incident is to be classified as a kind that the law wants told."""
KINDS: Final = Odds({"personal_data_breach": 50, "significant": 25, "major": 15, "material": 10})
TOLD: Final = {
    "personal_data_breach": (("uu_pdp:notice", "Komdigi"), ("gdpr:authority", "supervisory authority")),
    "significant": (("nis2:early_warning", "CSIRT"), ("nis2:notification", "CSIRT")),
    "major": (("dora:initial", "OJK"), ("dora:intermediate", "OJK")),
    "material": (("sec_8k:filing", "SEC"),),
}
"""The stages that each kind calls for, and whom they are told to."""


def incident(chance: Chance, number: int, begins: Micros, pace: float) -> Life:
    """One incident's life."""
    life = Life(chance, f"SEC-{number:05d}", SOURCE, begins, pace)
    severity, agent = detected(life), chance.draw(cast.AGENTS[cast.SOC])
    life.passes(ACKNOWLEDGED[severity])
    life.says("incident.acknowledged", agent=agent)
    if chance.happens(FALSE_ALARM[severity]):
        life.passes(STAGE[severity])
        life.says("incident.dismissed", agent=agent)
        return life
    if chance.happens(0.1):
        life.passes(STAGE[severity] * 0.3)
        severity = chance.draw(SEVERITIES)
        life.says("incident.updated", severity=severity)
    stages: tuple[tuple[str, str], ...] = ()
    if chance.happens(GRAVE[severity]):
        stages = classified(life, severity)
    for stage in ("contained", "eradicated", "recovered", "resolved"):
        life.passes(STAGE[severity])
        if stage in {"contained", "resolved"} or chance.happens(0.8):
            life.says(f"incident.{stage}", agent=agent)
        if stages:
            (name, authority), *rest = stages
            stages = tuple(rest)
            life.passes(STAGE[severity] * 0.5)
            life.says("incident.notified", stage=name, authority=authority)
    if chance.happens(0.03):
        life.passes(HOUR)
        life.says("incident.reopened", agent=agent)
        life.passes(STAGE[severity])
        life.says("incident.resolved", agent=agent)
    life.passes(2 * HOUR)
    life.says("incident.closed", agent=agent)
    return life


def detected(life: Life) -> str:
    """It is seen, some time after it began; its severity is given back."""
    chance = life.chance
    severity, category = chance.draw(SEVERITIES), chance.draw(CATEGORIES)
    occurred_at = Micros(life.at - chance.wait(3 * HOUR * life.pace))
    life.says(
        "incident.detected",
        severity=severity,
        occurred_at=text(occurred_at),
        category=category,
        service=chance.draw(cast.SERVICE),
        asset=chance.draw(cast.ASSETS),
        team=cast.SOC,
        title=f"Suspected {category}",
        url=f"https://siem.example/cases/{life.subject}",
    )
    return severity


def classified(life: Life, severity: str) -> tuple[tuple[str, str], ...]:
    """It is found to be of a kind that the law wants told; what has to be told is given back."""
    kind = life.chance.draw(KINDS)
    life.passes(STAGE[severity] * 0.5)
    if kind == "personal_data_breach":
        life.says("incident.updated", personal_data=True)
        life.passes(10 * SECOND)
    life.says("incident.classified", **{"as": kind})
    return TOLD[kind]
