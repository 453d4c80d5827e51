"""Services as fixtures: one of each for all tests of a process, started by the first that asks for it, clean for each.

Rule 1: what is not installed skips the test and says what to install; `--chaos-require-services` makes that a failure.
Rule 2: a test that leaves a service dead or a fault in force fails in its teardown; the next one gets a service as new.
To add one: a pair of fixtures here, which `provided` finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

import pytest

from fozzy.pytest_plugin.options import option_of

if TYPE_CHECKING:
    from fozzy.chaos.services.postgres_server import PostgresServer
    from fozzy.chaos.services.redis_server import RedisServer
    from fozzy.chaos.services.service import Service
    from fozzy.chaos.services.standin import EmbeddingServer, HttpServer, LlmServer, SseServer

LEFT_OUT = " is left out: "  # of what a skip says
S = TypeVar("S", bound="Service")


@pytest.fixture(scope="session")
def the_redis_server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """The Redis of this process."""
    from fozzy.chaos.services.redis_server import RedisServer

    yield from started(RedisServer(), request.config)


@pytest.fixture
def redis_server(the_redis_server: RedisServer, request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """A real Redis that is empty."""
    yield from cleared(the_redis_server, request.session)


@pytest.fixture(scope="session")
def the_postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """The PostgreSQL of this process."""
    from fozzy.chaos.services.postgres_server import PostgresServer

    yield from started(PostgresServer(), request.config)


@pytest.fixture
def postgres_server(the_postgres_server: PostgresServer, request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A real PostgreSQL without tables."""
    yield from cleared(the_postgres_server, request.session)


@pytest.fixture(scope="session")
def the_llm_server(request: pytest.FixtureRequest) -> Iterator[LlmServer]:
    """The language model of this process."""
    from fozzy.chaos.services.standin import LlmServer

    yield from started(LlmServer(), request.config)


@pytest.fixture
def llm_server(the_llm_server: LlmServer, request: pytest.FixtureRequest) -> Iterator[LlmServer]:
    """A stand-in for a language model, for the clients of OpenAI and Anthropic."""
    yield from cleared(the_llm_server, request.session)


@pytest.fixture(scope="session")
def the_embedding_server(request: pytest.FixtureRequest) -> Iterator[EmbeddingServer]:
    """The embeddings of this process."""
    from fozzy.chaos.services.standin import EmbeddingServer

    yield from started(EmbeddingServer(), request.config)


@pytest.fixture
def embedding_server(
    the_embedding_server: EmbeddingServer, request: pytest.FixtureRequest
) -> Iterator[EmbeddingServer]:
    """A stand-in for embeddings, for the clients of Voyage and OpenAI."""
    yield from cleared(the_embedding_server, request.session)


@pytest.fixture(scope="session")
def the_sse_server(request: pytest.FixtureRequest) -> Iterator[SseServer]:
    """The stream of events of this process."""
    from fozzy.chaos.services.standin import SseServer

    yield from started(SseServer(), request.config)


@pytest.fixture
def sse_server(the_sse_server: SseServer, request: pytest.FixtureRequest) -> Iterator[SseServer]:
    """A stand-in for a server of events."""
    yield from cleared(the_sse_server, request.session)


@pytest.fixture(scope="session")
def the_http_server(request: pytest.FixtureRequest) -> Iterator[HttpServer]:
    """The HTTP server of this process."""
    from fozzy.chaos.services.standin import HttpServer

    yield from started(HttpServer(), request.config)


@pytest.fixture
def http_server(the_http_server: HttpServer, request: pytest.FixtureRequest) -> Iterator[HttpServer]:
    """A server that says what it was asked. Your own fixture of this name puts `http_proxy` before your server."""
    yield from cleared(the_http_server, request.session)


def started(service: S, config: pytest.Config) -> Iterator[S]:
    """A service while tests run; for fixtures of one's own too, with a scope of several tests."""
    from fozzy.chaos.services.binaries import MISSING
    from fozzy.errors import FozzyError

    refused: FozzyError | None = None
    try:
        service.__enter__()
    except FozzyError as error:
        refused = error
    if refused is not None:
        said = f"{refused.message}: {refused.hint}" if refused.hint else refused.message
        if refused.code == MISSING and not option_of(config, "chaos_require_services"):
            pytest.skip(f"{service.name}{LEFT_OUT}{said}")
        pytest.fail(said, pytrace=False)
    try:
        yield service
    finally:
        service.end()


def cleared(service: S, session: pytest.Session) -> Iterator[S]:
    """A service for one test: as new, and afterwards as the test found it."""
    service.clear()
    yield service
    if is_broken_off(session):
        return
    left = service.left()
    if left:
        service.undo()
        pytest.fail("\n  ".join(["the test left a service otherwise than it was", *left]), pytrace=False)


def is_broken_off(session: pytest.Session) -> bool:
    """Whether somebody pressed Ctrl-C in a test: it had no time to put anything back, and pytest takes an error of a
    fixture's end for its own by then.
    """
    return session.exitstatus != pytest.ExitCode.OK
