"""The account: an entity's history folded step by step, with what each step changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from stream_app.account.choice import Choice, choose
from stream_app.account.course import Turned, still, turns
from stream_app.account.field import Changed, changed, fields
from stream_app.account.silence import silence
from stream_app.account.tally import Span, settled, spans
from stream_app.sla.clock import Clock
from stream_app.sla.era import Eras
from stream_app.sla.history import Entry, State, append, begin, in_order
from stream_app.sla.instant import micros
from stream_app.sla.policy import Calendar, Policy


class Step(Struct, frozen=True, kw_only=True):
    """A step of a life: an event, a configuration that came into force, or time that passed. Microseconds."""

    at: int
    status: str
    """The entity's, after the step."""
    entry: Entry | None = None
    configuration: int | None = None
    """The number of the one that holds from then on."""
    changes: tuple[Changed, ...] = ()
    turns: tuple[Turned, ...] = ()
    choice: Choice | None = None
    """Where the policy was chosen, or chosen anew."""
    silence: str | None = None
    """Why an event changed nothing."""


class Reckoning(Struct, frozen=True):
    """How a clock came by the deadline it has: the clock as it was then, and what it had run for on other calendars."""

    clock: Clock
    known: tuple[Span, ...]
    step: int
    """The number of the step that set it."""


class Account(Struct):
    """The life of one entity as of `until`."""

    state: State
    eras: Eras
    until: int
    steps: list[Step]
    known: dict[tuple[str, int], tuple[Span, ...]]
    """What each clock ran for that an earlier calendar counted."""
    reckonings: dict[tuple[str, int], Reckoning]

    def policy(self, clock: Clock) -> Policy:
        """What judges a clock."""
        return self.state.bench(self.eras[clock.judge[0]]).named(clock.judge[1] or None)

    def calendar(self, clock: Clock) -> Calendar:
        """What counts a clock, or counted it last."""
        return calendar_of(self.state, self.eras, clock)

    def spans(self, clock: Clock) -> list[Span]:
        """What a clock ran for: its elapsed time, span by span."""
        return spans(self.known.get((clock.name, clock.cycle), ()), clock, self.calendar(clock), self.until)


def calendar_of(state: State, eras: Eras, clock: Clock) -> Calendar:
    """The calendar of the policy that judges a clock; the law counts round the clock."""
    era = eras[clock.judge[0]]
    return era.calendars["always" if clock.by_law else state.bench(era).named(clock.judge[1] or None).calendar]


def account(history: Iterable[Entry], eras: Eras, until: int) -> Account | None:
    """The life that a history amounts to as of `until`; None where none of it is of that time."""
    entries = in_order(entry for entry in history if entry.at <= until)
    if not entries:
        return None
    creation = next((number for number, entry in enumerate(entries) if entry.creates), None)
    first = entries[creation or 0]
    walk = _Walk(first, eras, partial=creation is None, clouded=entries[0].at < first.at)
    for entry in entries:
        if entry is not first:
            walk.take(entry)
    walk.end(until)
    return Account(walk.state, eras, until, walk.steps, walk.known, walk.reckonings)


class _Walk:
    """The fold of a history, by the functions that fold it for everybody else, with a look at each step."""

    def __init__(self, first: Entry, eras: Eras, *, partial: bool, clouded: bool) -> None:
        self._eras = eras
        self.steps: list[Step] = []
        self.known: dict[tuple[str, int], tuple[Span, ...]] = {}
        self.reckonings: dict[tuple[str, int], Reckoning] = {}
        self._was: Mapping[str, Any] = {}
        self._clocks: dict[tuple[str, int], Clock] = {}
        self._judge: tuple[int, str | None] | None = None
        self.state = begin(first, eras, partial=partial, clouded=clouded)
        if partial:  # then it is no creating event, and acts on the clocks that it starts
            append(self.state, first, eras)
        self._note(first.at, entry=first)

    def take(self, entry: Entry) -> None:
        at = max(entry.at, self.state.created_at)
        self._pass(at)
        append(self.state, entry, self._eras)
        self._note(at, entry=entry)

    def end(self, until: int) -> None:
        self._pass(until)
        self.state.advance(self._eras, until, at_end=True)
        self._note(until)

    def _pass(self, upto: int) -> None:
        """Let time pass, and tell what a new configuration changes apart from what time does."""
        while self.state.era + 1 < len(self._eras) and (since := self._eras[self.state.era + 1].since) <= upto:
            self.state.advance(self._eras, since - 1)
            self._note(since)
            self.state.advance(self._eras, since)
            self._note(since, configuration=self.state.era)
        self.state.advance(self._eras, upto)
        self._note(upto)

    def _note(self, at: int, *, entry: Entry | None = None, configuration: int | None = None) -> None:
        """One more step, if there is anything to say of it."""
        state = self.state
        now = fields(state)
        changes = changed(self._was, now)
        turned = [turn for clock in state.clocks for turn in self._turns(clock, at)]
        judge = (state.era, state.policy)
        chosen = choose(state, self._eras) if judge != self._judge else None
        if entry is None:
            turned.sort(key=lambda turn: turn.at)
        if entry is not None or configuration is not None or turned:
            silent = entry is not None and not changes and not turned and chosen is None
            self.steps.append(
                Step(
                    at=at if entry is not None or configuration is not None else turned[0].at,
                    status=state.status,
                    entry=entry,
                    configuration=configuration,
                    changes=changes,
                    turns=tuple(turned),
                    choice=chosen,
                    silence=self._silence(entry) if silent and entry is not None else None,
                )
            )
        self._was, self._judge = now, judge

    def _silence(self, entry: Entry) -> str:
        opening = micros(entry.event.time) == self.state.created_at and not self.state.partial
        return silence(entry.event, self._was, list(self._clocks.values()), opening=opening)

    def _turns(self, clock: Clock, at: int) -> list[Turned]:
        key = (clock.name, clock.cycle)
        before, after = self._clocks.get(key), still(clock)
        if before == after:
            return []
        calendar = calendar_of(self.state, self._eras, after)
        old = calendar if before is None else calendar_of(self.state, self._eras, before)
        known = settled(self.known.get(key, ()), after, old, calendar)
        kept = before is not None and before.breached_at is not None and before.breached_at == after.breached_at
        if after.due is not None and not kept and (before is None or _aim(before) != _aim(after)):
            self.reckonings[key] = Reckoning(after, known, len(self.steps))
        self.known[key], self._clocks[key] = known, after
        return list(turns(before, after, at))


def _aim(clock: Clock) -> tuple[int | None, ...]:
    """What the arithmetic of its deadline rests on."""
    return clock.due, clock.fixed, clock.target, clock.base, clock.version
