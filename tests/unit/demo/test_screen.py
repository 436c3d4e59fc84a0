from __future__ import annotations

import io

import pytest
from rich.console import Console

from stream_app.config.configuration import built_in
from stream_app.config.kpis import catalogue
from stream_app.demo import lines
from stream_app.demo.board import Board, Loading
from stream_app.demo.clock import ScaledClock
from stream_app.demo.figures import Figures
from stream_app.demo.screen import screen
from stream_app.demo.signals import Said
from stream_app.demo.watch import Due, Sight
from stream_app.kpi.table import Row
from stream_app.sla.instant import HOUR, MINUTE, SECOND, Micros

BEGAN = Micros(1_782_788_400 * SECOND)  # a Tuesday, 10:00 in Jakarta
SIZES = [(80, 24), (100, 30), (120, 24), (160, 50)]
RED = "\x1b[1;31m"


def due(left: int, number: int) -> Due:
    return Due(
        at=Micros(BEGAN + left),
        subject=f"TCK-{number:06d}",
        clock="first_response",
        urgency="critical",
        team="service desk",
        title="Problem with something that has a name much longer than any column could ever be on any screen at all",
        started=Micros(BEGAN - HOUR),
    )


def board() -> Board:
    """One on which there is more of everything than fits."""
    its = Board(ScaledClock(BEGAN, 60))
    its.loading = None
    its.doors = "Kafka 127.0.0.1:12345, redis://127.0.0.1:23456/0"
    its.note(Figures(applied=17_402, lag=3, published=3_113, malformed=2, healed=1), 1.0)
    kpis = catalogue(built_in()).kpis
    its.sight = Sight(
        next=[due((number + 1) * 4 * MINUTE, number) for number in range(60)],
        running=312,
        within={"15m": 3, "1h": 15, "4h": 60},
        overdue=[due(-(number + 1) * 47 * MINUTE, 900 + number) for number in range(40)],
        kpis=[
            (kpi, Row(kpi=kpi.id, window="24h", labels={}, value=0.5, count=9, target="> 1", met=number % 2 == 0))
            for number, kpi in enumerate(kpis)
        ],
    )
    for number in range(90):
        its.spoken.hear(
            Said(
                at=Micros(BEGAN + number * SECOND + 1),
                type="sla.breached",
                subject=f"SEC-{number:05d}",
                clock="contain",
            )
        )
    return its


def shown(its: Board, width: int, height: int, *, colours: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(
        file=out, width=width, height=height, force_terminal=True, color_system="standard" if colours else None,
        no_color=not colours,
    )  # fmt: skip
    console.print(screen(its, width, height))
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_full_or_empty_it_fills_exactly_the_terminal(width: int, height: int) -> None:
    loading = Board(ScaledClock(BEGAN, 60))
    half = Board(ScaledClock(BEGAN, 60))
    half.loading = Loading(500, 1_000)
    empty = Board(ScaledClock(BEGAN, 60))
    empty.loading = None
    for its in (board(), loading, half, empty):
        rows = [row.rstrip() for row in shown(its, width, height)]
        assert len(rows) == height
        assert max(map(len, rows)) <= width


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_earliest_deadline_the_latest_signal_and_the_kpis_are_always_there(width: int, height: int) -> None:
    text = "\n".join(shown(board(), width, height))
    for piece in (
        "04:00 TCK-000000",
        "SEC-00089",
        "first response time",
        "✓",
        "✗",
        "312 clocks run",
        "40 overdue",
        "17402 events",
    ):
        assert piece in text, piece
    assert text.index("TCK-000000") < text.index("TCK-000001")
    assert text.index("SEC-00089") < text.index("SEC-00088")


def test_less_than_five_minutes_are_red_and_more_are_not() -> None:
    rows = shown(board(), 80, 24, colours=True)
    (first,) = [row for row in rows if "TCK-000000" in row]
    (second,) = [row for row in rows if "TCK-000001" in row]
    assert RED in first.split("TCK")[0]
    assert RED not in second.split("TCK")[0]


def test_without_colours_there_are_none() -> None:
    assert "\x1b[1;31" not in "\n".join(shown(board(), 80, 24))


def test_while_history_is_read_it_says_how_far() -> None:
    its = Board(ScaledClock(BEGAN, 60))
    its.loading = Loading(250, 1_000)
    text = "\n".join(shown(its, 80, 24))
    assert "reading 1000 events of history" in text
    assert "25%" in text


def test_the_rate_is_that_of_the_last_seconds_and_the_delay_is_in_real_time() -> None:
    its = Board(ScaledClock(BEGAN, 60))
    its.note(Figures(applied=1_000, said=10, delay=9e9), 0.0)
    its.loading = None
    assert its.delay is None
    its.note(Figures(applied=1_100, said=10, delay=9e9), 10.0)
    its.note(Figures(applied=1_130, said=12, delay=9e9 + 12), 12.0)
    assert its.rate == 15
    assert its.delay == pytest.approx(0.1)
    assert its.live == 130


def test_the_summary_counts_what_was_shown() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(lines.summary(board()))
    text = out.getvalue()
    assert "17402 applied" in text
    assert "90 since: 90 breached" in text
    assert "40 are over their deadline" in text


def test_a_line_names_moment_signal_entity_and_clock() -> None:
    one = Said(
        at=Micros(BEGAN + 61 * SECOND),
        type="sla.warning",
        subject="TCK-000007",
        clock="first_response",
        threshold="75%",
        urgency="high",
        title="Problem with vpn",
    )
    words = lines.line(one).plain.split()
    assert words == ["10:01:01", "warning", "75%", "TCK-000007", "first", "response", "high", "Problem", "with", "vpn"]
