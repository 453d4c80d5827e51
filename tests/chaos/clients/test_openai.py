"""The published OpenAI client behind the proxy: each fault is the exception its documentation names, retries are seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from fozzy.chaos.transport import ChaosTransport
from fozzy.core.clock import Clock
from fozzy.faults.http.control import start
from tests.chaos.clients.llm import TEXT, WORDS, model
from tests.chaos.http.harness import Running, running
from tests.chaos.upstream import Upstream

ASKED: dict[str, Any] = {"model": "stand-in", "messages": [{"role": "user", "content": "hi"}]}
QUICKLY = {"retry-after-ms": "1"}


@contextmanager
def client(plan: dict[str, Any], **said: Any) -> Iterator[tuple[openai.OpenAI, Running, Upstream]]:
    """The client, the proxy with this plan, and the service behind it."""
    options = {"max_retries": 0, "timeout": 5, **said}
    with (
        model() as upstream,
        running(plan, upstream.url) as run,
        openai.OpenAI(base_url=f"{run.url}/v1", api_key="key-of-mine", **options) as found,
    ):
        yield found, run, upstream


def faults(**said: Any) -> dict[str, Any]:
    return {"faults": said}


def cause_of(error: BaseException) -> str:
    """The error of httpx, or of httpx2, below: newer clients raise it in an error of theirs, older ones as it is."""
    return type(error.__cause__ or error).__name__


def stream(client: openai.OpenAI, got: list[str]) -> None:
    """Read a stream word by word."""
    for event in client.chat.completions.create(**ASKED, stream=True):
        got.append(event.choices[0].delta.content or "")


def test_without_faults() -> None:
    """Without faults the client gets its completion, plain and streaming, and its key arrives at the service."""
    with client({}) as (found, run, upstream):
        assert found.chat.completions.create(**ASKED).choices[0].message.content == TEXT
        got: list[str] = []
        stream(found, got)
        assert got == [*WORDS, ""]
        assert upstream.requests[0].header("authorization") == "Bearer key-of-mine"
        assert [each.sent.status for each in run.wait(2) if each.sent] == [200, 200]


@pytest.mark.parametrize("streams", [False, True], ids=["plain", "streaming"])
@pytest.mark.parametrize(
    ("plan", "error", "status", "code"),
    [
        (faults(drop=1), openai.InternalServerError, 500, "chaos_drop"),
        (faults(rate_limit=1), openai.RateLimitError, 429, "chaos_ratelimit"),
        (faults(status={"codes": [400]}), openai.BadRequestError, 400, "chaos_status"),
        (faults(status={"codes": [401]}), openai.AuthenticationError, 401, "chaos_status"),
        (faults(status={"codes": [403]}), openai.PermissionDeniedError, 403, "chaos_status"),
        (faults(status={"codes": [404]}), openai.NotFoundError, 404, "chaos_status"),
        (faults(status={"codes": [409]}), openai.ConflictError, 409, "chaos_status"),
        (faults(status={"codes": [422]}), openai.UnprocessableEntityError, 422, "chaos_status"),
        (faults(status={"codes": [503]}), openai.InternalServerError, 503, "chaos_status"),
        (faults(timeout={"after": "20ms"}), openai.InternalServerError, 504, "chaos_timeout"),
        ({"limits": {"loss": {"as": "408", "probability": 1}}}, openai.APIStatusError, 408, "chaos_loss"),
        ({"limits": {"global": {"rate": "1/h"}}}, openai.RateLimitError, 429, "chaos_ratelimit"),
    ],
)
def test_answers_of_faults(
    plan: Any, error: type[openai.APIStatusError], status: int, code: str, streams: bool
) -> None:
    """An answer of a fault is the client's error for its status, with our code in it; the service is not asked."""
    with client(plan) as (found, run, upstream):
        if "limits" in plan and "global" in plan["limits"]:
            found.chat.completions.create(**ASKED)
        asked = upstream.count
        with pytest.raises(error) as caught:
            found.chat.completions.create(**ASKED, stream=streams)
        assert (caught.value.status_code, caught.value.code) == (status, code)
        assert upstream.count == asked
        last = run.wait(asked + 1)[-1]
        assert last.applied == last.planned != ""


