"""Formatting scenarios in TOML: one form, the same meaning, every comment kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.dsl.format_toml import format_toml
from fozzy.dsl.load import document, parse

ROOT = Path(__file__).parent.parent.parent
COMMENT = re.compile(r"# c\d+")


def meaning(text: str) -> bytes:
    """What a scenario's text means."""
    file = parse(document(text.encode(), "s.fozzy.toml", "s.fozzy.toml", "toml")).file
    return msgspec.json.Encoder(order="deterministic").encode(file)


STRINGS = ['"a # b"', "'lit # eral'", '"""two\nlines # no comment"""', "'''raw\n\\'''", '"\\u00e9"']
ARRAYS = ["[1,2 , 3]", "[]", "[ true,\n false ]", "[[1],\n [2, {a=1, b=[ ]}],]", '["#", "x"]']
VALUES = [*STRINGS, *ARRAYS, "1_000", "0x1F", "1e3", "{}", '{ b=1, a="x" }', "{ a.b = 1, a.c = 2 }"]
STEPS: list[list[str]] = [
    ['type = "set_kv"', 'key = "k"', "value = $"],
    ['type = "trace_event"', 'name = "n"', "fields.x = $", "fields.y = $"],
    ['type = "http_when"', 'method = "GET"', 'path = "/"', "status = 200", "json = $"],
    ['type = "proc_start"', 'name = "p"', 'cmd = "c"', 'ready = { within = "1s", tcp = "a:1" }'],
    ['type = "proc_start"', 'name = "p"', 'cmd = "c"', 'ready.tcp = "a:1"', 'ready.within = "1s"'],
    ['type = "group"', 'name = "g"', 'steps = [{ message = "x", type = "fail" }, {type="sleep",duration="1s"}]'],
]
NESTED = ["[steps.json]\nz = 1\na = 2\n", "[steps.headers]\nX-A = '1'\n"]


@st.composite
def scenarios(draw: Any) -> str:
    """The text of a valid scenario with comments anywhere."""
    number = 0

    def comment() -> str:
        nonlocal number
        number += 1
        return f"# c{number}"

    def table(lines: list[str]) -> str:
        made = ""
        for each in draw(st.permutations(lines)):
            if "$" in each:
                each = each.replace("$", draw(st.sampled_from(VALUES)))
            made += draw(
                st.sampled_from(["", "", "", "\n", "\n\n", f"{comment()}\n", f"\n{comment()}\n\n  {comment()}\n"])
            )
            made += draw(st.sampled_from(["", "  "])) + each + draw(st.sampled_from(["", "", f"  {comment()}"])) + "\n"
        return made

    text = table(["version = 1", 'name = "n"', 'tags = ["a","b"]', "env = []"])
    parts = ["[vars]\n" + table(["x = $", '"y z" = $']), '[backends]\nproc = "scripted"\n']
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(STEPS))
        step = draw(st.sampled_from(["[[steps]]", f"[[ steps ]] {comment()}"])) + "\n" + table(kind)
        if "http_when" in kind[0] and "\njson" not in step.replace(" ", ""):
            step += draw(st.sampled_from(NESTED))
        parts.append(step)
    parts.append('[[teardown]]\ntype = "sleep"\nduration = "1ms"\n')
    parts.append('[[steps]]\ntype = "sleep"\nduration = "1ms"\n')
    for part in parts:
        text += draw(st.sampled_from(["", "\n", f"{comment()}\n", f"\n{comment()}\n\n{comment()}\n"])) + part
    return text + draw(st.sampled_from(["", comment(), f"\n{comment()}\n"]))


@settings(max_examples=80, deadline=None)
@given(scenarios())
def test_meaning_and_comments_stay_and_twice_is_once(text: str) -> None:
    """A formatted scenario means what it meant, has every comment, and stays as it is."""
    made = format_toml(text)
    assert meaning(made) == meaning(text)
    assert sorted(COMMENT.findall(made)) == sorted(COMMENT.findall(text))
    assert format_toml(made) == made


@pytest.mark.parametrize("path", sorted(ROOT.glob("scenarios/**/*.fozzy.toml")), ids=lambda path: path.name)
def test_our_own_scenarios_are_formatted(path: Path) -> None:
    """The scenarios of the repository are as `fozzy fmt` writes them."""
    text = path.read_text(encoding="utf-8")
    assert format_toml(text) == text


def test_order_spacing_and_comments() -> None:
    """Keys and tables stand in the order of the types, a comment goes with what it is about."""
    text = """# about the file

# about the name
name="n"
version   =  1
[[teardown]]
duration="1ms"
type="sleep"  # a rest

# about the only step
[[steps]]
# what it says
message="x"
type="fail"
# the end
"""
    assert (
        format_toml(text)
        == """# about the file

version = 1
# about the name
name = "n"

# about the only step
[[steps]]
type = "fail"
# what it says
message = "x"
# the end

[[teardown]]
type = "sleep" # a rest
duration = "1ms"
"""
    )


def test_long_arrays_are_broken_and_commented_ones_left() -> None:
    """An array that is too long has a line for each item; one with comments is as its author wrote it."""
    words = ", ".join(json.dumps(f"argument number {number}") for number in range(8))
    head = 'version = 1\nname = "n"\n\n[[steps]]\ntype = "proc_spawn"\ncmd = "c"\n'
    made = format_toml(f"{head}args = [{words}]\n")
    assert made.endswith('  "argument number 6",\n  "argument number 7",\n]\n')
    commented = f"{head}args = [\n    'a', # one\n  'b',\n]\n"
    assert format_toml(commented) == commented


def test_windows_line_ends_become_plain() -> None:
    """A file with CRLF gets LF, and means the same."""
    text = 'name = "n"\r\nversion = 1\r\n[[steps]]\r\ntype = "panic"\r\nmessage = """a\r\nb"""\r\n'
    made = format_toml(text)
    assert "\r" not in made
    assert meaning(made) == meaning(text)


def test_what_tomlkit_does_not_know_is_an_error() -> None:
    """A text that only our own parser understands is refused, not guessed at."""
    with pytest.raises(ValueError):
        format_toml("version = 1 2\n")
