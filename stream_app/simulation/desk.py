"""The help desk: the life of a ticket, from the first word to the closing, with all that may come between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stream_app.simulation import cast
from stream_app.simulation.chance import Odds
from stream_app.simulation.life import Life
from stream_app.sla.instant import HOUR, MINUTE, SECOND, Micros, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_app.simulation.chance import Chance

SOURCE: Final = "desk/simulated"

PRIORITIES: Final = Odds({"critical": 4, "high": 14, "medium": 50, "low": 32})
CHANNELS: Final = Odds({"email": 38, "portal": 25, "chat": 20, "phone": 12, "whatsapp": 5})
COMPLEXITIES: Final = Odds({"simple": 55, "moderate": 33, "complex": 12})
ENDS: Final = Odds({"resolved": 935, "cancelled": 35, "merged": 22, "deleted": 8})
SCORES: Final = Odds({5: 62, 4: 20, 3: 8, 2: 4, 1: 6})
ROUNDS: Final = Odds({0: 45, 1: 30, 2: 15, 3: 7, 5: 3})
"""How many times something comes between the first reply and the end."""
BETWEEN: Final = Odds(
    {"question": 38, "note": 15, "nudge": 14, "escalated": 12, "vendor": 8, "handed on": 8, "weighed anew": 5}
)
TAGS: Final = ("vip", "branch", "remote", "recurring", "onboarding")

REPLY: Final = {"critical": 5 * MINUTE, "high": 15 * MINUTE, "medium": 25 * MINUTE, "low": 35 * MINUTE}
"""How long a first reply takes, as a median."""
WORK: Final = {"critical": 15 * MINUTE, "high": 20 * MINUTE, "medium": 30 * MINUTE, "low": 40 * MINUTE}
"""How long a stretch between two things done takes, as a median."""
FORGOTTEN: Final = 8
"""How many stretches long a ticket lies about that nobody thinks of: most of them miss their deadline."""
SENTIMENT: Final = {1: "negative", 2: "negative", 3: "neutral", 4: "positive", 5: "positive"}


class Ticket:
    """A ticket as the desk knows it while its story is told."""

    def __init__(self, life: Life, priority: str, category: str, customer: str) -> None:
        self.life: Final = life
        self.chance: Final = life.chance
        self.priority = priority
        self.category = category
        self.requester: Final = f"{customer}.{life.chance.whole(1, cast.STAFF_OF_A_CUSTOMER)}"
        self.team = cast.FRONT
        self.agent = life.chance.draw(cast.AGENTS[cast.FRONT])

    def comment(self, who: str, role: str, *, internal: bool = False) -> None:
        """Somebody writes."""
        author = {"id": who, "role": role}
        if internal:
            self.life.says("ticket.commented", author=author, visibility="internal")
        else:
            self.life.says("ticket.commented", author=author)

    def reply(self) -> None:
        """The agent answers the requester."""
        self.comment(self.agent, "agent")

    def turn(self, status: str) -> None:
        """The status changes."""
        self.life.says("ticket.status_changed", status=status, agent=self.agent)

    def stretch(self, part: float = 1.0) -> None:
        """Part of a usual stretch of work passes."""
        self.life.passes(WORK[self.priority] * part)


def ticket(chance: Chance, number: int, begins: Micros, pace: float, others: Sequence[str]) -> Life:
    """One ticket's life. `others` are the ids of recent tickets, for it may be merged into one of them."""
    life = Life(chance, f"TCK-{number:06d}", SOURCE, begins, pace)
    one = opened(life)
    taken(one)
    for _ in range(chance.draw(ROUNDS)):
        worked_on(one)
    one.stretch(FORGOTTEN if chance.happens(0.05) else 1)
    end = chance.draw(ENDS)
    if end == "merged" and not others:
        end = "resolved"
    match end:
        case "cancelled":
            one.turn("cancelled")
        case "merged":
            life.says("ticket.merged", into=chance.any_of(others))
        case "deleted":
            life.says("ticket.deleted")
        case _:
            solved(one)
    return life