@pytest.mark.parametrize(
    ("plan", "cause"),
    [
        (faults(disconnect=1), "RemoteProtocolError"),
        (faults(disconnect={"how": "rst"}), "ReadError"),
        (faults(connection_error=1), "ReadError"),
        ({"limits": {"loss": 1.0}}, "ReadError"),
        (faults(partial=1), "RemoteProtocolError"),
        (faults(partial={"how": "rst"}), "ReadError"),
        (faults(disconnect={"at": "after-headers"}), "RemoteProtocolError"),
    ],
)
def test_broken_connections(plan: Any, cause: str) -> None:
    """A connection that ends too early is an `APIConnectionError`."""
    with client(plan) as (found, run, _):
        with pytest.raises(openai.APIConnectionError) as caught:
            found.chat.completions.create(**ASKED)
        assert not isinstance(caught.value, openai.APITimeoutError)
        assert cause_of(caught.value) == cause
        assert run.only().applied == run.only().planned != ""


@pytest.mark.parametrize(
    "plan",
    [
        faults(timeout={"hang": True}),
        {"limits": {"loss": {"as": "hang", "probability": 1}}},
        {"latency": {"fixed": "20s"}},
    ],
)
def test_what_takes_too_long(plan: Any) -> None:
    """What is held longer than the client waits is an `APITimeoutError`; the record says that the client left."""
    with client(plan, timeout=0.2) as (found, run, upstream):
        with pytest.raises(openai.APITimeoutError):
            found.chat.completions.create(**ASKED)
        assert run.only().sent is not None and run.only().sent.ended == "client_gone"
        assert upstream.count == 0


@pytest.mark.parametrize("how", ["invalid-json", "truncate"])
@pytest.mark.parametrize("streams", [False, True], ids=["plain", "streaming"])
def test_malformed_answers(how: str, streams: bool) -> None:
    """An answer that is no JSON is the JSON decoder's error, whatever the client's retries are: it is a 200."""
    with client(faults(malformed={"how": how}), max_retries=2) as (found, run, upstream):
        with pytest.raises((json.JSONDecodeError, openai.APIError)):
            if streams:
                stream(found, [])
            else:
                found.chat.completions.create(**ASKED)
        assert upstream.count == 1 and run.only().applied == "malformed"


def test_another_status() -> None:
    """A completion under 503 is an error although its body is whole; the service was asked and its answer recorded."""
    with client(faults(status_override={"status": 503})) as (found, run, upstream):
        with pytest.raises(openai.InternalServerError):
            found.chat.completions.create(**ASKED)
        assert upstream.count == 1
        answer = run.only().answer
        assert answer is not None and answer.status == 200 and TEXT in answer.body.shown()


def test_an_event_is_lost() -> None:
    """Of a streamed completion one word is missing, and the client notices nothing."""
    with client(faults(drop_event={"event": 2})) as (found, run, _):
        got: list[str] = []
        stream(found, got)
        assert got == [WORDS[0], *WORDS[2:], ""]
        assert run.only().applied == "drop_event"


def test_an_event_is_damaged() -> None:
    """A damaged event is an error of the decoder once the client comes to it; what came before it is there."""
    with client(faults(corrupt_event={"event": 3})) as (found, _, _):
        got: list[str] = []
        with pytest.raises((json.JSONDecodeError, openai.APIError)):
            stream(found, got)
        assert got == WORDS[:2]


@pytest.mark.parametrize(
    ("plan", "cause", "words"),
    [
        (faults(cut_stream={"after_events": 2}), "RemoteProtocolError", 2),
        (faults(cut_stream={"after_events": 3, "how": "rst"}), "ReadError", None),
        (faults(disconnect={"after_bytes": 10}), "RemoteProtocolError", 0),
        (faults(stall={"after_events": 2}), "ReadTimeout", 2),
    ],
)
def test_a_stream_breaks_off(plan: Any, cause: str, words: int | None) -> None:
    """A stream that ends or stalls too early is an error behind the words that came; after a reset some may be lost."""
    with client(plan, timeout=1 if cause == "ReadTimeout" else 20) as (found, run, _):
        got: list[str] = []
        with pytest.raises(Exception) as caught:
            stream(found, got)
        assert cause_of(caught.value) == cause
        assert got == WORDS[: len(got) if words is None else words]
        assert run.only().applied == run.only().planned


