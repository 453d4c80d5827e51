"""A match means the requests that it describes and no others."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.http.forms import formed
from fozzy.faults.http.match import Facts, glob, matcher, path_of
from fozzy.faults.http.plan import Match
from tests.faults.http.asking import ask, engine, seen


def means(match: dict[str, Any], **request: Any) -> bool:
    """Whether a match means a request."""
    test, client = request.pop("test", ""), request.pop("of", "127.0.0.1")
    found = matcher(formed(Match, match))
    return found is None or found(Facts(seen(**request), test, client))


JSON = {"body": b'{"model": "gpt", "n": 1, "ok": true, "messages": [{"role": "user"}, {"role": "tool"}]}'}


@pytest.mark.parametrize(
    ("match", "request_", "expected"),
    [
        ({}, {}, True),
        ({"method": "post"}, {"method": "POST"}, True),
        ({"method": "P*"}, {"method": "PATCH"}, True),
        ({"method": "POST"}, {"method": "GET"}, False),
        ({"path": "/a"}, {"target": "/a?x=1"}, True),
        ({"path": "/a"}, {"target": "/a/"}, False),
        ({"path": "/v1/*"}, {"target": "/v1/chat/completions"}, True),
        ({"path": "/v1/*/b"}, {"target": "http://host/v1/x/y/b?q"}, True),
        ({"path": "/v1/*"}, {"target": "/v1"}, False),
        ({"query": {"a": "1"}}, {"target": "/?b=2&a=1"}, True),
        ({"query": {"a": "x y"}}, {"target": "/?a=x%20y"}, True),
        ({"query": {"a": "*"}}, {"target": "/?a="}, True),
        ({"query": {"a": "*"}}, {"target": "/?b=1"}, False),
        ({"headers": {"X-A": "1*"}}, {"headers": {"x-a": " 12 "}}, True),
        ({"headers": {"X-A": "1"}}, {"headers": [("x-a", "2"), ("X-A", "1")]}, True),
        ({"headers": {"X-A": "*"}}, {}, False),
        ({"body": {"$.model": "gpt"}}, JSON, True),
        ({"body": {"$.messages[*].role": "tool", "$.n": 1}}, JSON, True),
        ({"body": {"$.n": True}}, JSON, False),
        ({"body": {"$.ok": 1}}, JSON, False),
        ({"body": {"$.none": None}}, JSON, False),
        ({"body": {"$.model": "gpt"}}, {"body": b"{"}, False),
        ({"body": {"$.model": "gpt"}}, {}, False),
        ({"body": {"$.model": "gpt"}}, {**JSON, "body_bytes": 10**6}, False),
        ({"client": "10.0.0.0/8"}, {"of": "10.1.2.3"}, True),
        ({"client": "10.0.0.0/8"}, {"of": "::ffff:10.1.2.3"}, True),
        ({"client": "10.1.2.3"}, {"of": "10.1.2.3"}, True),
        ({"client": "10.0.0.0/8"}, {"of": "11.1.2.3"}, False),
        ({"client": "fe80::/10"}, {"of": "fe80::1"}, True),
        ({"client": "10.0.0.0/8"}, {"of": "a name"}, False),
        ({"body_bytes_min": 3}, {"body": b"abc"}, True),
        ({"body_bytes_min": 4}, {"body": b"abc"}, False),
        ({"body_bytes_max": 2}, {"body": b"abc"}, False),
        ({"body_bytes_min": 3}, {"body": b"abc", "body_bytes": None}, True),
        ({"body_bytes_max": 9}, {"body": b"abc", "body_bytes": None}, False),
        ({"chunked": True}, {"chunked": True}, True),
        ({"chunked": False}, {"chunked": True}, False),
        ({"test": "t*"}, {"test": "t1"}, True),
        ({"test": "t*"}, {}, False),
        ({"method": "GET", "path": "/a"}, {"target": "/b"}, False),
    ],
)
def test_matches(match: dict[str, Any], request_: dict[str, Any], expected: bool) -> None:
    """All that is said must hold, and an empty match means every request."""
    assert means(match, **request_) is expected


@given(st.text("ab*/", max_size=12), st.text("ab/", max_size=20))
def test_globs_are_what_they_look_like(pattern: str, text: str) -> None:
    """A star is any text, slashes too; everything else is itself."""
    regex = "".join(".*" if character == "*" else re.escape(character) for character in pattern)
    assert glob(pattern)(text) is bool(re.fullmatch(regex, text, re.DOTALL))
    assert glob(pattern)(text) is fnmatch.fnmatchcase(text, pattern)


def test_globs_take_no_time() -> None:
    """A pattern of many stars is decided quickly for a long text that does not fit."""
    assert not glob("*a" * 60 + "b")("a" * 60_000)


@pytest.mark.parametrize(
    ("target", "path"),
    [("/a?b", "/a"), ("http://h/a?b", "/a"), ("http://h", "/"), ("*", "*"), ("h:1", "h:1"), ("/a#b", "/a")],
)
def test_paths(target: str, path: str) -> None:
    """A path is without its query, and without the host of an absolute target."""
    assert path_of(target) == path


def test_a_query_of_too_many_fields_is_none() -> None:
    """A query that is too long to be looked at has no fields, and nothing fails."""
    assert not means({"query": {"a": "1"}}, target="/?" + "a=1&" * 5000)


def test_the_first_route_that_means_a_request() -> None:
    """Routes are tried in their order; a fault's own match narrows it further."""
    routes = [
        {"path": "/a", "faults": {"drop": {"match": {"method": "POST"}}}},
        {"path": "/*", "faults": {"timeout": 1}},
    ]
    asked = engine(routes=routes)
    assert ask(asked, "/a").place == "routes[0]" and ask(asked, "/a").planned == ""
    assert ask(asked, "/a", method="POST").planned == "drop"
    assert (ask(asked, "/b").place, ask(asked, "/b").planned) == ("routes[1]", "timeout")


def test_only_matching_requests_count() -> None:
    """The ordinals of a fault with a match are those of the requests it means."""
    asked = engine(faults={"drop": {"match": {"headers": {"x-who": "me"}}, "every": 2}})
    hits = [ask(asked, headers={"x-who": who}).planned for who in ("me", "you", "you", "me", "me", "you", "me")]
    assert hits == ["", "", "", "drop", "", "", "drop"]
