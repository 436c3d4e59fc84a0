from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from stream_app.config.configuration import Configuration, built_in
from stream_app.config.mistake import ConfigurationRefused
from stream_app.sla.calendar import Always, Working
from stream_app.sla.instant import DAY, HOUR, MINUTE, Micros
from stream_app.sla.policy import BusinessDays, Condition, OnChange, OnReopen, Policy, Span, Threshold
from tests.unit.config.marked import assert_said, read

WHOLE = """\
calendars:
  always: {hours: 24x7}
  site:
    timezone: Asia/Jakarta
    hours: {mon-thu: ["08:00-12:00", "13:00-17:00"], fri: ["08:00-11:30", "13:30-17:00"]}
    holidays: {country: ID, extra: ["2026-12-31"], except: []}
policies:
  - name: pressing
    match: {priority: [critical, high], category: {not: [training]}}
    calendar: always
    clocks:
      first_response: {target: 15m, warn: [50%, 75%, 5m]}
      next_response:  {target: 30m}
      resolution:     {target: 2h, warn: [75%, 30m], pause_on: [pending]}
    on_priority_change: carry
    on_reopen: continue_counting
  - name: others
    calendar: site
    clocks: {first_response: {target: 1h}, resolution: {target: 1 business day}}
incidents:
  - name: critical
    match: {severity: critical}
    calendar: always
    clocks: {acknowledge: {target: 10m}, contain: {target: 1h}, resolve: {target: 8h}}
    regulations: [uu_pdp, gdpr]
timezone: Asia/Makassar
max_ahead: 90s
retention: 500d
lateness: 2h
windows: [1h, 1d]
kpis: {csat: {target: ">= 4.5"}}
scorecards: {}
alerts: {}
"""

SILENT = (Threshold("75%", share=(75, 100)), Threshold("90%", share=(90, 100)))


@pytest.fixture(scope="module")
def whole() -> Configuration:
    return read(WHOLE)


def test_each_policy_says_what_it_matches_in_the_order_written(whole: Configuration) -> None:
    pressing, others = whole.rules.tickets
    assert (pressing.name, others.name) == ("pressing", "others")
    assert pressing.match == (
        ("priority", Condition(frozenset({"critical", "high"}))),
        ("category", Condition(frozenset({"training"}), negated=True)),
    )
    assert others.match == ()


def test_each_clock_has_its_target_warnings_and_pauses(whole: Configuration) -> None:
    pressing, others = whole.rules.tickets
    first = pressing.rule("first_response")
    assert first.target == Span(Micros(15 * MINUTE))
    assert first.warn == (
        Threshold("50%", share=(50, 100)),
        Threshold("75%", share=(75, 100)),
        Threshold("5m", before=Micros(5 * MINUTE)),
    )
    assert first.pause_on is None
    assert pressing.rule("next_response").warn == SILENT
    assert pressing.rule("resolution").pause_on == frozenset({"pending"})
    assert others.rule("resolution").target == BusinessDays(1)
    assert others.rule("periodic_update").target is None
    assert others.rule("periodic_update").warn == SILENT


def test_modes_calendar_and_regulations_are_those_written(whole: Configuration) -> None:
    pressing, others = whole.rules.tickets
    assert (pressing.calendar, others.calendar) == ("always", "site")
    assert (pressing.on_priority_change, pressing.on_reopen) == (OnChange.CARRY, OnReopen.CONTINUE_COUNTING)
    assert (others.on_priority_change, others.on_reopen) == (OnChange.RECOMPUTE, OnReopen.NEW_CYCLE)
    (critical,) = whole.rules.incidents
    assert critical.regulations == ("uu_pdp", "gdpr")
    assert critical.rule("contain").target == Span(HOUR)


def test_calendars_are_by_name_with_zone_hours_and_holidays(whole: Configuration) -> None:
    assert set(whole.rules.calendars) == {"always", "site"}
    assert isinstance(whole.rules.calendars["always"], Always)
    site = whole.rules.calendars["site"]
    assert isinstance(site, Working)
    assert site.hours.timezone == "Asia/Jakarta"
    assert site.hours.shifts[0] == ((480, 720), (780, 1020))
    assert site.hours.shifts[4] == ((480, 690), (810, 1020))
    assert set(site.hours.shifts) == {0, 1, 2, 3, 4}
    assert date(2026, 12, 31) in site.hours.holidays(2026)
    assert date(2026, 8, 17) in site.hours.holidays(2026)


def test_the_rest_is_as_written(whole: Configuration) -> None:
    assert whole.timezone == "Asia/Makassar"
    assert (whole.max_ahead, whole.retention, whole.lateness) == (90_000_000, 500 * DAY, 2 * HOUR)
    assert whole.windows == (("1h", HOUR), ("1d", DAY))
    assert whole.kpis == {"csat": {"target": ">= 4.5"}}
    assert (whole.scorecards, whole.alerts) == ({}, {})
    assert whole.text == WHOLE
    assert whole.digest == sha256(WHOLE.encode()).hexdigest()


@pytest.mark.parametrize(
    "text", ["", "# nothing but this\n", "---\n", "~", "policies:\n#  - name: a\nwindows:\n", "\ufeff"]
)
def test_what_a_text_is_silent_on_has_its_default_and_no_policies(text: str) -> None:
    silent = read(text)
    assert (silent.rules.tickets, silent.rules.incidents) == ((), ())
    assert set(silent.rules.calendars) == {"always"}
    assert silent.timezone == "UTC"
    assert (silent.max_ahead, silent.retention, silent.lateness) == (5 * MINUTE, 400 * DAY, HOUR)
    assert silent.windows == (("1h", HOUR), ("24h", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY))
    assert (silent.kpis, silent.scorecards, silent.alerts) == ({}, {}, {})


