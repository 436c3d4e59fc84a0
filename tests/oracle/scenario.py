"""A scenario: what arrives, under which configuration, up to when, and what the oracle says of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.report import Report, report
from tests.oracle.settings import Settings, read

Json = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """Events in the order of their arrival, the configurations (text and moment, 0 for the first), and `until`."""

    events: tuple[Json, ...]
    configurations: tuple[tuple[int, str], ...]
    until: int
    seed: int = 0

    def lines(self) -> list[bytes]:
        return [e["raw"].encode() if "raw" in e else json.dumps(e).encode() for e in self.events]

    def dated(self) -> list[tuple[int, Settings]]:
        return [(at, read(text)) for at, text in self.configurations]

    def expected(self) -> Report:
        return report(self.lines(), self.dated(), self.until)

    def only(self, subjects: Iterable[str]) -> "Scenario":
        keep = set(subjects)
        return replace(self, events=tuple(e for e in self.events if e.get("subject") in keep))
