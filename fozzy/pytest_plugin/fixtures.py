"""The fixtures. Each is a few lines over the test's state; what they need is imported when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fozzy.pytest_plugin.chaos import Chaos
    from fozzy.pytest_plugin.injecting import Injector
    from fozzy.pytest_plugin.proxies import ChaosProxy, ProxyMaker
    from fozzy.pytest_plugin.state import ChaosTest
    from fozzy.pytest_plugin.timing import TestTime

FIRST = "_chaos_test"  # begins a test of ours, before its other fixtures of its own
PROXIES = ("embedding_proxy", "http_proxy", "llm_proxy", "postgres_proxy", "redis_proxy", "sse_proxy")
FAILURES = ("inject_llm_failure", "inject_postgres_failure", "inject_redis_failure")
OURS = frozenset(
    (*PROXIES, *FAILURES, "chaos", "chaos_proxy", "clock", "virtual_time", FIRST)
)  # what makes a test ours


@pytest.fixture
def _chaos_test(request: pytest.FixtureRequest) -> Iterator[ChaosTest]:
    """All of one test: seed, time, proxies; it is ended after all that was made with it."""
    from fozzy.pytest_plugin.session import session_of

    with session_of(request.config).test(request.node) as test:
        yield test


@pytest.fixture
def chaos(_chaos_test: ChaosTest) -> Chaos:
    """This test's faults, seed, trace and oracles."""
    return _chaos_test.chaos


@pytest.fixture
def chaos_proxy(_chaos_test: ChaosTest) -> ProxyMaker:
    """Makes proxies: `chaos_proxy("127.0.0.1:6379", protocol="redis")`, or before what has a `url`."""
    return _chaos_test.proxy


@pytest.fixture
def virtual_time(_chaos_test: ChaosTest) -> TestTime:
    """The clock of this test: `virtual_time.now` is seconds since it began."""
    return _chaos_test.time


@pytest.fixture
def clock(virtual_time: TestTime) -> TestTime:
    """As `virtual_time`."""
    return virtual_time


@pytest.fixture
def redis_proxy(_chaos_test: ChaosTest, redis_server: Any) -> ChaosProxy:
    """A proxy before `redis_server`."""
    return _chaos_test.proxy(redis_server, protocol="redis", name="redis")


@pytest.fixture
def postgres_proxy(_chaos_test: ChaosTest, postgres_server: Any) -> ChaosProxy:
    """A proxy before `postgres_server`."""
    return _chaos_test.proxy(postgres_server, protocol="postgres", name="postgres")


@pytest.fixture
def http_proxy(_chaos_test: ChaosTest, http_server: Any) -> ChaosProxy:
    """A proxy before `http_server`, or before the one of your own fixture of that name."""
    return _chaos_test.proxy(http_server, protocol="http", name="http")


@pytest.fixture
def sse_proxy(_chaos_test: ChaosTest, sse_server: Any) -> ChaosProxy:
    """A proxy before `sse_server`."""
    return _chaos_test.proxy(sse_server, protocol="http", name="sse")


@pytest.fixture
def llm_proxy(_chaos_test: ChaosTest, llm_server: Any) -> ChaosProxy:
    """A proxy before `llm_server`."""
    return _chaos_test.proxy(llm_server, protocol="http", name="llm")


@pytest.fixture
def embedding_proxy(_chaos_test: ChaosTest, embedding_server: Any) -> ChaosProxy:
    """A proxy before `embedding_server`."""
    return _chaos_test.proxy(embedding_server, protocol="http", name="embedding")


@pytest.fixture
def inject_redis_failure(redis_proxy: ChaosProxy) -> Injector:
    """Failures of Redis by name: `with inject_redis_failure("timeout"): …`; clients connect to its `proxy`."""
    from fozzy.pytest_plugin.injecting import REDIS, Injector

    return Injector(redis_proxy, REDIS)


@pytest.fixture
def inject_postgres_failure(postgres_proxy: ChaosProxy) -> Injector:
    """Failures of PostgreSQL by name: `with inject_postgres_failure("timeout"): …`; clients connect to its `proxy`."""
    from fozzy.pytest_plugin.injecting import POSTGRES, Injector

    return Injector(postgres_proxy, POSTGRES)


@pytest.fixture
def inject_llm_failure(llm_proxy: ChaosProxy) -> Injector:
    """Failures of a language model by name: `with inject_llm_failure("timeout"): …`; clients connect to its `proxy`."""
    from fozzy.pytest_plugin.injecting import LLM, Injector

    return Injector(llm_proxy, LLM)