def hours(policies: tuple[Policy, ...], clock: str) -> dict[str, float]:
    found = {}
    for policy in policies:
        (field, condition), *more = policy.match
        assert (field, condition) == (field, Condition(frozenset({policy.name})))
        assert more == []
        assert policy.calendar == "always"
        target = policy.rule(clock).target
        assert isinstance(target, Span)
        found[policy.name] = target.length / HOUR
    return found


def test_the_built_in_configuration_has_a_policy_for_each_priority_and_severity() -> None:
    rules = built_in().rules
    assert hours(rules.tickets, "first_response") == {"critical": 0.25, "high": 1, "medium": 1, "low": 1}
    assert hours(rules.tickets, "resolution") == {"critical": 2, "high": 2, "medium": 4, "low": 24}
    assert hours(rules.incidents, "acknowledge") == {"critical": 1 / 6, "high": 0.5, "medium": 4, "low": 24}
    assert hours(rules.incidents, "contain") == {"critical": 1, "high": 4, "medium": 24, "low": 72}
    assert hours(rules.incidents, "resolve") == {"critical": 8, "high": 24, "medium": 72, "low": 168}
    assert {policy.match[0][0] for policy in rules.tickets} == {"priority"}
    assert {policy.match[0][0] for policy in rules.incidents} == {"severity"}
    assert {len(policy.clocks) for policy in rules.tickets} == {2}
    assert {len(policy.clocks) for policy in rules.incidents} == {3}
    assert built_in().windows == read("").windows
    assert built_in().lateness == HOUR


def test_anchors_serve_for_what_is_said_twice() -> None:
    read_twice = read("policies:\n  - {name: a, clocks: &c {resolution: {target: 2h}}}\n  - {name: b, clocks: *c}\n")
    first, second = read_twice.rules.tickets
    assert first.clocks == second.clocks != {}


def test_all_mistakes_are_told_at_once_sorted_by_place() -> None:
    assert_said(
        "timezone: «Mars\nlateness: «an hour\nwindows: [1h, «fortnight, «1h]\n"
        "«polices: []\nretention: «0d\nmax_ahead: «[5m]\n",
        '"Mars" is no time zone, expected an IANA name such as Asia/Jakarta',
        '"an hour" is no duration, expected a number and a unit',
        '"fortnight" is no duration',
        '"1h" stands in the list already',
        'unknown key "polices", expected one of calendars, policies',
        "0d is no time at all",
        "a list, expected a number and a unit",
    )


def test_a_misspelt_key_gets_a_suggestion() -> None:
    assert_said("«calender: {}\n", 'did you mean "calendars"?')
    assert_said("«TIMEZONE: UTC\n", 'did you mean "timezone"?')
    assert_said("timezone: «asia/jakata\n", 'did you mean "Asia/Jakarta"?')


@pytest.mark.parametrize("zone", ["Asia", "../etc/passwd", "/etc/localtime", "tzdata.zi", "Asia/Jakarta\\0", "Ünited"])
def test_a_time_zone_is_a_name_of_the_database(zone: str) -> None:
    assert_said(f'timezone: «"{zone}"\n', "is no time zone")


@pytest.mark.parametrize("text", ["- a\n", "text\n", "24\n"])
def test_a_configuration_is_a_mapping(text: str) -> None:
    assert_said(f"«{text}", "expected a mapping with policies, calendars")


@pytest.mark.parametrize("length", ["0s", "400d", "36600d"])
def test_any_lateness_up_to_a_hundred_years_is_allowed(length: str) -> None:
    assert read(f"lateness: {length}\n").lateness == int(length[:-1]) * DAY


def test_sections_that_others_judge_must_be_mappings_by_name() -> None:
    assert_said(
        "kpis: {csat: «4.5}\nscorecards: «[]\nalerts: «route\n",
        '"4.5", expected a mapping',
        "a list, expected scorecards by name",
        '"route", expected alerts by name',
    )


def test_values_that_others_judge_are_plain_and_know_their_place() -> None:
    given = read(
        'kpis:\n  csat: {target: "> 4", on: yes, n: 12, "f": -1e3, t: true, q: "1", z: ~, big: 9990000000000000000}\n'
        "alerts:\n  routes:\n    - {wait: 1e999, to: [a, b]}\n"
    )
    csat = given.kpis["csat"]
    assert csat == {
        "target": "> 4",
        "on": "yes",
        "n": 12,
        "f": -1000.0,
        "t": True,
        "q": "1",
        "z": None,
        "big": 9.99e18,
    }
    assert given.alerts == {"routes": [{"wait": "1e999", "to": ["a", "b"]}]}
    assert str(given.mistake(("kpis", "csat", "target"), "no")) == "tenggat.yaml:2:18: no"
    assert str(given.mistake(("kpis", "csat", "target"), "no", key=True)) == "tenggat.yaml:2:10: no"
    assert str(given.mistake(("kpis", "csat", "formula"), "missing")) == "tenggat.yaml:2:9: missing"
    assert str(given.mistake(("alerts", "routes", 0, "to", 1), "no")) == "tenggat.yaml:5:29: no"
    assert str(given.mistake(("alerts", "receivers"), "no")) == "tenggat.yaml:4:3: no"
    assert str(given.mistake(("scorecards", "x"), "no")) == "tenggat.yaml:1:1: no"


def test_a_refusal_lists_a_mistake_once_and_names_its_file() -> None:
    with pytest.raises(ConfigurationRefused) as caught:
        read("lateness: soon\n")
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.column) == ("tenggat.yaml", 1, 11)
    assert str(caught.value) == str(mistake)
