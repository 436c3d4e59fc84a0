"""The progress bar of long work: on standard error, and only where a person is looking."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


def bar(*, beside_output: bool = False) -> Progress:
    """A bar that is gone when the work is done. `beside_output`: standard output is being written to meanwhile."""
    seen = sys.stderr.isatty() and not (beside_output and sys.stdout.isatty())
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not seen,
    )
