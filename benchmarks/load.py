"""The load: a help desk's log like that of a large ServiceNow, of any length, equal for equal arguments, made fast."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

HOUR: Final = 3_600_000
"""In milliseconds, as all moments here: the log's own unit."""
INTERVAL: Final = HOUR
"""Between two events of an open ticket, on average: so a log of as many events per open ticket has as many deadlines
per event, however many tickets are open."""
LEAD: Final = 24 * HOUR
"""Over which the tickets that are open at the beginning were created."""

DISORDERED: Final = 0.05
REPEATED: Final = 0.01
DELAY: Final = HOUR * 11 // 12
"""How late an event of these shares comes at most: within the lateness that is allowed, so that none is late."""

PER_PLACE: Final = 2
"""Records that open a ticket that is open at the beginning: its creation and an answer."""
OPENED_LOW: Final = 0.7
"""The share of these whose priority is low, that of the others being medium: the urgent are not open for long."""
REOPENED: Final = 0.04

WARMTH: Final = 100
"""The hottest hundredth of the tickets is flattened: a ticket sees an event each few minutes, not each second."""
LONGEST: Final = 58
"""Events of one ticket's life between its creation and its resolution at most, drawn by Zipf's law: with the first, the
resolution and the closing there are some eight on average. The public incident log of a ServiceNow has 5.7, and 58 at
most (141 712 events of 24 918 incidents; archive.ics.uci.edu, dataset 498)."""
SIZE: Final = (300, 400)
"""Bytes of an event, unless its data alone are longer."""

WORDS: Final = ("the printer on the second floor does not print from the ledger since this morning " * 6).strip()


