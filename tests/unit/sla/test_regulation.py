"""The clocks of the law: the table with worked dates, and what makes them start, stop and fall away."""

from __future__ import annotations

import pytest

from stream_app.sla.events import Event
from stream_app.sla.policy import Policy
from stream_app.sla.regulation import REGULATIONS, STAGES, fourth_business_day, month_later
from tests.unit.sla.build import Seen, at, classified, detected, era, notified, policy, rule, seen, shown, turn

ALL = era(incidents=[policy(regulations="uu_pdp gdpr nis2 dora sec_8k", resolve="8h")])
NONE_OF_THEM = ["acknowledge/1", "contain/1", "resolve/1"]


def laws(told: Seen) -> list[str]:
    return [clock for clock in told.clocks if clock not in NONE_OF_THEM]


# the table


def test_every_figure_has_its_source() -> None:
    assert all(stage.source for stage in STAGES)
    assert sorted(REGULATIONS) == ["dora", "gdpr", "nis2", "sec_8k", "uu_pdp"]
    assert [stage.clock.partition(":")[0] for stage in STAGES] == [stage.regulation for stage in STAGES]


@pytest.mark.parametrize(
    ("clock", "kind", "due"),
    [
        # detected Monday 3 March 09:00, classified 12:00
        ("uu_pdp:notice", "personal_data_breach", "06 09:00"),
        ("gdpr:authority", "personal_data_breach", "06 09:00"),
        ("nis2:early_warning", "significant", "04 09:00"),
        ("nis2:notification", "significant", "06 09:00"),
        ("dora:initial", "major", "16:00"),
        ("sec_8k:filing", "material", "07 22:30"),
    ],
)
def test_a_stage_is_due_from_awareness_or_from_the_classification(clock: str, kind: str, due: str) -> None:
    told = seen([detected("09:00"), classified("12:00", kind)], ALL, "12:00").clock(clock)
    aware = clock not in {"dora:initial", "sec_8k:filing"}
    assert told[:3] == ("running", "09:00" if aware else "12:00", due)
    assert told.target == (at(due) - at("09:00" if aware else "12:00")) / 60e6


def test_the_chain_of_nis2() -> None:
    story = [detected("09:00"), classified("12:00", "significant")]
    assert laws(seen(story, ALL, "20:00")) == ["nis2:early_warning/1", "nis2:notification/1"]
    told = seen([*story, notified("05 10:00", "nis2:notification")], ALL, "05 11:00")
    assert told.clock("nis2:notification")[:4] == ("met", "09:00", "06 09:00", "05 10:00")
    assert told.clock("nis2:final_report")[:3] == ("running", "05 10:00", "2025-04-05 10:00")
    assert told.clock("nis2:early_warning").breached == "04 09:00"


def test_the_chain_of_dora() -> None:
    story = [detected("09:00"), classified("12:00", "major")]
    assert laws(seen(story, ALL, "13:00")) == ["dora:initial/1"]
    story += [notified("15:00", "dora:initial")]
    second = seen(story, ALL, "15:00")
    assert second.clock("dora:intermediate")[:3] == ("running", "15:00", "06 15:00")
    assert "dora:final/1" not in second.clocks
    third = seen([*story, notified("05 10:00", "dora:intermediate")], ALL, "05 10:00")
    assert third.clock("dora:final")[:3] == ("running", "05 10:00", "2025-04-05 10:00")
    done = seen(
        [*story, notified("05 10:00", "dora:intermediate"), notified("05 11:00", "dora:final")], ALL, "06 00:00"
    )
    assert [done.clock(clock).state for clock in ("dora:initial", "dora:intermediate", "dora:final")] == ["met"] * 3


@pytest.mark.parametrize(
    ("classification", "due"),
    # the earlier of classified + 4 h and aware + 24 h, which is 04 09:00
    [("09:00", "13:00"), ("04 05:00", "04 09:00"), ("04 04:59", "04 08:59"), ("04 08:00", "04 09:00")],
)
def test_doras_first_report_is_due_at_the_earlier_of_two_moments(classification: str, due: str) -> None:
    assert (
        seen([detected("09:00"), classified(classification, "major")], ALL, classification).clock("dora:initial").due
        == due
    )


