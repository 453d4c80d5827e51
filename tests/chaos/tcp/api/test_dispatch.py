"""Toxiproxy's API asked without a socket: paths, statuses, bodies and texts are those its clients know."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fozzy.chaos.tcp.api.operations import API_VERSION
from fozzy.version import VERSION
from tests.chaos.tcp.api.asking import TAKEN, UPSTREAM, Asking, named

SLOW = {"type": "latency", "attributes": {"latency": 100}}


@pytest.fixture
def api() -> Asking:
    """A session with one proxy, `redis`."""
    return Asking(named())


def test_a_proxy_from_its_creation_to_its_end(api: Asking) -> None:
    """Created with 201 and its true address, shown, changed with POST and PATCH, deleted with 204."""
    made = api.post("/proxies", named("pg", listen="localhost:0"))
    assert made.status == 201
    assert made.body == {
        "name": "pg",
        "listen": "127.0.0.1:40002",
        "upstream": UPSTREAM,
        "enabled": True,
        "protocol": "raw",
        "toxics": [],
    }
    assert api.get("/proxies/pg") == made.body
    for method, enabled in (("POST", False), ("PATCH", True)):
        said = api.ask(method, "/proxies/pg", {"enabled": enabled})
        assert (said.status, said.body) == (200, {**made.body, "enabled": enabled})
    assert list(api.get("/proxies")) == ["redis", "pg"]
    gone = api.ask("DELETE", "/proxies/pg")
    assert (gone.status, gone.answer.body) == (204, b"")
    assert api.ask("GET", "/proxies/pg").status == 404
    assert list(api.get("/proxies")) == ["redis"]
    assert api.doors.followed == 5


def test_a_toxic_from_its_creation_to_its_end(api: Asking) -> None:
    """Created with 200 and every attribute of its type, merged by an update, deleted with 204."""
    made = api.post("/proxies/redis/toxics", {**SLOW, "stream": "UpStream", "name": "slow", "toxicity": 0.5})
    whole: dict[str, Any] = {
        "attributes": {"latency": 100, "jitter": 0},
        "name": "slow",
        "type": "latency",
        "stream": "upstream",
        "toxicity": 0.5,
    }
    assert (made.status, made.body) == (200, whole)
    for method, jitter in (("POST", 5), ("PATCH", 6)):
        said = api.ask(method, "/proxies/redis/toxics/slow", {"attributes": {"jitter": jitter}})
        assert (said.status, said.body) == (200, {**whole, "attributes": {"latency": 100, "jitter": jitter}})
    assert api.get("/proxies/redis/toxics") == api.get("/proxies/redis")["toxics"] == [said.body]
    assert api.get("/proxies/redis/toxics/slow") == said.body
    gone = api.ask("DELETE", "/proxies/redis/toxics/slow")
    assert (gone.status, gone.answer.body) == (204, b"")
    assert api.get("/proxies")["redis"]["toxics"] == []
    assert [event.fields["what"] for event in api.changes] == [
        "toxic added", "toxic changed", "toxic changed", "toxic deleted",
    ]  # fmt: skip
    assert {(event.fields["proxy"], event.fields["toxic"]) for event in api.changes} == {("redis", "slow")}


def test_defaults_of_a_toxic(api: Asking) -> None:
    """Its stream is downstream, its name says type and stream, it is on every connection."""
    made = api.post("/proxies/redis/toxics", {"type": "reset_peer"}).body
    assert made == {
        "attributes": {"timeout": 0},
        "name": "reset_peer_downstream",
        "type": "reset_peer",
        "stream": "downstream",
        "toxicity": 1.0,
    }
    assert api.changes[-1].fields["toxic"] == "reset_peer_downstream"


def test_a_schedule_stands_beside_toxicity(api: Asking) -> None:
    """Also where a client said it among the attributes; an update through attributes changes it there."""
    made = api.post("/proxies/redis/toxics", {"type": "latency", "attributes": {"latency": 5, "first": 3}}).body
    assert (made["attributes"], made["first"]) == ({"latency": 5, "jitter": 0}, 3)
    changed = api.post("/proxies/redis/toxics/latency_downstream", {"attributes": {"first": 4}, "every": 2}).body
    assert (changed["attributes"]["latency"], changed["first"], changed["every"]) == (5, 4, 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("POST", "/proxies", {"upstream": "h:1"}, 400, "missing required field: name"),
        ("POST", "/proxies", {"name": "a"}, 400, "missing required field: upstream"),
        ("POST", "/proxies", named(), 409, "proxy already exists"),
        ("POST", "/proxies", b"{", 400, "bad request body: the body is not JSON: "),
        ("POST", "/proxies", None, 400, "bad request body: the body is not JSON: "),
        ("POST", "/proxies", named("a", listen=f"127.0.0.1:{TAKEN}"), 500, "cannot listen on 127.0.0.1:6666: Address"),
        ("POST", "/proxies", named("a", enabled="yes"), 400, 'bad request body: enabled is "yes": expected true or'),
        ("POST", "/proxies", named("a", listn=""), 400, "bad request body: listn: there is no such key"),
        ("GET", "/proxies/x", None, 404, "proxy not found"),
        ("POST", "/proxies/x", {}, 404, "proxy not found"),
        ("PATCH", "/proxies/x", b"{", 404, "proxy not found"),
        ("DELETE", "/proxies/x", None, 404, "proxy not found"),
        ("GET", "/proxies/x/toxics", None, 404, "proxy not found"),
        ("POST", "/proxies/x/toxics", SLOW, 404, "proxy not found"),
        ("DELETE", "/proxies/x/toxics/slow", None, 404, "proxy not found"),
        ("POST", "/proxies/redis", {"enabled": 1}, 400, "bad request body: enabled is 1: expected true or false"),
        ("POST", "/proxies/redis/toxics", {"type": "slow"}, 400, "invalid toxic type"),
        ("POST", "/proxies/redis/toxics", {}, 400, "invalid toxic type"),
        (
            "POST", "/proxies/redis/toxics", {**SLOW, "stream": "side"}, 400,
            "stream was invalid, can be either upstream or downstream",
        ),
        ("POST", "/proxies/redis/toxics", {**SLOW, "name": "there"}, 409, "toxic already exists"),
        ("POST", "/proxies/redis/toxics", {**SLOW, "attributes": {"x": 1}}, 400, "bad request body: attributes.x: the"),
        ("POST", "/proxies/redis/toxics", {**SLOW, "toxicity": 1.5}, 400, "bad request body: toxicity is 1.5: expect"),
        ("POST", "/proxies/redis/toxics", [], 400, "bad request body: the document is []: expected an object"),
        ("GET", "/proxies/redis/toxics/x", None, 404, "toxic not found"),
        ("POST", "/proxies/redis/toxics/x", {}, 404, "toxic not found"),
        ("PATCH", "/proxies/redis/toxics/x", {}, 404, "toxic not found"),
        ("DELETE", "/proxies/redis/toxics/x", None, 404, "toxic not found"),
        (
            "PATCH", "/proxies/redis/toxics/there", {"attributes": {"latency": -1}}, 400,
            "bad request body: attributes.latency is -1: expected a whole number, 0 or more",
        ),
        ("POST", "/populate", [{"name": "a"}], 400, "missing required field: upstream at proxy 1"),
        ("POST", "/populate", [named("a"), {"upstream": "h:1"}], 400, "missing required field: name at proxy 2"),
        ("POST", "/populate", {"a": []}, 400, 'bad request body: the document is {"a":[]}: expected a list of proxies'),
        ("POST", "/populate", [named("a"), named("b", listen=f"127.0.0.1:{TAKEN}")], 500, "cannot listen on "),
        ("GET", "/proxy", None, 404, "there is no /proxy"),
        ("GET", "/proxies/", None, 404, "proxy not found"),
        ("GET", "/proxies/%ff", None, 400, "the path is not UTF-8"),
        ("PUT", "/proxies", None, 405, "/proxies is not for PUT"),
        ("GET", "/reset", None, 405, "/reset is not for GET"),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(
    api: Asking, method: str, path: str, body: Any, status: int, text: str
) -> None:
    """Toxiproxy's status and text, our code and message beside them; the plan is the very same."""
    api.post("/proxies/redis/toxics", {**SLOW, "name": "there"})
    api.changes.clear()
    said = api.same_after(lambda: api.ask(method, path, body))
    assert (said.status, said.body["status"]) == (status, status)
    assert said.body["error"].startswith(text)
    assert re.fullmatch(r"chaos\.\w+", said.body["code"])
    assert said.body["message"]
    if status == 405:
        assert said.answer.headers


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/proxies", {"upstream": "h:1"}, "name"),
        ("/proxies", named("a", enabled=3), "enabled"),
        ("/proxies", named("a", toxics=[SLOW, {**SLOW, "stream": "side"}]), "toxics[1].stream"),
        ("/proxies/redis/toxics", {**SLOW, "attributes": {"latency": "1"}}, "attributes.latency"),
        ("/proxies/redis/toxics", {**SLOW, "attributes": {"latency": 1, "jitter": -2}}, "attributes.jitter"),
        ("/proxies/redis/toxics", {**SLOW, "rate": 3}, "rate"),
        ("/populate", [named("a", toxics=[{"type": "x"}])], "proxies[0].toxics[0].type"),
        ("/proxies/redis/toxics", [], ""),
    ],
)
def test_a_refusal_names_its_field(api: Asking, path: str, body: Any, field: str) -> None:
    """The place in the body that is wrong is said, where it is one place."""
    assert api.same_after(lambda: api.post(path, body)).body.get("field", "") == field


