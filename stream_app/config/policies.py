"""The `policies:` and `incidents:` of the configuration: which clocks an entity has, with which targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, get_args

from msgspec import Struct

from stream_app.config.calendars import ALWAYS
from stream_app.config.duration import TARGET, THRESHOLD
from stream_app.config.mistake import Place, Unreadable, one_of, shown, suggestion
from stream_app.config.reader import TEXT, Entry, Form, Reader, choice
from stream_app.config.tree import Node, Sequence, Table
from stream_app.sla.payload import IncidentFields, Priority, Stage, Status, TicketFields
from stream_app.sla.policy import ClockRule, Condition, OnChange, OnReopen, Policy, Threshold

_POLICY: Final = ("name", "match", "calendar", "clocks", "warn", "pause_on", "on_priority_change", "on_reopen")
_CLOSED: Final[Mapping[str, tuple[str, ...]]] = {
    "priority": get_args(Priority),
    "severity": get_args(Priority),
    "tier": ("1", "2", "3"),
    "personal_data": ("true", "false"),
}
"""The values of fields whose lists are closed, as text."""
_STAGES: Final = get_args(Stage)
_REGULATIONS: Final = tuple(dict.fromkeys(stage.partition(":")[0] for stage in _STAGES))
_OLA: Final = "ola:"
_WARN: Final = (Threshold("75%", share=(75, 100)), Threshold("90%", share=(90, 100)))
"""Where a policy is silent."""


class Family(Struct, frozen=True):
    """What policies of tickets and of incidents differ in."""

    keys: tuple[str, ...]
    fields: tuple[str, ...]
    clocks: tuple[str, ...]
    pausing: bool


TICKETS: Final = Family(
    keys=_POLICY,
    fields=TicketFields.__struct_fields__,
    clocks=("first_response", "next_response", "periodic_update", "resolution"),
    pausing=True,
)
INCIDENTS: Final = Family(
    keys=(*(key for key in _POLICY if key != "pause_on"), "regulations"),
    # A moment is nothing to compare texts with.
    fields=tuple(field for field in IncidentFields.__struct_fields__ if field != "occurred_at"),
    clocks=("acknowledge", "contain", "resolve", *_STAGES),
    pausing=False,
)


def policies(reader: Reader, node: Node | None, family: Family, calendars: Collection[str]) -> tuple[Policy, ...]:
    """The policies in their order; the first that matches wins."""
    found: list[Policy] = []
    named: dict[str, Place] = {}
    for item in reader.items(node, "a list of policies") if node else ():
        policy, place = _policy(reader, item, family, calendars)
        if policy.name in named:
            what = f"the policy in line {named[policy.name].line} is named {shown(policy.name)} too"
            reader.wrong(place, f"{what}, expected a name of its own")
        elif policy.name:
            named[policy.name] = place
        found.append(policy)
    return tuple(found)


def _policy(reader: Reader, node: Node, family: Family, calendars: Collection[str]) -> tuple[Policy, Place]:
    """A policy and the place of its name."""
    given = _table(reader, node, family.keys, family, "a policy, a mapping with at least a name")
    name, place = "", node.place
    if "name" in given:
        place = given["name"].value.place
        name = reader.value(given["name"].value, TEXT, "")
    elif isinstance(node, Table):
        reader.wrong(place, "a policy without a name, expected name: and a text of its own")
    silent = _rule(reader, given, ClockRule(warn=_WARN))
    policy = Policy(
        name=name,
        calendar=reader.field(given, "calendar", choice(calendars, "calendar"), ALWAYS),
        match=_match(reader, given["match"].value, family) if "match" in given else (),
        clocks=_clocks(reader, given["clocks"].value, family, silent) if "clocks" in given else {},
        otherwise=silent,
        on_priority_change=OnChange(reader.field(given, "on_priority_change", _ON_CHANGE, OnChange.RECOMPUTE)),
        on_reopen=OnReopen(reader.field(given, "on_reopen", _ON_REOPEN, OnReopen.NEW_CYCLE)),
        regulations=_list(reader, given, "regulations", _REGULATION),
    )
    return policy, place


def _table(reader: Reader, node: Node, keys: Collection[str], family: Family, expected: str) -> Mapping[str, Entry]:
    """A table of these keys; of an incident's `pause_on` it is said why there is none."""
    if isinstance(node, Table) and not family.pausing:
        for key, _ in node.entries:
            if key.text == "pause_on":
                reader.wrong(key.place, f"clocks of incidents do not pause, expected {one_of(keys, 'key')}")
        node = Table(tuple(entry for entry in node.entries if entry[0].text != "pause_on"), node.place)
    return reader.table(node, keys, expected)


