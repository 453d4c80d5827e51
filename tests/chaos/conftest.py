"""What the resilience tests share: the shop, a program of its own, and a proxy before it."""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fozzy import wall

if TYPE_CHECKING:
    from fozzy.chaos.services import Service
    from fozzy.pytest_plugin.proxies import ChaosProxy, ProxyMaker

SERVER = Path(__file__).parent / "app" / "server.py"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """What the proxies of a test decided is decided again, from its records alone."""
    funcargs = getattr(item, "funcargs", None) or {}
    result = yield
    if "_chaos_test" in funcargs:
        from tests.chaos.decided_again import decide_again

        with tempfile.TemporaryDirectory() as folder:
            decide_again(funcargs["_chaos_test"], Path(folder))
    return result


def asked(service: Service, path: str) -> Any:
    """What the shop itself says, past every proxy."""
    wire = http.client.HTTPConnection("127.0.0.1", service.port)
    try:
        wire.request("GET", path)
        return json.loads(wire.getresponse().read())
    finally:
        wire.close()


def settled(service: Service) -> list[dict[str, Any]]:
    """The shop's access log, once it is done with everything in it."""
    for _ in range(5000):
        log: list[dict[str, Any]] = asked(service, "/seen")["log"]
        if all(entry["ended"] != "open" for entry in log):
            return log
        wall.pause_ns(10**6)
    raise AssertionError("the shop is not done")


def shop_program() -> Service:
    """The shop, not yet begun."""
    from fozzy.chaos.services import Service

    return Service([sys.executable, str(SERVER), "{port}"], ready="/health", name="shop")


@pytest.fixture(scope="session")
def the_shop() -> Iterator[Service]:
    """The shop of this process."""
    with shop_program() as service:
        yield service


@pytest.fixture
def shop_server(the_shop: Service) -> Service:
    """A shop that remembers nothing."""
    asked(the_shop, "/forget")
    return the_shop


@pytest.fixture
def shop_proxy(shop_server: Service, chaos_proxy: ProxyMaker) -> ChaosProxy:
    """A proxy before the shop."""
    return chaos_proxy(shop_server, protocol="http", name="shop")
