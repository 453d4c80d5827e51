"""Whatever the form, a problem can be pointed at with the line, column and length that a caret needs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.forms import Form
from fozzy.dsl.locate import line_at, locate
from fozzy.dsl.places import Lines, Path, Place

PAY = """{
  "name": "pay",
  "name": "pay again",
  "equals": { "id": 42 },
  "steps": [
    { "type": "slep", "duration": "10ms" },
    { "type": "sleep", "durations": "10ms" },
    { "type": "assert_throws", "steps": [
        { "type": "advance", "duration": "-5ms" }
    ] }
  ]
}
"""


def caret(text: str, place: Place) -> str:
    """The line with what is underlined below it."""
    return f"{line_at(text, place.line)}\n{' ' * (place.col - 1)}{'^' * place.length}"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1, 1)),
        (("equals",), (4, 13, 1)),
        (("steps",), (5, 12, 1)),
        (("steps", 0), (6, 5, 1)),
        (("steps", 0, "type"), (6, 15, 6)),
        (("steps", 2, "steps", 0, "duration"), (9, 42, 6)),
    ],
)
def test_a_value_is_underlined_whole_and_a_container_at_its_bracket(path: Path, place: Place) -> None:
    """A value stands where the screens point at it."""
    assert locate(PAY, "json").find(path) == place


def test_a_key_is_underlined_with_its_quotes() -> None:
    """An unknown field is shown at its key."""
    place = locate(PAY, "json").find_key(("steps", 1, "durations"))
    assert caret(PAY, place) == (
        '    { "type": "sleep", "durations": "10ms" },\n'
        "                       ^^^^^^^^^^^"
    )  # fmt: skip


def test_a_duplicate_key_has_both_places() -> None:
    """Both keys of a duplicate can be shown, and the data's value is the second."""
    places = locate(PAY, "json")
    assert places.duplicates == [(("name",), (2, 3, 6), (3, 3, 6))]
    assert places.find(("name",)) == (3, 11, 11)
    assert places.find_key(("name",)) == (3, 3, 6)


def test_an_unknown_path_is_answered_with_what_is_around_it() -> None:
    """A path that is not in the text still gives the nearest place there is."""
    places = locate(PAY, "json")
    assert places.find(("steps", 1, "duration", "deeper")) == places.find(("steps", 1))
    assert places.find_key(("steps", 1, "duration")) == places.find(("steps", 1))
    assert places.find_key(("steps", 1)) == (7, 5, 1)
    assert places.find(("nothing",)) == (1, 1, 1)
    assert locate("", "json").find(("nothing", 3)) == (1, 1, 1)


@pytest.mark.parametrize("form", ["json", "toml", "yaml"])
def test_a_byte_order_mark_is_named(form: Form) -> None:
    """A file that begins with a BOM is told so, whatever follows."""
    syntax = locate("\ufeff{}", form).syntax
    assert syntax is not None and "BOM" in syntax.message and syntax.place == (1, 1, 1)


def test_a_line_has_no_end() -> None:
    """Only a newline ends a line, and a carriage return before it is not shown."""
    text = "one\r\ntwo\u2028\x0bstill two\n\nfour"
    assert [line_at(text, line) for line in range(-1, 7)] == [
        "",
        "",
        "one",
        "two\u2028\x0bstill two",
        "",
        "four",
        "",
        "",
    ]


@given(st.text(alphabet="ab\r\n"), st.data())
def test_an_offset_and_its_place_agree(text: str, data: st.DataObject) -> None:
    """The place of an offset leads to the same character and never past the end of its line."""
    start = data.draw(st.integers(0, len(text)))
    lines = Lines(text)
    place = lines.place(start, data.draw(st.integers(start, len(text))))
    assert lines.offset(place.line, place.col) == start
    assert place.length >= 1
    assert text.count("\n", 0, start) == place.line - 1
    assert place.length == 1 or place.col - 1 + place.length <= len(line_at(text, place.line))


@pytest.mark.parametrize("form", ["json", "toml", "yaml"])
@given(text=st.one_of(st.text(), st.text(alphabet="[]{}\",.=:#ab1 \\\n\r\0'")))
def test_no_text_raises(form: Form, text: str) -> None:
    """Any text is answered, and what is answered stands in the text."""
    places = locate(text, form)
    assert form == "toml" or places.values or places.syntax
    found = [*places.values.values(), *places.keys.values(), *([places.syntax.place] if places.syntax else [])]
    for line, col, length in found:
        assert 1 <= line <= text.count("\n") + 1
        assert 1 <= col <= len(line_at(text, line)) + 2 and length >= 1


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("json", "[" * 100_000),
        ("json", '{"a":' * 100_000),
        ("json", '"' + "\\n" * 1_000_000),
        ("json", "/*" + "*" * 2_000_000),
        ("json", "[" + "1," * 200_000),
        ("json", "{" + '"a":1,' * 100_000),
        ("toml", "a = " + "[" * 100_000),
        ("toml", "a = " + "{a = " * 100_000),
        ("toml", "a." * 100_000 + "a = 1"),
        ("toml", "[" + "a." * 100_000 + "a]"),
        ("toml", 'a = """' + "\\n" * 1_000_000),
        ("toml", "a = '''" + "''\n" * 500_000),
        ("yaml", "[" * 100_000),
        ("yaml", "- " * 100_000),
        ("yaml", "{a: " * 100_000),
        ("yaml", "? " * 100_000),
        ("yaml", "a: |\n" + " x\n" * 300_000 + "]"),
        ("yaml", "a: '" + "''\n" * 300_000),
        ("yaml", "[" + "a: 1, " * 50_000),
        ("yaml", "&a " * 100_000),
    ],
)
def test_hostile_text_is_answered_soon(form: Form, text: str) -> None:
    """No text takes more than linear time, so each of these takes seconds at the very most."""
    begun = time.process_time()
    assert locate(text, form).syntax is not None
    assert time.process_time() - begun < 10
