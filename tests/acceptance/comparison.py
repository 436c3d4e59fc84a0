"""What two reports differ in, said so that a person can read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

SHOWN: Final = 3

_NAMES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "entities": lambda one: f"{one['kind']} {one['id']}",
    "signals": lambda one: one["id"],
    "kpis": lambda one: f"{one['kpi']} {one['window']} {json.dumps(one['labels'])}",
}


def differences(expected: dict[str, Any], found: dict[str, Any], parts: tuple[str, ...] = tuple(_NAMES)) -> str:
    """Nothing where `until`, entities, signals and KPIs are the same, in the same order."""
    said = [] if expected["until"] == found["until"] else [f"until: {expected['until']} and {found['until']}"]
    for part in parts:
        if expected[part] == found[part]:
            continue
        name = _NAMES[part]
        ours = {name(one): one for one in expected[part]}
        theirs = {name(one): one for one in found[part]}
        differing = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
        said.append(f"{part}: {len(differing)} of {len(expected[part])} and {len(found[part])} differ")
        said += [
            f"  {key}\n    expected {json.dumps(ours.get(key))}\n    found    {json.dumps(theirs.get(key))}"
            for key in sorted(differing)[:SHOWN]
        ]
    return "\n".join(said)
