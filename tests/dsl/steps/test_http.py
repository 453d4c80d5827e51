"""The steps that talk HTTP, against scripted answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.dsl.steps.base import METHODS

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

MS = 10**6
Json = dict[str, Any]


def when(path: str = "/", status: int = 200, **more: Any) -> Json:
    return {"type": "http_when", "method": "GET", "path": path, "status": status, **more}


def ask(path: str = "/", **more: Any) -> Json:
    return {"type": "http_request", "method": "GET", "path": path, **more}


def test_the_first_match_with_uses_left_wins(play: Play) -> None:
    """Rules are tried in the order of declaration; one without uses left is passed over."""
    rules = [when(status=500, times=2), when(status=200, times=1), when(status=404)]
    asked = [ask(expect_status=status) for status in (500, 500, 200, 404, 404)]
    assert play([*rules, *asked]).status == "pass"


@pytest.mark.parametrize("method", METHODS)
def test_a_rule_speaks_for_its_method_alone(play: Play, method: str) -> None:
    """A rule answers its method and no other."""
    rule = {**when(), "method": method}
    assert play([rule, {**ask(), "method": method}]).status == "pass"
    other = "GET" if method != "GET" else "POST"
    assert play([rule, {**ask(), "method": other}]).finding.title == "http_unscripted"


@pytest.mark.parametrize(
    ("rule", "asked", "answered"),
    [
        ("/a", "/a", True),
        ("/a", "/a?x=1", False),
        ("/a?x=1", "/a?x=1", True),
        ("/a", "/A", False),
        ("/a", "http://h/a", True),
        ("/a?x=1", "http://h:80/a?x=1", True),
        ("/", "http://h", True),
        ("/?x=/a", "http://h?x=/a", True),
        ("/a", "http://h?x=/a", False),
        ("http://h/a", "http://h/a", True),
        ("http://h/a", "http://other/a", False),
        ("http://h/a", "/a", False),
    ],
)
def test_a_path_speaks_for_a_path(play: Play, rule: str, asked: str, answered: bool) -> None:
    """A rule's path is compared with path and query of the request, an absolute rule with the whole URL."""
    assert (play([when(rule), ask(asked)]).status == "pass") is answered


def test_delay_is_on_the_clock(play: Play) -> None:
    """A delayed answer takes that time of the scenario at each use; while the clock is frozen it does not move it."""
    played = play([when(delay="30ms"), ask(), ask(), {"type": "freeze"}, ask()])
    assert (played.status, played.ended.now_ns, played.ended.aside_ns) == ("pass", 60 * MS, 30 * MS)


def test_a_delay_counts_towards_the_timeout(play: Play) -> None:
    """A delay beyond the run's timeout is a timeout of the run at the request."""
    played = play([when(delay="30ms"), ask()], timeout="20ms")
    assert (played.status, played.ended.now_ns) == ("timeout", 20 * MS)
    assert played.finding.location is not None and played.finding.location.path == "steps[1]"


UPGRADE = {"Connection": "Upgrade", "UPGRADE": "WebSocket"}


def test_101_answers_only_upgrades(play: Play) -> None:
    """A rule with status 101 answers websocket upgrades and nothing else, and they are answered by nothing else."""
    both = [when("/ws", 101), when("/ws", 200)]
    assert play([*both, ask("/ws", expect_status=200), ask("/ws", headers=UPGRADE, expect_status=101)]).status == "pass"
    assert play([when("/ws", 101), ask("/ws")]).finding.title == "http_unscripted"
    assert play([when("/ws", 200), ask("/ws", headers=UPGRADE)]).finding.title == "http_unscripted"
    assert play([when("/ws", 101), ask("ws://h/ws", expect_status=101)]).status == "pass"


def test_without_an_expectation_any_status_passes(play: Play) -> None:
    """A request without expectations holds whatever is answered, and its note tells the status."""
    played = play([when(status=503), ask()])
    assert played.status == "pass" and played.notes[-1] == "GET / 503"


