"""Measures what a client does under a fault, and says it as a cell of the page."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple
from unittest import mock

import psycopg

from fozzy.chaos.services.postgres_server import PostgresServer
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.faults.tcp.plan import Protocol
from tests.chaos.tcp.before import SOON_S, before, toxic
from tests.chaos.tcp.faced.clients import CLIENTS, EVENTS, T_S, Client, said_of
from tests.chaos.tcp.faced.faults import SEED, Fault
from tests.chaos.upstream import Upstream, chunked, plain, sse, until_closed

NEVER = "**never returns**"
COMES_S = 20.0  # for what comes of a toxic at the end of a connection
RACING = ["`ConnectError` ← reset", "`ReadError` ← reset", "`RemoteProtocolError`"]  # httpcore drops a write's error
ANY_OF_THEM = "`ConnectError` or `ReadError` ← reset, or `RemoteProtocolError`"
BODY = '{"ok": "éééééééééé"}'.encode()
JSON = [("Content-Type", "application/json")]
PROTOCOLS: dict[str, Protocol] = {"redis": "redis", "postgres": "postgres", "http": "http"}


class Services(NamedTuple):
    """The servers behind the proxies, `host:port` by column."""

    redis: str
    postgres: str
    http: str


@contextlib.contextmanager
def served() -> Iterator[Services]:
    """Real servers, started for this."""
    with RedisServer() as kept, PostgresServer() as tables, Upstream() as upstream:
        yield from prepared(kept, tables, upstream)


def prepared(kept: RedisServer, tables: PostgresServer, upstream: Upstream) -> Iterator[Services]:
    """What the clients ask for is there."""
    serve(upstream)
    tables.ask("CREATE TABLE faced (n int)")
    yield Services(kept.address, tables.address, f"127.0.0.1:{upstream.port}")
    tables.ask("DROP TABLE faced")


def serve(upstream: Upstream) -> None:
    """What the HTTP server answers."""
    events = [f'{{"id": {at}}}' for at in range(1, EVENTS + 1)]
    stream = "".join(f"data: {event}\n\n" for event in events).encode()
    upstream.on("/json", plain(200, JSON, BODY))
    upstream.on("/chunked", chunked([BODY[:9], BODY[9:]], headers=JSON))
    upstream.on("/events", sse(events))
    upstream.on("/events-eof", until_closed(stream, [("Content-Type", "text/event-stream")]))


class Meeting(NamedTuple):
    """One client under one fault."""

    fault: Fault
    column: str
    moment: str
    client: type[Client]
    timeout_s: float


def cell(
    fault: Fault, column: str, services: Services, patience: Callable[[str], float], timeout_s: float = T_S
) -> str:
    """What a column's client does, at every moment, on threads and on asyncio; said once where it is the same.

    `patience` is how many seconds at a moment are taken for ever, `timeout_s` what the client takes for too long.
    """
    clients, upstream = CLIENTS[column], getattr(services, column)
    meetings = [Meeting(fault, column, moment, client, timeout_s) for moment in fault.moments for client in clients]
    with _short_timeouts(timeout_s), ThreadPoolExecutor(len(meetings)) as pool:
        met = list(pool.map(lambda each: _met(each, upstream, patience(each.moment)), meetings))
    said = {}
    for moment, threads, on_asyncio in zip(fault.moments, met[::2], met[1::2], strict=True):
        said[moment] = threads if threads == on_asyncio else f"{threads}, on asyncio {on_asyncio}"
    if len(set(said.values())) == 1:
        return said[fault.moments[0]]
    return "; ".join(f"{moment}: {each}" for moment, each in said.items())


def _met(meeting: Meeting, upstream: str, patience_s: float) -> str:
    with before(upstream, PROTOCOLS[meeting.column], seed=SEED) as proxy:
        found, attempt = _in_thread(lambda: _attempt(proxy, meeting), patience_s)
        end_s = time.monotonic() + COMES_S
        while not (is_applied := _is_applied(proxy)) and time.monotonic() < end_s:
            time.sleep(0.005)
    attempt.join(SOON_S)  # what waited for ever hears that the proxy ends
    assert not attempt.is_alive()
    said = NEVER if found is None else found
    if meeting.fault.is_race and said in RACING:
        said = ANY_OF_THEM
    return said if is_applied else f"{said} (never applied)"


def _is_applied(proxy: TcpProxy) -> bool:
    return any(tally.applied for tally in proxy.tallies())


def _attempt(proxy: TcpProxy, meeting: Meeting) -> str:
    client, struck = meeting.client(proxy.address), toxic(meeting.fault.toxic)
    client.timeout_s = meeting.timeout_s
    try:
        if meeting.moment == "connecting":
            proxy.add(struck)
            client.open()
        else:
            client.open()
            proxy.add(struck)
        return client.ask(meeting.fault.asks)
    except Exception as error:
        after = client.after()
        return said_of(error) + (f", {after}" if after else "")
    finally:
        client.close()


def _in_thread(work: Callable[[], str], patience_s: float) -> tuple[str | None, threading.Thread]:
    """What somebody says who may never come back; none by then."""
    found: Future[str] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:
            found.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        return found.result(patience_s), thread
    except TimeoutError:
        if found.done():
            raise
        return None, thread


@contextlib.contextmanager
def _short_timeouts(timeout_s: float) -> Iterator[None]:
    """psycopg makes a `connect_timeout` at least two seconds, as libpq does; nobody wants to wait for that here."""
    with (
        mock.patch.object(psycopg.connection, "timeout_from_conninfo", lambda _: timeout_s),
        mock.patch.object(psycopg.connection_async, "timeout_from_conninfo", lambda _: timeout_s),
    ):
        yield
