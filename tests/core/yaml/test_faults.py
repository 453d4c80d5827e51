"""What is no YAML is told in words for people, at the place that is wrong."""

from __future__ import annotations

import pytest
import yaml

from fozzy.core.yaml.faults import KEY_MAX
from fozzy.core.yaml.nodes import compose
from fozzy.core.yaml.spaces import NO_SPACE

ELSEWHERE = "this line is indented like none of those it could belong to"
DEEPER = "this key is indented deeper, but what it would belong to has a value already"
HEADER = 'after "|" or ">" and its indentation there is only a comment'
SPACES = "a tab stands where YAML wants spaces"

CASES = [
    ("a:\n\tb: 1\n", SPACES, "\t"),
    ("-\ta: 1\n", SPACES, "\t"),
    ("a: |\n  x\n\ty\n", SPACES, "\t"),
    ("a: @x\n", 'text may not begin with "@": put it in quotes', "@x"),
    ("a: `x`\n", 'text may not begin with "`": put it in quotes', "`x`"),
    ("a: %x\n", 'text may not begin with "%": put it in quotes', "%x"),
    ("a: b: c\n", 'a text that holds ": " needs quotes', ":"),
    ("a: 1\n  b: 2\n", DEEPER, "b"),
    ("- a\n b: c\n", DEEPER, "b"),
    ("- a:1\n  b: c\n", NO_SPACE, "a:1"),
    ("a:1\nb: c\n", NO_SPACE, "a:1"),
    ("a: 1\nb:2\nc: 3\n", NO_SPACE, "b:2"),
    ("a:\n  -b: 1\n   c: 2\n", NO_SPACE, "-b: 1"),
    ("a: 1\nb\nc: 2\n", 'expected ":" after this key', "b"),
    (f"{'x' * 1025}: 1\n", f"a key may have {KEY_MAX} characters", "x" * 1025),
    ('a: "x\nb: 3\n', "text without a closing quote", '"x'),
    ("a: 'x\n---\n", "text without a closing quote", "'x"),
    ('a: "\\q"\n', '"\\q" is no escape: write "\\\\" for a backslash', "\\q"),
    ('a: "\\x1"\n', '"\\x" needs two hexadecimal digits', "\\x1"),
    ('a: "\\u12"\n', '"\\u" needs four hexadecimal digits', "\\u12"),
    ('a: "\\U12"\n', '"\\U" needs eight hexadecimal digits', "\\U12"),
    ("a: [1, 2\nb: 3\n", 'expected "," or "]" to close the "[" of line 1, got ":"', ":"),
    ("a:\n  b: {x: 1\n", 'this "{" is never closed', "{"),
    ("[{a: [1,\n", 'this "[" is never closed', "["),
    ("a: }\n", 'expected a value, got "}"', "}"),
    ("a: [1,, 2]\n", 'expected a value, got ","', ","),
    ("a:\n    b: 1\n  c: 2\n", ELSEWHERE, "c: 2"),
    ("a: 1\n- b\n", "a list item stands among the keys of a mapping", "- b"),
    ("x:\n  - a\n  b: 1\n", 'expected "- " as in the items above', "b: 1"),
    ('a: "x" y # c\n', "text after the end of this value: put all of it in quotes", "y # c"),
    ("a: {b: 1}}\n", "text after the end of this value: put all of it in quotes", "}"),
    ("a: 1\n}\n", None, None),
    (": a\n", 'a key is missing before ":"', ":"),
    ("a: - b\n", "a list stands on the lines below its key, or in brackets", "- b"),
    ("a: ? b\n", 'text may not begin with "? ": put it in quotes', "? b"),
    ("a: |9x\n  b\n", HEADER, "|9x"),
    ("a: >x\n", HEADER, ">x"),
    ("a: 1\n...\nb\n", "text after the end of the document", "b"),
    ("%YAML 1.2\n%YAML 1.2\n---\na: 1\n", "only YAML 1.2 is read, and its %YAML line stands once", "%YAML 1.2"),
    ("a: !x!foo 1\n", "tags are not read: a scenario holds plain values", "!x!foo 1"),
    ("a: &ä 1\n", 'the name of an anchor has letters from a to z, digits, "-" and "_"', "&ä 1"),
    ("a: *\n", 'the name of an anchor has letters from a to z, digits, "-" and "_"', "*"),
]


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(("text", "message", "under"), CASES)
def test_a_mistake_is_told_where_it_is(
    text: str, message: str | None, under: str | None, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words at the same place, whichever of PyYAML's parsers found it."""
    if parser == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    fault = compose(text, 128).fault
    assert fault is not None
    if message is not None:
        assert (fault.message, text[fault.start : fault.end]) == (message, under)


def test_half_a_character_is_told() -> None:
    """Only the parser in C refuses it; after the other one the values are looked at."""
    text = 'a: "\\ud83d\\ude00"\n'
    fault = compose(text, 128).fault
    if hasattr(yaml, "CSafeLoader"):
        assert fault is not None and text[fault.start : fault.end] == "\\ud83d"
        assert fault.message == "this is half a character, or none: write the character itself"


def test_what_was_read_before_a_mistake_is_there() -> None:
    """Problems above it keep their places."""
    composed = compose("a: 1\nb: [x, y]\nc: @\n", 128)
    assert composed.fault is not None and composed.root is not None
    assert [key.value for key, _ in composed.root.members or []] == ["a", "b"]
