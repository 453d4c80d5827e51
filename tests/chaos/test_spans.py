"""An exchange as a span: OpenTelemetry's own types read it, and it says what was done to the exchange and nothing secret."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.chaos.spans import TEXT_CHARS_MAX, keep, request_of, shown_query, span_of
from fozzy.chaos.traceparent import context_of
from fozzy.core.exchange import Asked, Exchange, Roll, Sent
from fozzy.core.redact import Redactor
from tests.chaos.collecting import attributes, decoded
from tests.chaos.exchanges import exchange

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def read(said: Exchange, route: str = "", epoch_ns: int = 0) -> Any:
    """The span of an exchange, encoded, and read by OpenTelemetry's types."""
    context = context_of(said.request.headers, 7, said.key, said.occurrence)
    body = msgspec.json.encode(request_of([span_of(keep(said), context, route, epoch_ns)], 7, "s"))
    return decoded(body).resource_spans[0].scope_spans[0].spans[0]


def test_a_plain_exchange() -> None:
    """Names, times and sizes are those of the exchange; nothing is said of faults where there were none."""
    span = read(exchange(3, request=Asked("POST", "/v1/chat?a=1", bytes=7)), "POST /v1/*", epoch_ns=10**18)
    assert (span.name, span.kind, span.status.code) == ("POST POST /v1/*", 2, 0)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (10**18 + 3, 10**18 + 5_000_003)
    assert len(span.trace_id) == 16 and len(span.span_id) == 8 and span.parent_span_id == b""
    assert attributes(span) == {
        "http.request.method": "POST",
        "url.path": "/v1/chat",
        "url.query": "a=1",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "http.request.body.size": 7,
        "http.response.body.size": 10,
        "http.response.status_code": 200,
        "http.route": "POST /v1/*",
        "fozzy.chaos.source": "proxy",
        "fozzy.chaos.number": 3,
        "fozzy.chaos.key": f"{3:016x}",
        "fozzy.chaos.occurrence": 1,
    }


def test_what_was_decided_and_done_is_told() -> None:
    """Every roll, what was planned, what was applied, why not, and both delays are attributes."""
    rolls = [Roll("latency", 1.0, 5, True, "server"), Roll("drop", 0.5, 123, False, "routes[0]")]
    said = exchange(
        1, 502, rolls=rolls, planned="malformed", reason="upstream_failed", delay_ns=1_500_000, waited_ns=2_000_000,
        test="t1", client="10.0.0.1",
    )  # fmt: skip
    found = attributes(read(said))
    assert found["fozzy.chaos.rolls"] == ["latency hit p=1 v=5 server", "drop miss p=0.5 v=123 routes[0]"]
    assert (found["fozzy.chaos.planned"], found["fozzy.chaos.reason"]) == ("malformed", "upstream_failed")
    assert "fozzy.chaos.applied" not in found
    assert (found["fozzy.chaos.delay_ms"], found["fozzy.chaos.waited_ms"]) == (1.5, 2.0)
    assert (found["fozzy.chaos.test"], found["client.address"]) == ("t1", "10.0.0.1")


def test_a_trace_goes_on() -> None:
    """The span stands in the request's trace, below the span that made the request."""
    span = read(exchange(1, request=Asked("GET", "/", [("Traceparent", f"00-{TRACE}-{SPAN}-01")])))
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.flags) == (TRACE, SPAN, 1)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (Sent(500), "500"),
        (Sent(599), "599"),
        (Sent(404), None),
        (Sent(200, 3, "fin"), "fin"),
        (Sent(0, 0, "rst"), "rst"),
        (Sent(0, 0, "client_gone"), "client_gone"),
        (Sent(200, 9, "client_gone"), None),
    ],
)
def test_what_is_an_error(sent: Sent, error: str | None) -> None:
    """A 5xx, a cut and no answer at all are errors; a 4xx is the client's own."""
    span = read(exchange(1, sent=sent))
    assert attributes(span).get("error.type") == error
    assert (span.status.code == 2) == (error is not None)


def test_a_strange_method_is_told_apart() -> None:
    """A method nobody knows is `_OTHER`, as the conventions want, and its text is kept beside."""
    span = read(exchange(1, request=Asked("BREW", "/")))
    assert span.name == "HTTP"
    assert attributes(span)["http.request.method"] == "_OTHER"
    assert attributes(span)["http.request.method_original"] == "BREW"


def test_no_secret_leaves() -> None:
    """What stands under a secret name in a query is replaced, also where the name is escaped; headers do not leave."""
    assert shown_query("a=1&api_key=abc&%74oken=x%20y&token=&b", Redactor()) == (
        "a=1&api_key=<redacted>&%74oken=<redacted>&token=&b"
    )
    headers = [("Authorization", "Bearer abcdefgh"), ("User-Agent", "curl/8")]
    span = read(exchange(1, request=Asked("GET", "/?password=abcdefgh", headers)))
    assert "abcdefgh" not in str(span)
    assert attributes(span)["user_agent.original"] == "curl/8"


def test_an_attribute_is_not_long() -> None:
    """A long path is cut: the trace has the whole."""
    assert len(attributes(read(exchange(1, request=Asked("GET", "/" + "a" * 5000))))["url.path"]) == TEXT_CHARS_MAX
