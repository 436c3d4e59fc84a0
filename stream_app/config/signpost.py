"""The signpost: in which line of a configuration each policy is written."""

from __future__ import annotations

from collections.abc import Iterator

from stream_app.config.configuration import Configuration
from stream_app.config.tree import Node, Scalar, Sequence, Table, tree

SECTIONS = {"ticket": "policies", "incident": "incidents"}
"""Where the policies of each kind of entity stand."""


def lines(configuration: Configuration, kind: str) -> dict[str, int]:
    """The line of each policy for a kind of entity (`ticket`, `incident`), by its name; lines count from 1."""
    root, _ = tree(configuration.text, configuration.file)
    policies = _under(root, SECTIONS[kind])
    items = policies.items if isinstance(policies, Sequence) else ()
    return {name.text: name.place.line for item in items for name in _names(item)}


def _names(policy: Node) -> Iterator[Scalar]:
    name = _under(policy, "name")
    if isinstance(name, Scalar):
        yield name


def _under(node: Node | None, key: str) -> Node | None:
    entries = node.entries if isinstance(node, Table) else ()
    return next((value for its, value in entries if its.text == key), None)
