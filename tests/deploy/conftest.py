"""What the tests of the deployment share: the image, made once, and the stack, which goes before other tests run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.image import Image
from tests.deploy.stack import Stack


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image, built."""
    return Image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def stack(image: Image) -> Iterator[Stack]:
    """All that `docker compose up` starts, up and healthy."""
    with Stack(image) as up:
        yield up


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What builds the image or starts the stack needs servers or a package index, and time."""
    for item in items:
        if isinstance(item, pytest.Function) and not {"image", "stack"}.isdisjoint(item.fixturenames):
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.xdist_group("deploy"))
            item.add_marker(pytest.mark.timeout(400))
