"""Random scenarios that love collisions: few ids, short targets, a coarse grid of times, shuffles and repeats."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.configurations import TEAMS, Drawn
from tests.oracle.damage import damaged
from tests.oracle.envelope import STAGES, decode, parse_time
from tests.oracle.scenario import Scenario
from tests.oracle.settings import span
from tests.oracle.workdays import SECOND, moment

Json = dict[str, Any]
MINUTE = 60 * SECOND
DAYS = ("2025-03-03T08:00:00Z", "2025-03-07T06:30:00Z", "2025-03-28T12:00:00Z", "2025-10-24T10:00:00Z")
PRIORITIES = ("critical", "high", "medium", "low")
STATUSES = ("open", "open", "pending", "pending", "on_hold", "resolved", "resolved", "closed", "new", "cancelled")
AGENTS = ("ani", "budi", "cici")
TURNS = (
    "acknowledged",
    "contained",
    "eradicated",
    "recovered",
    "resolved",
    "closed",
    "reopened",
    "dismissed",
    "updated",
    "classified",
    "notified",
)
# Where the texts can be read in more than one way; the oracle notes which of them an entity touches.
AVOID = frozenset(
    (
        "null_priority",
        "policy_change_while_over",
        "stage_after_reopen",
        "notified_before",
        "negotiated_with_pause",
        "carry_over",
        "continue_unsaid",
        "late_stop_before_start",
        "negotiated_policy_change",
        "continue_negotiated",
        "negotiated_calendar",
        "retarget_with_pause",
        "late_stop_before_turn",
        "activation_tie",
        "regulatory_rewarn",
        "regulatory_thresholds_at_birth",
    )
)


@dataclass
class Maker:
    """One seed's choices."""

    rng: random.Random
    start: int = 0
    ids: int = 0
    made: list[tuple[int, Json]] = field(default_factory=list)

    # -- events

    def say(self, at: int, kind: str, subject: str, data: Json, **more: str) -> None:
        self.ids += 1
        stamp = moment(at).isoformat()
        event = {
            "specversion": "1.0",
            "id": f"{self.rng.randint(0, 999):03d}-{self.ids}",
            "source": "fuzz",
            "type": kind,
            "subject": subject,
            "time": stamp.replace("+00:00", "Z"),
            "data": data,
            **more,
        }
        if self.rng.random() < 0.1:
            event["sequence"] = str(self.rng.randint(-2, 12))
        self.made.append((at, event))

    def times(self, count: int) -> list[int]:
        rng, out = self.rng, []
        at = self.start + rng.randint(0, 60) * 5 * MINUTE
        for _ in range(count):
            out.append(at)
            at += rng.choice((0, 1, 1, 1, 2, 2, 3, 4, 6, 8, 12, 24, 48)) * 5 * MINUTE
            if rng.random() < 0.07:
                at += rng.choice((1, 90, 150)) * SECOND
        return out

    def dimensions(self) -> Json:
        rng, out = self.rng, {}
        for key, values in (
            ("channel", ("mail", "chat")),
            ("category", ("net", "os")),
            ("service", ("web",)),
            ("customer", ("acme", "beta")),
            ("requester", ("rina", "ani")),
            ("team", TEAMS),
            ("agent", AGENTS),
            ("tier", (1, 2, 3)),
            ("tags", (["vip"], ["a", "b"])),
        ):
            if rng.random() < 0.4:
                out[key] = rng.choice(values)
        return out

    def ticket(self, subject: str) -> None:
        rng = self.rng
        times = self.times(rng.randint(2, 11))
        data = {"priority": rng.choice(PRIORITIES), **self.dimensions()}
        if rng.random() < 0.2:
            data["status"] = rng.choice(("new", "open", "pending", "on_hold", "resolved", "closed"))
        if rng.random() < 0.9:
            self.say(times[0], "ticket.created", subject, data)
        else:
            times = times[:1] + times
        if rng.random() < 0.04:
            self.comment(times[0] - rng.randint(1, 6) * 5 * MINUTE, subject, "agent")
        busy = rng.random()
        for at in times[1:]:
            self.step(at, subject, busy)

    def comment(self, at: int, subject: str, role: str | None = None) -> None:
        rng = self.rng
        role = role or rng.choice(("agent", "agent", "agent", "requester", "requester", "bot", "system"))
        author = rng.choice(AGENTS) if role == "agent" else rng.choice(("rina", "tono"))
        data: Json = {"author": {"id": author, "role": role}}
        if rng.random() < 0.25:
            data["visibility"] = rng.choice(("public", "internal"))
        self.say(at, "ticket.commented", subject, data)

    def step(self, at: int, subject: str, busy: float) -> None:
        rng = self.rng
        kind = rng.choices(
            ("status", "comment", "update", "escalate", "work", "due", "end", "rate", "again"),
            (8, 7, 4 if busy < 0.6 else 1, 1, 1, 1.2 if busy > 0.5 else 0, 0.5, 0.3, 0.15),
        )[0]
        if kind == "status":
            data: Json = {"status": rng.choice(STATUSES if busy < 0.3 else STATUSES[:-1])}
            if rng.random() < 0.2:
                data["agent"] = rng.choice((*AGENTS, None))
            self.say(at, "ticket.status_changed", subject, data)
        elif kind == "comment":
            self.comment(at, subject)
        elif kind == "update":
            self.update(at, subject)
        else:
            self.rarely(at, subject, kind)

    def rarely(self, at: int, subject: str, kind: str) -> None:
        rng = self.rng
        to: Json = {"tier": rng.choice((2, 3))} if rng.random() < 0.5 else {"team": rng.choice(TEAMS)}
        due = at + rng.choice((-3, 2, 6, 12, 24, 60)) * 5 * MINUTE
        clock = rng.choice(("resolution", "resolution", "first_response", "next_response", "ola:L1"))
        said: dict[str, tuple[str, Json]] = {
            "escalate": ("escalated", to | {"kind": "functional"}),
            "work": ("worked", {"agent": rng.choice(AGENTS), "seconds": rng.choice((60, 90.5, 600))}),
            "due": ("due_set", {"clock": clock, "due": moment(due).isoformat()}),
            "end": rng.choice((("merged", {"into": "other"}), ("deleted", {}))),
            "rate": ("rated", {"score": rng.randint(1, 5)}),
            "again": ("created", {"priority": rng.choice(PRIORITIES)}),
        }
        self.say(at, f"ticket.{said[kind][0]}", subject, said[kind][1])

    def update(self, at: int, subject: str) -> None:
        rng = self.rng
        data: Json = {}
        if rng.random() < 0.6:
            data["priority"] = rng.choice(PRIORITIES)
        if rng.random() < 0.35:
            data["team"] = rng.choice((*TEAMS, None))
        for key, values in (
            ("customer", ("acme", "beta", None)),
            ("category", ("net", "os")),
            ("agent", (*AGENTS, None)),
        ):
            if rng.random() < 0.2:
                data[key] = rng.choice(values)
        self.say(at, "ticket.updated", subject, data)

    def incident(self, subject: str) -> None:
        rng = self.rng
        times = self.times(rng.randint(2, 8))
        if rng.random() < 0.9:
            data: Json = {"severity": rng.choice(PRIORITIES)}
            for key, values in (("category", ("malware", "phish")), ("service", ("web",)), ("team", TEAMS)):
                if rng.random() < 0.4:
                    data[key] = rng.choice(values)
            if rng.random() < 0.2:
                data["personal_data"] = True
            self.say(times[0], "incident.detected", subject, data)
        if rng.random() < 0.04:
            self.say(times[0] - 10 * MINUTE, "incident.acknowledged", subject, {})
        for at in times[1:]:
            self.turn(at, subject)

    def turn(self, at: int, subject: str) -> None:
        rng = self.rng
        kind = rng.choices(TURNS, (4, 3, 1, 1, 3, 1, 1.5, 0.6, 2, 2, 2.5))[0]
        data: Json = {"agent": rng.choice(AGENTS)} if rng.random() < 0.3 else {}
        if kind == "updated":
            data["severity"] = rng.choice(PRIORITIES)
            if rng.random() < 0.2:
                data["personal_data"] = True
        elif kind == "classified":
            data["as"] = rng.choice(("significant", "major", "personal_data_breach", "material"))
        elif kind == "notified":
            data["stage"] = rng.choice(STAGES)
            at += rng.choice((0, 24, 80, 720)) * 3600 * SECOND
        self.say(at, f"incident.{kind}", subject, data)

    # -- arrival

    def arrive(self, lateness: int, *, beyond: bool, shuffled: bool) -> list[Json]:
        rng = self.rng
        keyed = []
        for at, event in self.made:
            delay = rng.choice((0, rng.randint(0, lateness), lateness)) if shuffled else 0
            if beyond and rng.random() < 0.06:
                delay = lateness + rng.randint(1, 12) * 10 * MINUTE
            keyed.append((at + delay, rng.random(), event))
        keyed.sort(key=lambda row: row[:2])
        out = [event for _, _, event in keyed]
        if beyond:  # ids in the order of arrival, so that a late one stands last whichever way it is read
            out = [{k: v for k, v in e.items() if k != "sequence"} | {"id": f"{i:06d}"} for i, e in enumerate(out)]
        for _ in range(len(out) // 25):
            at = rng.randrange(len(out))
            again = dict(out[at])
            if rng.random() < 0.3:
                again["data"] = {}
                again["type"] = "ticket.deleted" if again["type"].startswith("ticket") else "incident.closed"
            out.insert(rng.randint(at + 1, len(out)), again)
        for _ in range(len(out) // 20):
            at = rng.randrange(len(out))
            if decode(json.dumps(out[at]).encode()) is None:
                continue
            odd = damaged(out[at], rng)
            if decode(json.dumps(odd).encode()) is None:  # one that holds would be an event nobody planned
                out.insert(at, odd)
            else:
                out[at] = odd
        return out


def scenario(seed: int, entities: int = 40, avoid: frozenset[str] = AVOID, only: str = "") -> Scenario:
    """The scenario of a seed, without the entities that touch a corner to avoid, or miss the only one to look at."""
    rng = random.Random(seed)
    start = parse_time(rng.choice(DAYS))
    assert start is not None
    maker, drawn = Maker(rng, start), Drawn(rng)
    lateness = rng.choice(("1h", "1h", "10m", "30d"))
    first = drawn.configuration(
        lateness, rng.choice((["1h", "24h", "7d", "30d"], ["2h", "3d", "90d"], ["15m", "12h", "35d"]))
    )
    configurations = [(0, json.dumps(first, indent=1))]
    for n in range(entities):
        if n % 4 == 3:
            maker.incident(f"S{n:02d}")
        else:
            maker.ticket(f"T{n:02d}")
    if rng.random() < 0.3:
        maker.say(start + 60 * MINUTE, "measure.recorded", "service.web", {"name": "cost", "value": 1})
    if rng.random() < 0.25 and "dated" not in avoid:
        at = start + rng.randint(10, 120) * 5 * MINUTE + 61 * SECOND
        configurations.append((at, json.dumps(drawn.second(first), indent=1)))
    beyond = rng.random() < 0.25 and "late" not in avoid
    events = maker.arrive(span(lateness), beyond=beyond, shuffled=rng.random() < 0.7)
    until = start + rng.choice((60, 100, 160, 300, 900, 12000)) * 5 * MINUTE + rng.choice((0, 0, 0, 1)) * SECOND
    made = Scenario(tuple(events), tuple(configurations), until, seed)
    corners = made.expected().corners
    kept = {
        subject for (_, subject), touched in corners.items() if not touched & avoid and (not only or only in touched)
    }
    return made.only(kept | {"service.web"})
