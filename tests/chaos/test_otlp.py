"""Spans reach a collector, one for each exchange; a collector that fails costs spans and never time of the traffic."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import trio

from fozzy.chaos import otlp
from fozzy.chaos.otlp import BATCH_MAX, QUEUE_MAX, Otlp, address_of
from fozzy.core.exchange import Asked
from fozzy.errors import UsageError
from fozzy.faults.http.plan import Route
from tests.chaos.collecting import Collecting, attributes, built, collector_at, has_collector
from tests.chaos.exchanges import exchange, listened
from tests.chaos.http.harness import running
from tests.chaos.upstream import Upstream
from tests.ports import free_port

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short here; what they are for is tested by their number."""
    monkeypatch.setattr(otlp, "DELAY_S", 0.02)
    monkeypatch.setattr(otlp, "PAUSE_S", 0.01)
    monkeypatch.setattr(otlp, "FINISH_S", 20.0)


def send(exporter: Otlp, until: Callable[[], bool] = lambda: True) -> None:
    """Run an exporter until something holds, then to its end."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(exporter.run)
            with trio.fail_after(20):
                while not until():
                    await trio.sleep(0.01)
            nursery.cancel_scope.cancel()

    trio.run(main)


def refused() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def test_one_span_per_exchange() -> None:
    """Every exchange arrives once, in order, with the resource that says who sent it; at the end what is left is sent."""
    count = BATCH_MAX + 3
    with Collecting() as collector:
        exporter = Otlp(collector.address, listened(Route(name="chat")))
        for number in range(1, count + 1):
            exporter.listen(exchange(number, at="routes[0]"))
        send(exporter)
    assert [attributes(span)["fozzy.chaos.number"] for span in collector.spans] == list(range(1, count + 1))
    assert {span.name for span in collector.spans} == {"GET chat"}
    assert len({span.span_id for span in collector.spans}) == count
    assert collector.posts == [("/v1/traces", "application/json")] * 2
    resource = collector.requests[0].resource_spans[0].resource
    assert {pair.key: pair.value.string_value or pair.value.int_value for pair in resource.attributes}.items() >= {
        "service.name": "fozzy-proxy",
        "fozzy.seed": 7,
    }.items()
    assert (exporter.sent, exporter.dropped) == (count, {})
    assert exporter.told() == f"{count} spans sent to {collector.address}/v1/traces"


def test_upstream_gets_our_span_as_its_parent() -> None:
    """What `outgoing` tells upstream is the id of the span that is sent."""

    class Decided:
        key, occurrence = f"{1:016x}", 1

    headers = [("traceparent", f"00-{TRACE}-{SPAN}-01"), ("a", "b")]
    with Collecting() as collector:
        exporter = Otlp(collector.address, listened())
        told = dict(exporter.outgoing(headers, Decided()))  # type: ignore[arg-type]
        exporter.listen(exchange(1, request=Asked("GET", "/", headers)))
        send(exporter)
    span = collector.spans[0]
    assert told == {"a": "b", "traceparent": f"00-{TRACE}-{span.span_id.hex()}-01"}
    assert span.parent_span_id.hex() == SPAN


def test_a_trace_goes_through_the_proxy() -> None:
    """Behind a real proxy upstream gets the client's trace with our span as the parent, and the collector that span."""
    with Collecting() as collector, Upstream() as upstream, running({"faults": {"malformed": 1}}, upstream.url) as run:
        exporter = Otlp(collector.address, run.session)
        run.session.listeners.append(exporter.listen)
        run.session.outgoing = exporter.outgoing
        headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "a=1"}
        assert httpx.get(run.url, headers=headers).status_code == 200
        run.wait(1)
        send(exporter)
    (asked,) = upstream.requests
    (span,) = collector.spans
    assert asked.header("traceparent") == f"00-{TRACE}-{span.span_id.hex()}-01"
    assert (asked.header("tracestate"), span.parent_span_id.hex()) == ("a=1", SPAN)
    assert attributes(span)["fozzy.chaos.applied"] == "malformed"


def test_what_has_no_key_has_a_span_of_its_own() -> None:
    """Requests that were refused before anything was decided have no key, and their spans differ all the same."""
    with Collecting() as collector:
        session = listened()
        exporter = Otlp(collector.address, session)
        assert session.engine.keyed
        for number in range(3):
            exporter.listen(exchange(0, 400, key="", occurrence=0, arrived=number))
        send(exporter)
    assert len({span.span_id for span in collector.spans}) == 3


def test_what_is_not_sampled_is_not_sent() -> None:
    """A trace that says it is not sampled is passed on and not exported."""
    with Collecting() as collector:
        exporter = Otlp(collector.address, listened())
        exporter.listen(exchange(1, request=Asked("GET", "/", [("traceparent", f"00-{TRACE}-{SPAN}-00")])))
        send(exporter)
    assert (collector.posts, exporter.sent, exporter.dropped) == ([], 0, {})


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_collector_is_tried_again(status: int) -> None:
    """An answer that OTLP calls retryable is followed by another try, and nothing is lost or sent twice."""
    with Collecting((status, {"retry-after": "0"}, b""), (status, {}, b"")) as collector:
        exporter = Otlp(collector.address, listened())
        exporter.listen(exchange(1))
        send(exporter, lambda: exporter.sent > 0)
    assert (len(collector.posts), len(collector.spans), exporter.sent, exporter.dropped) == (3, 1, 1, {})


