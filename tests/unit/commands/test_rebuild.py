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
