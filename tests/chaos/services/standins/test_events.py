"""A client of events gets them all, and goes on where it stopped."""

from __future__ import annotations

import httpx
import httpx_sse
import pytest

from fozzy.chaos.services.standin import SseServer


def streamed(server: SseServer, last: str = "") -> list[tuple[str, str]]:
    """The events from one on: their ids and data."""
    headers = {"Last-Event-ID": last} if last else {}
    with httpx.Client() as client, httpx_sse.connect_sse(client, "GET", server.url, headers=headers) as source:
        return [(each.id, each.data) for each in source.iter_sse()]


def test_all_and_the_rest(sse_server: SseServer) -> None:
    """Five by itself; after a last one those behind it; also when it was killed in between."""
    whole = streamed(sse_server)
    assert whole == [(str(n), f'{{"n":{n}}}') for n in range(1, 6)]
    sse_server.restart()
    assert streamed(sse_server, last="3") == whole[3:]
    assert [each.headers.get("last-event-id", "") for each in sse_server.requests] == ["", "3"]


@pytest.mark.parametrize("crlf", [False, True])
def test_lines(sse_server: SseServer, crlf: bool) -> None:
    """Data of several lines, and either end of a line, arrive as they were given."""
    sse_server.events = ["one\ntwo", {"é": 1}]
    sse_server.says(crlf=crlf, retry_ms=1500)
    assert [data for _, data in streamed(sse_server) if data] == ["one\ntwo", '{"é":1}']


def test_what_is_published_later_follows(sse_server: SseServer) -> None:
    """A stream that goes on has what comes later, and is told as broken when its client has gone."""
    sse_server.says(goes_on=True)
    with (
        httpx.Client() as client,
        httpx_sse.connect_sse(client, "GET", f"{sse_server.url}?after=4") as source,
    ):
        events = source.iter_sse()
        assert next(events).id == "5"
        sse_server.publish("later")
        assert next(events).data == "later"
        assert [each.ended for each in sse_server.requests] == [""]