def test_populate_twice_changes_nothing_the_second_time() -> None:
    """The first time all are made, with their toxics; the second time the answer is the same and nothing has changed."""
    api = Asking()
    wanted = [named("a", toxics=[SLOW]), named("b", listen="127.0.0.1:0", enabled=False)]
    first = api.post("/populate", wanted)
    assert first.status == 201
    assert [(each["name"], len(each["toxics"])) for each in first.body["proxies"]] == [("a", 1), ("b", 0)]
    api.changes.clear()
    second = api.same_after(lambda: api.post("/populate", {"proxies": wanted}))
    assert (second.status, second.body) == (201, first.body)


def test_reset_enables_all_and_takes_all_toxics(api: Asking) -> None:
    """204, whatever is sent with it; a second time nothing is left to do."""
    api.post("/proxies/redis/toxics", SLOW)
    api.post("/proxies/redis", {"enabled": False})
    assert api.ask("POST", "/reset", b"whatever").status == 204
    assert (api.get("/proxies/redis")["enabled"], api.get("/proxies/redis/toxics")) == (True, [])
    api.changes.clear()
    assert api.same_after(lambda: api.post("/reset")).status == 204


def test_changes_that_come_at_once_lose_nothing(api: Asking) -> None:
    """Each change is made of the plan that the one before left, however long a door takes."""
    api.doors.waits = 5
    names = [f"p{index}" for index in range(8)]
    said = api.ask_at_once(
        *[("POST", "/proxies", named(name)) for name in names],
        *[("POST", "/proxies/redis/toxics", {**SLOW, "name": name}) for name in names],
        ("POST", "/proxies", named("p0")),
    )
    assert sorted(each.status for each in said) == [200] * 8 + [201] * 8 + [409]
    assert sorted(api.get("/proxies")) == [*names, "redis"]
    assert sorted(toxic["name"] for toxic in api.get("/proxies/redis/toxics")) == names


