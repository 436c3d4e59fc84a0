"""Run random scenarios through the product and the oracle, and print each difference as small as it gets.

    python -m tests.oracle.fuzz --seeds 0:200 [--entities 40] [--allow CORNER,…] [--tenggat .venv/bin/tenggat]

Corners are places where the texts can be read in more than one way; `--corners` lists how often they come up.
"""

import argparse
import collections
import json
import re
import shlex
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from stream_app.commands.replay import replay
from tests.oracle.compare import Difference
from tests.oracle.generator import AVOID, scenario
from tests.oracle.product import Command, Here, Product, stamp
from tests.oracle.scenario import Scenario
from tests.oracle.shrink import Check, difference, of_configuration, of_events, of_subject

RULES = (
    (r"^events\.", "contract 1 and 3: duplicates, late, malformed; events.read counts every line that is not empty"),
    (r"sla\.warning", "semantics, Clocks: thresholds; re-targeting (of several passed only the last); pauses"),
    (r"sla\.breached|breached_at", "semantics, Time: breached as soon as now > due, stamped at due; re-targeting"),
    (r"sla\.met|sla\.cancelled", "semantics, Clocks: exactly one of met, breached, cancelled"),
    (r"paused_seconds", "semantics, Tickets: paused_seconds adds the pauses of all cycles up to the last resolution"),
    (r"elapsed", "semantics, Time: elapsed = running time in working time"),
    (r"due_at|target_seconds", "semantics, Clocks: re-targeting, pauses, negotiated due"),
    (r"first_contact", "semantics, Tickets: first contact"),
    (r"reassignments", "contract 3: reassignments; semantics, Tickets: against the last known value"),
    (r"first_response_at", "semantics, Clocks: comments"),
    (r"_at:", "semantics, Tickets and Incidents: moments"),
    (r"^kpi ", "semantics, Facts and windows; kpis: the entry of that name"),
)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def rule(difference: Difference) -> str:
    text = f"{difference.path}: {difference.expected} {difference.got}"
    return next((sentence for pattern, sentence in RULES if re.search(pattern, text)), "semantics, Clocks: the table")


def case(small: Scenario, found: list[Difference]) -> dict[str, Any]:
    """A scenario in the form of the conformance cases, to be run again by hand."""
    return {
        "seed": small.seed,
        "until": stamp(small.until),
        "config": json.loads(small.configurations[0][1]),
        "later": [[stamp(at), json.loads(text)] for at, text in small.configurations[1:]],
        "events": [
            [
                e["time"],
                e["type"],
                e["subject"],
                e["data"],
                {k: v for k, v in e.items() if k in ("id", "sequence")},
            ]
            for e in small.events
        ],
        "differences": [str(d) for d in found],
        "rule": sorted({rule(d) for d in found}),
    }


def shape(found: Difference) -> str:
    """What kind of difference it is, to show each kind only a few times."""
    text = f"{found.path} {found.expected if isinstance(found.expected, str) else type(found.expected).__name__}"
    return re.sub(r"\d+|critical|high|medium|low|\{.*\}", "#", text)[:80]


def look(product: Product, made: Scenario, arguments: argparse.Namespace, shown: collections.Counter[str]) -> bool:
    """Whether a scenario differs; the new kinds of difference are printed small."""
    avoid = avoided(arguments)

    def check_of(about: Callable[[Difference], bool]) -> Check:
        return lambda s: [d for d in difference(product, s, avoid) if about(d) and not ignored(d, arguments)]

    found = check_of(lambda _: True)(made)
    subjects = list(dict.fromkeys(d.subject for d in found if d.subject))
    for subject in subjects:
        kind = shape(next(d for d in found if d.subject == subject))
        shown[kind] += 1
        if shown[kind] <= arguments.repeat:
            check = check_of(partial(is_about, subject))
            small = of_configuration(of_subject(made, product, avoid, subject), check)
            tell(small, check(small))
    others = made.only({e["subject"] for e in made.events if "subject" in e} - {name for _, name in subjects})
    for first in check_of(lambda d: d.subject is None)(others)[:1]:
        kind = shape(first)
        shown[kind] += 1
        if shown[kind] <= arguments.repeat:
            check = check_of(partial(is_like, first))
            small = of_configuration(of_events(others, check), check)
            tell(small, check(small))
    return bool(found)


def is_about(subject: tuple[str, str], found: Difference) -> bool:
    return found.subject == subject


def is_like(first: Difference, found: Difference) -> bool:
    return found.subject is None and found.path.split(" {")[0] == first.path.split(" {")[0]


def avoided(arguments: argparse.Namespace) -> frozenset[str]:
    return AVOID - frozenset([arguments.only, *arguments.allow.split(",")]) | frozenset(arguments.avoid.split(","))


def ignored(found: Difference, arguments: argparse.Namespace) -> bool:
    return arguments.ignore is not None and re.search(arguments.ignore, str(found)) is not None


def tell(small: Scenario, found: list[Difference]) -> None:
    corners = sorted(set().union(*small.expected().corners.values()))
    say(f"--- seed {small.seed} touches {corners}")
    say(json.dumps(case(small, found), ensure_ascii=False, indent=None))
    for each in found[:12]:
        say(f"    {each}")


def main() -> int:
    """The number of seeds that differ, as the exit code 0 or 1."""
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--seeds", default="0:50", help="from:to")
    a.add_argument("--entities", type=int, default=40)
    a.add_argument("--allow", default="", help="corners not to avoid, with commas")
    a.add_argument("--only", default="", help="look only at entities that touch this corner")
    a.add_argument("--avoid", default="", help="corners, `dated` or `late` to avoid as well")
    a.add_argument("--tenggat", help="run this command for each scenario; else `replay` is called in this process")
    a.add_argument("--ignore", help="a pattern of differences to pass over")
    a.add_argument("--repeat", type=int, default=1, help="how often the same kind of difference is shown")
    a.add_argument("--seconds", type=float, default=600, help="stop after so long")
    a.add_argument("--corners", action="store_true", help="only count the corners that come up")
    given = a.parse_args()
    first, last = (int(n) for n in given.seeds.split(":"))
    if given.corners:
        counted: collections.Counter[str] = collections.Counter()
        for seed in range(first, last):
            touched = scenario(seed, given.entities, frozenset()).expected().corners.values()
            counted.update(c for corners in touched for c in corners or {"(none)"})
        say("\n".join(f"{n:6} {corner}" for corner, n in counted.most_common()))
        return 0
    product: Product = Command(shlex.split(given.tenggat)) if given.tenggat else Here(replay)
    shown: collections.Counter[str] = collections.Counter()
    began, wrong, total = time.monotonic(), 0, 0
    for seed in range(first, last):
        if time.monotonic() - began > given.seconds:
            break
        total += 1
        wrong += look(product, scenario(seed, given.entities, avoided(given), given.only), given, shown)
    for kind, n in shown.most_common():
        say(f"{n:5} times {kind}")
    say(f"fuzz: {total - wrong} of {total} seeds agree, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
