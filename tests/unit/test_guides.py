"""What the guides show is what the program takes and says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from stream_app.cli import main

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (GUIDES / name).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def said(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], terminal_width=80)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def ticket(tmp_path: Path) -> tuple[Path, Path]:
    """The configuration and the events of the first guide."""
    config, events = tmp_path / "tenggat.yaml", tmp_path / "ticket.jsonl"
    config.write_text(blocks("first-ticket.md", "yaml")[0])
    events.write_text(blocks("first-ticket.md", "json")[0])
    return config, events


def test_configurations_of_the_guides_are_good(tmp_path: Path) -> None:
    calendars = blocks("calendars.md", "yaml")[0]
    config = tmp_path / "tenggat.yaml"
    for policies in blocks("policies.md", "yaml"):
        config.write_text(f"{calendars}\n{policies}")
        assert "good" in said("check-config", config)


def test_the_first_ticket_is_judged_as_the_guide_says(ticket: tuple[Path, Path]) -> None:
    config, events = ticket
    guide = (GUIDES / "first-ticket.md").read_text("utf-8")
    for line in said("explain", "T-45", events, "--config", config).splitlines()[:11]:
        assert line.rstrip() in guide


@pytest.mark.parametrize(
    ("mode", "due"), [("recompute", "13:00"), ("carry", "13:00"), ("forward", "15:00"), ("reset", "15:00")]
)
def test_a_raised_priority_moves_the_deadline_as_the_guide_says(tmp_path: Path, mode: str, due: str) -> None:
    config, events = tmp_path / "tenggat.yaml", tmp_path / "events.jsonl"
    config.write_text(
        f"policies: [{{name: high, match: {{priority: high}}, on_priority_change: {mode}, "
        "clocks: {resolution: {target: 4h}}}, {name: rest, clocks: {resolution: {target: 8h}}}]"
    )
    head = '{"specversion": "1.0", "source": "desk", "subject": "T", '
    events.write_text(
        f'{head}"id": "1", "type": "ticket.created", "time": "2026-03-02T09:00:00Z", "data": {{"priority": "low"}}}}\n'
        f'{head}"id": "2", "type": "ticket.updated", "time": "2026-03-02T11:00:00Z", "data": {{"priority": "high"}}}}\n'
    )
    told = said("replay", events, "--config", config, "--json")
    assert f'"due_at":"2026-03-02T{due}:00Z"' in told.replace('": "', '":"')
    assert f"| {mode}" in (GUIDES / "policies.md").read_text("utf-8").replace("`", "")


@pytest.mark.parametrize("guide", sorted(GUIDES.glob("*.md")), ids=lambda guide: guide.stem)
def test_links_of_the_guides_lead_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", guide.read_text("utf-8")):
        assert (guide.parent / target).exists(), target
