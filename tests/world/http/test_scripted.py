"""HTTP answered by rules: whose they are, what they take, what they wait."""

from __future__ import annotations

import pytest

from fozzy.core.blob import Blob
from fozzy.world.http.base import HttpBurst, HttpRequest
from fozzy.world.http.scripted import SWITCHING_PROTOCOLS, HttpRule, ScriptedHttp, path_of
from fozzy.world.rules import Rules


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/a?b", "/a?b"),
        ("http://h/a?b", "/a?b"),
        ("http://h", "/"),
        ("http://h:8080", "/"),
        ("http://h?x=1", "/?x=1"),
        ("http://h?x=/a", "/?x=/a"),
        ("http://h/a//b", "/a//b"),
        ("ws://h/a", "/a"),
        ("", ""),
    ],
)
def test_the_path_of_a_url(url: str, path: str) -> None:
    """Path and query of an absolute URL, `/` when it has no path; a path is itself."""
    assert path_of(url) == path


def test_a_rule_answers_what_it_declares() -> None:
    """Status, headers and body are the rule's; the delay is spent once per use."""
    rules: Rules[HttpRule] = Rules()
    rule = HttpRule("GET", "/a", 503, [("a", "b")], Blob(text="x"), True, 9)
    rules.add(rule, 2)
    waited: list[int] = []
    http = ScriptedHttp(rules, waited.append)
    for _ in range(2):
        answer = http.send(HttpRequest(method="GET", url="/a"))
        assert (answer.status, answer.headers, answer.body, answer.failure) == (503, [("a", "b")], Blob(text="x"), None)
    answer = http.send(HttpRequest(method="GET", url="/a"))
    assert answer.failure is not None and answer.failure.kind == "unscripted" and "GET /a" in answer.failure.message
    assert waited == [9, 9]


@pytest.mark.parametrize("status", [200, SWITCHING_PROTOCOLS])
@pytest.mark.parametrize("is_upgrade", [False, True])
def test_upgrades_and_requests_do_not_mix(status: int, is_upgrade: bool) -> None:
    """Only a rule with status 101 speaks for an upgrade, and it speaks for nothing else."""
    headers = [("Upgrade", "websocket")] if is_upgrade else []
    request = HttpRequest(method="GET", url="/", headers=headers)
    assert HttpRule("GET", "/", status).matches(request) == (is_upgrade == (status == 101))


def test_a_burst_takes_the_rules_in_order() -> None:
    """Each request takes one use; delays pass together, and the answers come in the order of completion."""
    rules: Rules[HttpRule] = Rules()
    rules.add(HttpRule("GET", "/a", 200, delay_ns=30), 1)
    rules.add(HttpRule("GET", "/a", 201, delay_ns=10), 1)
    rules.add(HttpRule("GET", "/a", 202), 1)
    waited: list[int] = []
    request = HttpRequest(method="GET", url="/a")
    answers = ScriptedHttp(rules, waited.append).burst(HttpBurst(count=4, concurrency=2, request=request)).answers
    assert [(each.index, each.answer.status, each.at_ns) for each in answers] == [
        (1, 201, 10),
        (2, 202, 10),
        (3, 0, 10),
        (0, 200, 30),
    ]
    assert answers[2].answer.failure is not None and answers[2].answer.failure.kind == "unscripted"
    assert waited == [30]


@pytest.mark.parametrize(
    ("timeout_ms", "failure", "waited_ms"), [(0, None, 9), (9, None, 9), (10, None, 9), (8, "timeout", 8)]
)
def test_a_request_may_have_a_time_of_its_own(timeout_ms: int, failure: str | None, waited_ms: int) -> None:
    """A rule slower than the request waits for is a timeout after that time; the use of the rule is spent."""
    rules: Rules[HttpRule] = Rules()
    rules.add(HttpRule("GET", "/a", 200, delay_ns=9 * 10**6), 1)
    waited: list[int] = []
    answer = ScriptedHttp(rules, waited.append).send(HttpRequest(method="GET", url="/a", timeout_ms=timeout_ms))
    assert (answer.failure.kind if answer.failure else None) == failure
    assert waited == [waited_ms * 10**6] and answer.status == (0 if failure else 200)
    assert failure is None or f"/a had not answered after {timeout_ms} ms" in str(answer.failure)
    again = ScriptedHttp(rules, waited.append).send(HttpRequest(method="GET", url="/a"))
    assert again.failure is not None and again.failure.kind == "unscripted"
