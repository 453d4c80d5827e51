"""The forms of a secret: spellings of its name, writings of its value."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.redact import REDACTED, Redactor
from fozzy.core.redact_forms import (
    ManyValues,
    in_escapes,
    longest_first,
    plain_name,
    spellings,
    writings,
)


@pytest.mark.parametrize("name", ["apiKey", "API_KEY", "api-key", "api.key", "X-Api-Key", "x_api_key"])
def test_spellings_of_a_name_are_one(name: str) -> None:
    """Humps, dashes, dots and a leading X make no difference."""
    assert plain_name(name) == "api_key"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("PASSWORD2", "password"),
        ("token_1", "token"),
        ("tokens", "token"),
        ("XAPIKey", "api_key"),
        ("db_tokens2", "db_token"),
    ],
)
def test_a_name_has_forms(name: str, form: str) -> None:
    """A number, several, an X before it: the name itself is among what it may be."""
    assert form in spellings(name)


@pytest.mark.parametrize("name", ["max_tokens", "totalTokens", "prompt-tokens"])
def test_counts_are_no_plurals(name: str) -> None:
    """How many tokens there are is no secret."""
    assert "token" not in {form.rpartition("_")[2] for form in spellings(name)}


def test_a_value_is_written_in_several_ways() -> None:
    """As it is, in JSON, in a URL, in a form; the longest is looked for first."""
    found = set(writings('p"ä w'))
    assert {'p"ä w', 'p\\"ä w', "p\\" + '"\\u00e4 w', "p%22%C3%A4%20w", "p%22%C3%A4+w"} <= found
    assert [len(each) for each in longest_first(found)] == sorted(map(len, found), reverse=True)


@pytest.mark.parametrize("written", ["a/b", "a\\/b", "a\\u002fb", "\\u0061/b"])
def test_escapes_of_a_value_are_seen(written: str) -> None:
    """Any character may be written as an escape."""
    assert re.fullmatch(in_escapes("a/b"), written)


@given(st.sets(st.text("ab", min_size=2, max_size=5), min_size=1), st.text("abc", max_size=30))
def test_many_values_are_replaced_as_few_are(values: set[str], text: str) -> None:
    """What replaces thousands of values does what a pattern of all of them does."""
    pattern = re.compile("|".join(map(re.escape, longest_first(values))))
    assert ManyValues(values, 2).sub("<>", text) == pattern.sub("<>", text)


def test_thousands_of_secrets_are_hidden_in_time() -> None:
    """A body full of different tokens is cleaned in seconds, and none of them stays."""
    body = json.dumps([{"token": f"hunter{number:06}x"} for number in range(20_000)])
    redactor = Redactor()
    assert "hunter" not in redactor.clean(body)
    assert redactor.clean("say hunter012345x") == f"say {REDACTED}"