def opened(life: Life) -> Ticket:
    """It is written down; on the channels that have one, a bot says so."""
    chance = life.chance
    customer = chance.draw(cast.CUSTOMERS)
    one = Ticket(life, chance.draw(PRIORITIES), chance.draw(cast.CATEGORIES), customer)
    channel = chance.draw(CHANNELS)
    details = {"agent": one.agent} if channel == "phone" else {}
    if chance.happens(0.25):
        details["url"] = f"https://desk.example/tickets/{life.subject}"
    life.says(
        "ticket.created",
        priority=one.priority,
        channel=channel,
        category=one.category,
        service=cast.SERVICES[one.category],
        customer=customer,
        requester=one.requester,
        team=one.team,
        tier=1,
        complexity=chance.draw(COMPLEXITIES),
        tags=[tag for tag in TAGS if chance.happens(0.08)],
        title=f"Problem with {one.category}",
        **details,
    )
    if channel in {"chat", "whatsapp", "email"} and chance.happens(0.7):
        life.passes(5 * SECOND)
        one.comment("triage-bot", "bot")
    return one


def taken(one: Ticket) -> None:
    """An agent takes it and answers; on some, the customer asks again before that, or the deadline is negotiated."""
    chance, life = one.chance, one.life
    life.passes(REPLY[one.priority] * 0.4)
    one.turn("open")
    if chance.happens(0.08):
        life.passes(REPLY[one.priority] * 0.3)
        one.comment(one.requester, "requester")
    life.passes(REPLY[one.priority] * 0.6)
    one.reply()
    if chance.happens(0.02):
        life.passes(2 * MINUTE)
        due = Micros(life.at + round(chance.about(4 * HOUR) * life.pace / SECOND) * SECOND)
        life.says("ticket.due_set", clock="resolution", due=text(due))
    if chance.happens(0.55):
        one.stretch(0.3)
        right = chance.happens(0.87)
        life.says("ticket.diagnosed", category=one.category if right else chance.draw(cast.CATEGORIES))


def worked_on(one: Ticket) -> None:
    """One thing that comes between: most often a question to the customer."""
    chance, life = one.chance, one.life
    one.stretch(0.5)
    match chance.draw(BETWEEN):
        case "question":
            one.reply()
            life.passes(SECOND)
            one.turn("pending")
            life.passes(30 * MINUTE)
            one.comment(one.requester, "requester")
            life.passes(SECOND)
            one.turn("open")
        case "vendor":
            one.comment(one.agent, "agent", internal=True)
            life.passes(MINUTE)
            one.turn("on_hold")
            life.passes(60 * MINUTE)
            one.turn("open")
        case "nudge":
            one.comment(one.requester, "requester")
            one.stretch(0.3)
            one.reply()
        case "escalated":
            escalated(one)
        case "handed on":
            one.agent = chance.draw(cast.AGENTS[one.team])
            life.says("ticket.updated", agent=one.agent)
        case "weighed anew":
            one.priority = chance.draw(PRIORITIES)
            life.says("ticket.updated", priority=one.priority)
        case _:
            one.comment(one.agent, "agent", internal=True)
    if chance.happens(0.5):
        life.passes(30 * SECOND)
        hands_on(one)


def escalated(one: Ticket) -> None:
    """To the specialists, or up the line where they have it already."""
    chance, life = one.chance, one.life
    specialists = cast.SPECIALISTS[one.category]
    if specialists == one.team:
        life.says("ticket.escalated", kind="hierarchical", by=one.agent, tier=3)
        return
    life.says("ticket.escalated", kind="functional", by=one.agent, tier=2, team=specialists)
    one.team, one.agent = specialists, chance.draw(cast.AGENTS[specialists])
    one.stretch(0.3)
    life.says("ticket.updated", agent=one.agent)


def hands_on(one: Ticket) -> None:
    """Work is put down; now and then it is a colleague's."""
    seconds = round(one.chance.about(480))
    if one.chance.happens(0.1):
        one.life.says("ticket.worked", agent=one.chance.draw(cast.EVERYONE), seconds=seconds, helping=True)
    else:
        one.life.says("ticket.worked", agent=one.agent, seconds=seconds)


def solved(one: Ticket) -> None:
    """Resolved, perhaps not for good, perhaps rated, and at last closed."""
    chance, life = one.chance, one.life
    if chance.happens(0.6):
        one.reply()
        life.passes(10 * SECOND)
    if chance.happens(0.75):
        hands_on(one)
        life.passes(5 * SECOND)
    one.turn("resolved")
    while chance.happens(0.05):
        life.passes(40 * MINUTE)
        one.comment(one.requester, "requester")
        life.passes(SECOND)
        one.turn("open")
        one.stretch()
        one.reply()
        life.passes(SECOND)
        one.turn("resolved")
    if chance.happens(0.42):
        life.passes(20 * MINUTE)
        score = chance.draw(SCORES)
        life.says("ticket.rated", score=score, sentiment=SENTIMENT[score])
    life.passes(30 * MINUTE)
    one.turn("closed")
