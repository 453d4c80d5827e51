"""One process of proxies for the tests of a module, without a proxy at the beginning of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.tcp.clients.serving import Api, serving, upstream


@pytest.fixture(scope="module")
def process() -> Iterator[Api]:
    """The process."""
    with serving() as api:
        yield api


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of what stands behind the proxies: it answers in capitals."""
    with upstream() as address:
        yield address


@pytest.fixture
def api(process: Api) -> Iterator[Api]:
    """Its API, with no proxy before and none after."""
    process.clear()
    yield process
    process.clear()
