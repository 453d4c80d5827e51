"""What all steps share: words for values, bounded showing, checks of headers and methods."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.limits import DEPTH_MAX
from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps.base import SHOWN_CHARS_MAX, check_headers, check_method, json_of, literal, ns, show
from fozzy.dsl.values import compile_value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["${", "$${", "${a}", "$$${x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_a_literal_says_itself(value: Any) -> None:
    """What `literal` writes is read back as the value itself, whatever looks like a reference in it."""
    written = literal(value)
    getter = compile_value(written)
    assert (written if getter is None else getter(None)) == value  # type: ignore[arg-type]


@given(JSON)
def test_json_is_read_as_it_is(value: Any) -> None:
    """`json_of` reads what JSON says."""
    assert json_of(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b'"\xff"', b"[" * 10**5, b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1)]
)
def test_what_is_no_json_is_a_value_error(data: bytes) -> None:
    """Whatever the bytes are, the only error is a ValueError."""
    with pytest.raises(ValueError):
        json_of(data)


def test_showing_is_bounded() -> None:
    """A shown value is one line, and its length is bounded and said."""
    assert show({"a": "x\ny"}) == '{"a":"x\\ny"}'
    shown = show("x" * 10**6)
    assert len(shown) < SHOWN_CHARS_MAX + 40 and "1000002 characters" in shown


def test_ns_fails_as_a_step() -> None:
    """A duration that is none is a failed step, not an exception of Python."""
    with pytest.raises(StepFailed) as caught:
        ns("soon")
    assert (caught.value.title, caught.value.kind) == ("bad_duration", "input_invalid")


@pytest.mark.parametrize("name", ["a b", "", "ä", "a:", "a\n", "(a)"])
def test_header_names_are_tokens(name: str) -> None:
    """A header name is an RFC 9110 token."""
    assert [issue.path for issue in check_headers("headers", {name: "v"})] == [("headers", name)]
    assert list(check_headers("headers", {"X-Fine_1.2~": "v"})) == []


def test_a_method_in_small_letters_is_suggested() -> None:
    """A known method in small letters is suggested in capitals; an unknown one gets the list."""
    assert [issue.hint for issue in check_method("get")] == ['did you mean "GET"?']
    assert "GET HEAD" in next(check_method("FETCH")).hint
