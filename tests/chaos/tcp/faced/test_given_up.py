"""A client that gives up on a query: how long that takes, with psycopg as published before a real PostgreSQL."""

from __future__ import annotations

import asyncio
import selectors
import time
from unittest import mock

import psycopg
import psycopg.waiting
import pytest

from fozzy.chaos.services.postgres_server import PostgresServer
from fozzy.chaos.tcp.handle import TcpProxy
from tests.chaos.tcp.before import before, toxic

TIMES_FASTER = 25.0  # than the machine's clock, so that nobody waits thirteen seconds
LIMIT_S = 3.0
OWN_S = 5.0  # psycopg's own limit on its request to cancel, and on the end of the query


class Hasty(selectors.DefaultSelector):
    """Waits a fraction of what it is asked to."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / TIMES_FASTER)


class HastyLoop(asyncio.SelectorEventLoop):
    """A loop whose time is that much faster."""

    def __init__(self) -> None:
        super().__init__(Hasty())

    def time(self) -> float:
        return super().time() * TIMES_FASTER


async def given_up(url: str, proxy: TcpProxy) -> float:
    """How long a query takes that is given up after `LIMIT_S`."""
    loop = asyncio.get_running_loop()
    client = await psycopg.AsyncConnection.connect(url, autocommit=True)
    for each in ("timeout:timeout=0", "timeout:timeout=0,stream=upstream"):
        proxy.add(toxic(each))
    began = loop.time()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.execute("SELECT 1"), LIMIT_S)
    took = loop.time() - began
    assert client.broken
    await client.close()
    return took


def test_a_query_that_is_given_up_goes_on_for_ten_seconds(postgres_server: PostgresServer) -> None:
    """Three seconds of patience are thirteen: psycopg asks the server to cancel, and waits for that and for the query."""
    with (
        before(postgres_server.address, "postgres") as proxy,
        mock.patch.object(psycopg.waiting, "monotonic", lambda: time.monotonic() * TIMES_FASTER),
        asyncio.Runner(loop_factory=HastyLoop) as runner,
    ):
        took = runner.run(given_up(postgres_server.url_at(proxy.port), proxy))
    assert took >= LIMIT_S + 2 * OWN_S