def test_names_in_paths_may_be_anything(api: Asking) -> None:
    """A name with spaces, slashes or letters of any alphabet is asked for with escapes."""
    assert api.post("/proxies", named("main db/größe")).status == 201
    path = "/proxies/main%20db%2Fgr%C3%B6%C3%9Fe"
    assert api.get(path)["name"] == "main db/größe"
    assert api.post(f"{path}/toxics", {**SLOW, "name": "a/b"}).status == 200
    assert api.ask("DELETE", f"{path}/toxics/a%2Fb").status == 204


def test_a_tcp_proxy_says_that_it_has_no_scenarios(api: Asking) -> None:
    """`fozzy proxy scenarios`, `start` and `stop` ask for them wherever --control leads."""
    for method, path in (("GET", "/fozzy/scenarios"), ("POST", "/fozzy/scenarios/x"), ("DELETE", "/fozzy/scenarios")):
        answer = api.ask(method, path)
        assert (answer.status, answer.body["code"]) == (404, "chaos.api_path")
        assert "no scenarios" in answer.body["message"] and "toxics" in answer.body["hint"]


def test_version_says_whose_api_it_is(api: Asking) -> None:
    """Clients look for a 2.x; our own version stands beside it."""
    assert api.get("/version") == {"version": API_VERSION, "fozzy": VERSION}
    assert API_VERSION.startswith("2.")


def test_a_body_is_json_whatever_its_type_says(api: Asking) -> None:
    """`curl -d` calls what it sends a form; a key that stands twice is still refused."""
    said = api.ask("POST", "/proxies", b'{"name":"a","upstream":"h:1"}', **{"content-type": "application/x-www-form"})
    assert said.status == 201
    said = api.ask("POST", "/proxies", b'{"name":"b","name":"c","upstream":"h:1"}')
    assert (said.status, said.body["error"]) == (400, 'bad request body: "name" is given twice')


def test_a_bug_is_an_answer_too(api: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong here is told, and the API goes on."""
    monkeypatch.setattr(api.session, "alter", None)
    said = api.post("/reset")
    assert (said.status, said.body["code"]) == (500, "chaos.api_trouble")
    assert api.get("/proxies")
