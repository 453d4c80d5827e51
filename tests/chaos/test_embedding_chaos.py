"""Embeddings that are slow, busy or gone: Voyage's published client, and the application's batches and duplicates over it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from voyageai import error

from tests.chaos.app.embeddings import (
    LIMIT_S,
    REST_S,
    THRESHOLD,
    TRIES,
    Embedder,
    SteadyEmbedder,
    WastefulEmbedder,
    deduplicated,
    lossy,
)
from tests.chaos.app.guard import Unavailable
from tests.chaos.looped import gaps_s, on_a_loop, sent
from tests.chaos.seen import connections

pytestmark = pytest.mark.chaos(seed=7)

TEXTS = ["A lamp", "a chair", "a  LAMP", "a table", "a clock", "A Chair", "a shelf"]
KEPT = ["A lamp", "a chair", "a table", "a clock", "a shelf"]


@on_a_loop
async def test_duplicates_are_found(embedding_proxy: Any, embedding_server: Any, virtual_time: Any, chaos: Any) -> None:
    """[B5] In fair weather: seven texts are five, sent in two batches of different ones; the wasteful twin sends all seven."""
    assert await deduplicated(TEXTS, Embedder(embedding_proxy.url)) == KEPT
    assert [len(each.body["input"]) for each in embedding_server.requests] == [4, 1]
    assert await deduplicated(TEXTS, WastefulEmbedder(embedding_proxy.url)) == KEPT
    assert [len(each.body["input"]) for each in embedding_server.requests[2:]] == [4, 3]


# B5: tried again, with growing pauses


@pytest.mark.chaos_service
@pytest.mark.parametrize("status", [429, 500, 503])
@on_a_loop
async def test_a_batch_is_tried_again_with_growing_pauses(
    embedding_proxy: Any, virtual_time: Any, chaos: Any, status: int
) -> None:
    """[B5] Each of these three times, then an answer: pauses of 1, 2 and 4 s, and no duplicate stays."""
    with embedding_proxy.toxic("http_status", status=status, first=3):
        assert await deduplicated(TEXTS, Embedder(embedding_proxy.url)) == KEPT
    assert gaps_s(sent(chaos.records)) == [1.0, 2.0, 4.0, 0.0]
    chaos.assert_fired("http_status", times=3)
    chaos.assert_backoff(base=1, factor=2)


@on_a_loop
async def test_who_does_not_wait_longer_is_seen(embedding_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B5] The twin with equal pauses gets its answer too, and the oracle says that they do not grow."""
    with embedding_proxy.toxic("http_status", status=503, first=3):
        assert await deduplicated(TEXTS, SteadyEmbedder(embedding_proxy.url)) == KEPT
    assert gaps_s(sent(chaos.records)) == [1.0, 1.0, 1.0, 0.0]
    chaos.assert_fired("http_status", times=3)
    with pytest.raises(AssertionError):
        chaos.assert_backoff(base=1, factor=2)