def test_the_body_is_what_was_declared(play: Play) -> None:
    """`body` is the text, `json` its encoding with a content type, unless one is given; neither is no body."""
    assert play([when(body="ü"), ask(expect_body="ü", expect_headers={})]).status == "pass"
    made = {"Content-Type": "application/json"}
    assert play([when(json={"a": None}), ask(expect_json={"a": None}, expect_headers=made)]).status == "pass"
    own = {"Content-Type": "text/x"}
    assert play([when(json=[1], headers=own), ask(expect_json=[1], expect_headers=own)]).status == "pass"
    assert play([when(), ask(expect_body="")]).status == "pass"
    assert play([when(json=None), ask(expect_json=None, expect_body=None)]).status == "pass"


def test_headers_are_compared_by_name_without_case(play: Play) -> None:
    """Only the named headers are compared, their names without case, their values exactly."""
    rule = when(headers={"X-One": "1", "X-Two": "2"})
    assert play([rule, ask(expect_headers={"x-ONE": "1"})]).status == "pass"
    assert play([rule, ask(expect_headers={"x-one": "1 "})]).status == "fail"


@pytest.mark.parametrize(
    ("rule", "expected", "message", "pointed_at"),
    [
        (when(status=500), {"expect_status": 200}, "GET / answered 500, wanted 200", "200"),
        (when(headers={"A": "b"}), {"expect_headers": {"a": "c"}}, 'header "a" is "b", wanted "c"', "{"),
        (when(), {"expect_headers": {"a": "c"}}, 'header "a" is missing, wanted "c"', "{"),
        (when(body="x"), {"expect_body": "y"}, 'the body is "x", wanted "y"', '"y"'),
        (when(json={"a": 1}), {"expect_json": {"a": True}}, 'the body is {"a":1}, wanted {"a":true}', "{"),
        (when(json={"a": 1}), {"expect_json": None}, 'the body is {"a":1}, wanted null', "null"),
    ],
)
def test_an_expectation_that_does_not_hold(
    play: Play, rule: Json, expected: Json, message: str, pointed_at: str
) -> None:
    """Each expectation fails as an assertion of the request, pointing at that expectation."""
    played = play([rule, ask(**expected)])
    finding = played.finding
    assert (finding.kind, finding.title, finding.message) == ("assertion", "http_request", message)
    assert played.pointed_at == pointed_at


@pytest.mark.parametrize("body", ["", "{", "NaN", "[" * 100_000, "[" * 200 + "]" * 200, "9" * 5000])
def test_a_body_that_is_no_json_is_a_finding(play: Play, body: str) -> None:
    """A body that cannot be read as JSON, or is nested without end, fails the expectation and nothing else."""
    played = play([when(body=body), ask(expect_json={})])
    assert (played.status, played.finding.title, len(played.findings)) == ("fail", "http_request", 1)
    assert played.finding.message.startswith("the body is not JSON")


def test_every_expectation_is_checked(play: Play) -> None:
    """A status that holds does not spare the body."""
    played = play([when(body="x"), ask(expect_status=200, expect_body="y")])
    assert "body" in played.finding.message


def test_the_body_is_saved(play: Play) -> None:
    """`save_body_as` keeps the body as text; what was saved before a failed expectation is not kept."""
    saved = {"type": "get_kv_assert", "key": "b", "equals": "x"}
    assert play([when(body="x"), ask(save_body_as="b"), saved]).status == "pass"
    absent = {"type": "get_kv_assert", "key": "b", "is_null": True}
    played = play([when(body="x"), ask(save_body_as="b", expect_status=1)], teardown=[absent])
    assert len(played.findings) == 1


