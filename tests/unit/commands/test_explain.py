from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stream_app.account.course import What
from stream_app.commands.explain import explain

CONFIG = """\
calendars:
  office: {timezone: Asia/Jakarta, hours: {mon-fri: ["08:00-12:00", "13:00-17:00"]}}
timezone: Asia/Jakarta
policies:
  - name: vip
    match: {tags: vip}
    clocks: {resolution: {target: 1h}}
  - name: rest
    calendar: office
    clocks: {resolution: {target: 8h, warn: [50%]}}
"""


def line(kind: str, time: str, data: object = None, **attributes: str) -> str:
    event = {"specversion": "1.0", "id": f"{kind}@{time}", "source": "desk", "type": kind, "subject": "T-45"}
    return json.dumps(
        event | {"time": f"2026-03-02T{time}:00Z"} | ({} if data is None else {"data": data}) | attributes
    )


LOG = [
    line("ticket.created", "02:00", {"priority": "high", "title": "Printer on fire"}),
    line("ticket.created", "02:00", {"priority": "high", "title": "Printer on fire"}),
    line("ticket.status_changed", "03:00", {"status": "pending"}),
    '{"subject": "T-45", broken',
    "no event at all",
    line("ticket.status_changed", "07:00", {"status": "open"}),
    line("ticket.status_changed", "06:30", {"status": "on_hold"}),
    line("ticket.commented", "04:00", {"author": {"role": "bot"}}),
    line("ticket.created", "05:00", {"priority": "low"}, subject="T-46"),
    line("service.down", "05:00", subject="vpn"),
]


@pytest.fixture
def log(tmp_path: Path) -> list[str]:
    """The files as arguments."""
    (tmp_path / "events.jsonl").write_text("\n".join(LOG), encoding="utf-8")
    (tmp_path / "tenggat.yaml").write_text(CONFIG, encoding="utf-8")
    return [str(tmp_path / "events.jsonl"), "--config", str(tmp_path / "tenggat.yaml")]


