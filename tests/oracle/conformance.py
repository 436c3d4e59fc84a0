"""Development aid: judge the oracle itself by conformance cases, with the runner of those cases given by its path.

python -m tests.oracle.conformance PATH/run.py [PATH/cases] [--only TEXT]
"""

import argparse
import importlib.util
import json
import pathlib
import sys
from typing import Any

from tests.oracle.envelope import parse_time
from tests.oracle.report import report
from tests.oracle.settings import read

OUT_OF_SCOPE = ("configuration",)
SPINE = (
    "first_response_time",
    "resolution_time",
    "first_response_sla_compliance",
    "resolution_sla_compliance",
    "reopen_rate",
    "escalation_rate",
    "first_contact_resolution_rate",
    "backlog",
    "security_response_time",
    "time_to_contain",
    "time_to_resolve",
    "security_sla_compliance",
)


class Got:
    """What the runner's judge expects of a run, filled by the oracle."""

    exit, err, out, trouble = 0, "", b"", None

    def __init__(self, body: dict[str, Any]) -> None:
        self.report = json.loads(json.dumps(body))
        for row in self.report["kpis"]:
            row["value"] = row.get("value", row.get("near"))


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> int:
    """Print every case that does not hold and the count of those that do."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("runner", type=pathlib.Path)
    arguments.add_argument("cases", type=pathlib.Path, nargs="?")
    arguments.add_argument("--only", default="")
    given = arguments.parse_args()
    spec = importlib.util.spec_from_file_location("runner", given.runner)
    assert spec is not None
    assert spec.loader is not None
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    held = total = 0
    for case in runner.load(given.cases or given.runner.parent / "cases"):
        if case["file"] in OUT_OF_SCOPE and "entities_order" not in case["expect"]:
            continue
        if given.only not in case["key"]:
            continue
        if "kpis" in case["expect"]:
            case["expect"]["kpis"] = [
                k for k in case["expect"]["kpis"] if k["kpi"].split("_p")[0] in SPINE or k["kpi"] in SPINE
            ]
        until = parse_time(runner.when(case.get("until"), case.get("day")))
        answer = report(runner.lines(case), [(0, read(case.get("config")))], until)
        difference = runner.judge(case, Got(answer.body))
        total += 1
        held += not difference
        corners = sorted(set().union(*answer.corners.values())) if answer.corners else []
        if difference:
            say(f"FAIL {case['key']}: {case['name']} {corners}\n     {case['rule']}\n     {case['why']}")
            say("\n".join(f"     {d}" for d in difference))
        elif corners:
            say(f"  ok {case['key']} touches {corners}")
    say(f"oracle: {held} of {total} hold")
    return 0 if held == total else 1


if __name__ == "__main__":
    sys.exit(main())
