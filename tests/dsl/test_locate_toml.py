"""The TOML locator finds every value that tomli reads, and its syntax errors are those of tomli."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from fozzy.dsl import locate_toml
from fozzy.dsl.locate import line_at, locate
from fozzy.dsl.places import Lines, Path, Place

TRICKY = [
    "",
    "# only a comment",
    "a = 1",
    "a = 1 # [b]\n# c = 2\r\nd = 3",
    "a.b.c = 1\na.b.d = 2\na . e = 3",
    "\"a.b\" = 1\n'c d' = 2\n\"\" = 3\n[e]\n'' . x = 4",
    "a.\"b.c\".'d' = 1",
    '"\\u0061\\t\\"\\\\x" = 1\n"\\U0001F600" = 2',
    "1 = 1\n2.1 = 2",
    "3.14 = 'pi'\n-_- = 1\ntrue = 1",
    "[a]\n[a.b]\nc = 1\n[d]",
    "[a.b.c]\nd = 1\n[a]\ne = 1\n[a.b]\nf = 2",
    "[ a . 'b' ]\t# here\nc = 1",
    "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\n[[a.e]]\nf = 1\n[[a]]\n[[a.e]]\ng = 1",
    "[[a.b]]\nc = 1\n[a.d]\n[[a.b]]\n[a.b.e.f]\ng = 1",
    "[[ a ]]\n[[ 'a' ]]",
    "a = []\nb = [ ]\nc = [\n]\nd = [[], [[]]]",
    "a = [1, 2,\n # three ] }\n 3, # four\n\n]\nb = 1",
    "a = [ # comment\n 'x' # , 'y'\n , 'z' ]",
    "a = [[1, 2], ['a', {b = 1, c = [{d = 2}]}], 1.5]",
    "a = {}\nb = { }\nc = { d = {}, e.f = 1, 'g h' = [1, {}] }",
    "a = {b.c = 1, b.d = {e = 2}}",
    "a = [{b = 1}, {b = 2}]",
    "a = 'it'#s",
    "a = ''\nb = \"\"\nc = ''''''\nd = \"\"\"\"\"\"\ne = 1",
    'a = "x = \\"1\\" # [b]"\nb = \'c:\\\'\nd = 1',
    'a = """\n[b]\nc = 1\n"""\nd = 1',
    'a = """one "two" ""three"" four\\""" five"""""\nb = 1',
    "a = '''one 'two' ''three'' \\'''''\nb = 1",
    'a = """\\\n   folded \\   \n  \\\\"""\nb = """"x""""\nc = 1',
    "a = '''\r\n# no comment\r\n]\r\n'''\r\nb = [\r\n'''\r\n,''', 2]\r\n",
    "a = 1979-05-27 07:32:00\nb = 1979-05-27T07:32:00.5-07:00\nc = 1979-05-27 # d\ne = 07:32:00",
    "a=[1979-05-27 ,07:32:00]",
    "a = [1979-05-27 07:32:00Z, 1979-05-27]",
    "a = +1_000\nb = 0xdead_BEEF\nc = -inf\nd = nan\ne = 6.626e-34\nf = 0o7\ng = -0.0",
    "a = true\nb=false\n\n\n   c   =   1   ",
    "[a]\nb.c = 1\nb.d.e = 2\n[a.f]\nb.c = 1",
    "[a]\n\n[b]#c\n[c] # d",
    'a = "\u00e9\u4e16\U0001f600"\n"\u00e9" = 1',
    '[fruit]\napple.color = "red"\napple.taste.sweet = true\n[fruit.pear.texture]\nsmooth = true',
    "a = [\n[\n{ b = [\n1\n] }\n]\n]",
    "a.b = []\na.c = {}\n[[d.e]]\nf.g = [{}]",
]

