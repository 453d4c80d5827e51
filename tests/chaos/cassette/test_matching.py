from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.cassette.matching import Matching, digest_of, parameters, unescaped
from fozzy.errors import InputError

EXACT = Matching()
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


def shuffled(value: Any) -> Any:
    """The same value with the members of its objects the other way round."""
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


@given(st.one_of(st.lists(JSON), st.dictionaries(st.text(max_size=4), JSON)))
def test_how_json_is_written_does_not_matter(value: Any) -> None:
    """Spaces, escapes and the order of members are no difference."""
    plain = digest_of(json.dumps(value).encode())
    assert plain == digest_of(json.dumps(shuffled(value), indent=2, ensure_ascii=False).encode())


@given(st.dictionaries(st.text(max_size=4), JSON), st.dictionaries(st.text(max_size=4), JSON))
def test_what_json_says_does_matter(a: Any, b: Any) -> None:
    """Two values that differ have two digests."""
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (digest_of(json.dumps(a).encode()) == digest_of(json.dumps(b).encode())) == same


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_other_bodies_count_byte_for_byte(a: bytes, b: bytes) -> None:
    """What is no JSON is the same only if every byte is."""
    if not {a[:1].strip(), b[:1].strip()} & {b"{", b"["}:
        assert (digest_of(a) == digest_of(b)) == (a == b)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("/a?x=1&y=2", "/a?y=2&x=1", True),
        ("/a?x=1&x=2", "/a?x=2&x=1", False),
        ("/%7Euser", "/~user", True),
        ("/a%2fb", "/a%2Fb", True),
        ("/a%2Fb", "/a/b", False),
        ("/a?q=a%20b", "/a?q=a+b", False),
        ("/a?", "/a", True),
        ("/a", "/A", False),
    ],
)
def test_targets_are_compared_by_what_they_mean(a: str, b: str, same: bool) -> None:
    """Escapes that need not be and the order of names are no difference; all else is."""
    assert (EXACT.head("GET", a, []) == EXACT.head("GET", b, [])) is same


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_unescaping_again_changes_nothing(text: str) -> None:
    """A canonical target is canonical, also where an escape of an escape stands."""
    once = unescaped(text)
    if "%25" not in once:
        assert unescaped(once) == once or "%" in once
    assert sorted(parameters("&".join(parameters(text)))) == sorted(parameters(text))


def test_headers_count_only_where_they_are_named() -> None:
    """By default no header takes part; a named one does, whatever its spelling."""
    a, b = [("Accept", "a"), ("X", "1")], [("accept", "b")]
    assert EXACT.head("GET", "/", a) == EXACT.head("GET", "/", b)
    chosen = Matching(headers=["ACCEPT"])
    assert chosen.head("GET", "/", a) != chosen.head("GET", "/", b)
    assert chosen.head("GET", "/", a) == chosen.head("GET", "/", [("accept", " a ")])


@pytest.mark.parametrize(
    ("matching", "recorded", "asked", "is_like"),
    [
        (EXACT, "a", "xax", False),
        (Matching(body="substring"), "a", "xax", True),
        (Matching(body="substring"), "", "xax", False),
        (Matching(body="subset"), '{"a": 1}', '{"b": 2, "a": 1}', True),
        (Matching(body="subset"), '{"a": {"b": [1, {"c": 2}]}}', '{"a": {"b": [1, {"c": 2, "d": 3}], "e": 4}}', True),
        (Matching(body="subset"), '{"a": [1]}', '{"a": [1, 2]}', False),
        (Matching(body="subset"), '{"a": 1}', '{"a": true}', False),
        (Matching(body="subset"), "no json", "no json at all", False),
        (
            Matching(body="regex", pattern='"model": "([^"]+)"'),
            '{"model": "x", "n": 1}',
            '{"n": 2, "model": "x"}',
            True,
        ),
        (Matching(body="regex", pattern='"model": "([^"]+)"'), '{"model": "x"}', '{"model": "y"}', False),
        (Matching(body="regex", pattern="z"), "a", "a", False),
        (Matching(body="any"), "a", "b", True),
    ],
)
def test_a_looser_way_is_asked_for(matching: Matching, recorded: str, asked: str, is_like: bool) -> None:
    """Each way to compare bodies takes what it says and nothing else."""
    assert matching.is_like(recorded.encode(), asked.encode()) is is_like


@pytest.mark.parametrize("said", [{"body": "regex"}, {"pattern": "a"}, {"body": "regex", "pattern": "("}])
def test_a_pattern_that_makes_no_sense_is_refused(said: dict[str, Any]) -> None:
    """A pattern without its way, a way without its pattern, and one that is none."""
    with pytest.raises(InputError) as raised:
        Matching(**said)
    assert raised.value.code == "chaos.bad_pattern"