@on_a_loop
async def test_our_own_mistake_is_made_once(embedding_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B5] 400: one attempt, no breaker opens, and every text stays."""
    embedder = Embedder(embedding_proxy.url)
    with embedding_proxy.toxic("http_status", status=400):
        assert await deduplicated(TEXTS, embedder) == TEXTS
    assert len(sent(chaos.records)) == 1
    assert embedder.guard.states == ["closed"]
    chaos.assert_fired("http_status", times=1)


# B5: gone


@pytest.mark.chaos_middleware
@on_a_loop
async def test_eight_failures_open_it(embedding_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B5] Two batches with four failed connections each: it opens on the eighth; then nobody is asked, and every text stays;
    60 s later one call closes it, and duplicates are found again."""
    embedder = Embedder(embedding_proxy.url)
    with embedding_proxy.toxic("reset_peer", on="connection", first=THRESHOLD):
        for _ in range(THRESHOLD // TRIES):
            assert await deduplicated(TEXTS, embedder) == TEXTS
        assert embedder.guard.states == ["closed", "opened"]
        for _ in range(10):
            assert await deduplicated(TEXTS, embedder) == TEXTS
    await asyncio.sleep(REST_S)
    assert len(connections(chaos.records)) == THRESHOLD
    await asyncio.sleep(0.001)
    assert await deduplicated(TEXTS, embedder) == KEPT
    assert embedder.guard.states == ["closed", "opened", "half-opened", "closed"]
    chaos.assert_fired("reset_peer", times=THRESHOLD)


@pytest.mark.chaos_network
@on_a_loop
async def test_nobody_listens(embedding_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B5] A closed port: four attempts over 7 s, then all texts; the lossy twin has none."""
    with embedding_proxy.refuse():
        assert await deduplicated(TEXTS, Embedder(embedding_proxy.url)) == TEXTS
        assert virtual_time.now == 7.0
        assert await lossy(TEXTS, Embedder(embedding_proxy.url)) == []
    assert not sent(chaos.records)
    chaos.assert_fired("refuse")


@pytest.mark.chaos_service
@on_a_loop
async def test_it_is_killed_between_two_batches(
    embedding_proxy: Any, embedding_server: Any, virtual_time: Any, chaos: Any
) -> None:
    """[B5] The server dies: every text stays; when it is back, duplicates are found by the same embedder."""
    embedder = Embedder(embedding_proxy.url)
    assert await deduplicated(TEXTS, embedder) == KEPT
    with embedding_server.killed():
        assert await deduplicated(TEXTS, embedder) == TEXTS
    assert await deduplicated(TEXTS, embedder) == KEPT


# B1: what Voyage's client makes of each way to fail

MODES: dict[str, Any] = {
    "timeout": ("timeout", {"timeout": 0}, error.Timeout),
    "connection refused": ("refuse", {"first": 1}, error.APIConnectionError),
    "reset for a reply": ("drop_reply", {"first": 1}, error.APIConnectionError),
    "rate limit": ("http_rate_limit", {"retry_after": 1}, error.RateLimitError),
    "server error": ("http_status", {"status": 500}, error.ServerError),
    "bad gateway": ("http_status", {"status": 502}, error.ServiceUnavailableError),
    "no json": ("http_malformed", {}, error.APIError),
    "unauthorised": ("http_status", {"status": 401}, error.AuthenticationError),
}


@pytest.mark.chaos_network
@pytest.mark.parametrize("mode", MODES)
@on_a_loop
async def test_how_a_client_fails(embedding_proxy: Any, virtual_time: Any, chaos: Any, mode: str) -> None:
    """[B1, B5] One attempt: each is the error that is documented; afterwards the proxy is clean and vectors come."""
    kind, words, raised = MODES[mode]
    client = Embedder(embedding_proxy.url)._client
    with embedding_proxy.toxic(kind, **words), pytest.raises(raised):
        await client.embed(["a"], model="voyage-3")
    assert virtual_time.now == (LIMIT_S if mode == "timeout" else 0)
    assert not embedding_proxy.toxics
    assert len((await client.embed(["a"], model="voyage-3")).embeddings) == 1
    chaos.assert_fired(kind)


@pytest.mark.chaos_middleware
@on_a_loop
async def test_open_means_unasked(embedding_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B5] While it is open a call ends at once with the application's own error."""
    embedder = Embedder(embedding_proxy.url)
    chaos.breaker("embeddings").watch(embedder.guard.factory)
    with embedding_proxy.toxic("http_status", status=503):
        for _ in range(THRESHOLD // TRIES):
            with pytest.raises(error.ServiceUnavailableError):
                await embedder.vectors(["a"])
        began = virtual_time.now
        with pytest.raises(Unavailable):
            await embedder.vectors(["a"])
        assert virtual_time.now == began
    assert len(sent(chaos.records)) == THRESHOLD
    chaos.assert_fired("http_status", times=THRESHOLD)
    chaos.assert_no_calls_while_open()