def _list(reader: Reader, given: Mapping[str, Entry], key: str, form: Form[str]) -> tuple[str, ...]:
    return reader.distinct(given[key].value, form, f"a list of {form.expected}") if key in given else ()


def _rule(reader: Reader, given: Mapping[str, Entry], silent: ClockRule) -> ClockRule:
    """The target, warnings and pauses that are given; what is not, is as in `silent`."""
    return ClockRule(
        target=reader.field(given, "target", TARGET, None),
        warn=reader.distinct(given["warn"].value, THRESHOLD, "a list of thresholds such as [50%, 5m]")
        if "warn" in given
        else silent.warn,
        pause_on=frozenset(_list(reader, given, "pause_on", _STATUS)) if "pause_on" in given else silent.pause_on,
    )


def _clocks(reader: Reader, node: Node, family: Family, silent: ClockRule) -> dict[str, ClockRule]:
    rules: dict[str, ClockRule] = {}
    form = _clock(family)
    for entry in reader.entries(node, "clocks by name"):
        clock = reader.part(entry.key.place, entry.key.text, form, "")
        keys = ("target", "warn", "pause_on") if family.pausing else ("target", "warn")
        given = _table(reader, entry.value, keys, family, "a mapping such as {target: 2h}")
        if clock in _STAGES and "target" in given:
            reader.wrong(given["target"].key.place, f"the deadline of {clock} is the law's, expected no target")
        rules[clock] = _rule(reader, given, silent)
    return rules


def _clock(family: Family) -> Form[str]:
    def read(text: str) -> str:
        of_team = family is TICKETS and text.startswith(_OLA) and len(text) > len(_OLA)
        if text not in family.clocks and not of_team:
            raise Unreadable(f"{shown(text)} is no clock here", suggestion(text, family.clocks))
        return text

    teams = (f"{_OLA}<team>",) if family is TICKETS else ()
    return Form(one_of((*family.clocks, *teams), "clock"), read)


def _match(reader: Reader, node: Node, family: Family) -> tuple[tuple[str, Condition], ...]:
    given = reader.table(node, family.fields, "fields with the values to match")
    return tuple((field, _condition(reader, entry.value, field)) for field, entry in given.items())


def _condition(reader: Reader, node: Node, field: str) -> Condition:
    negated = isinstance(node, Table)
    if negated:
        given = reader.table(node, ("not",), "a value, a list or {not: …}")
        if "not" not in given:
            reader.wrong(node.place, "an empty mapping, expected a value, a list or {not: …}")
            return Condition(frozenset(), negated)
        node = given["not"].value
    form = choice(_CLOSED[field], field) if field in _CLOSED else TEXT
    if not isinstance(node, Sequence):
        value = reader.value(node, form, None)
        return Condition(frozenset() if value is None else frozenset({value}), negated)
    if not node.items:
        reader.wrong(node.place, "an empty list, expected at least one value")
    return Condition(frozenset(reader.distinct(node, form, "a list of values")), negated)


_ON_CHANGE: Final = choice(tuple(OnChange), "mode")
_ON_REOPEN: Final = choice(tuple(OnReopen), "mode")
_STATUS: Final = choice(get_args(Status), "status")
_REGULATION: Final = choice(_REGULATIONS, "regulation")
