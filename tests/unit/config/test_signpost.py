from __future__ import annotations

from stream_app.config.configuration import built_in, load
from stream_app.config.signpost import lines

TEXT = """\
policies:
  - name: urgent
    match: {priority: high}
  - match: {priority: low}
    name: "rest of it"
incidents:
  - {name: urgent}
"""


def test_each_policy_has_the_line_of_its_name() -> None:
    configuration = load(TEXT, "tenggat.yaml")
    assert lines(configuration, "ticket") == {"urgent": 2, "rest of it": 5}
    assert lines(configuration, "incident") == {"urgent": 7}


def test_where_nothing_is_written_there_are_none() -> None:
    assert lines(load("", "tenggat.yaml"), "ticket") == {}
    assert list(lines(built_in(), "incident")) == ["critical", "high", "medium", "low"]
