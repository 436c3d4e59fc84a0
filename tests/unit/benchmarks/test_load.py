from __future__ import annotations

import json
from collections import Counter

from benchmarks.load import HOUR, PER_PLACE, Load, Message
from stream_app.sla.decode import decode
from stream_app.sla.instant import micros

UNTIL = 1_772_445_600_000
PLACES, EVENTS = 200, 3000


def load(seed: int = 1) -> tuple[Load, list[Message]]:
    its = Load(PLACES, EVENTS, seed, UNTIL)
    return its, list(its)


def test_equal_arguments_give_equal_bytes_and_another_seed_others() -> None:
    assert load()[1] == load()[1] != load(2)[1]


def test_a_load_is_as_long_as_was_asked_and_begins_with_what_opens_its_tickets() -> None:
    its, messages = load()
    assert len(messages) == its.standing + EVENTS
    opening = messages[: its.standing]
    assert its.standing == PER_PLACE * PLACES
    assert Counter(message.key for message in opening) == {f"INC{n:07d}".encode(): PER_PLACE for n in range(PLACES)}


def test_a_log_goes_on_in_time_and_ends_before_the_moment_asked_for() -> None:
    messages = load()[1]
    stamps = [message.timestamp for message in messages]
    assert stamps == sorted(stamps)
    assert UNTIL - HOUR < stamps[-1] <= UNTIL


def test_all_of_it_are_events_some_disordered_within_the_hour_some_repeated() -> None:
    its, messages = load()
    events = [decode(message.value) for message in messages]
    assert all(event.subject.encode() == message.key for event, message in zip(events, messages, strict=True))
    behind = [message.timestamp - micros(event.time) // 1000 for event, message in zip(events, messages, strict=True)]
    assert min(behind) == 0
    assert HOUR // 2 < max(behind) < HOUR
    assert 0.02 < sum(late > 0 for late in behind[its.standing :]) / EVENTS < 0.08
    assert len(messages) - len({message.value for message in messages}) == its.repeated > 0


def test_as_many_tickets_stay_open_all_the_time() -> None:
    status: dict[bytes, str] = {}
    rows = sorted((json.loads(message.value) for message in load()[1]), key=lambda row: str(row["time"]))
    for row in rows:
        status[row["subject"]] = row["data"].get("status", status.get(row["subject"], "new"))
    missing = sum(one != "closed" for one in status.values())
    assert abs(missing - PLACES) < PLACES * 0.2  # what is on its way at the end has not been told


def test_events_are_some_350_bytes_and_lives_are_mostly_short() -> None:
    its, messages = load()
    going_on = messages[its.standing :]
    assert 340 < sum(len(message.value) for message in going_on) / EVENTS < 370
    lengths = sorted(Counter(message.key for message in going_on).values())
    assert lengths[len(lengths) // 2] < 10 < lengths[-1]