PASTED: dict[str, Json] = {
    "plain": ask("/a/b?c=d"),
    "absolute": ask("http://h/a"),
    "status": ask(expect_status=418),
    "headers and body": ask(expect_headers={"X-A": "1"}, expect_body="text"),
    "json": ask(expect_json={"a": [1, None, "${seed}"]}),
    "upgrade": ask("/ws", headers=UPGRADE),
    "websocket": ask("wss://h/ws"),
    "post": {**ask(), "method": "POST", "body": "sent", "expect_status": 201},
    "a literal reference": ask("/$${seed}", expect_body="$${"),
    "a resolved reference": ask("/users/${seed}", expect_body="${seed}"),
    "null": ask(expect_json=None),
}


@pytest.mark.parametrize("what", PASTED)
def test_the_pasted_rule_makes_the_scenario_pass(play: Play, what: str) -> None:
    """An unmatched request is a finding with a ready http_when that, pasted before it, makes the scenario pass."""
    played = play([PASTED[what]])
    assert (played.status, played.finding.title, played.finding.kind) == ("fail", "http_unscripted", "assertion")
    assert played.finding.location is not None
    rule = played.finding.location.details["paste"]
    assert rule["type"] == "http_when"
    again = play([rule, PASTED[what]])
    assert (again.status, again.findings) == ("pass", [])


def test_host_needs_a_base_url(play: Play, problems: Problems) -> None:
    """With the host backend a path without a base URL is a problem of the file, at the path, in any depth."""
    from fozzy.errors import InputError

    steps = [{"type": "group", "name": "g", "steps": [ask("/a")]}, ask("http://h/b"), ask("/c")]
    with pytest.raises(InputError) as caught:
        play(steps, backends={"http": "host"})
    assert [problem.code for problem in caught.value.problems] == ["scenario.no_base_url"] * 2
    assert problems({"version": 1, "name": "n", "steps": steps}) == []


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({**ask(), "method": "get"}, "bad_value"),
        ({**ask(), "method": "FETCH"}, "bad_value"),
        (ask("a"), "bad_value"),
        (ask("ftp://h/"), "bad_value"),
        (ask("/a b"), "bad_value"),
        (ask("/a\r\nX: y"), "bad_value"),
        (ask(headers={"a b": "c"}), "bad_value"),
        (ask(headers={"": "c"}), "bad_value"),
        (ask(headers={"a": "b\r\nc: d"}), "bad_value"),
        (ask(expect_headers={"ä": "b"}), "bad_value"),
        (ask(expect_body="a", expect_json=1), "exclusive"),
        (ask(expect_body="a", expect_json=None), "exclusive"),
        (when(body="a", json=1), "exclusive"),
        (when(status=99), "bad_value"),
        (when(status=600), "bad_value"),
        (when(times=0), "bad_value"),
        (when(delay="-1ms"), "bad_value"),
        (when("x"), "bad_value"),
        ({**when(), "method": "Get"}, "bad_value"),
    ],
    ids=lambda value: str(value)[:60],
)
@pytest.mark.parametrize("depth", [0, 2])
def test_what_cannot_be_is_refused(problems: Problems, step: Json, code: str, depth: int) -> None:
    """Methods, paths, header names and values, statuses and exclusive fields are checked in every depth."""
    for _ in range(depth):
        step = {"type": "group", "name": "g", "steps": [step, {"type": "unfreeze"}]}
    found = problems({"version": 1, "name": "n", "steps": [step, {"type": "unfreeze"}]})
    assert [problem.code for problem in found] == [f"scenario.{code}"]


def test_a_method_known_late_is_checked_late(play: Play) -> None:
    """A method or path that refers to the run is held to the same rules when the step runs."""
    keep = {"type": "set_kv", "key": "k", "value": "get"}
    played = play([keep, {**ask(), "method": "${k}"}])
    assert (played.finding.title, played.finding.kind, played.pointed_at) == ("bad_value", "input_invalid", '"${k}"')
    assert play([keep, ask("${k}")]).finding.title == "bad_value"
