"""Eras of dated configurations."""

from __future__ import annotations

from stream_app.config.dated import Dated
from stream_app.sla.era import Era


def eras(dated: Dated) -> tuple[Era, ...]:
    """What the configurations say to the core, each from its moment on."""
    return tuple(
        Era(rules=configuration.rules, since=since, lateness=configuration.lateness)
        for since, configuration in dated.entries
    )