@pytest.mark.parametrize(
    ("start", "later"),
    [
        ("2025-01-15 10:00:30", "2025-02-15 10:00:30"),
        ("2025-01-31 23:59", "2025-02-28 23:59"),
        ("2024-01-31 12:00", "2024-02-29 12:00"),
        ("2025-03-31 00:00", "2025-04-30 00:00"),
        ("2025-02-28 08:00", "2025-03-28 08:00"),
        ("2025-12-31 08:00", "2026-01-31 08:00"),
        ("2025-12-01 08:00", "2026-01-01 08:00"),
        ("2025-11-30 08:00", "2025-12-30 08:00"),
    ],
)
def test_one_month_is_the_same_day_of_the_next_or_its_last(start: str, later: str) -> None:
    assert shown(month_later(at(start))) == shown(at(later))


@pytest.mark.parametrize(
    ("classification", "due"),
    [
        ("2025-03-03 15:00", "2025-03-07 22:30"),  # Monday in New York: Tuesday to Friday, 17:30 EST
        ("2025-03-04 02:00", "2025-03-07 22:30"),  # still Monday 21:00 there
        ("2025-03-04 05:00", "2025-03-10 21:30"),  # Tuesday; summer time since Sunday the 9th: EDT
        ("2025-03-08 15:00", "2025-03-13 21:30"),  # Saturday: Monday to Thursday
        ("2025-10-29 15:00", "2025-11-04 22:30"),  # Wednesday; winter time since Sunday 2 November
        ("2025-06-30 15:00", "2025-07-07 21:30"),  # Monday; Friday the 4th of July is out
        ("2025-12-22 15:00", "2025-12-29 22:30"),  # Monday; Christmas is out
        ("2025-12-29 15:00", "2026-01-05 22:30"),  # Monday; New Year's Day of the next year is out
        ("2021-12-29 15:00", "2022-01-05 22:30"),  # Wednesday; New Year on a Saturday is kept on Friday the 31st
        ("2025-11-24 15:00", "2025-12-01 22:30"),  # Monday; Thanksgiving is out
    ],
)
def test_four_business_days_in_new_york(classification: str, due: str) -> None:
    assert shown(fourth_business_day(at(classification))) == shown(at(due))


def test_the_figures_of_the_law_are_round_the_clock_whatever_the_policys_calendar() -> None:
    office = era(incidents=[policy(calendar="office", regulations="gdpr", resolve="8h")])
    told = seen([detected("09:00"), classified("12:00", "personal_data_breach")], office, "05 09:00").clock(
        "gdpr:authority"
    )
    assert (told.due, told.elapsed, told.target) == ("06 09:00", 48 * 60, 72 * 60)


# when they are


def test_they_are_only_where_the_policy_lists_the_regulation() -> None:
    story = [detected("09:00", personal_data=True), classified("12:00", "major")]
    some = era(incidents=[policy(regulations="gdpr")])
    assert laws(seen(story, some, "12:00")) == ["gdpr:authority/1"]
    assert laws(seen(story, era(incidents=[policy()]), "12:00")) == []
    assert laws(seen(story, era(), "12:00")) == []
    assert laws(seen([detected("09:00"), classified("12:00", "significant")], some, "12:00")) == []


def test_they_are_there_from_the_event_that_first_classifies() -> None:
    assert laws(seen([detected("09:00")], ALL, "20:00")) == []
    story = [detected("09:00"), classified("12:00", "major"), classified("13:00", "major")]
    assert seen(story, ALL, "13:30").clock("dora:initial").started == "12:00"
    assert laws(seen(story, ALL, "13:30")) == ["dora:initial/1"]


def test_the_first_classification_counts_even_where_the_regulation_comes_later() -> None:
    both = era(incidents=[policy("high", match={"severity": "high"}, regulations="dora nis2"), policy("low")])
    story = [detected("09:00", "low"), classified("10:00", "major"), classified("11:00", "major")]
    told = seen([*story, turn("12:00", "updated", severity="high")], both, "12:00")
    assert told.clock("dora:initial").started == "10:00"
    sent = [
        notified("10:00", "nis2:notification"),
        notified("11:00", "nis2:notification"),
        classified("12:00", "significant"),
    ]
    chain = seen([detected("09:00"), *sent], both, "12:00")
    assert chain.clock("nis2:final_report")[:3] == ("running", "10:00", "2025-04-03 10:00")


