"""Stand-ins are services: what they say and were asked outlives them, and they are clean when told."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from fozzy.chaos.services.service import Service
from fozzy.chaos.services.standin import EmbeddingServer, LlmServer, SseServer, StandIn


def asked(server: LlmServer, text: str = "hello") -> str:
    """What it answers to a text."""
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    answer = httpx.post(f"{server.openai_url()}/chat/completions", json=body, headers={"Authorization": "Bearer key"})
    return str(answer.json()["choices"][0]["message"]["content"])


def test_what_it_was_asked_is_there(llm_server: LlmServer) -> None:
    """Each request with its body and whether it got its answer, by connection; no keys."""
    with httpx.Client(base_url=llm_server.openai_url()) as client:
        for _ in range(2):
            client.get("/models", headers={"X-Api-Key": "secret"})
    assert asked(llm_server) == "You said: hello"
    first, second, third = llm_server.requests
    assert (first.method, first.target, first.body, first.ended) == ("GET", "/v1/models", None, "whole")
    assert first.connection == second.connection != third.connection
    assert third.body["messages"][0]["content"] == "hello"
    assert third.headers["authorization"] == first.headers["x-api-key"] == "<redacted>"


def test_it_outlives_a_kill(llm_server: LlmServer) -> None:
    """What it says and what it was asked are as before, also while it is dead."""
    llm_server.says("Fine.")
    assert asked(llm_server) == "Fine."
    with llm_server.killed(), pytest.raises(httpx.ConnectError):
        asked(llm_server)
    with llm_server.killed():
        assert len(llm_server.requests) == 1
    assert asked(llm_server) == "Fine."
    assert [each.number for each in llm_server.requests] == [1, 2]


def test_clear_makes_it_new(llm_server: LlmServer) -> None:
    """It was asked nothing and says what it says by itself."""
    llm_server.says("Fine.")
    asked(llm_server)
    llm_server.clear()
    assert llm_server.requests == []
    assert asked(llm_server) == "You said: hello"
    assert [each.number for each in llm_server.requests] == [1]


@pytest.fixture
def others(embedding_server: EmbeddingServer, sse_server: SseServer) -> Iterator[list[StandIn]]:
    """The other kinds."""
    yield [embedding_server, sse_server]


def test_each_kind_has_its_url(llm_server: LlmServer, others: list[StandIn]) -> None:
    """At its own port, and at a proxy's."""
    assert llm_server.anthropic_url(7) == "http://127.0.0.1:7"
    assert llm_server.openai_url(7) == "http://127.0.0.1:7/v1"
    assert [each.url_at(7) for each in others] == ["http://127.0.0.1:7/v1", "http://127.0.0.1:7/events"]
    assert all(isinstance(each, Service) and each.protocol == "http" for each in others)
