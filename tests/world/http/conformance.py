"""What HTTP must hold, whoever answers. A test module subclasses `HttpConformance` and gives the fixture `asked`."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from fozzy.core.blob import Blob
from fozzy.world.http.base import HttpBurst, HttpRequest
from fozzy.world.http.scripted import HttpRule

RULES: list[tuple[HttpRule, int | None]] = [
    (HttpRule("GET", "/once", 200, [("x-turn", "1")], Blob(text="first")), 1),
    (HttpRule("GET", "/once", 410, [], Blob(text="gone")), None),
    (HttpRule("POST", "/items?draft=1", 201, [("location", "/items/1")], Blob(text='{"id": 1}')), None),
    (HttpRule("GET", "/bytes", 200, [], Blob.of(b"\xff\x00")), None),
    (HttpRule("GET", "/empty", 204), None),
    (HttpRule("GET", "/moved", 302, [("location", "/once")]), None),
    (HttpRule("GET", "/slow", 200, [], Blob(text="late"), delay_ns=400_000_000), None),
    (HttpRule("GET", "/chat", 101, [("upgrade", "websocket")]), None),
    (HttpRule("GET", "/tickets", 200, [], Blob(text="yours")), 3),
    (HttpRule("GET", "/tickets", 503), None),
]


class Asked(NamedTuple):
    """Somebody who answers by `RULES`, and what stands before a path."""

    http: Any
    base: str

    def send(self, path: str, method: str = "GET", **more: Any) -> Any:
        return self.http.send(HttpRequest(method=method, url=self.base + path, **more))


class HttpConformance:
    @pytest.mark.parametrize(
        ("method", "path", "status", "body"),
        [
            ("POST", "/items?draft=1", 201, b'{"id": 1}'),
            ("GET", "/bytes", 200, b"\xff\x00"),
            ("GET", "/empty", 204, b""),
            ("GET", "/moved", 302, b""),
        ],
    )
    def test_an_answer_is_status_and_body(self, asked: Asked, method: str, path: str, status: int, body: bytes) -> None:
        """Status and body are what was answered, byte for byte; a redirect is an answer."""
        answer = asked.send(path, method)
        assert (answer.status, answer.body.data(), answer.failure) == (status, body, None)

    def test_headers_are_found_in_any_case(self, asked: Asked) -> None:
        """A header is found by its name however that is written; another is not there."""
        answer = asked.send("/moved")
        assert answer.header("Location") == answer.header("location") == "/once"
        assert answer.header("x-missing") is None

    def test_answers_change_with_their_turn(self, asked: Asked) -> None:
        """The same request may be answered differently the next time."""
        assert [asked.send("/once").body.shown() for _ in range(3)] == ["first", "gone", "gone"]

    def test_an_upgrade_is_no_ordinary_request(self, asked: Asked) -> None:
        """An upgrade is answered by 101 without a body."""
        answer = asked.send("/chat", headers=[("Upgrade", "websocket")])
        assert (answer.status, answer.body.data(), answer.failure) == (101, b"", None)

    def test_a_request_may_have_a_time_of_its_own(self, asked: Asked) -> None:
        """An answer later than the request's timeout is a timeout that says so; a long timeout changes nothing."""
        failure = asked.send("/slow", timeout_ms=100).failure
        assert failure.kind == "timeout" and "100 ms" in failure.message
        assert asked.send("/slow", timeout_ms=4000).body.shown() == "late"

    @pytest.mark.parametrize("concurrency", [1, 3, 50])
    def test_a_burst_has_an_answer_for_each(self, asked: Asked, concurrency: int) -> None:
        """Every request of a burst has one answer, in the order of completion, and takes its turn like any other."""
        request = HttpRequest(method="GET", url=asked.base + "/tickets")
        answers = asked.http.burst(HttpBurst(count=5, concurrency=concurrency, request=request)).answers
        assert sorted(each.index for each in answers) == list(range(5))
        assert sorted(each.answer.status for each in answers) == [200, 200, 200, 503, 503]
        assert [each.at_ns for each in answers] == sorted(each.at_ns for each in answers)
        assert all(each.took_ns <= each.at_ns for each in answers)
