"""What clocks ran for, where calendars and deadlines change on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stream_app.account.account import Account, account
from stream_app.account.course import What
from stream_app.account.tally import legs, total
from stream_app.sla.era import Era
from stream_app.sla.events import Event
from stream_app.sla.instant import HOUR, MINUTE
from tests.unit.sla.build import at, created, entries, era, policy, rule, shown, status, updated

Shown = list[tuple[str, str, str | None, float]]


def lived(events: Iterable[Event], eras: Era | Sequence[Era], until: str) -> Account:
    eras = [eras] if isinstance(eras, Era) else eras
    found = account(entries(events, eras), eras, at(until))
    assert found is not None
    return found


def spans(found: Account) -> Shown:
    """Of the resolution, in minutes."""
    clock = found.state.find("resolution")
    assert clock is not None
    its = found.spans(clock)
    assert total(its) == clock.elapsed(found.calendar(clock), found.until)
    return [
        (shown(one.begin), shown(one.end), None if one.calendar is None else one.calendar.name, one.counted / MINUTE)
        for one in its
    ]


def way(found: Account) -> tuple[Shown, int]:
    """To the resolution's deadline, and what it is to come to."""
    reckoning = found.reckonings["resolution", 1]
    then = reckoning.clock
    its = legs(reckoning.known, then, found.calendar(then))
    rows: Shown = [(shown(one.begin), shown(one.end), None, one.counted / MINUTE) for one in its]
    return rows, then.base + (then.target or 0)


def changing(mode: str, calendar: str = "always") -> Era:
    return era(
        policy("urgent", match={"priority": "high"}, calendar=calendar, change=mode, resolution=rule("4h", "50%")),
        policy("rest", calendar="office", resolution="8h"),
    )


def test_what_another_calendar_counted_stays_as_it_was_counted() -> None:
    events = [
        created("11:00"),
        updated("12:30", priority="high"),
        status("13:30", "pending"),
        status("15:00", "open"),
    ]
    #  11:00 |--office, 1 h--| 12:30 |--always, 1 h--| 13:30 ~~~~ 15:00 |--always--|
    found = lived(events, changing("carry"), "15:30")
    assert spans(found) == [
        ("11:00", "12:30", "08-12 13-17", 60),
        ("12:30", "13:30", "always", 60),
        ("15:00", "15:30", "always", 30),
    ]
    rows, goal = way(found)
    assert [counted for *_, counted in rows] == [60, 60, 120]
    assert goal == 4 * HOUR


def test_recomputed_on_another_calendar_all_of_it_is_counted_anew() -> None:
    found = lived([created("11:00"), updated("12:30", priority="high")], changing("recompute"), "13:00")
    assert spans(found) == [("11:00", "13:00", "always", 120)]


def test_a_late_stop_through_what_other_calendars_counted_leaves_a_sum() -> None:
    events = [
        created("11:00"),
        updated("12:30", priority="high"),
        updated("15:00", agent="ani"),
        status("11:30", "resolved"),
    ]
    found = lived(events, changing("carry"), "16:00")
    assert spans(found) == [("11:00", "11:30", "always", 30)]
    paused = [
        created("11:00"),
        status("12:30", "pending"),
        status("13:00", "open"),
        updated("16:00", priority="high"),
        updated("18:00", agent="ani"),
        status("14:00", "resolved"),
    ]
    assert spans(lived(paused, changing("carry"), "19:00")) == [
        ("11:00", "12:30", None, 90),
        ("13:00", "14:00", "always", 60),
    ]


def test_set_forward_what_was_counted_before_leads_to_the_deadline_too() -> None:
    found = lived([created("09:00"), updated("10:00", priority="high")], changing("forward"), "13:00")
    rows, goal = way(found)
    assert (goal, sum(counted for *_, counted in rows)) == (5 * HOUR, 300)
    (warned,) = [turn for step in found.steps for turn in step.turns if turn.what is What.WARNED]
    assert shown(warned.at) == "12:00"


def test_the_way_to_a_deadline_that_is_past_at_once_ends_there() -> None:
    found = lived([created("08:00"), updated("16:00", priority="high")], changing("recompute"), "17:00")
    assert way(found) == ([("08:00", "12:00", None, 240)], 4 * HOUR)
    carried = lived([created("09:00"), updated("16:00", priority="high")], changing("carry"), "17:00")
    assert way(carried) == ([("09:00", "14:00", None, 240)], 4 * HOUR)


def test_a_breach_that_stands_keeps_the_way_to_its_own_deadline() -> None:
    eras = era(policy("urgent", match={"priority": "high"}, resolution="1h"), policy("rest", resolution="2h"))
    found = lived([created("09:00"), updated("12:00", priority="high")], eras, "13:00")
    assert way(found) == ([("09:00", "11:00", None, 120)], 2 * HOUR)


def test_stopped_while_paused_the_way_goes_on_from_the_stop() -> None:
    events = [created("09:00"), status("10:00", "pending"), status("11:00", "resolved")]
    found = lived(events, era(policy(resolution="4h")), "12:00")
    assert way(found)[0] == [("09:00", "10:00", None, 60), ("11:00", "14:00", None, 180)]


def test_what_time_does_is_told_before_a_configuration_of_that_moment() -> None:
    eras = [era(policy(resolution=rule("4h", "50%"))), era(policy(resolution="8h"), since="11:30")]
    found = lived([created("09:00")], eras, "12:00")
    assert [
        (step.configuration, [turn.what for turn in step.turns if turn.clock[0] == "resolution"])
        for step in found.steps
    ] == [
        (None, [What.STARTED]),
        (None, [What.WARNED]),
        (1, [What.RETARGETED, What.WITHDRAWN]),
    ]
