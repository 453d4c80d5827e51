"""The steps that talk HTTP, against scripted answers."""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from fozzy.dsl.steps.base import METHODS
from fozzy.engine.prepare import Options

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
    "matchers": ask(
        expect_json={
            "id": {"$regex": "^ord_[0-9]{4}$"},
            "state": {"$regex": "^(?:open|closed)$"},
            "count": {"$type": "integer"},
            "price": {"$approx": {"value": 9.5, "within": 0.1}},
            "rate": {"$approx": 2},
            "items": [{"sku": {"$any": True}}, {"$type": "object"}],
        }
    ),
    "a matcher alone": ask(expect_json={"$regex": "x$"}),
    "a status among the checks": ask(expect=[{"at": "status", "equals": 404}]),
    "a status in a range": ask(expect=[{"at": "status", "greater": 299}, {"at": "status", "not_equals": 300}]),
    "a status that is usual": ask(expect=[{"at": "status", "less": 300}]),
    "a header among the checks": ask(expect=[{"at": "headers.ETag", "matches": '^W/"'}], save={"l": "headers.Link"}),
    "checks of the body": ask(
        expect=[
            {"at": "$.order.id", "equals": "${seed}"},
            {"at": "$.order.lines", "length": 2},
            {"at": "$.order.lines[1].sku", "matches": "^[A-Z]{3}-\\d+$"},
            {"at": "$.order.state", "in": ["paid", "sent"]},
            {"at": "$.order.gone", "exists": False},
            {"at": "$['order'].note", "contains": "thanks"},
        ],
        save={"id": "$.order.ref"},
    ),
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


def echoed(play: Play, **fields: Any) -> Json:
    """The request of a step, as it is sent: the one part of a real run that can be seen without one."""
    from fozzy.core.choice import Choices
    from fozzy.core.clock import Clock
    from fozzy.core.log import Log
    from fozzy.core.redact import Redactor
    from fozzy.core.sources import Seeded
    from fozzy.dsl.steps.http import HttpRequestStep
    from fozzy.world.world import Setting, World

    del play
    world = World(Setting(), Choices(Seeded(1), Clock(), Log(), Redactor(), 1))
    world.fs.write("f.bin", b"from a file")
    step = msgspec.convert({"type": "http_request", "method": "POST", "path": "/a", **fields}, HttpRequestStep)
    sent = step.request(world)
    return {"url": sent.url, "body": sent.body.shown(), "headers": dict(sent.headers), "timeout_ms": sent.timeout_ms}


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"json": {"a": [1, None]}}, {"body": '{"a":[1,null]}', "headers": {"content-type": "application/json"}}),
        ({"json": None}, {"body": "null"}),
        ({"json": 1, "headers": {"Content-Type": "x/y"}}, {"body": "1", "headers": {"Content-Type": "x/y"}}),
        (
            {"form": {"a b": "ü&=", "c": ""}},
            {"body": "a+b=%C3%BC%26%3D&c=", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        ),
        ({"file": "f.bin"}, {"body": "from a file", "headers": {}}),
        ({"body": "plain"}, {"body": "plain", "headers": {}}),
        ({}, {"body": "", "headers": {}, "timeout_ms": 0}),
        ({"query": {"q": "a b&c", "n": 1, "yes": True, "none": None}}, {"url": "/a?q=a+b%26c&n=1&yes=true&none=null"}),
        ({"path": "/a?x=1", "query": {"y": "2"}}, {"url": "/a?x=1&y=2"}),
        ({"timeout": "250ms"}, {"timeout_ms": 250}),
        ({"timeout": "1ns"}, {"timeout_ms": 1}),
    ],
)
def test_what_is_sent(play: Play, fields: Json, sent: Json) -> None:
    """A body is what one of four fields says, of the type its form has unless the headers say another; the query is
    added to the path."""
    assert sent.items() <= echoed(play, **fields).items()


