from __future__ import annotations

import pytest

from stream_app.config.policies import INCIDENTS, TICKETS
from stream_app.sla.instant import DAY, MINUTE, SECOND, Micros
from stream_app.sla.policy import BusinessDays, Condition, EndOfBusinessDay, Policy, Span, Target, Threshold
from tests.unit.config.marked import assert_said, read


def ticket(text: str) -> Policy:
    (policy,) = read(f"policies:\n  - {{name: a, {text}}}\n").rules.tickets
    return policy


def incident(text: str) -> Policy:
    (policy,) = read(f"incidents:\n  - {{name: a, {text}}}\n").rules.incidents
    return policy


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("90s", Span(Micros(90 * SECOND))),
        ("15m", Span(Micros(15 * MINUTE))),
        ("3d", Span(Micros(3 * DAY))),
        ("1 business day", BusinessDays(1)),
        ("1 business days", BusinessDays(1)),
        ("12 business days", BusinessDays(12)),
        ('"end of business day"', EndOfBusinessDay()),
        ("36600d", Span(Micros(36_600 * DAY))),
    ],
)
def test_a_target_is_a_duration_or_business_days(text: str, target: Target) -> None:
    assert ticket(f"clocks: {{resolution: {{target: {text}}}}}").rule("resolution").target == target


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("50%", Threshold("50%", share=(50, 100))),
        ("12.5%", Threshold("12.5%", share=(125, 1000))),
        ("099.951%", Threshold("099.951%", share=(99_951, 100_000))),
        ("100%", Threshold("100%", share=(100, 100))),
        ("5m", Threshold("5m", before=Micros(5 * MINUTE))),
        ("0s", Threshold("0s", before=Micros(0))),
    ],
)
def test_a_threshold_is_exact_and_keeps_its_text(text: str, threshold: Threshold) -> None:
    assert ticket(f"warn: [{text}]").otherwise.warn == (threshold,)


HELD = frozenset({"on_hold"})


def test_what_a_policy_says_holds_for_its_clocks_unless_they_say_otherwise() -> None:
    policy = ticket(
        "warn: [40%], pause_on: [on_hold], clocks: {first_response: {target: 1h},"
        " resolution: {target: 2h, warn: [60%], pause_on: []}, next_response: {warn: []}}"
    )
    first, resolution, following = (policy.rule(clock) for clock in ("first_response", "resolution", "next_response"))
    assert ([warn.text for warn in first.warn], first.pause_on) == (["40%"], HELD)
    assert ([warn.text for warn in resolution.warn], resolution.pause_on) == (["60%"], frozenset())
    assert (following.warn, following.target, following.pause_on) == ((), None, HELD)
    unlisted = policy.rule("ola:L2")
    assert (unlisted.target, [warn.text for warn in unlisted.warn], unlisted.pause_on) == (None, ["40%"], HELD)


def test_a_silent_policy_warns_at_three_quarters_and_nine_tenths_and_pauses_as_the_clocks_do() -> None:
    policy = ticket("clocks: {resolution: {target: 2h}}")
    for rule in (policy.rule("resolution"), policy.rule("periodic_update")):
        assert [warn.text for warn in rule.warn] == ["75%", "90%"]
        assert rule.pause_on is None


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("tier: 2", ("tier", Condition(frozenset({"2"})))),
        ("tier: [1, 3]", ("tier", Condition(frozenset({"1", "3"})))),
        ("customer: NO", ("customer", Condition(frozenset({"NO"})))),
        ("complexity: 1e3", ("complexity", Condition(frozenset({"1e3"})))),
        ("tags: {not: vip}", ("tags", Condition(frozenset({"vip"}), negated=True))),
        ("team: {not: [a, 'null']}", ("team", Condition(frozenset({"a", "null"}), negated=True))),
    ],
)
def test_a_condition_compares_texts_as_written(text: str, condition: tuple[str, Condition]) -> None:
    assert ticket(f"match: {{{text}}}").match == (condition,)


def test_incidents_match_their_own_fields() -> None:
    assert incident("match: {severity: [high], personal_data: true}").match == (
        ("severity", Condition(frozenset({"high"}))),
        ("personal_data", Condition(frozenset({"true"}))),
    )
    assert {"priority", "tags", "requester", "tier", "complexity"} <= set(TICKETS.fields)
    assert {"severity", "asset", "personal_data"} <= set(INCIDENTS.fields)


def test_regulatory_stages_may_have_warnings_of_their_own() -> None:
    policy = incident('regulations: [sec_8k, dora, nis2], clocks: {"gdpr:authority": {warn: [24h]}}')
    assert policy.regulations == ("sec_8k", "dora", "nis2")
    assert [warn.text for warn in policy.rule("gdpr:authority").warn] == ["24h"]
    assert policy.rule("gdpr:authority").target is None


