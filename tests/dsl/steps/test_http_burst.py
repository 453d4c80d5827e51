"""Bursts: what is sent, what is expected of the answers, what is kept of them."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fozzy.core.events import Ask
from fozzy.engine.prepare import Options

Play = Callable[..., Any]


def when(status: int, **more: Any) -> dict[str, Any]:
    return {"type": "http_when", "method": "GET", "path": "/a", "status": status, **more}


def burst(count: int = 3, **more: Any) -> dict[str, Any]:
    request = {"method": "GET", "path": "/a", **more.pop("request", {})}
    return {"type": "http_burst", "count": count, "concurrency": 2, "request": request, **more}


def test_every_request_is_answered(play: Play) -> None:
    """Without an expectation any status passes; the note counts them."""
    played = play([when(200, times=2), when(503), burst()])
    assert played.status == "pass" and played.notes[-1] == "3 × GET /a  2 × 200, 1 × 503"


@pytest.mark.parametrize("wanted", [{"200": 2, "503": 1}, {"200": 2, "503": 1, "404": 0}, [200, 503], [503, 200, 404]])
def test_what_is_expected_passes(play: Play, wanted: Any) -> None:
    """A tally must be met exactly, a list holds what may come."""
    assert play([when(200, times=2), when(503), burst(expect_statuses=wanted)]).status == "pass"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"200": 3}, "the answers are 2 × 200, 1 × 503, wanted 3 × 200"),
        ({"200": 2, "timeout": 1}, "the answers are 2 × 200, 1 × 503, wanted 2 × 200, 1 × timeout"),
        ([200], "the answers are 2 × 200, 1 × 503, wanted 200 alone"),
    ],
)
def test_what_is_not_expected_fails(play: Play, wanted: Any, said: str) -> None:
    """Another tally is a finding that shows both, under the expectation."""
    played = play([when(200, times=2), when(503), burst(expect_statuses=wanted)])
    assert (played.finding.title, played.finding.message) == ("http_burst", said)
    assert played.finding.location.details["actual"] == {"200": 2, "503": 1}
    assert played.finding.location.path.startswith("steps[2]")


def test_failures_are_counted_by_kind(play: Play) -> None:
    """A request without an answer fails the burst; the finding is named by the first failure and counts all."""
    steps = [when(200, delay="2s", times=1), when(200), burst(request={"timeout": "1s"})]
    finding = play(steps).finding
    assert (finding.title, finding.kind) == ("http_timeout", "hang")
    assert "1 of 3 requests failed (2 × 200, 1 × timeout); the first: " in finding.message


def test_failures_may_be_expected(play: Play) -> None:
    """A tally may name kinds of failures among the statuses."""
    steps = [when(200, delay="2s", times=1), when(200)]
    assert play([*steps, burst(request={"timeout": "1s"}, expect_statuses={"200": 2, "timeout": 1})]).status == "pass"


def test_an_unscripted_burst_shows_what_to_paste(play: Play) -> None:
    """Without a rule the finding holds a declaration for all requests."""
    finding = play([{"type": "trace_event", "name": "x"}, burst()]).finding
    assert finding.title == "http_unscripted"
    assert finding.location.details["paste"] == {**when(200), "times": 3}


def test_parts_are_kept(play: Play) -> None:
    """The tally, the failures and the answers in the order of completion can be kept."""
    save = {"t": "statuses", "f": "failures", "bodies": "$.answers[*].body", "last": "$.answers[2].index"}
    steps = [when(200, body="slow", delay="1s", times=1), when(201, body="quick"), burst(save=save)]
    wanted = {"t": {"200": 1, "201": 2}, "f": {}, "bodies": ["quick", "quick", "slow"], "last": 0}
    checks = [{"type": "assert", "that": f"${{{key}}}", "equals": value} for key, value in wanted.items()]
    assert play([*steps, *checks]).findings == []


def test_the_request_is_that_of_http_request(play: Play) -> None:
    """Query, headers and bodies are written as in a single request."""
    rule = {"type": "http_when", "method": "POST", "path": "/a?x=1", "status": 200}
    request = {"method": "POST", "path": "/a", "query": {"x": 1}, "json": {"n": 1}, "headers": {"x-a": "b"}}
    assert play([rule, {**burst(), "request": request}]).status == "pass"


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({"count": 0}, "count"),
        ({"count": 10_001}, "count"),
        ({"concurrency": 257}, "concurrency"),
        ({"request": {"method": "get", "path": "/a"}}, "method"),
        ({"request": {"method": "GET", "path": "a b"}}, "path"),
        ({"request": {"method": "GET", "path": "/a", "body": "x", "json": 1}}, "exclude"),
        ({"request": {"method": "GET", "path": "/a", "expect_status": 1}}, "expect_status"),
        ({"expect_statuses": {"200": 9}}, "counts 9 answers"),
        ({"expect_statuses": [99]}, "from 100 to 599"),
        ({"save": {"k": "nonsense"}}, "nonsense"),
    ],
)
def test_what_makes_no_sense_is_a_problem(problems: Callable[..., Any], step: dict[str, Any], path: str) -> None:
    """Counts, the request, expectations and paths are checked before the run."""
    found = problems({"version": 1, "name": "n", "steps": [when(200), {**burst(), **step}]})
    assert found and any(path in f"{problem.message} {problem.text}" for problem in found)


def test_the_pasted_rule_answers_as_expected(play: Play) -> None:
    """What is shown to be pasted has a status that is expected, and makes the burst pass."""
    step = burst(3, expect_statuses=[503, 200])
    rule = play([step]).finding.location.details["paste"]
    assert (rule["status"], rule["times"]) == (503, 3)
    assert play([rule, step]).status == "pass"


@pytest.fixture
def port() -> Iterator[int]:
    """A real server: 200 three times, then 503."""
    left = [200, 200, 200]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop() if left else 503)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


def test_a_real_burst_is_one_ask(play: Play, port: int) -> None:
    """With the host backend all requests are one record, and `http_when` says what the statuses must be."""
    url = {"http_base_url": f"http://127.0.0.1:{port}"}
    options = Options(det=True, http="host")
    steps = [when(200, times=3), when(503, times=1), burst(4, expect_statuses={"200": 3, "503": 1})]
    played = play(steps, options=options, **url)
    assert played.findings == []
    (ask,) = [record for record in played.records if isinstance(record, Ask)]
    assert ask.label == "http.burst" and len(ask.answer["answers"]) == 4
    again = play([when(200, times=1), burst(2)], options=options, **url)
    assert again.finding.title == "http_when" and "2 × 503, http_when says 1 × 200" in again.finding.message


def test_a_path_needs_a_base_url(play: Play) -> None:
    """A path cannot be sent to a real host without what completes it; that is known before the run."""
    from fozzy.errors import InputError

    with pytest.raises(InputError, match="http_base_url"):
        play([burst()], options=Options(det=True, http="host"))
