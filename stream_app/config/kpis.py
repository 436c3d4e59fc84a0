"""The KPI catalogue that holds: the package's entries with those of the configuration on top."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import cast

from stream_app.config.configuration import Configuration
from stream_app.config.mistake import ConfigurationRefused
from stream_app.config.plain import Places, plain
from stream_app.config.tree import tree
from stream_app.kpi.catalogue import Catalogue, build
from stream_app.kpi.entry import Raw
from stream_app.kpi.grain import Window


def catalogue(configuration: Configuration) -> Catalogue:
    """The catalogue of a configuration; raises ConfigurationRefused with every mistake in its `kpis`."""
    windows = [Window(length, label) for label, length in configuration.windows]
    found = build(_built_in(), configuration.kpis, windows)
    if isinstance(found, Catalogue):
        return found
    raise ConfigurationRefused(
        configuration.mistake(("kpis", *fault.path), fault.message, key=len(fault.path) == 1) for fault in found
    )


@cache
def _built_in() -> dict[str, Raw]:
    text = files("stream_app.kpi").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    root, mistakes = tree(text, "catalogue.yaml")
    if root is None or mistakes:
        raise ConfigurationRefused(mistakes)
    return cast("dict[str, Raw]", plain(root, Places(), ()))