@pytest.mark.parametrize(
    "story",
    [
        [detected("09:00", personal_data=True)],
        [detected("09:00"), turn("12:00", "updated", personal_data=True)],
        [detected("09:00"), classified("12:00", "personal_data_breach"), turn("13:00", "updated", personal_data=True)],
    ],
)
def test_personal_data_counts_as_a_breach_of_it(story: list[Event]) -> None:
    told = seen(story, ALL, "14:00")
    assert laws(told) == ["gdpr:authority/1", "uu_pdp:notice/1"]
    assert told.clock("gdpr:authority").due == "06 09:00"


def test_personal_data_denied_is_no_classification_and_takes_none_back() -> None:
    assert laws(seen([detected("09:00", personal_data=False)], ALL, "10:00")) == []
    story = [detected("09:00", personal_data=True), turn("10:00", "updated", personal_data=False)]
    assert laws(seen(story, ALL, "11:00")) == ["gdpr:authority/1", "uu_pdp:notice/1"]


def test_one_that_is_over_when_it_comes_into_being_is_breached_at_that_moment() -> None:
    told = seen([detected("09:00"), classified("07 12:00", "personal_data_breach")], ALL, "08 00:00")
    assert told.clock("gdpr:authority")[:3] == ("breached", "09:00", "06 09:00")
    assert told.said("gdpr:authority") == ["07 12:00 breached"]
    assert told.facts("clock")[0][0] == "17:00"  # of resolve
    assert ("06 09:00", 1) in told.facts("clock")


def test_no_status_pauses_or_stops_them() -> None:
    story = [detected("09:00", personal_data=True), turn("10:00", "contained"), turn("11:00", "closed")]
    assert seen(story, ALL, "20:00").clock("gdpr:authority").state == "running"
    assert seen([*story, turn("12:00", "reopened")], ALL, "07 00:00").clock("gdpr:authority").breached == "06 09:00"


def test_a_dismissal_cancels_them_and_none_comes_after_it() -> None:
    story = [detected("09:00", personal_data=True), turn("10:00", "dismissed")]
    assert seen(story, ALL, "20:00").said("gdpr:authority") == ["10:00 cancelled"]
    assert laws(seen([*story, classified("11:00", "major")], ALL, "20:00")) == ["gdpr:authority/1", "uu_pdp:notice/1"]


def test_only_the_notification_of_its_own_stage_meets_one_and_the_first_counts() -> None:
    story = [detected("09:00", personal_data=True), notified("05 10:00", "uu_pdp:notice")]
    told = seen([*story, notified("05 12:00", "uu_pdp:notice")], ALL, "05 13:00")
    assert told.clock("uu_pdp:notice")[:4] == ("met", "09:00", "06 09:00", "05 10:00")
    assert told.clock("gdpr:authority").state == "running"
    assert told.said("uu_pdp:notice") == ["05 10:00 met"]


@pytest.mark.parametrize("sent", ["11:00", "07 09:00"])
def test_a_notification_before_the_classification_is_remembered_and_meets_the_clock_at_its_start(sent: str) -> None:
    story = [detected("09:00"), notified(sent, "gdpr:authority"), notified("07 10:00", "gdpr:authority")]
    told = seen([*story, classified("07 12:00", "personal_data_breach")], ALL, "08 00:00")
    assert told.clock("gdpr:authority") == ("met", "09:00", "06 09:00", "09:00", 0, 72 * 60, None)
    assert told.said("gdpr:authority") == ["09:00 met"]


def test_a_stage_remembered_starts_the_next_one_at_its_own_time() -> None:
    early = seen([detected("09:00"), notified("11:00", "dora:initial"), classified("12:00", "major")], ALL, "12:30")
    assert early.clock("dora:initial")[:5] == ("met", "12:00", "16:00", "12:00", 0)
    assert early.clock("dora:intermediate")[:3] == ("running", "11:00", "06 11:00")


