"""httpx behind the proxy: each fault is the exception of httpx for it, and the transports raise the same ones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fozzy.chaos.transport import ChaosTransport
from tests.chaos.http.harness import running
from tests.chaos.upstream import Upstream, plain, sse

BODY = b'{"ok": true, "text": "' + b"x" * 500 + b'"}'
EVENTS = ["one", "two", "three"]


def faults(**said: Any) -> dict[str, Any]:
    return {"faults": said}


def upstream() -> Upstream:
    found = Upstream()
    found.on("/", plain(200, [("Content-Type", "application/json")], BODY))
    found.on("/events", sse(EVENTS))
    return found


def seen(client: httpx.Client, path: str) -> tuple[Any, bytes]:
    """Status or error, and what of the body came."""
    got = b""
    try:
        with client.stream("GET", path) as answer:
            for piece in answer.iter_raw():
                got += piece
            return answer.status_code, got
    except httpx.TransportError as error:
        return type(error), got


FAULTS: list[tuple[dict[str, Any], str, Any]] = [
    ({}, "/", 200),
    (faults(drop=1), "/", 500),
    (faults(rate_limit=1), "/", 429),
    (faults(status={"codes": [503]}), "/", 503),
    (faults(timeout={"after": "20ms"}), "/", 504),
    (faults(status_override={"status": 503}), "/", 503),
    ({"limits": {"loss": {"as": "408", "probability": 1}}}, "/", 408),
    (faults(malformed=1), "/", 200),
    (faults(malformed={"how": "truncate"}), "/", 200),
    (faults(malformed={"how": "random-bytes"}), "/events", 200),
    (faults(disconnect=1), "/", httpx.RemoteProtocolError),
    (faults(disconnect={"how": "rst"}), "/", httpx.ReadError),
    ({"limits": {"loss": 1.0}}, "/", httpx.ReadError),
    (faults(partial=1), "/", httpx.RemoteProtocolError),
    (faults(disconnect={"at": "after-headers"}), "/", httpx.RemoteProtocolError),
    (faults(disconnect={"after_bytes": 100}), "/", httpx.RemoteProtocolError),
    (faults(disconnect={"after_bytes": 10**6}), "/", 200),
    (faults(timeout={"hang": True}), "/", httpx.ReadTimeout),
    ({"latency": {"fixed": "20s"}}, "/", httpx.ReadTimeout),
    (faults(drop_event={"event": 2}), "/events", 200),
    (faults(corrupt_event={"event": 2}), "/events", 200),
    (faults(cut_stream={"after_events": 2}), "/events", httpx.RemoteProtocolError),
    (faults(cut_stream={"after_events": 2}), "/", 200),
    (faults(stall={"after_events": 2}), "/events", httpx.ReadTimeout),
    (faults(stall={"after_events": 2, "for": "30ms"}), "/events", 200),
]


@pytest.mark.parametrize(("plan", "path", "expected"), FAULTS, ids=lambda value: str(value))
def test_the_proxy_and_the_transport_give_the_same(plan: Any, path: str, expected: Any) -> None:
    """Status or exception, the bytes that came, and what the record says are the same behind both doors."""
    told = []
    timeout_s = 0.5 if expected is httpx.ReadTimeout else 20
    with upstream() as service:
        with running(plan, service.url) as run, httpx.Client(base_url=run.url, timeout=timeout_s) as client:
            told.append(seen(client, path))
            told.append(summary(run.only()))
        transport = ChaosTransport(plan=plan, seed=7)
        records: list[Any] = []
        transport.session.listeners.append(records.append)
        with httpx.Client(transport=transport, base_url=service.url, timeout=timeout_s) as client:
            told.append(seen(client, path))
            told.append(summary(records[0]))
    assert told[0][0] == expected
    assert told[:2] == told[2:]


def summary(exchange: Any) -> tuple[Any, ...]:
    sent = exchange.sent
    return exchange.planned, exchange.applied, exchange.reason, sent.status, sent.bytes, sent.ended


def test_a_connection_error_is_told_apart() -> None:
    """Behind the proxy a connection was made, so its reset is a `ReadError`; the transport says what is meant."""
    plan = faults(connection_error=1)
    with upstream() as service, running(plan, service.url) as run, httpx.Client(base_url=run.url) as client:
        assert seen(client, "/")[0] is httpx.ReadError
        with httpx.Client(transport=ChaosTransport(plan=plan), base_url=service.url) as direct:
            assert seen(direct, "/")[0] is httpx.ConnectError
        assert service.count == 0


def test_many_requests_over_one_connection() -> None:
    """A pool of connections that chaos keeps breaking heals by itself: every request without a fault succeeds."""
    plan = faults(disconnect=0.2, partial=0.2, drop=0.2)
    with upstream() as service, running(plan, service.url) as run, httpx.Client(base_url=run.url) as client:
        told = [seen(client, f"/?{n}")[0] for n in range(100)]
        applied = [each.applied for each in run.wait(100)]
    expected = {"": 200, "drop": 500, "disconnect": httpx.RemoteProtocolError, "partial": httpx.RemoteProtocolError}
    assert told == [expected[name] for name in applied]
    assert len(set(applied)) == 4
