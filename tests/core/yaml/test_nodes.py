"""A YAML text is read into values and places, by either of PyYAML's parsers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from fozzy.core.limits import DEPTH_MAX
from fozzy.core.redact_yaml import quoted
from fozzy.core.yaml import nodes
from fozzy.core.yaml.nodes import ALIASED_MAX, YamlFault, compose, load_yaml, sound, value_of
from fozzy.core.yaml.scalars import plain


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where PyYAML has no parser in C, the one in Python does."""
    if request.param == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("PyYAML has no parser in C here")
    return str(request.param)


def load(text: str) -> Any:
    return load_yaml(text, DEPTH_MAX)


def fault(text: str) -> tuple[str, str]:
    """What is wrong, and the part of the text that says so."""
    found = compose(text, DEPTH_MAX).fault
    assert found is not None
    with pytest.raises(YamlFault) as raised:
        load(text)
    assert str(raised.value) == found.message
    return found.message, text[found.start : found.end]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, {c: d}]\n", {"a": 1, "b": ["x", {"c": "d"}]}),
        ('{"a": 1, "b":[{}]}', {"a": 1, "b": [{}]}),
        ("a:\nb:\n- 1\n-\n", {"a": None, "b": [1, None]}),
        ("a: |\n  x\n   y\nb: >-\n  p\n  q\n", {"a": "x\n y\n", "b": "p q"}),
        ("a: 'it''s'\nb: \"\\u00e9\\n\"\n", {"a": "it's", "b": "é\n"}),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ("a: x\u2028y\nb: 'p\x85q'\n# \u2029\n", {"a": "x\u2028y", "b": "p\x85q"}),
        ("a: \U000f0000\x85\n", {"a": "\U000f0000\x85"}),
        ("a: &x [1, {b: 2}]\nc: *x\n", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
        ("&k a: 1\nb: *k\n", {"a": 1, "b": "a"}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
        ("'<<': 1\n", {"<<": 1}),
        ("a: ! 12\nb: !!seq [1]\nc: !!map {}\n", {"a": "12", "b": [1], "c": {}}),
        ("? a\n: b\n", {"a": "b"}),
        ("yes: no\r\non: off\r\n", {"yes": "no", "on": "off"}),
    ],
)
def test_a_text_means_what_it_says(parser: str, text: str, value: Any) -> None:
    """Whatever the style, with anchors, directives and line ends of every kind."""
    assert load(text) == value


@pytest.mark.parametrize(
    ("text", "message", "under"),
    [
        ("", "the document is empty", ""),
        ("# only this\n", "the document is empty", ""),
        ("\ufeffa: 1", "the text begins with a byte order mark (BOM)", "\ufeff"),
        ("a: \0", "YAML holds no U+0000: write it as \\x00 in double quotes", "\0"),
        ("a: '\x07'", "YAML holds no U+0007: write it as \\x07 in double quotes", "\x07"),
        ("a: \ud800", "YAML holds no U+D800: write it as \\ud800 in double quotes", "\ud800"),
        ("%YAML 1.1\n---\na: 1\n", "only YAML 1.2 is read", "%YAML 1.1"),
        ("a: 1\n---\nb: 2\n", "a second document begins here: a file holds one", "---"),
        ("a: !own 1", 'the tag "!own" is not read: a scenario holds plain values', "!own"),
        ("a: &x !!binary eA==", 'the tag "!!binary" is not read: a scenario holds plain values', "!!binary"),
        ("a: !!python/name:os.system []", 'the tag "!!python/name:os.system" is not read: a scenario holds plain values',
         "!!python/name:os.system"),
        ("a: !!map [1]", 'the tag "!!map" is not read: a scenario holds plain values', "!!map"),
        ("a: !!int x", "this is no value of !!int", "!!int x"),
        ("1: a", 'a key is text: write "1" in quotes', "1"),
        ("a: 1\ntrue: 1", 'a key is text: write "true" in quotes', "true"),
        ("{~: 1}", 'a key is text: write "~" in quotes', "~"),
        ("? [a]\n: b", "a key is text, not a list or mapping", "["),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", '"<<" merges nothing: merge keys are no part of YAML 1.2', "<<"),
        ("a: *x", 'there is no anchor "&x" above', "*x"),
        ("a: &x [*x]", 'this alias stands inside "&x", which it repeats', "*x"),
        ("a: " + "[" * DEPTH_MAX, f"nested deeper than {DEPTH_MAX} levels", "["),
        ("a: &x " + "[" * 100 + "]" * 100 + "\nb: " + "[" * 100 + "*x" + "]" * 100,
         f"nested deeper than {DEPTH_MAX} levels", "*x"),
    ],
)  # fmt: skip
def test_what_is_refused_has_its_place(parser: str, text: str, message: str, under: str) -> None:
    """What YAML can say and JSON cannot, and what no text holds."""
    assert fault(text) == (message, under)