# policies


def test_they_warn_by_the_incident_policy() -> None:
    soc = era(incidents=[policy(regulations="gdpr", otherwise=rule(None, "50% 75% 6h"))])
    told = seen([detected("09:00", personal_data=True)], soc, "07 00:00")
    assert told.said("gdpr:authority") == [
        "04 21:00 warning 50%",
        "05 15:00 warning 75%",
        "06 03:00 warning 6h",
        "06 09:00 breached",
    ]


def test_of_thresholds_passed_when_one_comes_into_being_only_the_last_is_said() -> None:
    soc = era(incidents=[policy(regulations="gdpr", otherwise=rule(None, "25% 50% 75%"))])
    told = seen([detected("09:00"), classified("05 09:00", "personal_data_breach")], soc, "05 12:00")
    assert told.said("gdpr:authority") == ["05 09:00 warning 50%"]


def test_a_policy_with_other_regulations_starts_theirs_and_leaves_running_ones() -> None:
    both = era(
        incidents=[
            policy("high", match={"severity": "high"}, regulations="uu_pdp"),
            policy("low", regulations="gdpr"),
        ]
    )
    told = seen(
        [detected("09:00", "low", personal_data=True), turn("12:00", "updated", severity="high")], both, "13:00"
    )
    assert laws(told) == ["gdpr:authority/1", "uu_pdp:notice/1"]
    assert {told.clock(clock)[:3] for clock in ("gdpr:authority", "uu_pdp:notice")} == {
        ("running", "09:00", "06 09:00")
    }
    late = seen(
        [detected("09:00", "low", personal_data=True), turn("08 09:00", "updated", severity="high")], both, "09 00:00"
    )
    assert late.said("uu_pdp:notice") == ["08 09:00 breached"]


def test_a_change_of_policy_never_moves_the_laws_deadline() -> None:
    both = era(
        incidents=[
            policy("high", match={"severity": "high"}, change="reset", regulations="gdpr", resolve="1h"),
            policy("low", regulations="gdpr", resolve="2h"),
        ]
    )
    story = [detected("09:00", "low", personal_data=True), turn("04 09:00", "updated", severity="high")]
    told = seen(story, both, "07 00:00")
    assert told.clock("gdpr:authority")[:3] == ("breached", "09:00", "06 09:00")
    assert {clock.name: clock.version for clock in told.incident.clocks}["gdpr:authority"] == 0


def test_the_warnings_of_a_running_one_are_those_of_the_policy_in_force() -> None:
    def laws_of(name: str, warn: str, severity: str) -> Policy:
        return policy(name, match={"severity": severity}, regulations="gdpr", otherwise=rule(None, warn))

    both = era(incidents=[laws_of("high", "25% 50%", "high"), laws_of("low", "20% 75%", "low")])
    story = [detected("09:00", "low", personal_data=True), turn("04 09:00", "updated", severity="high")]
    assert seen(story, both, "07 00:00").said("gdpr:authority") == [
        "23:24 warning 20%",
        "04 21:00 warning 50%",
        "06 09:00 breached",
    ]
    # where no policy matches, those that run are left as they are
    none = [*story[:1], turn("04 09:00", "updated", severity="medium")]
    assert seen(none, both, "07 00:00").said("gdpr:authority") == [
        "23:24 warning 20%",
        "05 15:00 warning 75%",
        "06 09:00 breached",
    ]


def test_a_new_configuration_may_bring_a_regulation() -> None:
    eras = (era(incidents=[policy()]), era(incidents=[policy(regulations="gdpr")], since="12:00"))
    story = [detected("09:00", personal_data=True)]
    assert laws(seen(story, eras, "11:59")) == []
    assert seen(story, eras, "12:00").clock("gdpr:authority")[:3] == ("running", "09:00", "06 09:00")


def test_a_partial_incident_is_aware_from_its_first_event() -> None:
    told = seen([classified("09:00", "personal_data_breach")], ALL, "10:00")
    assert told.clock("gdpr:authority")[:3] == ("running", "09:00", "06 09:00")
