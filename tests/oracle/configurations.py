"""Random configurations: a handful of policies with short targets on a handful of calendars."""

import json
import random
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
CALENDARS: Json = {
    "always": {"hours": "24x7"},
    "office": {"hours": {"mon-fri": ["08:00-12:00", "13:00-17:00"]}, "holidays": {"extra": ["2025-03-04"]}},
    "berlin": {"timezone": "Europe/Berlin", "hours": {"mon-sat": ["09:00-17:00"], "sun": ["00:00-04:00"]}},
    "nights": {"timezone": "Asia/Jakarta", "hours": {"mon-sun": ["22:00-06:00", "14:00-15:30"]}},
}
TARGETS = ("90s", "5m", "10m", "15m", "20m", "30m", "30m", "1h", "1h", "90m", "2h", "2h", "4h")
LONG = ("1 business day", "2 business days", "end of business day", "6h")
WARNS: tuple[list[str], ...] = (
    [],
    ["50%"],
    ["75%", "30m"],
    ["50%", "75%", "5m"],
    ["33%", "66%"],
    ["20m", "50%", "10m"],
    ["90%", "5m", "1m"],
)
PAUSES: tuple[list[str], ...] = (["pending"], ["on_hold"], ["pending", "on_hold"], [], ["new", "pending"])
MODES = ("recompute", "recompute", "carry", "forward", "reset")
REOPENS = ("new_cycle", "continue", "continue_counting")
TEAMS = ("L1", "L2")


@dataclass
class Drawn:
    """What one seed draws."""

    rng: random.Random

    def clock(self, calendar: str) -> Json:
        rng = self.rng
        targets = TARGETS if calendar == "always" else TARGETS + LONG
        out: Json = {"target": rng.choice(targets)}
        if rng.random() < 0.5:
            out["warn"] = rng.choice(WARNS)
        return out

    def policy(self, name: str, match: Json) -> Json:
        rng = self.rng
        calendar = rng.choice(("always", "always", *CALENDARS))
        out: Json = {"name": name, "match": match, "calendar": calendar, "clocks": {}}
        if rng.random() < 0.2:
            out["pause_on"] = rng.choice(PAUSES)
        for clock, chance in (
            ("first_response", 0.8),
            ("next_response", 0.6),
            ("periodic_update", 0.4),
            ("resolution", 0.9),
        ):
            if rng.random() < chance:
                out["clocks"][clock] = self.clock(calendar)
        for team in TEAMS:
            if rng.random() < 0.4:
                out["clocks"][f"ola:{team}"] = self.clock(calendar)
        if "resolution" in out["clocks"] and rng.random() < 0.25:
            pause = rng.choice(PAUSES)
            for clock in out["clocks"]:
                if clock == "resolution" or clock.startswith("ola:"):
                    out["clocks"][clock]["pause_on"] = pause
            for team in TEAMS:
                out["clocks"].setdefault(f"ola:{team}", self.clock(calendar) | {"pause_on": pause})
        self.modes(out)
        return out

    def modes(self, out: Json) -> None:
        rng = self.rng
        if rng.random() < 0.3:
            out["warn"] = rng.choice(WARNS)
        if rng.random() < 0.7:
            out["on_priority_change"] = rng.choice(MODES)
        if rng.random() < 0.7:
            out["on_reopen"] = rng.choice(REOPENS)

    def configuration(self, lateness: str, windows: list[str]) -> Json:
        rng = self.rng
        shapes: list[Json] = [
            {"customer": ["acme"]},
            {"priority": ["critical", "high"]},
            {"priority": "low", "category": {"not": "net"}},
            {"tags": ["vip"]},
            {"tier": [2, 3]},
            {"team": "L2", "priority": {"not": ["critical"]}},
        ]
        picked = rng.sample(shapes, rng.randint(1, 3))
        policies = [self.policy(f"p{i}", match) for i, match in enumerate(picked)]
        if rng.random() < 0.8:
            last = self.policy("rest", {})
            del last["match"]
            policies.append(last)
        incidents = []
        for name, match in (("i-critical", {"severity": ["critical", "high"]}), ("i-rest", {})):
            if name == "i-rest" and rng.random() < 0.15:
                continue
            calendar = rng.choice(("always", "always", "office", "nights"))
            row: Json = {"name": name, "match": match, "calendar": calendar, "clocks": {}}
            for clock in ("acknowledge", "contain", "resolve"):
                if rng.random() < 0.8:
                    row["clocks"][clock] = self.clock(calendar)
            if rng.random() < 0.7:
                row["regulations"] = rng.sample(("uu_pdp", "gdpr", "nis2", "dora", "sec_8k"), rng.randint(1, 4))
            self.modes(row)
            incidents.append(row)
        return {
            "calendars": CALENDARS,
            "policies": policies,
            "incidents": incidents,
            "lateness": lateness,
            "windows": windows,
        }

    def second(self, first: Json) -> Json:
        """The same policies with other targets, calendars or thresholds."""
        rng = self.rng
        out: Json = json.loads(json.dumps(first))
        for row in out["policies"] + out["incidents"]:
            if rng.random() < 0.3:
                row["calendar"] = rng.choice(tuple(CALENDARS))
            for clock in row["clocks"].values():
                if rng.random() < 0.5:
                    clock["target"] = rng.choice(TARGETS)
                if rng.random() < 0.3:
                    clock["warn"] = rng.choice(WARNS)
        return out