def test_a_stall_that_ends() -> None:
    """A stall that is shorter than the client's patience costs time alone."""
    with client(faults(stall={"after_events": 2, "for": "50ms"})) as (found, run, _):
        got: list[str] = []
        stream(found, got)
        assert "".join(got) == TEXT and run.only().waited_ns >= 50 * 10**6


def test_retries_are_occurrences() -> None:
    """The client retries by itself: two failures and a success are occurrences 1 to 3 of one request."""
    plan = faults(status={"codes": [500, 503], "first": 2, "headers": QUICKLY})
    with client(plan, max_retries=2) as (found, run, upstream):
        assert found.chat.completions.create(**ASKED).choices[0].message.content == TEXT
        exchanges = run.wait(3)
        assert [each.occurrence for each in exchanges] == [1, 2, 3]
        assert len({each.key for each in exchanges}) == 1
        assert [each.applied for each in exchanges] == ["status", "status", ""]
        assert upstream.count == 1


def test_retries_come_to_an_end() -> None:
    """When every try fails the client gives up after those it was allowed, with the last error."""
    with client(faults(status={"codes": [500], "headers": QUICKLY}), max_retries=2) as (found, run, upstream):
        with pytest.raises(openai.InternalServerError):
            found.chat.completions.create(**ASKED)
        assert [each.occurrence for each in run.wait(3)] == [1, 2, 3] and upstream.count == 0


@pytest.mark.parametrize("streams", [False, True], ids=["plain", "streaming"])
def test_faults_without_a_proxy(streams: bool) -> None:
    """The client takes a transport of ours as well: the same errors, retries and records, and time is a clock of ours."""
    clock, seen = Clock(), []
    plan = {"latency": {"fixed": "2s"}, **faults(status={"codes": [500], "first": 1, "headers": QUICKLY}, malformed=0)}
    plan["scenarios"] = {"gone": {"faults": {"connection_error": 1}}}
    transport = ChaosTransport(plan=plan, seed=7, clock=clock)
    transport.session.listeners.append(seen.append)
    with (
        model() as upstream,
        openai.DefaultHttpxClient(transport=transport) as http_client,
        openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="k", max_retries=1, http_client=http_client) as found,
    ):
        got: list[str] = []
        if streams:
            stream(found, got)
        else:
            got.append(found.chat.completions.create(**ASKED).choices[0].message.content or "")
        assert "".join(got) == TEXT and upstream.count == 1
        assert [(each.occurrence, each.applied) for each in seen] == [(1, "status"), (2, "")]
        assert clock.now == 4 * 10**9
        transport.session.change(start(transport.session.engine.state, "gone", 0), "start")
        with pytest.raises(openai.APIConnectionError) as caught:
            found.with_options(max_retries=0).chat.completions.create(**ASKED)
        assert cause_of(caught.value) == "ConnectError"


def test_retry_after_is_obeyed() -> None:
    """A rate limit's `Retry-After` makes the client wait as long: its second try passes a bucket that refills by then."""
    with client({"limits": {"global": {"rate": "1/s", "burst": 1}}}, max_retries=1) as (found, run, upstream):
        for _ in range(2):
            assert found.chat.completions.create(**ASKED).choices[0].message.content == TEXT
        first, limited, again = run.wait(3)
        assert [each.applied for each in (first, limited, again)] == ["", "limit.rate", ""]
        assert again.arrived - limited.arrived >= 10**9
        assert upstream.count == 2


def test_a_broken_connection_is_tried_again() -> None:
    """A connection that breaks once is tried again, and the second occurrence of the request is whole."""
    with client(faults(disconnect={"first": 1}), max_retries=1) as (found, run, upstream):
        assert found.chat.completions.create(**ASKED).choices[0].message.content == TEXT
        assert [(each.occurrence, each.applied) for each in run.wait(2)] == [(1, "disconnect"), (2, "")]
        assert upstream.count == 1