@pytest.mark.parametrize(
    "pair", [("body", "json"), ("json", "form"), ("form", "file"), ("body", "file"), ("json", "file"), ("body", "form")]
)
def test_bodies_exclude_each_other(problems: Problems, pair: tuple[str, str]) -> None:
    """Two bodies are one problem, at the second, also when one of them is null or empty."""
    bodies: Json = {"body": "", "json": None, "form": {}, "file": "f"}
    step = ask(**{name: bodies[name] for name in pair})
    (problem,) = problems({"version": 1, "name": "n", "steps": [step]})
    assert problem.code == "scenario.exclusive" and f'"{pair[1]}"' in problem.text


def test_a_file_that_is_missing(play: Play) -> None:
    """A body from a file that is not there is a finding; nothing is sent."""
    played = play(
        [{"type": "http_when", "method": "POST", "path": "/", "status": 200}, {**ask(file="gone"), "method": "POST"}]
    )
    assert played.finding.title == "fs_not_found"


def test_query_and_form_refer_to_the_run(play: Play) -> None:
    """Their values take any type from the run."""
    steps = [when("/a?n=5&list=%5B1%5D"), ask("/a", query={"n": "${n}", "list": "${list}"}, expect_status=200)]
    assert play(steps, vars={"n": 5, "list": [1]}).status == "pass"
    post = {"type": "http_request", "method": "POST", "path": "/", "form": {"n": "${n}"}}
    assert play([{**when(), "method": "POST"}, post], vars={"n": 5}).status == "pass"


@pytest.mark.parametrize(
    ("delay", "timeout", "title", "now_ms"),
    [
        ("30ms", "30ms", "", 30),
        ("31ms", "30ms", "http_timeout", 30),
        ("31ms", "5s", "", 31),
        ("1h", "1ms", "http_timeout", 1),
    ],
)
def test_a_request_has_its_own_timeout(play: Play, delay: str, timeout: str, title: str, now_ms: int) -> None:
    """A scripted answer that comes later than the request waits is a hang of it, after exactly that time."""
    played = play([when(delay=delay), ask(timeout=timeout)])
    assert played.ended.now_ns == now_ms * MS
    assert [(each.title, each.kind) for each in played.findings] == ([(title, "hang")] if title else [])


def test_the_timeout_of_the_run_comes_first(play: Play) -> None:
    """A request that would wait longer than the run has left ends with the run."""
    played = play([when(delay="1h"), ask(timeout="30ms")], timeout="20ms")
    assert (played.status, played.finding.title) == ("timeout", "timeout")


# redirects


