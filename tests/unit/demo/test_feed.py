from __future__ import annotations

from stream_app.demo.feed import HISTORY, Feed
from stream_app.engine.hearing import partition_of
from stream_app.sla.decode import decode
from stream_app.sla.instant import HOUR, MINUTE, SECOND, Micros, micros

BEGAN = Micros(1_782_788_400 * SECOND)  # a Tuesday, 10:00 in Jakarta


class Kept:
    """A log that keeps what it is sent."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes, bytes, int]] = []

    def send(self, topic: str, key: bytes, value: bytes, timestamp: int) -> None:
        self.records.append((topic, key, value, timestamp))


def test_history_comes_first_and_then_only_what_has_happened_by_now() -> None:
    log = Kept()
    feed = Feed(log, 1, BEGAN)
    history = feed.send_until(BEGAN)
    times = [micros(decode(value).time) for _, _, value, _ in log.records]
    assert history == feed.sent == len(log.records) > 1_000
    assert times == sorted(times)
    assert times[0] > BEGAN - HISTORY
    assert BEGAN - 5 * MINUTE < times[-1] <= BEGAN
    assert feed.send_until(BEGAN) == 0
    later = feed.send_until(Micros(BEGAN + HOUR))
    assert later > 100
    assert all(BEGAN < micros(decode(value).time) <= BEGAN + HOUR for _, _, value, _ in log.records[history:])


def test_each_event_goes_to_its_topic_under_its_subject_with_its_own_time() -> None:
    log = Kept()
    Feed(log, 1, BEGAN).send_until(BEGAN)
    for topic, key, value, timestamp in log.records:
        event = decode(value)
        assert key.decode() == event.subject
        assert timestamp == micros(event.time) // 1_000
        assert topic in {"tickets", "security-incidents", "measurements"}
        assert (topic == "tickets") == event.subject.startswith("TCK-")
        assert partition_of(event.subject, 2) in {0, 1}


def test_equal_seeds_tell_the_same_story_and_others_another() -> None:
    logs = [Kept(), Kept(), Kept()]
    for log, seed in zip(logs, (4, 4, 5), strict=True):
        Feed(log, seed, BEGAN).send_until(Micros(BEGAN - HISTORY + HOUR))
    assert logs[0].records == logs[1].records != logs[2].records
    assert logs[0].records
