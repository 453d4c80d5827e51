"""Every value of a YAML text has its place, whatever style it is written in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.limits import DEPTH_MAX
from fozzy.core.yaml.nodes import load_yaml
from fozzy.dsl.locate import line_at, locate
from fozzy.dsl.places import Path

PAY = """\
# a scenario
name: pay
equals: {id: 42, "to": [a, 'b']}
steps:
  - type: slep
    duration: &second 1s
  - steps:
    - type: advance
      duration: *second
    - *second
  -
"""


def under(text: str, path: Path, key: bool = False) -> str:
    """What the caret stands under."""
    places = locate(text, "yaml")
    line, col, length = places.find_key(path) if key else places.find(path)
    return line_at(text, line)[col - 1 : col - 1 + length]


@pytest.mark.parametrize(
    ("path", "place", "shown"),
    [
        ((), (2, 1, 4), "name"),
        (("name",), (2, 7, 3), "pay"),
        (("equals",), (3, 9, 1), "{"),
        (("equals", "to", 1), (3, 28, 3), "'b'"),
        (("steps",), (5, 3, 1), "-"),
        (("steps", 0), (5, 5, 4), "type"),
        (("steps", 0, "type"), (5, 11, 4), "slep"),
        (("steps", 0, "duration"), (6, 15, 10), "&second 1s"),
        (("steps", 1, "steps", 0, "duration"), (9, 17, 7), "*second"),
        (("steps", 1, "steps", 1), (10, 7, 7), "*second"),
        (("steps", 2), (11, 3, 1), "-"),
    ],
)
def test_a_value_is_underlined_whole_and_a_block_at_its_first_key(path: Path, place: Any, shown: str) -> None:
    """A value stands where it is written, an alias where it repeats."""
    assert locate(PAY, "yaml").find(path) == place
    assert under(PAY, path) == shown


def test_a_key_is_underlined_with_its_quotes() -> None:
    """An unknown field is shown at its key."""
    assert under(PAY, ("equals", "to"), key=True) == '"to"'
    assert locate("a:\n  b:\n", "yaml").find(("a", "b")) == (2, 3, 1), "a value that is missing is shown at its key"


def test_what_an_alias_repeats_stands_where_it_is_written() -> None:
    """The alias is the place of the whole; what is inside has the place where it can be mended."""
    text = "a: &x {b: [1]}\nc: *x\n"
    assert (under(text, ("c",)), locate(text, "yaml").find(("c", "b", 0))) == ("*x", (1, 12, 1))


def test_duplicate_keys_are_found_in_blocks_and_brackets() -> None:
    """Each has both places, however the key is quoted."""
    places = locate("a: 1\n'a': 2\nb: [{c: 1, \"c\": 2}]\n", "yaml")
    assert places.duplicates == [(("a",), (1, 1, 1), (2, 1, 3)), (("b", 0, "c"), (3, 6, 1), (3, 12, 3))]
    assert places.syntax is None and places.find(("a",)) == (2, 6, 1)


def test_places_end_at_a_syntax_error() -> None:
    """What stands above keeps its place."""
    places = locate("a: [1, 2]\nb: @oops\nc: 1\n", "yaml")
    assert places.syntax == ('text may not begin with "@": put it in quotes', (2, 4, 5))
    assert set(places.values) == {(), ("a",), ("a", 0), ("a", 1)}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(st.text(max_size=9), inner, min_size=1),
    max_leaves=10,
)


def leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every value that holds no other."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path, value
    else:
        for key, item in inner:
            yield from leaves(item, (*path, key))


@given(value=VALUES, flow=st.booleans())
def test_a_place_points_at_its_value(value: Any, flow: bool) -> None:
    """What is underlined, read alone, is the value at that path; a key likewise."""
    text = yaml.safe_dump({"é": value}, default_flow_style=flow, width=100_000)
    places = locate(text, "yaml")
    assert places.syntax is None and not places.duplicates
    for path, leaf in leaves(load_yaml(text, DEPTH_MAX), ()):
        if "\n" not in str(leaf):
            assert load_yaml(f"- {under(text, path)}", DEPTH_MAX) == [leaf]
        for depth, part in enumerate(path, 1):
            if isinstance(part, str) and "\n" not in part:
                assert load_yaml(f"- {under(text, path[:depth], key=True)}", DEPTH_MAX) == [part]
