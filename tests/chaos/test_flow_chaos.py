"""A whole session over Redis, PostgreSQL and a stream of events, with a fault in each that follows from the seed."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import psycopg
import pytest

from tests.chaos.app.checkpoints import Checkpoints, client_of
from tests.chaos.app.flow import Flow
from tests.chaos.app.sessions import TABLES, checking_pool_of
from tests.chaos.app.stream_server import after
from tests.chaos.looped import on_a_loop
from tests.chaos.streaming import stream_proxy, stream_server, the_stream_server

__all__ = ["stream_proxy", "stream_server", "the_stream_server"]

pytestmark = pytest.mark.chaos

COUNT = 6
SEEDS = 100

# Kinds of faults of each service, and their words; `nth` is which of the messages it strikes.
REDIS: list[tuple[str, dict[str, Any]]] = [
    ("reset_peer", {"match": "SET", "stream": "upstream"}),
    ("drop_reply", {"match": "SET"}),
    ("resp_error", {"code": "LOADING", "match": "SET"}),
    ("resp_error", {"code": "OOM", "match": "SET"}),
    ("drop_reply", {"match": "SET", "end": "hang"}),
]
POSTGRES: list[tuple[str, dict[str, Any]]] = [
    ("reset_peer", {"match": "INSERT INTO *", "stream": "upstream"}),
    ("pg_error", {"sqlstate": "40001", "match": "INSERT INTO *"}),
    ("pg_drop_commit_reply", {"match": "COMMIT"}),
    ("drop_reply", {"match": "INSERT INTO *"}),
]
STREAM: list[tuple[str, dict[str, Any]]] = [
    ("sse_cut", {"end": "rst"}),
    ("sse_cut", {"end": "fin"}),
    ("sse_partial_event", {}),
    ("sse_drop_event", {}),
    ("sse_bad_json", {}),
    ("sse_stall", {"for": 60000}),
]


def faults(seed: int) -> list[tuple[str, dict[str, Any]]]:
    """One for each service, as the seed says."""
    rng = random.Random(seed)
    found = []
    for kinds in (REDIS, POSTGRES, STREAM):
        kind, words = rng.choice(kinds)
        nth = rng.randrange(COUNT)
        if kind in ("sse_cut", "sse_stall"):
            found.append((kind, {**words, "after_events": nth, "first": 1}))
        else:
            found.append((kind, {**words, "pattern": "." * nth + "F"}))
    return found


@contextlib.contextmanager
def struck(proxies: list[Any], seed: int) -> Any:
    """The faults of a seed, in force."""
    with contextlib.ExitStack() as block:
        for proxy, (kind, words) in zip(proxies, faults(seed), strict=True):
            block.enter_context(proxy.toxic(kind, **words))
        yield


async def session(name: str, kind: type[Flow], proxies: list[Any]) -> None:
    """One session from its beginning to its end."""
    redis, postgres, stream = proxies
    client = client_of(*redis.address)
    async with client, checking_pool_of(postgres.url, size=1) as pool:
        await kind(name, Checkpoints(client), pool, f"{stream.url}/events?upto={COUNT}").run()


@pytest.fixture
def proxies(redis_proxy: Any, postgres_proxy: Any, stream_proxy: Any, postgres_server: Any) -> list[Any]:
    """Before Redis, PostgreSQL with its tables, and the events."""
    postgres_server.ask(TABLES)
    return [redis_proxy, postgres_proxy, stream_proxy]


def kept(server: Any, name: str) -> list[tuple[Any, ...]]:
    """What PostgreSQL has of a session."""
    steps = server.ask(f"SELECT number, text FROM steps WHERE session = '{name}' ORDER BY number")
    return [*steps, *server.ask(f"SELECT status FROM sessions WHERE name = '{name}'")]


def wanted() -> list[tuple[Any, ...]]:
    """What it has after an undisturbed one."""
    steps, event = [], None
    for number in range(1, COUNT + 1):
        event = after(event, number)
        steps.append((number, f"{event['text']} {event['total']}"))
    return [*steps, ("closed",)]


@pytest.mark.chaos_runs(SEEDS)
@on_a_loop
async def test_a_session_ends_as_in_fair_weather(
    proxies: list[Any], redis_server: Any, postgres_server: Any, virtual_time: Any, chaos: Any
) -> None:
    """[flow] Whatever happens once to each service: every step once, and a closed session; its checkpoint is the last one, or an
    older one, or there is none."""
    with struck(proxies, chaos.seed):
        await session("a", Flow, proxies)
    assert kept(postgres_server, "a") == wanted()
    found = redis_server.get("session:a")
    assert found is None or found in [f'{{"step": {number}}}' for number in range(1, COUNT + 1)]


@on_a_loop
async def test_fair_weather(
    proxies: list[Any], redis_server: Any, postgres_server: Any, virtual_time: Any, chaos: Any
) -> None:
    """[flow] Without any fault it takes no time, and the checkpoint is the last step."""
    await session("a", Flow, proxies)
    assert kept(postgres_server, "a") == wanted()
    assert redis_server.get("session:a") == f'{{"step": {COUNT}}}'
    assert virtual_time.now == 0


@on_a_loop
async def test_a_session_is_taken_up_again(
    proxies: list[Any], redis_server: Any, postgres_server: Any, virtual_time: Any, chaos: Any
) -> None:
    """[flow] All connections to PostgreSQL are lost for good at the third step: the session ends there; the next one goes on from its
    checkpoint, or where that is lost too, from the steps."""
    for name in ("a", "b"):
        lost = proxies[1].toxic("reset_peer", match="INSERT INTO steps*", stream="upstream", after=2)
        with lost, pytest.raises(psycopg.OperationalError):
            await session(name, Flow, proxies)
        if name == "b":
            redis_server.ask("DEL", "session:b")
        await session(name, Flow, proxies)
        assert kept(postgres_server, name) == wanted()
    chaos.assert_fired("reset_peer", times=6)
