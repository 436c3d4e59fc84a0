"""A security incident, folded from its sorted history the long way round."""

from dataclasses import replace
from typing import Any

from tests.oracle.clock import Clock
from tests.oracle.envelope import Event
from tests.oracle.life import Fact, Life
from tests.oracle.regulation import TABLE, Stage
from tests.oracle.settings import terms
from tests.oracle.turn import Turn

FIELDS = ("severity", "category", "service", "asset", "team", "agent", "personal_data")
STAGES = ("acknowledged", "contained", "eradicated", "recovered", "resolved", "closed")
STOPS = {"acknowledged": "acknowledge", "contained": "contain", "resolved": "resolve"}


class Incident(Life):
    """The life of one security incident."""

    def fold(self, history: list[Event]) -> "Incident":
        self.moments: dict[str, int] = {}
        self.classified: dict[str, int] = {}
        self.sent: dict[str, int] = {}
        self.fields = {"severity": "medium"}
        self.status = "detected"
        creator, before = self.creator(history, "incident.detected")
        self.take(creator, FIELDS)
        self.policy = self.settings.policy("incident", self.fields)
        for name in ("acknowledge", "contain", "resolve"):
            self.start(name, self.began)
        self.write(self.began)
        self.act(creator, self.began)
        self.write(self.began)
        for event in before:
            if event.type.removeprefix("incident.") not in STAGES:
                self.corners.add("early_other")
            self.happen(replace(event, at=self.began))
        changes = [a for a in self.dated[1:] if self.began < a.at <= self.until]
        for event in history[len(before) + 1 :]:
            while changes and changes[0].at <= event.at:
                self.corners |= {"activation_tie"} if changes[0].at == event.at else set()
                self.activate(changes.pop(0))
            self.happen(event)
        for change in changes:
            self.activate(change)
        return self

    def activate(self, change: Any) -> None:  # noqa: ANN401
        self.settings = change.settings
        self.judge(change.at)
        self.regulate(change.at)

    def happen(self, event: Event) -> None:
        self.take(event, FIELDS)
        self.judge(event.at)
        self.act(event, event.at)
        self.write(event.at)

    def act(self, event: Event, at: int) -> None:
        kind = event.type.removeprefix("incident.")
        own = max(event.own, self.began) if event.late else at
        if self.status == "dismissed" and kind not in ("reopened", "updated", "dismissed"):
            self.corners.add("event_after_dismissal")
        if kind in STAGES:
            self.reach(kind, own)
        elif kind == "reopened":
            self.reopen(at)
        elif kind == "dismissed":
            if self.status in ("resolved", "closed"):
                self.corners.add("dismissed_after_resolution")
            if self.status != "dismissed":
                self.cancel(at)
            self.status = "dismissed"
        elif kind == "classified":
            self.classified.setdefault(event.data["as"], at)
        elif kind == "notified":
            self.notify(event, at)
        if kind in ("detected", "updated") and event.data.get("personal_data") is True:
            self.classified.setdefault("personal_data_breach", at)
        self.regulate(at)

    def reach(self, stage: str, at: int) -> None:
        """A stage and every earlier one that had not been reached."""
        if self.reopens and stage not in ("resolved", "closed"):
            self.corners.add("stage_after_reopen")
        fresh = [s for s in STAGES[: STAGES.index(stage) + 1] if s not in self.moments]
        for each in fresh:
            self.moments[each] = at
            if each in STOPS:
                self.stop(STOPS[each], at)
                self.facts[each] = Fact(each, at, self.dims(), at - self.began)
        if fresh and self.status != "dismissed":
            rank = {"detected": -1} | {s: i for i, s in enumerate(STAGES)}
            if rank[stage] > rank[self.status]:
                self.status = stage

    def reopen(self, at: int) -> None:
        if self.status not in ("resolved", "closed", "dismissed"):
            if self.partial and at == self.began:
                self.corners.add("partial_reopened")
            return
        if self.status == "dismissed":
            self.corners.add("reopened_after_dismissal")
        dismissed, self.status = self.status == "dismissed", "acknowledged"
        self.reopens += 1
        for stage in ("resolved", "closed"):
            self.moments.pop(stage, None)
        self.facts.pop("resolved", None)
        self.facts["reopened"] = Fact("reopened", at, self.dims())
        mode = "new_cycle" if self.policy is None or dismissed else self.policy.on_reopen
        last = self.of("resolve")[-1]
        if mode == "new_cycle" or last.ended != "stop":
            self.start("resolve", at)
        else:
            last.add(Turn("continue", at, mode="counting" if mode == "continue_counting" else ""))
            self.retarget(last, at)

    # -- regulations

    def notify(self, event: Event, at: int) -> None:
        stage = event.data["stage"]
        if event.late:
            self.corners.add("late_notification")
        if stage in self.sent:
            return
        self.sent[stage] = at
        if not self.stop(stage, at):
            self.corners.add("notified_before")

    def regulate(self, at: int) -> None:
        """Bring into being the regulatory clocks that are due to exist."""
        if self.status == "dismissed":
            return
        for row in TABLE:
            listed = self.policy is not None and row.regulation in self.policy.regulations
            if not listed or row.kind not in self.classified or self.of(row.name):
                continue
            start = self.start_of(row)
            if start is not None:
                self.bear(row, start, at)

    def start_of(self, row: Stage) -> int | None:
        if row.start == "aware":
            return self.began
        return self.classified[row.kind] if row.start == "classified" else self.sent.get(row.start)

    def bear(self, row: Stage, start: int, at: int) -> None:
        clock = Clock(row.name, 1)
        due = row.due(start, self.began)
        if due < start:
            self.corners.add("regulatory_due_before_start")
        clock.add(Turn("born", at, terms=terms(self.policy, row.name), due=due, began=start))
        self.clocks.append(clock)
        if (at - start) * 2 > due - start:
            self.corners.add("regulatory_thresholds_at_birth")
        if start != at and row.start != "aware":
            self.corners.add("regulatory_start_in_the_past")
        if row.name in self.sent:
            self.corners.add("notified_before")
            clock.add(Turn("stop", at, began=start))
            self.stop_dims[(row.name, 1)] = self.dims()
