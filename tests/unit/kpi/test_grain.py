import pytest

from stream_app.kpi.grain import Window, grains, oldest, start, window
from stream_app.sla.instant import DAY, HOUR, MINUTE, SECOND, Micros


@pytest.mark.parametrize(
    ("text", "grain"),
    [
        ("90s", MINUTE),
        ("2h", MINUTE),
        ("7201s", 15 * MINUTE),
        ("2d", 15 * MINUTE),
        ("49h", HOUR),
        ("35d", HOUR),
        ("36d", DAY),
        ("400d", DAY),
    ],
)
def test_the_length_of_a_window_chooses_its_grain(text: str, grain: Micros) -> None:
    found = window(text)
    assert found is not None
    assert (found.label, found.grain) == (text, grain)


@pytest.mark.parametrize("text", ["", "fortnight", "1w", "0h", "-1h", "1.5h", "1 h", "h", "٣h", "9999999999d"])
def test_what_is_no_duration_is_no_window(text: str) -> None:
    assert window(text) is None


def test_a_window_ends_with_the_bucket_that_the_moment_lies_in() -> None:
    #  60 buckets of a minute:  |19:01| … |20:00|
    #                                      ^ 20:00:00 to 20:00:59.999999
    found = Window(HOUR, "1h")
    assert found.span(20 * HOUR) == (19 * HOUR + MINUTE, 20 * HOUR)
    assert found.span(20 * HOUR + MINUTE - 1) == (19 * HOUR + MINUTE, 20 * HOUR)
    assert found.span(20 * HOUR + MINUTE) == (19 * HOUR + 2 * MINUTE, 20 * HOUR + MINUTE)


def test_a_length_between_two_buckets_is_rounded_up() -> None:
    assert Window(Micros(90 * SECOND), "90s").span(10 * MINUTE) == (9 * MINUTE, 10 * MINUTE)
    assert Window(SECOND, "1s").span(10 * MINUTE) == (10 * MINUTE, 10 * MINUTE)


def test_buckets_before_the_epoch_start_at_multiples_too() -> None:
    assert start(-1, HOUR) == -HOUR
    assert start(-HOUR, HOUR) == -HOUR


def test_windows_name_the_grains_they_need() -> None:
    windows = [Window(Micros(days * DAY), f"{days}d") for days in (90, 7, 30, 1)]
    assert grains(windows) == (15 * MINUTE, HOUR, DAY)


def test_buckets_are_kept_for_the_longest_window_and_the_one_before_it() -> None:
    week, month = Window(Micros(7 * DAY), "7d"), Window(Micros(30 * DAY), "30d")
    first, last = month.span(100 * DAY)
    before, _ = month.span(first - 1)
    assert last == 100 * DAY
    assert oldest(HOUR, [week, month], 100 * DAY) == before
    assert oldest(MINUTE, [week, month], 100 * DAY) == 100 * DAY - MINUTE
