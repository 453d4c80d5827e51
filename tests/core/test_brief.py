"""Values in messages: marked whole, shortened late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.brief import CHARS_MAX, brief, mark, shorten
from fozzy.core.redact import REDACTED, Redactor


def test_a_short_text_stays() -> None:
    """A marked text within the bound comes out as it went in."""
    assert shorten(f"it is {mark('3')}, wanted {mark('4')}") == "it is 3, wanted 4"


def test_a_long_text_says_how_long_it_was() -> None:
    """A text over the bound is cut, each for itself, and what is around it stays."""
    said = shorten(f"a {mark('x' * 500)} b {mark('y' * 5)} c")
    assert said == f"a {'x' * CHARS_MAX}… (500 characters) b yyyyy c"


def test_everything_in_a_value_is_shortened() -> None:
    """Lists and objects are gone through."""
    long = mark("x" * 300)
    assert shorten({"a": [long, 1, None]}) == {"a": [brief("x" * 300), 1, None]}


@given(st.integers(CHARS_MAX - 12, CHARS_MAX + 5))
def test_a_secret_at_the_cut_is_gone(place: int) -> None:
    """A secret that lies across the cut is removed whole, because it goes before the cut is made."""
    redactor = Redactor()
    redactor.learn({"password": "hunter22"})
    said = shorten(redactor.clean(mark("x" * place + "hunter22" + "y" * 50)))
    assert "hunter" not in said
    assert REDACTED[:1] in said or place >= CHARS_MAX
