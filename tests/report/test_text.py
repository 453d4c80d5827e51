"""Text for people: lines of spans that cannot harm a screen."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.report.text import (
    GUTTER,
    SPAN_CHARS_MAX,
    WIDTH,
    Span,
    ascii_only,
    duration,
    gutter,
    line,
    one_line,
    packed,
    plain,
    quoted,
    safe,
    size,
)


@settings(max_examples=200)
@given(st.text(st.characters(), max_size=50))
def test_safe_text_is_printable_and_says_what_it_replaced(text: str) -> None:
    """Nothing that moves a cursor or turns the writing is left, line ends aside; what is plain stays as it is."""
    made = safe(text)
    assert not [each for each in made if ord(each) < 32 and each != "\n" or 127 <= ord(each) < 160]
    assert not set(made) & set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    made.encode("utf-8")
    assert "\n" not in one_line(text)
    if text.isascii() and text.isprintable():
        assert made == one_line(text) == text


def test_safe_text_is_bounded() -> None:
    """A megabyte is cut and its length told; tabs are spaces."""
    assert safe("x" * 1_000_000) == "x" * SPAN_CHARS_MAX + "… (1000000 characters)"
    assert safe("x" * SPAN_CHARS_MAX) == "x" * SPAN_CHARS_MAX
    assert safe("a\tb") == "a    b"
    assert safe("\x1b[31m\x00\u202e") == "\\x1b[31m\\x00\\x202e"


def test_a_text_within_a_line_cannot_pass_for_a_line_of_ours() -> None:
    """A line end in a name is shown as such."""
    assert one_line("a\n::error::b\r\nPASS  c") == "a\\n::error::b\\x0d\\nPASS  c"


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0ms"),
        (999_999, "0ms"),
        (10**6, "1ms"),
        (812 * 10**6, "812ms"),
        (10**9 - 1, "999ms"),
        (10**9, "1.00s"),
        (1_240 * 10**6, "1.24s"),
        (60 * 10**9, "1m00s"),
        (3_725 * 10**9, "62m05s"),
    ],
)
def test_durations_for_people(nanoseconds: int, text: str) -> None:
    """Milliseconds, then seconds, then minutes."""
    assert duration(nanoseconds) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (41_200, "41.2 kB"),
        (4_100_000, "4.1 MB"),
        (10**9, "1.0 GB"),
    ],
)
def test_sizes_for_people(size_bytes: int, text: str) -> None:
    """Bytes, then thousands, then millions and more."""
    assert size(size_bytes) == text


def test_the_gutter() -> None:
    """A verdict is right-aligned before two spaces."""
    assert gutter("PASS").text == "     PASS  "
    assert len(gutter("TIMEOUT", "fail").text) == GUTTER + 2


@given(st.lists(st.text("ab c", min_size=1, max_size=30), min_size=1, max_size=8))
def test_packed_parts_keep_their_order_and_fit(parts: list[str]) -> None:
    """All parts are there in order; no line with more than one part is wider than the screen."""
    lines = [plain(each) for each in packed(parts)]
    assert "  ".join(each.removeprefix("  ") for each in lines) == "  ".join(parts)
    assert all(len(each) <= WIDTH for each in lines)


def test_a_part_that_is_too_wide_has_its_own_line() -> None:
    """What does not fit at all is not cut."""
    lines = [plain(each) for each in packed(["a", "x" * 100, "b"])]
    assert lines == ["  a", "  " + "x" * 100, "  b"]


@settings(max_examples=12, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12))
def test_a_quoted_word_is_that_word_to_a_shell(word: str) -> None:
    """bash reads exactly the word back, and the screen shows nothing that is not printable."""
    shown = quoted(word)
    assert shown.isprintable()
    told = subprocess.run(
        ["bash", "-c", f"printf %s {shown}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert told.stdout.decode("utf-8") == word


def test_without_symbols_there_are_words() -> None:
    """Symbols have words, other characters are escaped, and a failing step stays in its column."""
    assert ascii_only("✓ ✗ ─── … → — ±") == "ok FAIL --- ... -> - +-"
    assert ascii_only("é漢") == "\\xe9\\u6f22"
    assert len(ascii_only("  ✗  3 fail")) == len("  ✗  3 fail")


def test_lines_are_spans() -> None:
    """Texts become spans without a role."""
    made = line("a", Span("b", "fail"))
    assert made == [Span("a", ""), Span("b", "fail")]
    assert plain(made) == "ab"
