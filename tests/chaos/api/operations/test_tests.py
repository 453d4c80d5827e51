"""Test scopes: what is shown is what the test's traffic gets, and no scope touches another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.api.asking import Asking

BASE = {"latency": {"fixed": "50ms"}, "faults": {"malformed": 1.0}}


def config(asking: Asking, test: str = "t1") -> Any:
    return asking.get(f"/fozzy/tests/{test}/config")["holds"]["config"]


def test_without_a_scope_a_test_gets_the_baseline() -> None:
    """What is shown for a test nobody has scoped is what holds for everybody."""
    asking = Asking(BASE)
    said = asking.get("/fozzy/tests/t1/config")
    assert (said["scope"], said["holds"]["config"]) == (None, BASE)
    assert asking.request(test="t1").planned == "malformed"


def test_an_empty_scope_is_no_chaos_while_the_baseline_goes_on() -> None:
    """After `{}` the test's requests are left alone, others are not, and taking the scope away brings it all back."""
    asking = Asking(BASE)
    asking.do("POST", "/fozzy/tests/t1/config", {})
    assert config(asking) == {}
    assert asking.request(test="t1").planned == ""
    assert asking.request(test="t1").delay_ns == 0
    assert asking.request().planned == "malformed"
    assert asking.do("DELETE", "/fozzy/tests/t1/config")["holds"]["config"] == BASE
    assert asking.request(test="t1").planned == "malformed"


def test_a_scope_replaces_or_is_merged_as_it_says() -> None:
    """Without `merge` a scope stands in the place of the baseline, with it over the baseline, field by field."""
    asking = Asking(BASE)
    asking.do("POST", "/fozzy/tests/t1/config", {"faults": {"drop": 1.0}})
    assert config(asking) == {"faults": {"drop": 1.0}}
    asking.do("POST", "/fozzy/tests/t1/config", {"faults": {"drop": 1.0}, "merge": True})
    assert config(asking) == {"latency": {"fixed": "50ms"}, "faults": {"drop": 1.0, "malformed": 1.0}}
    origins = {each["name"]: each["origin"] for each in asking.get("/fozzy/tests/t1/config")["holds"]["fields"]}
    assert origins == {"latency": "server", "faults.drop": "test t1", "faults.malformed": "server"}
    decision = asking.request(test="t1")
    assert (decision.planned, decision.delay_ns) == ("drop", 50_000_000)


def test_a_scope_is_changed_in_part() -> None:
    """A patch changes what it says of a scope, `merge` too."""
    asking = Asking(BASE)
    asking.do("POST", "/fozzy/tests/t1/config", {"faults": {"drop": 1.0}, "latency": {"fixed": "1ms"}})
    asking.do("PATCH", "/fozzy/tests/t1/config", {"faults": {"drop": None, "disconnect": 1.0}})
    assert config(asking) == {"faults": {"disconnect": 1.0}, "latency": {"fixed": "1ms"}}
    asking.do("PATCH", "/fozzy/tests/t1/config", {"latency": None, "merge": True})
    assert config(asking)["latency"] == {"fixed": "50ms"}


def test_scopes_do_not_touch_each_other() -> None:
    """Two tests at once: only the one that asked for failures sees them, however their requests mix."""
    asking = Asking()
    asking.do("POST", "/fozzy/tests/bad/config", {"faults": {"drop": 1.0}})
    asking.do("POST", "/fozzy/tests/good/config", {})
    planned = [(test, asking.request(test=test).planned) for _ in range(20) for test in ("bad", "good", "other", "")]
    assert {each for each in planned if each[1]} == {("bad", "drop")}
    assert planned.count(("bad", "drop")) == 20
    assert set(asking.get("/fozzy/tests")["tests"]) == {"bad", "good"}
    asking.do("DELETE", "/fozzy/tests")
    assert asking.get("/fozzy/tests") == {"tests": {}}
    assert asking.request(test="bad").planned == ""


def test_any_text_can_be_a_test_id() -> None:
    """A test id with slashes, spaces and letters of any language is one word of the path."""
    asking = Asking()
    asking.do("POST", "/fozzy/tests/a%2Fb%20%C3%A9%3F/config", {"faults": {"drop": 1.0}})
    assert list(asking.get("/fozzy/tests")["tests"]) == ["a/b é?"]
    assert asking.request(test="a/b é?").planned == "drop"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"faults": {"drop": 1.5}}', "faults.drop"),
        (b'{"faults": {"drop": -1}}', "faults.drop"),
        (b'{"faults": {"drop": "yes"}}', "faults.drop"),
        (b'{"chaos": true}', "chaos"),
        (b'{"merge": 1}', "merge"),
        (b'{"latency": {"fixed": "40s"}}', "tests.t1.latency"),
        (b"1.5", ""),
        (b"-1", ""),
        (b"[]", ""),
        (b"null", ""),
        (b"{broken", ""),
        (b"", ""),
    ],
)
def test_a_bad_scope_is_refused_and_the_old_one_stays(body: bytes, field: str) -> None:
    """Whatever is wrong with a scope, the answer is 400 with the field, and the scope before it stays in force."""
    asking = Asking(BASE)
    asking.do("POST", "/fozzy/tests/t1/config", {"faults": {"drop": 1.0}})
    before, count = asking.everything(), len(asking.changes)
    said = asking.ask("POST", "/fozzy/tests/t1/config", body)
    assert (said.status, said.error.get("field", "")) == (400, field), said.body
    assert (asking.everything(), len(asking.changes)) == (before, count)
    assert asking.request(test="t1").planned == "drop"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_not_there_cannot_be_changed(method: str) -> None:
    """A scope that nobody made is not found."""
    asking = Asking()
    said = asking.ask(method, "/fozzy/tests/nobody/config", {} if method == "PATCH" else None)
    assert (said.status, said.error["code"]) == (404, "chaos.unknown_test")
    assert asking.changes == []


def test_each_field_has_its_origin() -> None:
    """For a test and a route each field tells who said it, and what share of requests it strikes."""
    asking = Asking({**BASE, "routes": [{"path": "/a", "faults": {"drop": 0.5}}], "tests": {"t1": {"merge": True}}})
    said = asking.get("/fozzy/explain?test=t1&route=0")
    assert (said["test"], said["route"]) == ("t1", "routes[0]")
    told = {each["name"]: (each["origin"], each.get("share")) for each in said["holds"]["fields"]}
    assert told == {
        "latency": ("server", None),
        "faults.drop": ("routes[0]", 0.5),
        "faults.malformed": ("server", 0.5),
    }


@pytest.mark.parametrize(
    ("query", "status"), [("test=nobody", 404), ("route=1", 404), ("route=-1", 400), ("route=x", 400), ("path=/a", 400)]
)
def test_what_cannot_be_explained(query: str, status: int) -> None:
    """An unknown test or route is not found, and a query that says anything else is refused."""
    assert Asking({"routes": [{"path": "/a"}]}).ask("GET", f"/fozzy/explain?{query}").status == status


def test_a_scope_that_is_put_anew_begins_anew() -> None:
    """The second test under an id gets what the first got: the scope's ordinals count from 1, however it was ended."""
    asking = Asking()
    scope = {"faults": {"status": {"codes": [503], "first": 1}}}
    for path in ("/fozzy/tests/t1/config", "/fozzy/tests", ""):
        asking.do("POST", "/fozzy/tests/t1/config", scope)
        assert [asking.request(test="t1").planned for _ in range(2)] == ["status", ""]
        if path:
            asking.do("DELETE", path)
