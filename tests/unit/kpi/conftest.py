from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest
from ruamel.yaml import YAML


@pytest.fixture(scope="session")
def shipped() -> Mapping[str, Any]:
    """The entries of the catalogue that is in the package."""
    entries: Mapping[str, Any] = YAML(typ="safe").load(
        files("stream_app.kpi").joinpath("catalogue.yaml").read_text("utf-8")
    )
    return entries