def moved(path: str, status: int, location: str, method: str = "GET", **more: Any) -> Json:
    return {
        "type": "http_when",
        "method": method,
        "path": path,
        "status": status,
        "headers": {"LOCATION": location},
        **more,
    }


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/b", "/b"),
        ("c", "/a/c"),
        ("../d", "/d"),
        ("?q=1", "/a/b?q=1"),
        ("http://other/x?y", "/x?y"),
        ("//other/z", "/z"),
        ("./", "/a/"),
    ],
)
def test_a_location_may_be_relative(play: Play, location: str, path: str) -> None:
    """A redirect leads to its location as seen from where it was asked (RFC 3986)."""
    steps = [moved("/a/b", 302, location), when(path, 204), ask("/a/b", follow_redirects=True, expect_status=204)]
    assert play(steps).status == "pass", play(steps).findings


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_which_method_goes_on(play: Play, status: int, method: str) -> None:
    """303 asks for the answer with GET; 301 and 302 do so for POST alone; 307 and 308 send the same again (RFC 9110)."""
    becomes_get = (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST")
    wanted = "GET" if becomes_get else method
    target = {"type": "http_when", "method": wanted, "path": "/b", "status": 200}
    step = {**ask("/a", follow_redirects=True, expect_status=200), "method": method}
    assert play([moved("/a", status, "/b", method), target, step]).status == "pass"


def test_a_redirect_is_an_answer_unless_followed(play: Play) -> None:
    """Without `follow_redirects`, without a location, and with another status, the answer is the answer."""
    assert play([moved("/a", 302, "/b"), ask("/a", expect_status=302)]).status == "pass"
    assert play([when("/a", 302), ask("/a", expect_status=302, follow_redirects=True)]).status == "pass"
    for status in (300, 304, 201):
        assert (
            play([moved("/a", status, "/b"), ask("/a", expect_status=status, follow_redirects=True)]).status == "pass"
        )


def test_redirects_are_bounded(play: Play) -> None:
    """Ten are followed; the eleventh is a finding, also when they lead in a circle."""
    chain = [moved(f"/{index}", 302, f"/{index + 1}") for index in range(10)]
    assert play([*chain, when("/10"), ask("/0", follow_redirects=True, expect_status=200)]).status == "pass"
    for rules in ([*chain, moved("/10", 302, "/11"), when("/11")], [moved("/0", 307, "/0")]):
        finding = play([*rules, ask("/0", follow_redirects=True)]).finding
        assert (finding.title, finding.message) == ("http_redirects", "/0 redirects more than 10 times")


@pytest.mark.parametrize("location", ["http://[", "//[x"])
def test_a_location_that_is_none(play: Play, location: str) -> None:
    """A redirect to what is no address is a finding that says where it leads."""
    finding = play([moved("/a", 302, location), ask("/a", follow_redirects=True)]).finding
    assert finding.title == "http_redirects" and location in finding.message


def test_a_redirect_to_nowhere_is_unscripted(play: Play) -> None:
    """The request that nobody answers is the redirected one; the rule to paste is for it."""
    finding = play([moved("/a", 303, "/b", "POST"), {**ask("/a", follow_redirects=True), "method": "POST"}]).finding
    assert finding.title == "http_unscripted" and finding.location is not None
    paste = finding.location.details["paste"]
    assert (paste["method"], paste["path"]) == ("GET", "/b")


@pytest.mark.parametrize(
    ("url", "location", "kept"),
    [
        ("http://h/a", "/b", True),
        ("http://h/a", "http://h/b", True),
        ("http://h/a", "http://other/b", False),
        ("http://h/a", "https://h/b", False),
        ("http://h/a", "http://h:81/b", False),
        ("/a", "/b", True),
        ("/a", "http://h/b", False),
    ],
)
def test_credentials_stay_with_whom_they_are_for(url: str, location: str, kept: bool) -> None:
    """What was meant for one host is not sent to another; everything else goes along."""
    from fozzy.dsl.steps.http import redirected
    from fozzy.world.http.base import HttpAnswer, HttpRequest

    headers = [("Authorization", "Bearer x"), ("COOKIE", "a=b"), ("X-Mine", "1")]
    answer = HttpAnswer(status=307, headers=[("Location", location)])
    request = redirected(HttpRequest(method="GET", url=url, headers=headers), answer)
    assert request is not None and request.headers == (headers if kept else headers[2:])


def test_checks_are_of_the_last_answer(play: Play) -> None:
    """What is expected and kept is of the answer the redirects came to; a GET has lost the body's type."""
    step = {
        **ask("/a", json={"x": 1}, follow_redirects=True, expect_json={"ok": True}, save={"s": "status"}),
        "method": "POST",
    }
    steps = [moved("/a", 303, "/b", "POST", delay="3ms"), when("/b", 201, json={"ok": True}, delay="4ms"), step]
    played = play([*steps, {"type": "assert", "that": "${s}", "equals": 201}])
    assert (played.status, played.ended.now_ns) == ("pass", 7 * MS)


# real ones

HANDLER = """
import http.server, sys, time, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        where = urllib.parse.urlsplit(self.path)
        if where.path == "/slow":
            time.sleep(20)
        self.send_response(303 if where.path == "/moved" else 200)
        if where.path == "/moved":
            self.send_header("Location", "here?q=1")
        said = " ".join([self.command, self.path, self.headers.get("content-type") or "-", body]).encode()
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    do_GET = do_POST = answer
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.serve_forever()
"""


def test_a_real_service_sees_all_of_it(play: Play, tmp_path: Path) -> None:
    """Bodies, query, redirects and timeouts of a request are real with the host backend."""
    (tmp_path / "f.txt").write_text("from a file")
    serve = {
        "type": "proc_start",
        "name": "s",
        "cmd": sys.executable,
        "args": ["-c", HANDLER, "${port}"],
        "ready": {"tcp": "127.0.0.1:${port}", "within": "20s"},
    }

    def post(path: str, wanted: str, **more: Any) -> Json:
        step = {"type": "http_request", "method": "POST", "path": path, "expect_status": 200, "expect_body": wanted}
        return {**step, **more}

    form = "application/x-www-form-urlencoded"
    steps = [
        {"type": "free_port", "key": "port"},
        serve,
        post("/a", "POST /a?x=1&y=a+b - plain", body="plain", query={"x": 1, "y": "a b"}),
        post("/b", 'POST /b application/json {"n":1}', json={"n": 1}),
        post("/c", f"POST /c {form} a=b+c", form={"a": "b c"}),
        post("/d", "POST /d - from a file", file="f.txt"),
        post("/sub/moved/../moved", "x", follow_redirects=True, expect_body=None),
        post("/moved", "GET /here?q=1 - ", json=1, follow_redirects=True),
        {"type": "assert_throws", "steps": [post("/slow", "x", timeout="200ms")]},
        {"type": "http_request", "method": "GET", "path": "/slow", "timeout": "200ms"},
    ]
    played = play(
        steps,
        backends={"proc": "host", "http": "host", "fs": "host"},
        http_base_url="http://127.0.0.1:${port}",
        root=tmp_path,
        timeout="60s",
    )
    assert played.finding.title == "http_timeout", played.findings
    assert played.finding.location is not None and played.finding.location.path == "steps[9]"
    assert played.status == "fail" and played.ended.now_ns < 50 * 10**9


@pytest.fixture
def url() -> Iterator[str]:
    """A real server that answers 200, `text/plain`, `{"ok":true}` to whatever it is asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", "11")
            self.end_headers()
            self.wfile.write(b'{"ok":true}')

        def log_message(self, *_args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({}, ""),
        ({"headers": {"content-type": "text/plain"}}, ""),
        ({"headers": {"content-type": "text/html"}}, 'header "content-type" is "text/plain", wanted "text/html"'),
        ({"headers": {"Content-Type": "text/html"}}, 'header "Content-Type" is "text/plain", wanted "text/html"'),
        ({"headers": {"x-a": "1"}}, 'header "x-a" is missing, wanted "1"'),
        ({"json": {"ok": True}}, ""),
        ({"json": {"ok": True}, "headers": {"content-type": "application/json"}}, 'header "content-type" is'),
        ({"json": {"ok": False}}, "the body is"),
        ({"status": 201}, "answered 200, http_when says 201"),
    ],
)
def test_a_real_answer_is_held_to_its_rule(play: Play, url: str, declared: Json, message: str) -> None:
    """With the host backend an http_when asserts every header it declares, and not the type that `json` implies."""
    steps = [when(**declared), ask(headers={"accept": "*/*"}, body="sent")]
    played = play(steps, backends={"http": "host"}, http_base_url=url)
    said = [finding.message for finding in played.findings]
    assert len(said) == (1 if message else 0) and all(message in each for each in said), said
    assert not message or played.pointed_at == "{"


def test_a_rule_that_nothing_meets_asserts_nothing(play: Play, url: str) -> None:
    """With the host backend an http_when of what nobody asks fails a strict run, and is told without; scripted it is no
    assertion, and a request without an answer meets it all the same."""
    more: Json = {"backends": {"http": "host"}, "http_base_url": url}
    steps = [when("/typo", 500), when("/ok"), ask("/ok")]
    strict, unsafe = play(steps, **more), play(steps, options=Options(det=True, strict=False), **more)
    assert [(each.title, each.kind) for each in strict.findings] == [("http_when_unmet", "checker")]
    assert strict.status == "fail" and "GET /typo" in strict.finding.message
    assert strict.finding.location is not None and strict.finding.location.path == "steps[0]"
    assert (unsafe.status, unsafe.finding.title) == ("pass", "http_when_unmet")
    assert play(steps).findings == []
    shadowed = [when("/ok"), when("/ok", 500), ask("/ok")]
    assert play(shadowed, **more).finding.title == "http_when_unmet"
    refused = {"type": "assert_throws", "steps": [ask("http://127.0.0.1:9/down")]}
    assert play([when("/down"), refused], **more).findings == []
    assert [each.title for each in play([when("/typo"), {"type": "fail", "message": "x"}], **more).findings] == ["fail"]