BARE = st.text(alphabet="ab1-_", min_size=1, max_size=2)
KEY = st.one_of(BARE, st.text(max_size=3).filter(lambda key: key.isprintable()).map(json.dumps), st.just("'a.b'"))
SPACES = st.sampled_from(["", " ", "\t "])
BREAKS = st.sampled_from(["", " ", "\n", "\r\n  ", " # ]}'\"\n", "\n\n#,\n"])
SCALAR = st.sampled_from(
    [
        *("1", "-0.5", "true", "inf", "0x1f", "1979-05-27", "07:32:00", "1979-05-27 07:32:00Z"),
        *("''", "'#\\'", '""', '"a\\"]"', '"a = 1, b"'),
        *("''''''", "'''a'\n''b'''", "'''\n\n# x'''"),
        *('"""\n"x\\""""', '"""\n[a]\nb = 1\\\n """', '"""a"""""'),
    ]
)


@st.composite
def dotted(draw: st.DrawFn) -> str:
    dot = f"{draw(SPACES)}.{draw(SPACES)}"
    return dot.join(draw(st.lists(KEY, min_size=1, max_size=3)))


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    items = [draw(BREAKS) + item + draw(BREAKS) for item in draw(st.lists(inner, max_size=3))]
    return "[" + ",".join(items) + draw(st.sampled_from(["", ","]) if items else st.just("")) + draw(BREAKS) + "]"


