"""A ticket, folded from its sorted history the long way round."""

from dataclasses import replace
from typing import Any

from tests.oracle.clock import Clock
from tests.oracle.envelope import Event, parse_time
from tests.oracle.life import OVER, Fact, Life
from tests.oracle.settings import terms
from tests.oracle.turn import Turn

FIELDS = (
    "priority",
    "channel",
    "category",
    "service",
    "customer",
    "requester",
    "team",
    "agent",
    "tier",
    "complexity",
    "tags",
)
DONE = ("resolved", "closed")
FOREVER = 2**62


class Ticket(Life):
    """The life of one ticket."""

    def fold(self, history: list[Event]) -> "Ticket":
        self.first_response_at: int | None = None
        self.resolved_at: int | None = None
        self.closed_at: int | None = None
        self.over_at: int | None = None
        self.escalations = 0
        self.handle = 0.0
        self.replies = 0
        self.first_contact: bool | None = None
        self.waits: list[list[int]] = []
        self.fields = {"priority": "medium"}
        self.status = "open"
        before = self.open(history)
        changes = [a for a in self.dated[1:] if self.began < a.at <= self.until]
        for event in history[len(before) + 1 :]:
            while changes and changes[0].at <= event.at:
                self.corners |= {"activation_tie"} if changes[0].at == event.at else set()
                self.activate(changes.pop(0))
            self.happen(event)
        for change in changes:
            self.activate(change)
        return self

    def open(self, history: list[Event]) -> list[Event]:
        """Start the clocks at the creating event; what came before it, which is returned, happens then."""
        creator, before = self.creator(history, "ticket.created")
        self.adopt(creator)
        if not self.partial:
            self.status = creator.data.get("status") or "new"
        elif creator.type == "ticket.status_changed":
            self.status = creator.data["status"]
        elif creator.type in ("ticket.merged", "ticket.deleted"):
            self.status = "cancelled"
        self.policy = self.settings.policy("ticket", self.fields)
        self.dims_created = self.dims()
        opening, self.status = self.status, "open" if self.status in OVER else self.status
        for name in ("first_response", "resolution", *self.ola()):
            self.start(name, self.began)
        self.watch(self.began)
        self.write(self.began)
        if opening in OVER:
            self.to(opening, creator, self.began)
        elif self.partial:
            self.act(creator, self.began)
        self.write(self.began)
        for event in before:
            if event.type != "ticket.commented":
                self.corners.add("early_other")
            self.happen(replace(event, at=self.began))
        return before

    def activate(self, change: Any) -> None:  # noqa: ANN401
        self.settings = change.settings
        self.judge(change.at)
        self.watch(change.at)

    # -- one event

    def adopt(self, event: Event) -> None:
        """What an event changes of the fields and counts."""
        kind = event.type.removeprefix("ticket.")
        if kind in ("created", "updated"):
            self.take(event, FIELDS)
        elif kind == "status_changed":
            self.take(event, ("agent",))
        elif kind == "escalated":
            self.take(event, ("tier", "team"))
            self.escalations += 1
            self.escalated = event.at
        elif kind == "worked":
            self.handle += event.data["seconds"]

    def happen(self, event: Event) -> None:
        team = self.fields.get("team")
        self.adopt(event)
        if event.type == "ticket.created" and event.data.get("status"):
            self.corners.add("second_creation_with_status")
        if self.fields.get("team") != team:
            if self.status in OVER:
                self.corners.add("team_while_over")
            elif team is not None and self.stop(f"ola:{team}", event.at):
                self.of(f"ola:{team}")[-1].left = True
        self.judge(event.at)
        if self.fields.get("team") != team and self.status not in OVER:
            for name in self.ola():
                self.start(name, event.at)
        self.watch(event.at)
        self.act(event, event.at)
        self.write(event.at)
        if event.type == "ticket.escalated":
            self.facts["escalated"] = Fact("escalated", event.at, self.dims())

    def ola(self) -> list[str]:
        return [] if self.fields.get("team") is None else [f"ola:{self.fields['team']}"]

    def act(self, event: Event, at: int) -> None:
        """What an event does to status and clocks."""
        kind = event.type.removeprefix("ticket.")
        if kind == "status_changed":
            self.to(event.data["status"], event, at)
        elif kind in ("merged", "deleted"):
            self.to("cancelled", event, at)
        elif kind == "commented":
            self.comment(event, at)
        elif kind == "due_set":
            self.due_set(event, at)
        elif kind == "escalated":
            self.facts["escalated"] = Fact("escalated", at, self.dims())

    def due_set(self, event: Event, at: int) -> None:
        clock, due = self.running(event.data["clock"]), parse_time(event.data["due"])
        assert due is not None
        if clock is None:
            return
        if due <= clock.turns[0].at:
            self.corners.add("due_before_start")
        if clock.paused:
            self.corners.add("due_set_while_paused")
        if any(t.what == "terms" for t in clock.turns):
            self.corners.add("negotiated_policy_change")
        clock.add(Turn("due", at, due=due))

    def comment(self, event: Event, at: int) -> None:
        opening = not self.partial and event.own == self.began
        if self.partial and event.own == self.began and at == self.began and len(self.diary) > 1:
            self.corners.add("partial_second_comment")
        if opening or event.data.get("visibility") == "internal" or self.status in DONE:
            return
        who = event.data["author"]
        role = who["role"]
        if who.get("id") is not None and who["id"] == self.fields.get("requester"):
            role = "requester"
        if self.status == "cancelled":
            self.corners.add("comment_on_cancelled")
            if role == "agent" and self.first_response_at is None:
                self.first_response_at = max(event.own, self.began)
        elif role == "requester":
            if self.first_response_at is not None and self.running("next_response") is None:
                self.start("next_response", at)
        elif role == "agent":
            self.reply(event, at, who.get("id"))

    def reply(self, event: Event, at: int, author: str | None) -> None:
        own = max(event.own, self.began) if event.late else at
        self.replies += 1
        voice = {k: v for k, v in self.dims().items() if k != "agent"} | ({"agent": author} if author else {})
        if self.first_response_at is None:
            self.first_response_at = own
        if self.stop("first_response", own, voice):
            self.facts["response"] = Fact("response", own, voice, own - self.began)
        self.stop("next_response", own)
        self.stop("periodic_update", own)
        if self.policy is not None and "periodic_update" in self.policy.clocks:
            self.start("periodic_update", at)

    # -- status

    def to(self, status: str, event: Event, at: int) -> None:
        old, self.status = self.status, status
        if status == old:
            return
        own = max(event.own, self.began) if event.late else at
        if status in DONE:
            if old == "cancelled":
                self.corners.add("cancelled_to_resolved")
            if status == "closed":
                self.closed_at = own
            if old not in OVER:
                for name in ("first_response", "next_response", "periodic_update", "resolution", *self.ola()):
                    self.stop(name, own)
                self.resolved_at = self.over_at = own
                self.unwatch(own)
                self.first_contact = (
                    self.replies <= 1 and not self.escalations and not self.reassignments and not self.reopens
                )
                self.facts["resolved"] = Fact("resolved", own, self.dims())
        elif status == "cancelled":
            if old in DONE:
                self.corners.add("resolved_to_cancelled")
            else:
                self.over_at = at
                self.cancel(at)
                self.unwatch(at)
        elif old in OVER:
            self.reopen(old, at)
        else:
            self.pauses(at)
        self.watch(at)

    def reopen(self, old: str, at: int) -> None:
        self.reopens += 1
        self.resolved_at = self.closed_at = self.over_at = self.first_contact = None
        self.facts.pop("resolved", None)
        self.facts["reopened"] = Fact("reopened", at, self.dims())
        mode = "new_cycle" if self.policy is None or old == "cancelled" else self.policy.on_reopen
        for name in ("resolution", *self.ola()):
            last = self.of(name)[-1] if self.of(name) else None
            if mode == "new_cycle" or last is None or last.left or last.ended != "stop":
                if mode != "new_cycle":
                    self.corners.add("continue_what_never_ran")
                self.start(name, at)
            else:
                self.go_on(last, name, mode, at)

    def go_on(self, clock: Clock, name: str, mode: str, at: int) -> None:
        paused = self.status in terms(self.policy, name).pause_on
        if paused and mode == "continue_counting":
            self.corners.add("continue_counting_into_pause")
        if any(t.what == "due" for t in clock.turns):
            self.corners.add("continue_negotiated")
        counting = "counting" if mode == "continue_counting" else ""
        clock.add(Turn("continue", at, mode=counting, paused=paused))
        self.retarget(clock, at)

    # -- pauses of the resolution by the wall

    def watch(self, at: int) -> None:
        """Note when a pausing status of the resolution begins and ends."""
        waiting = self.status not in OVER and self.status in terms(self.policy, "resolution").pause_on
        if waiting and (not self.waits or self.waits[-1][1] != FOREVER):
            self.waits.append([at, FOREVER])
        elif not waiting:
            self.unwatch(at)

    def unwatch(self, at: int) -> None:
        for wait in self.waits:
            wait[1] = max(wait[0], min(wait[1], at))

    def paused(self) -> int:
        end = self.until if self.over_at is None else self.over_at
        return sum(max(0, min(b, end) - a) for a, b in self.waits)