def test_a_bomb_of_aliases_is_refused(parser: str) -> None:
    """Ten lines that come to billions are refused where they pass the bound, and as much as it allows is read."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    assert fault("\n".join(lines)) == (f"aliases repeat more than {ALIASED_MAX} characters", "*a3")
    assert load("\n".join(lines[:4]))["a3"][9][9][9] == ["x"] * 10
    long = "x" * (ALIASED_MAX // 10)
    assert load(f"a: &a {long}\nb: [{', '.join(['*a'] * 9)}]")["b"] == [long] * 9
    assert fault(f"a: &a {long}\nb: [{', '.join(['*a'] * 10)}]")[1] == "*a"


def test_a_file_of_too_many_values_is_refused(parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read takes memory for each value, keys among them, so their number has a bound."""
    monkeypatch.setattr(nodes, "VALUES_MAX", 5)
    assert load("a: [1, 2]\n") == {"a": [1, 2]}
    assert fault("a: [1, 2, 3]\n") == ("more than 5 values", "3")


def test_a_key_that_stands_twice_is_a_fault_only_for_who_loads() -> None:
    """Who explains reads on with the last one, as of other forms."""
    with pytest.raises(YamlFault, match="given twice"):
        load("a: 1\n'a': 2\n")
    assert value_of(sound("a: 1\n'a': 2\n", DEPTH_MAX)) == {"a": 2}


def test_a_node_stands_where_it_is_written(parser: str) -> None:
    """From its first character with its anchor to its last one, also behind characters of several bytes."""
    text = "ä😀: &x [1, 'two']\nc:\n  d: |\n    text\n  e: *x\n"
    root = sound(text, DEPTH_MAX)
    (key, flow), (_, block) = root.members or []
    assert text[key.start : key.end] == "ä😀" and text[flow.start : flow.end] == "&x [1, 'two']"
    assert [text[item.start : item.end] for item in flow.items or []] == ["1", "'two'"]
    (_, lines), (_, alias) = block.members or []
    assert text[lines.start : lines.end].rstrip() == "|\n    text" and text[alias.start : alias.end] == "*x"
    assert alias.target is flow and block.end == alias.end and text[block.start] == "d"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=30), inner, max_size=4),
    max_leaves=12,
)


def quoted_texts(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """A text that means something else in 1.2 than in 1.1 is not left plain."""
    same = plain(text) == text and not set(text) & set("\x85\u2028\u2029")  # which end lines in 1.1
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if same else '"')


def plain_floats(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    """`1e+16` is a number in 1.2, of which the writer for 1.1 would make `!!float '1e+16'`."""
    return dumper.represent_scalar("tag:yaml.org,2002:float", repr(value))


class Dumper(yaml.SafeDumper):
    """Writes for YAML 1.2."""


Dumper.add_representer(str, quoted_texts)
Dumper.add_representer(float, plain_floats)


@given(value=JSON, flow=st.booleans(), wide=st.booleans())
@example(value={"on": "no", "012": "0o17", "<<": "1e3"}, flow=False, wide=True)
@example(value=["1e3", ".5", "~", "", "2020-01-01", "x\n y\n\n", " a", "#", "a: b", "\x85"], flow=False, wide=True)
def test_what_others_write_reads_back_equal(value: Any, flow: bool, wide: bool) -> None:
    """A value dumped in block or flow style is the same value again, with the same kinds of numbers."""
    dumped = yaml.dump(
        {"v": value}, Dumper=Dumper, default_flow_style=flow, allow_unicode=wide, width=30, sort_keys=False
    )
    assert json.dumps(load(dumped)) == json.dumps({"v": value})


@given(value=JSON)
def test_json_is_yaml(value: Any) -> None:
    """A value written as JSON is the same value in YAML, but for escapes of half a character, which YAML lacks."""
    assert json.dumps(load("".join(map(_legible, json.dumps({"v": value}, ensure_ascii=False))))) == json.dumps(
        {"v": value}
    )


def _legible(char: str) -> str:
    return f"\\u{ord(char):04x}" if "\x7f" <= char < "\xa0" or char in "\ufffe\uffff" else char


@given(st.text())
def test_a_quoted_text_is_that_text(text: str) -> None:
    """What stands in a secret's place is read back whatever is in it."""
    assert load(f"a: {quoted(text)}\n{quoted(text[:80])}: 1\n")["a"] == text


@given(st.text(alphabet="[]{}\",.=:#&*!|>-?%@a1 \\\n\r\t\0'<~\x85\u2028é😀"))
def test_no_text_raises_anything_else(text: str) -> None:
    """Any text is a value or a fault whose place is in the text; both parsers agree on what is a value."""
    composed = compose(text, DEPTH_MAX)
    if composed.fault is None:
        assert composed.root is not None
        value_of(composed.root)
    else:
        assert 0 <= composed.fault.start <= composed.fault.end <= len(text) + 1
        assert composed.fault.message and "\n" not in composed.fault.message