def test_a_refused_batch_is_not_tried_again() -> None:
    """A 400 says the batch is wrong: it is dropped, counted and told."""
    with Collecting((400, {}, b"")) as collector:
        exporter = Otlp(collector.address, listened())
        exporter.listen(exchange(1))
        send(exporter, lambda: bool(exporter.dropped))
    assert (len(collector.posts), exporter.dropped) == (1, {"collector answered 400": 1})
    assert exporter.told().endswith("1 dropped: 1 collector answered 400")


def test_a_collector_may_take_a_part() -> None:
    """What a collector says it refused of a batch counts as dropped; an answer that makes no sense does not."""
    partial = b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}'
    with Collecting((200, {}, partial), (200, {}, b"banana"), (200, {}, b'{"partialSuccess":[]}')) as collector:
        exporter = Otlp(collector.address, listened())
        for number in range(3 * BATCH_MAX):
            exporter.listen(exchange(number))
        send(exporter)
    assert (exporter.sent, exporter.dropped) == (3 * BATCH_MAX - 2, {"refused by the collector": 2})


def test_a_dead_collector_costs_spans_and_no_time() -> None:
    """Without a collector tries are bounded, the queue is bounded, every span is accounted for, and `listen` never waits."""
    exporter = Otlp(refused(), listened())
    count = QUEUE_MAX + 100
    began = time.process_time()
    for number in range(count):
        exporter.listen(exchange(number))
    assert time.process_time() - began < 5
    assert exporter.dropped == {"queue full": 100}
    send(exporter, lambda: "collector unreachable" in exporter.dropped)
    assert exporter.sent == 0 and sum(exporter.dropped.values()) == count


def test_a_collector_that_refuses_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end each batch is tried once where nothing ever answered, and the reason is the true one."""
    monkeypatch.setattr(otlp, "PAUSE_S", 60.0)
    monkeypatch.setattr(otlp, "FINISH_S", 60.0)
    for waits in (False, True):
        exporter = Otlp(refused(), listened())
        for number in range(BATCH_MAX + 3):
            exporter.listen(exchange(number))
        began = time.monotonic()
        send(exporter, lambda: not waits or exporter._failure != "")  # noqa: B023  # called in this turn alone
        assert time.monotonic() - began < 20
        assert exporter.dropped == {"collector unreachable": BATCH_MAX + 3}


def test_a_collector_at_the_end_can_be_hurried() -> None:
    """Whoever will not wait ends it at once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        exporter = Otlp(f"http://127.0.0.1:{silent.getsockname()[1]}", listened())
        exporter.listen(exchange(1))
        exporter.finishing.cancel()
        send(exporter)
    assert exporter.dropped == {"no time left at the end": 1}


def test_a_collector_that_never_answers_ends_with_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector that takes the connection and says nothing holds the end up only for so long."""
    monkeypatch.setattr(otlp, "FINISH_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        exporter = Otlp(f"http://127.0.0.1:{silent.getsockname()[1]}", listened())
        exporter.listen(exchange(1))
        send(exporter)
    assert (exporter.sent, exporter.dropped) == (0, {"no time left at the end": 1})


@pytest.mark.parametrize("endpoint", ["", "banana", "127.0.0.1:4318", "grpc://a:4317", "http://", "http://a?b=c"])
def test_an_endpoint_that_is_none_is_refused(endpoint: str) -> None:
    """A wrong endpoint is said at the start, with what one looks like."""
    with pytest.raises(UsageError) as caught:
        address_of(endpoint)
    assert caught.value.code == "chaos.otlp_endpoint" and "4318" in caught.value.hint


def test_the_path_is_added_once() -> None:
    """The base address of a collector gets OTLP's path; one that has it is taken as it is."""
    assert address_of("http://a:4318/") == "http://a:4318/v1/traces"
    assert address_of("https://a/x/v1/traces") == "https://a/x/v1/traces"


@pytest.mark.skipif(not has_collector(), reason="needs Go, and FOZZY_REQUIRE_ALL=1 to build OpenTelemetry's collector")
def test_opentelemetrys_own_collector_takes_them(tmp_path: Path) -> None:
    """OpenTelemetry's collector, built from its published modules, receives each span as it was meant."""
    told = tmp_path / "told.txt"
    with collector_at(built(tmp_path), told) as address:
        exporter = Otlp(address, listened(Route(name="chat")))
        headers = [("traceparent", f"00-{TRACE}-{SPAN}-01")]
        said = exchange(1, 500, at="routes[0]", request=Asked("POST", "/v1", headers), planned="drop", applied="drop")
        exporter.listen(said)
        exporter.listen(exchange(2))
        send(exporter)
    assert (exporter.sent, exporter.dropped) == (2, {})
    text = told.read_text()
    assert text.count("Span #") == 2
    for line in (f"Trace ID       : {TRACE}", f"Parent ID      : {SPAN}", "Name           : POST chat"):
        assert line in text
    for line in (
        "fozzy.chaos.applied: Str(drop)",
        "http.response.status_code: Int(500)",
        "service.name: Str(fozzy-proxy)",
    ):
        assert line in text
