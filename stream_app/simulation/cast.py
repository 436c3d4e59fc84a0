"""Who and what is on stage: teams and their agents, customers, services and assets, with how often each is seen."""

from __future__ import annotations

from typing import Final

from stream_app.simulation.chance import Odds

FRONT: Final = "service desk"
SOC: Final = "soc"
TEAMS: Final = {
    FRONT: ("ani", "budi", "citra", "dewi", "eko", "fitri", "gilang", "hana"),
    "workplace": ("indra", "joko", "kartika", "lestari"),
    "network": ("made", "nanda", "oki"),
    "applications": ("putri", "rahmat", "sari", "taufik", "utami"),
    "identity": ("vina", "wahyu"),
    SOC: ("yusuf", "zahra", "bayu", "intan"),
}
AGENTS: Final = {team: Odds.zipf(agents, 0.6) for team, agents in TEAMS.items()}
EVERYONE: Final = Odds.zipf([agent for agents in TEAMS.values() for agent in agents], 0.5)

SPECIALISTS: Final = {
    "password": "identity",
    "access": "identity",
    "e-mail": "applications",
    "erp": "applications",
    "vpn": "network",
    "wifi": "network",
    "laptop": "workplace",
    "printer": "workplace",
    "training": FRONT,
    "billing": "applications",
}
"""What a ticket is about, and the team that knows most of it."""
CATEGORIES: Final = Odds.zipf(list(SPECIALISTS), 0.8)
SERVICES: Final = {
    "password": "directory",
    "access": "directory",
    "e-mail": "mail",
    "erp": "erp",
    "vpn": "remote access",
    "wifi": "office network",
    "laptop": "workplace",
    "printer": "print",
    "training": "portal",
    "billing": "erp",
}
SERVICE: Final = Odds.zipf(sorted(set(SERVICES.values())), 0.5)

CUSTOMERS: Final = Odds.zipf([f"customer-{number:03d}" for number in range(1, 301)])
STAFF_OF_A_CUSTOMER: Final = 40
ASSETS: Final = Odds.zipf([f"srv-{number:03d}" for number in range(1, 121)], 0.4)