def test_a_policy_of_a_ticket_and_one_of_an_incident_may_share_a_name() -> None:
    assert read("policies: [{name: a}]\nincidents: [{name: a}]\n").rules.incidents[0].name == "a"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("match: {priority: «critcal}", 'did you mean "critical"?'),
        ("match: {priority: [high, «urgent]}", '"urgent" is no priority, expected one of critical, high, medium, low'),
        ("match: {tier: «4}", '"4" is no tier, expected one of 1, 2, 3'),
        ("match: {tier: «02}", '"02" is no tier'),
        ("match: {«severity: high}", 'unknown key "severity", expected one of priority'),
        ("match: {«status: open}", 'unknown key "status"'),
        ("match: {«custommer: x}", 'did you mean "customer"?'),
        ("match: {team: «[]}", "an empty list, expected at least one value"),
        ("match: {team: {not: «[]}}", "an empty list"),
        ("match: {team: «~}", "no value, expected a text"),
        ('match: {team: «""}', "an empty text, expected a text"),
        ("match: {team: [«[a]]}", "a list, expected a text"),
        ("match: {team: {not: «{not: a}}}", "a mapping, expected a text"),
        ("match: {team: «{}}", "an empty mapping, expected a value, a list or {not"),
        ("match: {team: [a, «a]}", "stands in the list already"),
        ("match: «high", "expected fields with the values to match"),
        ("«match", "no value, expected fields"),
        ("calendar: «ofice", '"ofice" is no calendar, expected one of always, office; did you mean "office"?'),
        ("clocks: {«resolutoin: {target: 2h}}", 'did you mean "resolution"?'),
        ('clocks: {«"ola:": {target: 2h}}', "is no clock here"),
        ("clocks: {«acknowledge: {target: 2h}}", "is no clock here"),
        ("clocks: {resolution: «2h}", "expected a mapping such as {target: 2h}"),
        ("clocks: {resolution: {«targt: 2h}}", 'unknown key "targt", expected one of target, warn, pause_on'),
        ("clocks: {resolution: {target: «0h}}", "0h is no time at all"),
        ("clocks: {resolution: {target: «0 business days}}", "is no time at all"),
        ("clocks: {resolution: {target: «1.5h}}", '"1.5h" is no target'),
        ("clocks: {resolution: {target: «1h30m}}", '"1h30m" is no target'),
        ("clocks: {resolution: {target: «-1h}}", '"-1h" is no target'),
        ("clocks: {resolution: {target: «2}}", '"2" is no target'),
        ("clocks: {resolution: {target: «٢h}}", "is no target"),
        ("clocks: {resolution: {target: «end of busines day}}", 'did you mean "end of business day"?'),
        ("clocks: {resolution: {target: «36601d}}", "36601d is more than a hundred years"),
        ("clocks: {resolution: {target: «36601 business days}}", "more than a hundred years"),
        ("clocks: {resolution: {«target: }}", "no value, expected 90s"),
        ("warn: [«50]", '"50" is no threshold'),
        ("warn: [«100.1%]", "100.1% of the target"),
        ("warn: [«0%]", "0% of the target"),
        ("warn: [5m, «5m]", "stands in the list already"),
        ("warn: «5m", "expected a list of thresholds"),
        ("pause_on: [pending, «waiting]", '"waiting" is no status, expected one of new, open, pending'),
        ("pause_on: «pending", "expected a list of one of new"),
        ("on_priority_change: «restart", "expected one of recompute, carry, forward, reset"),
        ("on_reopen: «new-cycle", 'did you mean "new_cycle"?'),
        ("«regulations: [gdpr]", 'unknown key "regulations"'),
        ("«target: 2h", 'unknown key "target"'),
    ],
)
def test_a_mistake_in_a_policy_has_its_place(text: str, what: str) -> None:
    assert_said(f"calendars: {{office: {{hours: 24x7}}}}\npolicies:\n  - {{name: a, {text}}}\n", what)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("«pause_on: [new]", "clocks of incidents do not pause"),
        (
            "clocks: {resolve: {target: 2h, «pause_on: []}}",
            "clocks of incidents do not pause, expected one of target, warn",
        ),
        (
            "clocks: {«resolution: {target: 2h}}",
            "is no clock here, expected one of acknowledge, contain, resolve, uu_pdp:notice",
        ),
        ('clocks: {«"ola:L1": {target: 2h}}', "is no clock here"),
        ('clocks: {"gdpr:authority": {«target: 72h}}', "the deadline of gdpr:authority is the law's"),
        ("regulations: [gdpr, «gdrp]", 'did you mean "gdpr"?'),
        ("regulations: [gdpr, «gdpr]", "stands in the list already"),
        ("match: {personal_data: «yes}", "expected one of true, false"),
        ("match: {«priority: high}", 'unknown key "priority"'),
        ("match: {«occurred_at: x}", 'unknown key "occurred_at"'),
    ],
)
def test_a_mistake_in_an_incidents_policy_has_its_place(text: str, what: str) -> None:
    assert_said(f"incidents:\n  - {{name: a, {text}}}\n", what)


def test_policies_have_names_of_their_own() -> None:
    assert_said(
        'policies:\n  - name: a\n  - name: «a\n  - «calendar: always\n  - name: «""\n  - name: «""\n  - «b\n',
        'the policy in line 2 is named "a" too, expected a name of its own',
        "a policy without a name",
        "an empty text",
        "an empty text",
        "expected a policy, a mapping with at least a name",
    )
    assert_said("policies: «{a: {}}\n", "a mapping, expected a list of policies")


def test_a_faulty_calendar_is_no_reason_to_doubt_the_policies_on_it() -> None:
    assert_said("calendars: {c: {hours: «8x5}}\npolicies: [{name: a, calendar: c}]\n", "expected 24x7")
