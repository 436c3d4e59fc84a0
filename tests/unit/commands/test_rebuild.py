from __future__ import annotations

import pytest
from msgspec.structs import replace

from stream_app.commands.rebuild import _switched
from stream_app.engine.rebuild import Done

DONE = Done(generation=2, previous=1, read=1200, seconds=3.0, differing=0, waiting=0, failed=0)


def test_a_rebuild_that_left_events_out_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    _switched(DONE)
    assert capsys.readouterr().err == ""
    _switched(replace(DONE, failed=1300))
    assert capsys.readouterr().err.startswith("1,300 events could not be judged and are missing from it")


def test_a_rebuild_says_how_many_records_it_read_also_when_none_and_a_way_back_reads_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _switched(DONE)
    assert "generation 2 is at work: 1,200 records read in 3 s, 0 messages say" in capsys.readouterr().out
    _switched(replace(DONE, read=0))
    assert "generation 2 is at work: 0 records read in 3 s, 0 messages say" in capsys.readouterr().out
    _switched(replace(DONE, read=None))
    assert capsys.readouterr().out.startswith("generation 2 is at work\n")
