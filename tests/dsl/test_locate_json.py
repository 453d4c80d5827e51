"""The JSON locator finds every value that `json` reads, and refuses exactly what RFC 8259 refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fozzy.dsl.locate import line_at, locate
from fozzy.dsl.places import Path, Place

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=15
)
TEXTS = st.builds(
    json.dumps,
    VALUES,
    indent=st.sampled_from([None, 0, 2, "\t"]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\r\n:\t")]),
    ensure_ascii=st.booleans(),
)


def paths(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every path of the data with its value."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


def under(text: str, place: Place) -> str:
    """What a place underlines."""
    return line_at(text, place.line)[place.col - 1 :][: place.length]


def refused(text: str) -> bool:
    """Whether the standard library, held to RFC 8259, refuses the text."""

    def constant(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(text, strict=True, parse_constant=constant)
    except ValueError:
        return True
    return False


@given(TEXTS)
@example('{"":{"":[[],{}]}}')
@example('"\\ud800\\udc00\\ud800\u2028"')
def test_every_value_and_key_has_its_place(text: str) -> None:
    """Reading the text again at each place gives the value and the key that stand there."""
    places = locate(text, "json")
    data = dict(paths(json.loads(text)))
    assert places.syntax is None and not places.duplicates
    assert places.values.keys() == data.keys()
    for path, value in data.items():
        seen = under(text, places.values[path])
        assert (
            seen == {dict: "{", list: "["}[type(value)] if isinstance(value, dict | list) else json.loads(seen) == value
        )
    assert places.keys.keys() == {path for path in data if path and isinstance(path[-1], str)}
    for path, place in places.keys.items():
        assert json.loads(under(text, place)) == path[-1]


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """A JSON text with a few pieces taken out, put in or given twice."""
    text = draw(TEXTS)
    pieces = st.sampled_from(
        [*"[]{},:\"\\+-.0123eE \n\t\r\0\x1f\x7f\u00a0\ufeffx'/#", "//", "/**/", "NaN", "true", "-"]
    )
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        to = draw(st.integers(at, min(len(text), at + 3)))
        text = text[:at] + draw(pieces | st.just("") | st.just(text[at:to] * 2)) + text[to:]
    return text


@given(broken_texts())
def test_refuses_what_json_refuses(text: str) -> None:
    """There is a syntax error exactly when the standard library finds one, and it lies in the text."""
    syntax = locate(text, "json").syntax
    assert (syntax is not None) == refused(text)
    if syntax is not None:
        line, col, length = syntax.place
        assert line <= text.count("\n") + 1 and col - 1 + length <= max(1, len(line_at(text, line)) + 1)


@given(st.text(alphabet="+-.0123eE", min_size=1, max_size=8))
def test_numbers_are_those_of_json(text: str) -> None:
    """Every way to write a number is judged as the standard library judges it."""
    syntax = locate(f"[{text}]", "json").syntax
    assert (syntax is not None) == refused(f"[{text}]")
    assert syntax is None or "number" in syntax.message or "double quotes" in syntax.message


@pytest.mark.parametrize(
    ("text", "message", "seen"),
    [
        ("", "the document is empty", ""),
        (" \n ", "the document is empty", " "),
        ('{"a": 1} x', "text after the end of the document", "x"),
        ("1, 2", "text after the end of the document", ", 2"),
        ("{} // end", "JSON has no comments", "// end"),
        ("[1, 2,\n]", 'trailing comma: nothing follows it before "]"', ","),
        ('{"a": 1, }', 'trailing comma: nothing follows it before "}"', ","),
        ("# top\n{}", "JSON has no comments", "# top"),
        ('{"a": /* one */ 1}', "JSON has no comments", "/* one */"),
        ('{"a" /* one */ : 1}', "JSON has no comments", "/* one */"),
        ('{"a": 1 // one\n}', "JSON has no comments", "// one"),
        ("{'a': 1}", "text needs double quotes", "'a'"),
        ('{"a": \'it}', "text needs double quotes", "'it}"),
        ('{"a": “it”}', "text needs double quotes", "“it”"),
        ('{"a": it}', "text needs double quotes", "it"),
        ("{a: 1}", "a key needs double quotes", "a"),
        ("{1: 1}", "a key needs double quotes", "1"),
        ("{[]: 1}", 'expected a key in double quotes, got "["', "["),
        ('{, "a": 1}', 'expected a key in double quotes, got ","', ","),
        ("[NaN]", "JSON has no NaN", "NaN"),
        ("[-Infinity]", "JSON has no -Infinity", "-Infinity"),
        ("[True]", "JSON writes true, not True", "True"),
        ("[None]", "JSON writes null, not None", "None"),
        ("[01]", "bad number: it may not begin with 0", "01"),
        ("[-01.5]", "bad number: it may not begin with 0", "-01.5"),
        ("[.5]", 'bad number: it may not begin with "."', ".5"),
        ("[+5]", 'bad number: it may not begin with "+"', "+5"),
        ("[5.]", 'bad number: "." needs a digit before and after it', "5."),
        ("[5.e3]", 'bad number: "." needs a digit before and after it', "5.e3"),
        ("[0x1F]", "bad number", "0x1F"),
        ("[1e]", "bad number", "1e"),
        ('{"a": 1\n "b": 2}', 'expected "," or "}" after this value', "1"),
        ('[{"a": 1}\n {"b": 2}]', 'expected "," or "]" after this value', "}"),
        ("[[1] [2]]", 'expected "," or "]" after this value', "]"),
        ("[1; 2]", 'expected "," or "]", got ";"', ";"),
        ('{"a": 1]', 'expected "}" to close the "{" of line 1, got "]"', "]"),
        ("[}", 'expected a value, got "}"', "}"),
        ('{"a" 1}', 'expected ":" after this key', '"a"'),
        ('{"a", "b"}', 'expected ":" after this key', '"a"'),
        ('{"a": }', 'expected a value, got "}"', "}"),
        ("[1,, 2]", 'expected a value, got ","', ","),
        ("[,]", 'expected a value, got ","', ","),
        ("[1,\u00a02]", "expected a value, got the character U+00A0", "\u00a0"),
        ("]", 'expected a value, got "]"', "]"),
        ('{"a": [1, 2', 'this "[" is never closed', "["),
        ('{"a":', 'this "{" is never closed', "{"),
        ('{"a"', 'this "{" is never closed', "{"),
        ("{", 'this "{" is never closed', "{"),
        ("[1,", 'this "[" is never closed', "["),
        ('{"a": "it\n}', "text without a closing double quote", '"it'),
        ('{"a": "it\r\n}', "text without a closing double quote", '"it'),
        ('{"a": "it', "text without a closing double quote", '"it'),
        ('{"a": "it\\', "text without a closing double quote", '"it\\'),
        ('{"a', "text without a closing double quote", '"a'),
        ('["C:\\new\\dir"]', '"\\d" is no escape: write "\\\\" for a backslash', "\\d"),
        ('["\\u12"]', '"\\u" needs four hexadecimal digits', "\\u12"),
        ('["a\0b"]', "text holds the character U+0000: write it as \\u0000", "\0"),
        ('["a\tb"]', "text holds the character U+0009: write it as \\u0009", "\t"),
        ('["a\rb"]', "text holds the character U+000D: write it as \\u000d", "\r"),
        ('{"a\x1b": 1}', "text holds the character U+001B: write it as \\u001b", "\x1b"),
        ("[\0]", "expected a value, got the character U+0000", "\0"),
        ("[1\0]", 'expected "," or "]", got the character U+0000', "\0"),
    ],
)
def test_each_mistake_has_its_own_words(text: str, message: str, seen: str) -> None:
    """A mistake people make is named, and what is underlined is the mistake."""
    syntax = locate(text, "json").syntax
    assert syntax is not None and refused(text)
    assert (syntax.message, under(text, syntax.place)) == (message, seen)


def test_what_came_before_a_syntax_error_is_kept() -> None:
    """Places before the first syntax error stay known."""
    places = locate('{"a": [1, {"b": 2}],\n "c": tru}', "json")
    assert places.syntax == ("text needs double quotes", (2, 7, 3))
    assert set(places.values) == {(), ("a",), ("a", 0), ("a", 1), ("a", 1, "b")}
    assert places.keys["c",] == (2, 2, 3)


def test_duplicates_are_found_at_any_depth_and_only_within_one_object() -> None:
    """The same key in two objects is no duplicate; the same key written another way is."""
    places = locate('{"a": [{"b": 1, "b": 2, "\\u0062": 3}], "c": {"a": 1}, "a": [{"b": 4}]}', "json")
    assert places.duplicates == [
        (("a", 0, "b"), (1, 9, 3), (1, 17, 3)),
        (("a", 0, "b"), (1, 9, 3), (1, 25, 8)),
        (("a",), (1, 2, 3), (1, 55, 3)),
    ]


def test_the_bracket_that_goes_too_deep_is_named() -> None:
    """As many levels as allowed are read; one more is a syntax error at its bracket."""
    assert locate("[" * 128 + "]" * 128, "json").syntax is None
    assert locate("[" * 100_000, "json").syntax == ("nested deeper than 128 levels", (1, 129, 1))
    assert locate('{"a":\n[{"b": []}]}', "json", depth_max=3).syntax == ("nested deeper than 3 levels", (2, 8, 1))
