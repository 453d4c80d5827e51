"""HTTP answered by rules: whose they are, what they take, what they wait."""

from __future__ import annotations

import pytest

from fozzy.core.blob import Blob
from fozzy.world.http.base import HttpRequest
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
