"""Take protections out of copies of the product, one at a time, and see whether its tests notice.

    python -m tests.mutants [--only NAME …] [--list] [--jobs N] [--table FILE]

Exit code 0 when all were killed; 1 when one survived, is stale or could not be judged; 2 for a name there is not.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.mutants.mutant import Mutant, Stale, edited, mutants
from tests.mutants.trial import ROOT, Broken, Outcome, Result, copy, green, tried


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these alone")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at once (1)")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the outcome of all there")
    given = parser.parse_args()
    known = {mutant.name: mutant for mutant in mutants()}
    if unknown := [name for name in given.only or () if name not in known]:
        parser.error(f"there is no mutant {', '.join(unknown)}; --list names them")
    chosen = [known[name] for name in given.only or known]
    if given.list:
        for mutant in chosen:
            _say(f"{mutant.name:<{_width(chosen)}}  {mutant.takes_out}")
        return 0
    began = time.monotonic()
    try:
        results = judged(chosen, given.jobs)
    except Broken as broken:
        _say(f"the tests do not run without any mutant: {broken}")
        return 1
    except KeyboardInterrupt:
        return 130
    counted = Counter(result.outcome for result in results)
    summary = ", ".join(f"{counted[outcome]} {outcome}" for outcome in Outcome if counted[outcome])
    summary = f"{summary}, in {time.monotonic() - began:.0f} s"
    _say(summary)
    if given.table is not None and not given.only:
        given.table.write_text(table(results, summary), "utf-8")
    return 0 if counted[Outcome.KILLED] == len(results) else 1


def judged(chosen: Sequence[Mutant], jobs: int) -> list[Result]:
    """What comes of each. They are made of a copy, lest the tree change meanwhile. Raises Broken."""
    with copy(ROOT) as tree:
        stale = {mutant.name: why for mutant in chosen if (why := _why_stale(mutant, tree)) is not None}
        fresh = [mutant for mutant in chosen if mutant.name not in stale]
        _say(f"the tests of {len(fresh)} mutants without any, on {tree} …")
        void = green(tree, fresh) if fresh else {}

        def one(mutant: Mutant) -> Result:
            if mutant.name in stale:
                result = Result(mutant, Outcome.STALE, stale[mutant.name])
            elif mutant.name in void:
                result = Result(mutant, Outcome.VOID, void[mutant.name])
            else:
                result = tried(mutant, tree)
            _say(f"{result.outcome:<8}  {mutant.name:<{_width(chosen)}}  {result.seconds:5.1f} s  {result.detail}")
            return result

        pool = ThreadPoolExecutor(jobs)
        try:
            return list(pool.map(one, chosen))
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C none is begun


def _why_stale(mutant: Mutant, tree: Path) -> str | None:
    try:
        edited(mutant, tree)
    except Stale as stale:
        return str(stale)
    return None


def table(results: Sequence[Result], summary: str) -> str:
    """The outcome as a page of the docs."""
    today = datetime.now(UTC).date()  # noqa: TID251 -- the edge reads the clock
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    rows = [
        f"| `{result.mutant.name}` | {result.mutant.takes_out} | {_cell(result)} | {result.seconds:.1f} |"
        for result in results
    ]
    return "\n".join(
        [
            "# Mutants",
            "",
            "Written by `make mutants`. Each row is a copy of the product from which one protection was taken out, and",
            "the first test that noticed. [CONTRIBUTING.md](../CONTRIBUTING.md) says how to add one.",
            "",
            f"{today}, {machine}: {summary}.",
            "",
            "| mutant | what it does | killed by | s |",
            "|---|---|---|---:|",
            *rows,
            "",
        ]
    )


def _cell(result: Result) -> str:
    if result.outcome is not Outcome.KILLED:
        return f"**{result.outcome}**"
    file, _, name = result.detail.partition("::")
    return f"`{name.split('[')[0].rpartition('::')[2]}` in {file.removeprefix('tests/')}"


def _width(chosen: Sequence[Mutant]) -> int:
    return max(len(mutant.name) for mutant in chosen)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