class Odds:
    """Things and how likely each is."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._things: Final = list(weights)
        self._running: Final = list(accumulate(weights.values()))

    @classmethod
    def zipf(cls, things: list[str]) -> Odds:
        """The k-th is as likely as 1 / k."""
        return cls({thing: 1 / rank for rank, thing in enumerate(things, 1)})

    def draw(self, share: float) -> str:
        """The thing at a share in [0, 1) of all."""
        return self._things[bisect_right(self._running, share * self._running[-1])]


PRIORITIES: Final = Odds({"medium": 60, "low": 28, "high": 9, "critical": 3})
CHANNELS: Final = Odds({"email": 38, "portal": 30, "phone": 22, "chat": 10})
CATEGORIES: Final = Odds.zipf([f"category {number}" for number in range(40)])
CUSTOMERS: Final = Odds.zipf([f"customer {number}" for number in range(1000)])
TEAMS: Final = Odds.zipf([f"team {number}" for number in range(20)])
AGENTS_OF_A_TEAM: Final = 12
LENGTHS: Final = Odds({str(length): length**-1.75 for length in range(1, LONGEST + 1)})
STEPS: Final = Odds(
    {
        "reply": 32, "question": 18, "note": 12, "pending": 10, "worked": 7, "reassigned": 8, "diagnosed": 6,
        "escalated": 3, "on_hold": 2, "weighed anew": 2,
    }
)  # fmt: skip


class Message(NamedTuple):
    """One record to be written."""

    timestamp: int
    """When it reached the log, in milliseconds since the epoch; never less than that of the one before."""
    key: bytes
    value: bytes


class Ticket:
    """A ticket as its log goes on."""

    __slots__ = ("agent", "left", "number", "priority", "sequence", "status", "team")

    def __init__(self, number: int, priority: str, team: str, agent: str, left: int) -> None:
        self.number: Final = number
        self.priority = priority
        self.team = team
        self.agent = agent
        self.left = left
        """How many events come before it is resolved."""
        self.status = "new"
        self.sequence = 0

    @property
    def subject(self) -> str:
        return f"INC{self.number:07d}"


class Load:
    """Some tickets that are open, then so many events of them and of those that follow them. To be gone through once.

    The tickets hold places; the next event is of a place drawn by Zipf's law, and a closed ticket leaves its place to
    a new one. So the number of open tickets stays, some are busy and most are quiet.
    """

    def __init__(self, places: int, events: int, seed: int, until: int) -> None:
        """`places` tickets are open all the time; the log ends shortly before `until` (milliseconds)."""
        self._random: Final = Random(seed)
        self._share: Final[Callable[[], float]] = self._random.random
        self._events: Final = events
        self._begins: Final = until - events * INTERVAL // places
        self._step: Final = INTERVAL / places
        self._places: Final[list[Ticket]] = [self._ticket(number) for number in range(places)]
        self._created = places
        self._waiting: Final[list[tuple[int, int, bytes, bytes, bool]]] = []
        self._serial = 0
        self.standing: Final = PER_PLACE * places
        """How many records open the tickets that are open at the beginning."""
        self.repeated = 0
        """How many records so far were a repetition."""

    def __iter__(self) -> Iterator[Message]:
        yield from self._opened()
        left = self._events
        for message in self._going_on():
            yield message
            left -= 1
            if not left:
                return

    def _opened(self) -> Iterator[Message]:
        """Each ticket is created, and answered within the hour."""
        places, begins = self._places, self._begins - LEAD
        self._random.shuffle(places)
        apart = (LEAD - HOUR) / len(places)
        for turn, ticket in enumerate(places):
            at = begins + int(turn * apart)
            yield from self._come(at)
            ticket.priority = "low" if self._share() < OPENED_LOW else "medium"
            yield Message(at, *self._written(at, ticket, "ticket.created", self._creation(ticket)))
            answered = at + int(self._share() * HOUR)
            ticket.sequence += 1
            key, value = self._written(answered, ticket, "ticket.commented", self._comment(ticket.agent, "agent"))
            self._later(answered, key, value, again=False)
        yield from self._come(self._begins)

    def _going_on(self) -> Iterator[Message]:
        places, share, warm = self._places, self._share, len(self._places) / WARMTH
        turn = 0
        while True:
            at = self._begins + int(turn * self._step)
            turn += 1
            yield from self._come(at)
            place = int(warm * ((WARMTH + 1) ** share() - 1))  # the inverse of Zipf's law, flattened
            ticket = places[place]
            if ticket.status == "closed":
                ticket = places[place] = self._ticket(self._created)
                self._created += 1
                kind, data = "ticket.created", self._creation(ticket)
            else:
                ticket.sequence += 1
                kind, data = self._next(ticket)
            chance = share()
            key, value = self._written(at, ticket, kind, data)
            if chance < DISORDERED:
                self._later(at + int(share() * DELAY), key, value, again=False)
                continue
            if chance > 1 - REPEATED:
                self._later(at + int(share() * DELAY), key, value, again=True)
            yield Message(at, key, value)

    def _later(self, at: int, key: bytes, value: bytes, *, again: bool) -> None:
        self._serial += 1
        heappush(self._waiting, (at, self._serial, key, value, again))

    def _come(self, upto: int) -> Iterator[Message]:
        """What was delayed, as far as it has come by then."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= upto:
            at, _, key, value, again = heappop(waiting)
            self.repeated += again
            yield Message(at, key, value)

    def _ticket(self, number: int) -> Ticket:
        share = self._share
        team = TEAMS.draw(share())
        return Ticket(number, PRIORITIES.draw(share()), team, self._agent(team), int(LENGTHS.draw(share())))

    def _agent(self, team: str) -> str:
        return f"{team}, agent {int(self._share() ** 2 * AGENTS_OF_A_TEAM)}"

    def _creation(self, ticket: Ticket) -> str:
        share, category = self._share, CATEGORIES.draw(self._share())
        return (
            f'"priority":"{ticket.priority}","channel":"{CHANNELS.draw(share())}","category":"{category}",'
            f'"customer":"{CUSTOMERS.draw(share())}","requester":"caller {ticket.number % 5000}",'
            f'"team":"{ticket.team}","agent":"{ticket.agent}","tier":1,"title":"Something about {category}"'
        )

    def _next(self, ticket: Ticket) -> tuple[str, str]:
        """What happens to a ticket next: type and data."""
        share = self._share
        if ticket.status in {"pending", "on_hold"}:
            return self._turned(ticket, "open")
        if ticket.status == "resolved":
            if share() < REOPENED:
                ticket.left = 2
                return self._turned(ticket, "open")
            return self._turned(ticket, "closed")
        if not ticket.left:
            return self._turned(ticket, "resolved")
        ticket.left -= 1
        return self._between(ticket, STEPS.draw(share()))

    def _between(self, ticket: Ticket, step: str) -> tuple[str, str]:  # noqa: PLR0911 -- a line each
        share = self._share
        match step:
            case "reply":
                return "ticket.commented", self._comment(ticket.agent, "agent")
            case "question":
                return "ticket.commented", self._comment(f"caller {ticket.number % 5000}", "requester")
            case "note":
                return "ticket.commented", self._comment(ticket.agent, "agent", ',"visibility":"internal"')
            case "worked":
                return "ticket.worked", f'"agent":"{ticket.agent}","seconds":{60 + int(share() * 3000)}'
            case "reassigned":
                ticket.team = TEAMS.draw(share())
                ticket.agent = self._agent(ticket.team)
                return "ticket.updated", f'"team":"{ticket.team}","agent":"{ticket.agent}"'
            case "diagnosed":
                return "ticket.diagnosed", f'"category":"{CATEGORIES.draw(share())}"'
            case "escalated":
                ticket.team = TEAMS.draw(share())
                return "ticket.escalated", f'"kind":"functional","tier":2,"team":"{ticket.team}"'
            case "weighed anew":
                ticket.priority = PRIORITIES.draw(share())
                return "ticket.updated", f'"priority":"{ticket.priority}"'
            case status:
                return self._turned(ticket, status)

    @staticmethod
    def _turned(ticket: Ticket, status: str) -> tuple[str, str]:
        ticket.status = status
        return "ticket.status_changed", f'"status":"{status}","agent":"{ticket.agent}"'

    @staticmethod
    def _comment(who: str, role: str, more: str = "") -> str:
        return f'"author":{{"id":"{who}","role":"{role}"}}{more}'

    def _written(self, at: int, ticket: Ticket, kind: str, data: str) -> tuple[bytes, bytes]:
        moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
        subject = ticket.subject
        text = (
            f'{{"specversion":"1.0","id":"{self._random.getrandbits(64):016x}","source":"servicenow/prod",'
            f'"type":"{kind}","subject":"{subject}","time":"{moment}","sequence":"{ticket.sequence}","data":{{{data}'
        )
        least, most = SIZE
        missing = least + int(self._share() * (most - least)) - len(text) - 12
        if missing > 0:  # a key that the product does not know
            text = f'{text},"text":"{WORDS[:missing]}"'
        return subject.encode(), (text + "}}").encode()