def run(*arguments: str, **environment: str) -> Result:
    result = CliRunner().invoke(explain, list(arguments), env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def words(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


def account(log: list[str], *arguments: str) -> dict[str, Any]:
    result = run("T-45", *log, "--json", *arguments)
    assert result.exit_code == 0, result.output
    (only,) = json.loads(result.stdout)["accounts"]
    return dict(only)


def test_a_person_reads_a_head_a_drawing_the_story_and_the_sums(log: list[str]) -> None:
    result = run("T-45", *log)
    assert result.exit_code == 0
    said, flowing = result.stdout, words(result.stdout)
    assert all(len(row) <= 80 for row in said.splitlines())
    assert 'ticket T-45: open, priority high, policy "rest"\nas of 2026-03-02 14:00; times are Asia/Jakarta\n' in said
    assert "Printer on fire" in said
    assert (
        "resolution running: 7 h left of 8 h, counted on office from 2026-03-02 14:00: due Tue 2026-03-03 12:00"
        in flowing
    )
    assert "  ━ counts  ░ paused  · closed  ▼ event  a cell is 4 min 41 s\n" in said
    assert '    why this policy:\n      no   "vip" (tenggat.yaml:5): tags is not set, not vip\n' in said
    assert '      yes  "rest" (tenggat.yaml:8): it matches everything\n' in said
    assert "came after an event of 2026-03-02 14:00; it was put in its place" in flowing
    assert "3 h behind what was known, which is more than the lateness of 1 h: it counts at 2026-03-02 14:00" in flowing
    assert "a bot is neither agent nor requester" in flowing
    assert "Duplicates, which changed nothing ticket.created ticket.created@02:00 in line 2: desk has sent" in flowing
    assert "office is mon-fri 08:00-12:00, 13:00-17:00 (Asia/Jakarta)" in flowing
    assert "line 4 names T-45 and is no event" in result.stderr
    assert "\x1b" not in said


def test_a_machine_gets_the_same_with_the_figures_of_the_report(log: list[str]) -> None:
    told = account(log, "--until", "2026-03-02T07:30:00Z")
    assert list(told) == ["entity", "policies", "steps", "clocks", "duplicates", "later", "signals"]
    assert told["entity"]["status"] == "open"
    resolution = next(clock for clock in told["clocks"] if clock["clock"] == "resolution")
    assert [turn["turn"] for turn in resolution["turns"]] == ["started", "paused", "resumed"]
    assert resolution["elapsed_seconds"] == resolution["spans_seconds"] == 5400
    assert [span["seconds"] for span in resolution["spans"]] == [3600, 1800]
    assert [span["seconds"] for span in resolution["due"]["spans"]] == [3600, 25200]
    assert resolution["due"]["kind"] == "target"
    assert [(step["event"] or {}).get("line") for step in told["steps"]] == [1, 3, 7, 8, 6]
    late = told["steps"][3]
    assert (late["event"]["late"], late["nothing_because"] is None) == (True, False)
    assert told["steps"][2]["event"]["out_of_order"]
    assert [one["line"] for one in told["duplicates"]] == [2]
    assert told["policies"][0]["tried"][0]["failed"][0] == {
        "field": "tags",
        "value": None,
        "wanted": ["vip"],
        "negated": False,
    }


def test_as_of_an_earlier_moment_later_events_are_left_out(log: list[str]) -> None:
    told = account(log, "--until", "2026-03-02T03:30:00Z")
    assert (told["entity"]["status"], told["later"]) == ("pending", 3)
    said = run("T-45", *log, "--until", "2026-03-02T03:30:00Z").stdout
    assert "3 later events are left out" in said
    assert "resolution paused: 1 h counted, 7 h left of 8 h; no deadline meanwhile" in said


def test_a_dated_configuration_is_told_at_its_moment(log: list[str], tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(CONFIG.replace("8h", "4h"), encoding="utf-8")
    result = run("T-45", *log, "--config", f"{tmp_path / 'new.yaml'}@2026-03-02T02:30:00Z")
    assert "2026-03-02 09:30  another configuration holds from now on: new.yaml" in result.stdout
    assert '(new.yaml:8) instead of policy "rest" (tenggat.yaml:8), on_priority_change:' in words(result.stdout)


def test_what_is_not_known_ends_with_one_and_names_what_is_near(log: list[str]) -> None:
    for subject, said in [
        ("t-45", "nothing is known of t-45; is it T-45?"),
        ("X", "nothing is known of X\n"),
        ("vpn", "vpn is something measured: it has no clocks to explain"),
    ]:
        result = run(subject, *log)
        assert result.exit_code == 1
        assert said in result.stderr
    result = run("T-45", *log, "--kind", "incident")
    assert "T-45 is no incident but a ticket" in result.stderr
    result = run("T-45", *log, "--until", "2026-03-01T00:00:00Z")
    assert "nothing is known of T-45 by 2026-03-01T00:00:00Z; 6 events of it are later" in result.stderr


def test_an_id_of_both_kinds_is_told_twice(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f"{LOG[0]}\n{line('incident.detected', '05:00', {'severity': 'low'})}\n", encoding="utf-8")
    said = run("T-45", str(file)).stdout
    assert "incident T-45: detected, severity low" in said
    assert "ticket T-45: new, priority high" in said
    assert "(built-in configuration)" in said
    assert "ticket T-45" not in run("T-45", str(file), "--kind", "incident").stdout


def test_a_partial_life_says_so(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(LOG[5], encoding="utf-8")
    assert "its creation is not known" in run("T-45", str(file)).stdout


def test_an_event_before_the_creation_counts_as_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    early = line("ticket.commented", "01:50", {"author": {"role": "agent", "id": "ani"}})
    file.write_text(f"{early}\n{LOG[0]}", encoding="utf-8")
    said = run("T-45", str(file)).stdout
    assert "its own time is 2026-03-02 01:50, before the creation" in said
    assert "public comment by agent ani" in words(said)


def test_without_files_and_redis_it_says_who_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken and not listened on
        url = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        result = run("T-45", TENGGAT_REDIS_URL=url)
    assert result.exit_code == 1
    assert f"Redis at {url} does not answer" in result.stderr
    assert "Name files of events to explain without it" in result.stderr


def test_a_missing_file_is_a_failure_and_a_wrong_setting_bad_usage(tmp_path: Path) -> None:
    assert run("T-45", str(tmp_path / "none.jsonl")).exit_code == 1
    result = run("T-45", "--redis-url", "http://localhost")
    assert result.exit_code == 2
    assert "TENGGAT_REDIS_URL" in result.stderr


def test_agreed_and_legal_deadlines_withdrawals_and_targets_set_forward_are_told(tmp_path: Path) -> None:
    config = tmp_path / "tenggat.yaml"
    urgent = (
        "  - {name: urgent, match: {priority: high}, on_priority_change: forward, clocks: {resolution: {target: 1h}}}"
    )
    config.write_text(
        f"policies:\n{urgent}\n"
        "  - {name: rest, clocks: {resolution: {target: 2h}, first_response: {target: 1h}}}\n"
        "incidents:\n  - {name: soc, regulations: [gdpr]}\n",
        encoding="utf-8",
    )
    file = tmp_path / "events.jsonl"
    happened = [
        line("ticket.created", "02:00", {"priority": "low"}),
        line("ticket.due_set", "02:30", {"clock": "first_response", "due": "2026-03-02T08:00:00Z"}),
        line("ticket.updated", "03:55", {"priority": "high"}),
        line("incident.detected", "02:00", {"severity": "low", "personal_data": True}),
    ]
    file.write_text("\n".join(happened), encoding="utf-8")
    said = words(run("T-45", str(file), "--config", str(config)).stdout)
    assert "due Mon 2026-03-02 08:00: by agreement, whatever is counted" in said
    assert "due Thu 2026-03-05 02:00: by law, whatever is counted" in said
    assert "due Mon 2026-03-02 04:55: when 1 h 55 min counted before + 1 h are counted" in said
    assert "resolution takes back the warning 75% of 2026-03-02 03:30 and the warning 90% of 2026-03-02 03:48" in said
    result = run("T-45", str(file), "--config", str(config), "--kind", "ticket", "--json")
    (ticket,) = json.loads(result.stdout)["accounts"]
    turns = {turn["turn"]: turn["text"] for clock in ticket["clocks"] for turn in clock["turns"]}
    assert turns["withdrawn"].startswith("takes back the warning 90% of")
    assert [clock["due"]["kind"] for clock in ticket["clocks"]] == ["agreed", "target"]


def test_the_example_of_the_guide_is_what_the_command_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs/guides/explain.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```(yaml|json|text)\n(.*?)```", guide, re.DOTALL))
    monkeypatch.chdir(tmp_path)
    Path("tenggat.yaml").write_text(blocks["yaml"], encoding="utf-8")
    Path("events.jsonl").write_text(blocks["json"], encoding="utf-8")
    assert run("T-45", "events.jsonl", "--config", "tenggat.yaml").stdout == blocks["text"]


def test_the_guide_names_every_key_and_turn(log: list[str]) -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs/guides/explain.md").read_text(encoding="utf-8")
    told = account(log)
    keys = {
        *told,
        *told["steps"][0],
        *told["steps"][0]["event"],
        *told["policies"][0],
        *told["policies"][0]["tried"][0],
    }
    clock = next(one for one in told["clocks"] if one["due"])
    keys |= {*clock["due"], *clock["spans"][0], *clock["turns"][0], *(turn.value for turn in What)}
    assert [key for key in sorted(keys) if f"`{key}`" not in guide] == []