@st.composite
def inline_tables(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    pairs = [f"{draw(SPACES)}{key}{draw(SPACES)}={draw(SPACES)}{draw(inner)}{draw(SPACES)}" for key in draw(KEYS)]
    return "{" + ",".join(pairs) + "}"


KEYS = st.lists(dotted(), max_size=3)
VALUE = st.recursive(SCALAR, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6)
STATEMENT = st.one_of(
    st.builds("{1}{0}{1}={1}{2}{1}".format, dotted(), SPACES, VALUE),
    st.builds("{1}[{1}{0}{1}]{1}".format, dotted(), SPACES),
    st.builds("{1}[[{1}{0}{1}]]{1}".format, dotted(), SPACES),
    st.sampled_from(["", "# [a]", "  # b = 1"]),
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


def agrees(text: str) -> None:
    """The places are those of the data tomli reads, each with the value's text."""
    places = locate(text, "toml")
    data = dict(paths(tomli.loads(text)))
    assert places.syntax is None and not places.duplicates
    assert places.values.keys() == data.keys()
    assert places.keys.keys() == {path for path in data if path and isinstance(path[-1], str)}
    for path, place in places.keys.items():
        assert tomli.loads(under(text, place) + " = 1") == {path[-1]: 1}
    for path, value in data.items():
        seen = under(text, places.values[path])
        if isinstance(value, list):
            assert seen == "["
        elif not isinstance(value, dict) and seen[:3] not in ("'''", '"""'):
            assert repr(tomli.loads(f"a = {seen}")["a"]) == repr(value)


@pytest.mark.parametrize("text", TRICKY)
def test_tricky_documents_have_the_paths_tomli_reads(text: str) -> None:
    """Every part of TOML that can hide or hold a key is read as tomli reads it."""
    agrees(text)


@given(st.lists(STATEMENT, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_documents_have_the_paths_tomli_reads(statements: list[str], newline: str) -> None:
    """Of any statements, those tomli takes together have exactly its paths; those it does not are a syntax error."""
    taken: list[str] = []
    for statement in statements:
        try:
            tomli.loads(newline.join([*taken, statement]))
        except tomli.TOMLDecodeError:
            assert locate(newline.join([*taken, statement]), "toml").syntax is not None
        else:
            taken.append(statement)
    agrees(newline.join(taken))


def test_places_are_exact() -> None:
    """Headers stand at their bracket, values at their first character, and tables without a header at their key."""
    text = '[a.b]\nkey = "x"\n[[c]]\nd . e = [ 1,\n  {f = """\nlong"""} ]\n[[c]]\n'
    places = locate(text, "toml")
    assert places.values == {
        (): (1, 1, 1),
        ("a",): (1, 2, 1),
        ("a", "b"): (1, 1, 1),
        ("a", "b", "key"): (2, 7, 3),
        ("c",): (3, 1, 1),
        ("c", 0): (3, 1, 1),
        ("c", 0, "d"): (4, 1, 1),
        ("c", 0, "d", "e"): (4, 9, 1),
        ("c", 0, "d", "e", 0): (4, 11, 1),
        ("c", 0, "d", "e", 1): (5, 3, 1),
        ("c", 0, "d", "e", 1, "f"): (5, 8, 3),
        ("c", 1): (7, 1, 1),
    }
    assert places.keys["a", "b"] == (1, 4, 1)
    assert places.keys["c", 0, "d", "e"] == (4, 5, 1)
    assert places.find_key(("c", 1)) == (7, 1, 1)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a = 1\r\nb = @foo, 2\r\n", "invalid value", (2, 5, 4)),
        ("a = 1 b = 2", "expected newline or end of document after a statement", (1, 7, 1)),
        ('a = "it', "unterminated string", (1, 8, 1)),
        ("a = 25:00:00", "expected newline or end of document after a statement", (1, 7, 6)),
        ("a = " + "1" * 5000, "a number too long to be read", (1, 5, 5000)),
        ("a = 1\na = 2", "cannot overwrite a value", (2, 1, 1)),
        ("a = {b = 1, b = 2}\n", "duplicate inline table key 'b'", (1, 13, 1)),
        ("[a]\nb = 1\n[a]\n", "cannot declare ('a',) twice", (3, 2, 1)),
    ],
)
def test_a_syntax_error_is_tomlis(text: str, message: str, place: Place) -> None:
    """The words are tomli's and the place is too, but for a duplicate, which is shown at its key."""
    assert locate(text, "toml").syntax == (message, place)


def test_duplicates_have_both_places() -> None:
    """A key or header given twice is listed, with what came before it."""
    places = locate("a = 1\n[b]\nc = [{d = 1, d = 2}]\n", "toml")
    assert places.duplicates == [(("b", "c", 0, "d"), (3, 7, 1), (3, 14, 1))]
    assert ("a",) in places.values
    assert locate("[a]\n[b]\n[a]", "toml").duplicates == [(("a",), (1, 2, 1), (3, 2, 1))]


def test_what_came_before_a_syntax_error_is_kept() -> None:
    """Nothing behind the first syntax error is read."""
    places = locate("a = [1, 2]\nb = oops\nc = 1\n", "toml")
    assert set(places.values) == {(), ("a",), ("a", 0), ("a", 1)}
    assert set(places.keys) == {("a",), ("b",)}
    assert set(locate('a = 1\nb = """\nc = 2\n', "toml").values) == {(), ("a",)}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = " + "[" * 100_000, (1, 132, 1)),
        ("a = " + "[" * 127 + "[]" + "]" * 127, (1, 132, 1)),
        ("a = " + "{a = " * 300, (1, 5 + 127 * 5, 1)),
        ("a." * 100_000 + "a = 1", (1, 255, 1)),
        ("[" + "a." * 100_000 + "a]", (1, 256, 1)),
        ("[" + "a." * 127 + "a]", (1, 256, 1)),
    ],
)
def test_what_goes_too_deep_is_named(text: str, place: Place) -> None:
    """The document, its tables and its arrays may be 128 levels deep; one more is a syntax error where it opens."""
    assert locate(text, "toml").syntax == ("nested deeper than 128 levels", place)


def test_what_is_deep_enough_is_read() -> None:
    """Exactly 128 levels are read, and a higher bound than tomli bears is still answered."""
    assert locate("a = " + "[" * 127 + "]" * 127, "toml").syntax is None
    assert locate("[" + "a." * 126 + "a]", "toml").syntax is None
    assert locate("a = " + "[" * 5000, "toml", depth_max=100_000).syntax == ("nested too deep to be read", (1, 1, 1))


def test_an_older_tomli_gives_its_place_as_text() -> None:
    """Without attributes the place is read from the words."""
    lines = Lines("a = 1\nb = @\n")
    assert locate_toml._read_error(ValueError("Bad (at line 2, column 5)"), lines) == ("Bad", 10)
    assert locate_toml._read_error(ValueError("Bad (at end of document)"), lines) == ("Bad", 12)
