"""The record: an account as plain data for machines, moments as RFC 3339 text in UTC, spans in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream_app.account.account import Account, Reckoning, Step
from stream_app.account.case import Arrival, Case
from stream_app.account.choice import Choice, Failed
from stream_app.account.course import Turned
from stream_app.account.field import BY_NAME, MOMENTS, SPANS, Changed
from stream_app.account.paragraph import paragraphs
from stream_app.account.sentence import Teller
from stream_app.account.tally import Span, legs, total
from stream_app.sla import report
from stream_app.sla.admission import Outcome
from stream_app.sla.clock import Clock
from stream_app.sla.events import Event
from stream_app.sla.history import Entry
from stream_app.sla.instant import micros, seconds, text
from stream_app.sla.kind import type_of
from stream_app.sla.signals import standing


def record(account: Account, case: Case, teller: Teller) -> dict[str, Any]:
    """All of one account."""
    state = account.state
    entity = report.entity(state, account.eras, account.until)
    rows = {(row["clock"], row["cycle"]): row for row in entity.pop("clocks")}
    numbered = list(enumerate(account.steps))
    signals = sorted(standing(state.id, state.clocks), key=lambda signal: signal.order)
    arrivals = {arrival.entry.key: arrival for arrival in case.arrivals if arrival.entry is not None}
    return {
        "entity": entity,
        "policies": [
            _choice(step.choice, step, number, teller) for number, step in numbered if step.choice is not None
        ],
        "steps": [_step(number, step, teller, arrivals) for number, step in numbered],
        "clocks": [
            _clock(clock, rows[clock.name, clock.cycle], account, teller)
            for clock in sorted(state.clocks, key=lambda clock: (clock.name, clock.cycle))
        ],
        "duplicates": [
            _event(arrival.event) | {"line": arrival.line}
            for arrival in case.arrivals
            if arrival.outcome is Outcome.DUPLICATE
        ],
        "later": case.later,
        "signals": [report.signal(signal) for signal in signals],
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "source": event.source,
        "type": type_of(event),
        "time": text(micros(event.time)),
        "sequence": event.sequence,
    }


def _step(number: int, step: Step, teller: Teller, arrivals: Mapping[Any, Arrival]) -> dict[str, Any]:
    event = None
    if step.entry is not None:
        arrival = arrivals[step.entry.key]
        event = _event(step.entry.event) | {
            "late": step.entry.late,
            "out_of_order": arrival.behind is not None and micros(arrival.event.time) < arrival.behind,
            "line": arrival.line,
        }
    return {
        "step": number,
        "at": text(step.at),
        "event": event,
        "configuration": step.configuration,
        "status": step.status,
        "changes": [_change(one) for one in step.changes],
        "nothing_because": step.silence,
        "said": [f"{one.subject} {one.sentence}" for one in paragraphs(step, teller)],
    }


def _change(changed: Changed) -> dict[str, Any]:
    return {
        "field": changed.field,
        "before": _value(changed.field, changed.before),
        "after": _value(changed.field, changed.after),
    }


def _value(field: str, value: Any) -> Any:  # noqa: ANN401 -- whatever a field holds
    if isinstance(value, int) and (field in MOMENTS or field.partition(".")[0] in BY_NAME):
        return text(value)
    return seconds(value) if field in SPANS and value is not None else value


def _choice(choice: Choice, step: Step, number: int, teller: Teller) -> dict[str, Any]:
    return {
        "step": number,
        "at": text(step.at),
        "configuration": choice.era,
        "chosen": choice.policy,
        "tried": [
            {
                "policy": tried.policy,
                "written": teller.sign(choice.era, tried.policy),
                "matches": not tried.failed,
                "failed": [_condition(one) for one in tried.failed],
                "held": [_condition(one) for one in tried.matched],
            }
            for tried in choice.tried
        ],
    }


def _condition(one: Failed) -> dict[str, Any]:
    return {
        "field": one.field,
        "value": one.value,
        "wanted": sorted(one.condition.values),
        "negated": one.condition.negated,
    }


def _clock(clock: Clock, row: dict[str, Any], account: Account, teller: Teller) -> dict[str, Any]:
    reckoning = account.reckonings.get((clock.name, clock.cycle))
    spans = account.spans(clock)
    return row | {
        "policy": clock.judge[1] or None,
        "configuration": clock.judge[0],
        "calendar": account.calendar(clock).name,
        "version": clock.version,
        "original_due_at": None if clock.original_due is None else text(clock.original_due),
        "due": None if row["due_at"] is None or reckoning is None else _due(reckoning, account),
        "spans": [_span(span) for span in spans],
        "spans_seconds": seconds(total(spans)),
        "turns": [
            _turn(turn, step, number, account, teller)
            for number, step in enumerate(account.steps)
            for turn in step.turns
            if turn.clock == (clock.name, clock.cycle)
        ],
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "from": text(span.begin),
        "to": text(span.end),
        "calendar": None if span.calendar is None else span.calendar.name,
        "seconds": seconds(span.counted),
    }


def _due(reckoning: Reckoning, account: Account) -> dict[str, Any]:
    clock = reckoning.clock
    way = legs(reckoning.known, clock, account.calendar(clock))
    return {
        "set_by_step": reckoning.step,
        "kind": "target" if clock.fixed is None else "law" if clock.by_law else "agreed",
        "target_seconds": None if clock.target is None else seconds(clock.target),
        "counted_before_seconds": seconds(clock.base),
        "spans": [_span(span) for span in way] if clock.fixed is None else [],
    }


def _turn(turn: Turned, step: Step, number: int, account: Account, teller: Teller) -> dict[str, Any]:
    after = turn.after
    entry: Entry | None = step.entry
    return {
        "turn": turn.what.value,
        "at": text(turn.at),
        "step": number,
        "event": None if entry is None else {"id": entry.event.id, "source": entry.event.source},
        "policy": after.judge[1] or None,
        "version": after.version,
        "threshold": None if turn.warned is None else turn.warned.threshold,
        "due_at": None if after.due is None else text(after.due),
        "target_seconds": None if after.target is None else seconds(after.target),
        "elapsed_seconds": seconds(after.elapsed(account.calendar(after), turn.at)),
        "text": teller.tell(turn, step),
    }
