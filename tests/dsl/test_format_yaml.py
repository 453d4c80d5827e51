"""Formatting scenarios in YAML: one form, the same meaning, every comment kept."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.forms import form_of_scenario
from fozzy.core.limits import DEPTH_MAX
from fozzy.core.yaml.nodes import load_yaml
from fozzy.dsl.format_yaml import format_yaml
from fozzy.dsl.load import decode, document, parse

ROOT = Path(__file__).parent.parent.parent
COMMENT = re.compile(r"# c\d+")

GIVEN = """\
# yaml-language-server: $schema=x
# of the file

# of name
name:   n   # behind name
version: 1
tags: [ a,b ]
description: >-   # why
   folded text
     more

   last

# of vars
vars: {long: "x", list: [1,  2,3], none: , ~x: ~}
steps: # the steps
- type: sleep

  # of duration
  duration: 1s # one second
# second step
- duration: 1s
  # of type
  type: sleep

- {duration: 2s, type: sleep}
-
  type: trace_event
  name: 'a
     b'
  fields: {a: 1, # one
    b: 2}
  # below fields
# of group
- type: group
  name: g
  steps: [{type: sleep, duration: 1s}, {type: sleep, duration: 2s}]
- type: fs_write
  data: |2+
      two
    x

  path: x
# end
"""

MADE = """\
# yaml-language-server: $schema=x
# of the file

version: 1

# of name
name: n # behind name
description: >-   # why
  folded text
    more

  last
tags: [a, b]

# of vars
vars: { long: "x", list: [1, 2, 3], none: null, ~x: ~ }
steps: # the steps
  - type: sleep

    # of duration
    duration: 1s # one second
  # second step
  # of type
  - type: sleep
    duration: 1s

  - { type: sleep, duration: 2s }
  - type: trace_event
    name: 'a
      b'
    fields:
      a: 1 # one
      b: 2
    # below fields
  # of group
  - type: group
    name: g
    steps:
      - { type: sleep, duration: 1s }
      - { type: sleep, duration: 2s }
  - type: fs_write
    path: x
    data: |2+
        two
      x

# end
"""


def meaning(text: str) -> bytes:
    """What a scenario's text means."""
    file = parse(document(text.encode(), "s.fozzy.yaml", "s.fozzy.yaml", "yaml")).file
    return msgspec.json.Encoder(order="deterministic").encode(file)


def test_every_rule_at_once() -> None:
    """Order, indentation, brackets, texts of several lines, comments of every kind."""
    made = format_yaml(GIVEN)
    assert made == MADE
    assert format_yaml(made) == made
    assert meaning(made) == meaning(GIVEN)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ('{"name": "n",\n "version": 1}', '"version": 1\n"name": "n"\n'),
        ("%YAML 1.2\n# a\n---\n# b\nname: n\n...\n", "# a\n%YAML 1.2\n---\n# b\nname: n\n"),
        ("? name\n: n\n", "name: n\n"),
        ("name: n\r\nversion: 1\r\n", "version: 1\nname: n\n"),
        ("vars: &v\n    a: 1\nname: *v\n", "vars: &v\n  a: 1\nname: *v\n"),
        ("steps:\n- &s\n  type: sleep\n- *s\n", "steps:\n  - &s\n    type: sleep\n  - *s\n"),
        ("vars:\n  a: &x [1]\n  *y : 1\n", None),
        ("vars:\n  b:\n    - - 1\n      - 2\n    -   - 3\n", "vars:\n  b:\n    - - 1\n      - 2\n    - - 3\n"),
        ("vars: {b: [], a: {}}\n", "vars: { b: [], a: {} }\n"),
        ("vars: !!map {a: !!str 1}\n", "vars: !!map { a: !!str 1 }\n"),
        ("vars:\n  a:\n  b: !!str\n", "vars:\n  a:\n  b: !!str\n"),
        ("vars:\n  a:   # c\n    text\n", "vars:\n  # c\n  a: text\n"),
        ("vars: [a: 1, b]\n", "vars: [{ a: 1 }, b]\n"),
        ("vars:\n  a: |\n    x\n\n\n  b: 1\n", "vars:\n  a: |\n    x\n\n  b: 1\n"),
        ("vars:\n  a: |-1\n    x\n", "vars:\n  a: |2-\n     x\n"),
    ],
)
def test_each_way_to_write(text: str, made: str | None) -> None:
    """What is unusual has one form too, which is not changed again; what is no YAML is refused."""
    if made is None:
        with pytest.raises(ValueError, match="anchor"):
            format_yaml(text)
        return
    assert format_yaml(text) == made
    assert format_yaml(made) == made
    assert load_yaml(made, DEPTH_MAX) == load_yaml(text, DEPTH_MAX)


def test_what_is_too_long_for_a_line_becomes_a_block() -> None:
    """Brackets that do not fit are written as a block, the ones inside where they fit again."""
    made = format_yaml(f"vars: {{a: {'x' * 60}, b: [{'y' * 30}, {{c: [1,2]}}]}}\n")
    assert made == f"vars:\n  a: {'x' * 60}\n  b: [{'y' * 30}, {{ c: [1, 2] }}]\n"


EXAMPLES = sorted(path for path in (ROOT / "scenarios").rglob("*") if form_of_scenario(path.name))


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(EXAMPLES), flow=st.sampled_from([True, False, None]), rnd=st.randoms(use_true_random=False))
def test_every_scenario_keeps_its_meaning_and_its_comments(path: Path, flow: bool | None, rnd: object) -> None:
    """However a dumper writes it and wherever comments and empty lines stand; formatting twice changes nothing."""
    raw = decode(document(path.read_bytes(), "a", "a", form_of_scenario(path.name) or "json"))
    dumped = yaml.safe_dump(raw, sort_keys=rnd.random() < 0.5, default_flow_style=flow, width=rnd.choice([40, 999]))  # type: ignore[attr-defined]
    lines: list[str] = []
    for number, line in enumerate(dumped.split("\n")):
        comment = [f"{' ' * rnd.randint(0, 6)}# c{number}"] if rnd.random() < 0.3 else []  # type: ignore[attr-defined]
        lines += [*comment, *([""] if rnd.random() < 0.2 else []), line]  # type: ignore[attr-defined]
    text = "\n".join(lines)
    try:
        if load_yaml(text, DEPTH_MAX) != load_yaml(dumped, DEPTH_MAX):
            text = dumped  # it came to stand inside a text
    except ValueError:
        text = dumped
    made = format_yaml(text)
    assert load_yaml(made, DEPTH_MAX) == load_yaml(text, DEPTH_MAX)
    assert format_yaml(made) == made
    assert sorted(COMMENT.findall(made)) == sorted(COMMENT.findall(text))
