"""Data as text of a page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.report.html_text import code, path, text, time


@given(st.text())
def test_nothing_is_markup(data: str) -> None:
    """No text opens a tag, ends an attribute or holds what a page cannot."""
    made = text(data)
    assert not set(made) & set("<>\"'\x00\x1b\u202e\u2066")
    assert "&" not in made.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").replace("&quot;", "").replace(
        "&#x27;", ""
    )
    made.encode("utf-8")


def test_texts_are_bounded() -> None:
    """A megabyte becomes a few kilobytes that say how much is missing."""
    assert len(text("<" * 1_000_000)) < 20_000
    assert "1000000 characters" in text("x" * 1_000_000)


def test_paths_may_break_after_separators() -> None:
    """A path has places to break, and is still the same text; what is empty makes nothing."""
    assert path("a/b_c.toml") == "a/<wbr>b_<wbr>c.<wbr>toml"
    assert path("</b>") == "&lt;/<wbr>b&gt;"
    assert (code(""), time("")) == ("", "")
    assert code("a") == "<code>a</code>"
    assert time("2026-01-31T12:00:00.123Z") == (
        '<time datetime="2026-01-31T12:00:00.123Z">2026-01-31 12:00:00 UTC</time>'
    )
