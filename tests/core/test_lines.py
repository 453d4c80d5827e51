"""Lines are counted as Python and editors count them."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.lines import lines_of

ODD = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"  # what str.splitlines takes for ends besides


def test_ends_of_lines() -> None:
    """All three ends are one; the last line needs none, and an empty text has no line."""
    assert lines_of("a\r\nb\rc\nd") == ["a", "b", "c", "d"]
    assert lines_of("a\n\n") == ["a", ""]
    assert lines_of("") == []


@given(st.lists(st.text(f"ab {ODD}"), max_size=5))
def test_nothing_else_ends_a_line(lines: list[str]) -> None:
    """Whatever stands in a line, it is one."""
    assert lines_of("".join(f"{each}\n" for each in lines)) == lines


def test_the_same_lines_as_in_python() -> None:
    """The number of a node is that of its line."""
    text = f'a = "{ODD.replace(chr(12), "")}"\r\n\x0c\rb = 1\nc = 2\n'
    found = [(node.lineno, lines_of(text)[node.lineno - 1][:1]) for node in ast.parse(text).body]
    assert found == [(1, "a"), (3, "b"), (4, "c")]
