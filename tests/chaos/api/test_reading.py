"""Bodies and queries are read strictly, and what is wrong is told with its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.chaos.api.call import Call, Rejected
from fozzy.chaos.api.reading import DEPTH_MAX, body_of, located, query_of, too_deep, tree_of
from fozzy.chaos.journal import Query
from fozzy.errors import InputError
from fozzy.faults.http.plan import Plan

JSON = {"content-type": "application/json"}


def call(body: bytes, kind: str | None = "application/json") -> Call:
    return Call("PUT", "/", "", {} if kind is None else {"content-type": kind}, body)


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
)
def test_json_is_taken(kind: str) -> None:
    """A body that says it is JSON is read, whatever follows the type."""
    assert tree_of(call(b'{"a": [1, 2.5, null, "x"]}', kind)) == {"a": [1, 2.5, None, "x"]}


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_what_does_not_say_that_it_is_json_is_refused(kind: str | None) -> None:
    """A body of another type, or of none, is answered with 415 and the header to send."""
    with pytest.raises(Rejected) as caught:
        tree_of(call(b"{}", kind))
    assert (caught.value.status, caught.value.code) == (415, "chaos.api_type")
    assert "application/json" in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{]",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"{} {}",
        b"NaN",
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": ' + b"9" * 2000 + b"}",
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"a": 1, "a": 1}',
        b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
        b'{"a":' * 100_000,
        b"\x00",
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Broken, doubtful and boundless JSON is answered with 400, at once."""
    with pytest.raises(Rejected) as caught:
        tree_of(call(body))
    assert caught.value.status == 400


def test_brackets_in_texts_are_no_depth() -> None:
    """Only what is nested counts, up to the limit."""
    assert not too_deep(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    assert not too_deep(b'{"a": "' + b"[" * 1000 + b'\\"[[["}')
    assert not too_deep(b"[],{}," * 1000)
    assert too_deep(b"[" * (DEPTH_MAX + 1))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No body makes it fail otherwise."""
    try:
        body_of(call(body), Plan)
    except Rejected as error:
        assert error.status == 400
    except InputError as error:
        assert error.code.startswith("chaos.")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_query_is_read_or_refused(query: str) -> None:
    """No query makes it fail otherwise."""
    try:
        query_of(Call("GET", "/", query), Query)
    except Rejected as error:
        assert error.status == 400


def test_a_query_is_typed() -> None:
    """Texts of a query become what its fields are."""
    said = query_of(Call("GET", "/", "limit=5&bodies=false&path=%2Fa%2A&test="), Query)
    assert (said.limit, said.bodies, said.path, said.test) == (5, False, "/a*", "")


def test_the_field_of_an_engines_error_is_found() -> None:
    """An error that begins with a field of the plan has it as its field; one that begins otherwise has none."""
    for message, field in [
        ("faults.drop is 2: expected a number from 0 to 1", "faults.drop"),
        ("routes[3].client: no network", "routes[3].client"),
        ("latency waits up to 31000ms", "latency"),
        ("there is no scenario", ""),
        ("the scenario is active", ""),
    ]:
        error = located(InputError("chaos.bad_value", message), Plan)
        assert getattr(error, "field", "") == field
