from __future__ import annotations

from stream_app.engine.batch import Standing
from stream_app.engine.horizon import Horizon
from tests.unit.engine.desk import Wall, at


def test_before_anything_is_known_no_deadline_may_be_said() -> None:
    horizon = Horizon(Wall("09:00"))
    assert horizon.reaches() is None
    horizon.see(None, None, 10.0)
    assert horizon.reaches() is None
    assert horizon.as_of is None


def test_at_the_end_of_the_log_deadlines_are_said_up_to_now() -> None:
    wall = Wall("09:00")
    horizon = Horizon(wall)
    horizon.see(7, Standing(7, 7, 8.5), 10.0)
    assert horizon.caught_up
    assert horizon.reaches() == at("09:00")
    wall.set("09:01")
    assert horizon.reaches() == at("09:01")


def test_an_empty_log_is_read_to_its_end_before_anything_is_read() -> None:
    horizon = Horizon(Wall("09:00"))
    horizon.see(None, Standing(0, 0, 10.0), 10.0)
    assert horizon.caught_up


def test_the_word_of_a_broker_asked_two_seconds_ago_is_too_old() -> None:
    horizon = Horizon(Wall("09:00"))
    horizon.see(7, Standing(7, 7, 8.0), 10.0)
    assert not horizon.caught_up


def test_what_is_handed_over_and_not_applied_is_not_read() -> None:
    horizon = Horizon(Wall("09:00"))
    horizon.see(6, Standing(7, 7, 10.0), 10.0)
    assert not horizon.caught_up


def test_behind_deadlines_are_said_only_before_the_last_log_timestamp() -> None:
    wall = Wall("12:00")
    horizon = Horizon(wall)
    horizon.read(at("09:30"))
    horizon.see(1, Standing(1, 9, 10.0), 10.0)
    assert horizon.reaches() == at("09:30") - 1
    horizon.read(at("09:20"))  # producers' clocks differ
    assert horizon.reaches() == at("09:30") - 1
    assert horizon.as_of is None


def test_two_minutes_without_progress_everything_is_said_and_why() -> None:
    wall = Wall("12:00")
    horizon = Horizon(wall)
    horizon.read(at("09:30"))
    wall.set("12:02")
    horizon.see(1, Standing(1, 9, 10.0), 10.0)
    assert horizon.reaches() == at("09:30") - 1
    wall.set("12:02:00.000001")
    horizon.see(1, Standing(1, 9, 10.0), 10.0)
    assert horizon.reaches() == wall.now
    assert horizon.as_of == ("based on data as of 2026-03-02T09:30:00Z: the log could not be read further for 120 s")


def test_without_a_broker_from_the_beginning_it_says_that_nothing_was_read() -> None:
    wall = Wall("12:00")
    horizon = Horizon(wall)
    wall.set("12:03")
    horizon.see(None, None, 10.0)
    assert horizon.as_of is not None
    assert horizon.as_of.startswith("based on data as of nothing read yet")


def test_the_two_minutes_begin_again_with_each_record_and_each_look_at_the_end() -> None:
    wall = Wall("12:00")
    horizon = Horizon(wall)
    wall.set("12:01")
    horizon.read(at("09:30"))
    wall.set("12:02:30")
    horizon.see(1, Standing(1, 9, 10.0), 10.0)
    assert not horizon.stalled
    horizon.see(9, Standing(9, 9, 10.0), 10.0)
    wall.set("12:04:30")
    horizon.see(9, None, 10.0)
    assert not horizon.stalled
    wall.set("12:04:31")
    horizon.see(9, None, 10.0)
    assert horizon.stalled
    horizon.see(9, Standing(9, 9, 10.0), 10.0)
    assert not horizon.stalled
    assert horizon.as_of is None
