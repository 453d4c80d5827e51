"""The server of events of the application as a fixture, and a proxy before it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.conftest import asked

SERVER = Path(__file__).parent / "app" / "stream_server.py"


def program(*words: str) -> Any:
    """The server of events, not yet begun."""
    from fozzy.chaos.services import Service

    return Service([sys.executable, str(SERVER), "{port}", *words], ready="/health", name="stream")


@pytest.fixture(scope="session")
def the_stream_server() -> Iterator[Any]:
    """The server of events of this process."""
    with program() as service:
        yield service


@pytest.fixture
def stream_server(the_stream_server: Any) -> Any:
    """One that has made nothing yet."""
    asked(the_stream_server, "/forget")
    return the_stream_server


@pytest.fixture
def stream_proxy(stream_server: Any, chaos_proxy: Any) -> Any:
    """A proxy before it."""
    return chaos_proxy(stream_server, protocol="http", name="stream")
