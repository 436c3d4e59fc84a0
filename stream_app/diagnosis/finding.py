"""A finding: what the examination of one thing came to, by a stable name where it is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from msgspec import Struct

from stream_app.diagnosis.remedies import REMEDIES, Name


class Weight(StrEnum):
    """How bad it is."""

    OK = "ok"
    SKIPPED = "skipped"
    """It could not be looked at, for a reason that is a finding of its own."""
    WARNING = "warning"
    FAULT = "fault"


class Finding(Struct, frozen=True):
    """One thing that was examined. Only warnings and faults have a name, and with it a remedy."""

    item: str
    weight: Weight
    text: str
    name: Name | None = None

    @property
    def remedy(self) -> str | None:
        """How to mend it."""
        return None if self.name is None else REMEDIES[self.name]

    def row(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {
            "item": self.item,
            "weight": self.weight.value,
            "name": self.name,
            "text": self.text,
            "remedy": self.remedy,
        }


def ok(item: str, text: str) -> Finding:
    """It is as it should be."""
    return Finding(item, Weight.OK, text)


def skipped(item: str, why: str) -> Finding:
    """It was not examined."""
    return Finding(item, Weight.SKIPPED, why)


def warning(item: str, name: Name, text: str) -> Finding:
    """It works, and may not for long, or not as meant."""
    return Finding(item, Weight.WARNING, text, name)


def fault(item: str, name: Name, text: str) -> Finding:
    """It does not work, or loses something."""
    return Finding(item, Weight.FAULT, text, name)


def sick(findings: Iterable[Finding]) -> bool:
    """Whether a fault is among them."""
    return any(finding.weight is Weight.FAULT for finding in findings)


def listed(names: Iterable[str], shown: int = 4) -> str:
    """`a, b, c, d and 3 more`."""
    every = list(names)
    rest = len(every) - shown
    return ", ".join(every[:shown]) + (f" and {rest} more" if rest > 0 else "")
