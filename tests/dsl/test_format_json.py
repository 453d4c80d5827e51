"""Formatting scenarios in JSON: one form, the same meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.dsl.format_json import WIDTH, format_json
from fozzy.dsl.load import document, parse

ROOT = Path(__file__).parent.parent.parent
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=30)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def meaning(text: str) -> bytes:
    """What a scenario's text means."""
    file = parse(document(text.encode(), "s.fozzy.json", "s.fozzy.json", "json")).file
    return msgspec.json.Encoder(order="deterministic").encode(file)


def shuffled(draw: Any, value: dict[str, Any]) -> dict[str, Any]:
    """The same object with its keys in another order."""
    return {key: value[key] for key in draw(st.permutations(list(value)))}


@st.composite
def steps(draw: Any, depth: int = 2) -> dict[str, Any]:
    """One step, its keys in any order."""
    made: list[dict[str, Any]] = [
        {"type": "set_kv", "key": "k", "value": draw(VALUE)},
        {"type": "trace_event", "name": draw(TEXT.filter(bool)), "fields": {"x": draw(VALUE)}},
        {"type": "http_when", "method": "GET", "path": "/", "status": 200, "json": draw(VALUE)},
        {"type": "proc_spawn", "cmd": "ls", "args": draw(st.lists(TEXT, max_size=5))},
        {"type": "proc_start", "name": "p", "cmd": "c", "ready": shuffled(draw, {"tcp": "a:1", "within": "1s"})},
    ]
    if depth:
        inner = draw(st.lists(steps(depth - 1), max_size=3))
        made.append({"type": "group", "name": "g", "steps": [*inner, {"type": "sleep", "duration": "1ms"}]})
    return shuffled(draw, draw(st.sampled_from(made)))


@st.composite
def scenarios(draw: Any) -> str:
    """The text of a valid scenario, however its author likes it."""
    body = [*draw(st.lists(steps(), max_size=4)), {"type": "sleep", "duration": "1ms"}]
    whole = {"version": 1, "name": "n", "vars": {"v": draw(VALUE)}, "tags": ["a", "b"], "steps": body}
    return json.dumps(
        shuffled(draw, whole), indent=draw(st.none() | st.integers(0, 3)), ensure_ascii=draw(st.booleans())
    )


@settings(max_examples=60, deadline=None)
@given(scenarios())
def test_meaning_stays_and_twice_is_once(text: str) -> None:
    """A formatted scenario means what it meant, with the same free values in the same order, and stays as it is."""
    made = format_json(text)
    assert meaning(made) == meaning(text)
    assert format_json(made) == made
    assert list(free(json.loads(made))) == list(free(json.loads(text)))


def free(raw: Any) -> list[str]:
    """The free values of a scenario in a spelling that shows their order."""
    return [json.dumps(raw["vars"])] + [json.dumps(step.get("value")) for step in raw["steps"]]


@pytest.mark.parametrize("path", sorted(ROOT.glob("scenarios/**/*.fozzy.json")), ids=lambda path: path.name)
def test_our_own_scenarios_are_formatted(path: Path) -> None:
    """The scenarios of the repository are as `fozzy fmt` writes them."""
    text = path.read_text(encoding="utf-8")
    assert format_json(text) == text


def test_order_of_keys() -> None:
    """$schema first, then the type's order; in a step the type comes first; a free value is left alone."""
    text = (
        '{"steps":[{"value":[{"z":1,"a":0}],"key":"k","type":"set_kv"},'
        '{"type":"panic","message":"x"}],"name":"n","$schema":"s","version":1,"expect":{"title":"t","status":"fail"}}'
    )
    assert format_json(text).splitlines() == [
        "{",
        '  "$schema": "s",',
        '  "version": 1,',
        '  "name": "n",',
        '  "expect": { "status": "fail", "title": "t" },',
        '  "steps": [',
        '    { "type": "set_kv", "key": "k", "value": [{ "z": 1, "a": 0 }] },',
        '    { "type": "panic", "message": "x" }',
        "  ]",
        "}",
    ]


def test_a_block_keeps_its_head_on_one_line() -> None:
    """A block's own fields stand on its first line, each of its steps on one below."""
    inner = '{"type":"fail","message":"x"}'
    text = f'{{"version":1,"name":"n","steps":[{{"steps":[{inner},{inner}],"name":"g","type":"group"}}]}}'
    assert format_json(text).splitlines()[4:8] == [
        '    { "type": "group", "name": "g", "steps": [',
        '      { "type": "fail", "message": "x" },',
        '      { "type": "fail", "message": "x" }',
        "    ] }",
    ]


@pytest.mark.parametrize(("extra", "lines"), [(0, 1), (1, 4)])
def test_a_step_is_broken_past_the_last_column(extra: int, lines: int) -> None:
    """A step takes one line up to the width, its comma counted, and a line a field beyond."""
    head = '    { "type": "panic", "message": "" },'
    message = "x" * (WIDTH - len(head) + extra)
    step = {"type": "panic", "message": message}
    made = format_json(json.dumps({"version": 1, "name": "n", "steps": [step, step]})).splitlines()
    assert len(made) == 6 + 2 * lines
    assert (max(map(len, made)) == WIDTH) == (extra == 0)


def test_numbers_and_texts_keep_what_they_say() -> None:
    """Numbers keep their spelling; a text shows its letters, but never what cannot be seen."""
    text = r'{"version":1,"name":"\u00e9\u202e\u0007\ud83d\ude00/","vars":{"a":1e3,"b":1.50,"c":-0},"steps":[]}'
    made = format_json(text)
    assert '"name": "é\\u202e\\u0007😀/"' in made
    assert '"vars": { "a": 1e3, "b": 1.50, "c": -0 }' in made


def test_all_forms() -> None:
    """Suites and distributed scenarios are formatted like all others."""
    suite = '{"suites":{"b":["x"],"a":["y"]},"name":"n","version":1}'
    assert '"suites": { "b": ["x"], "a": ["y"] }' in format_json(suite)
    cluster = '{"distributed":{"steps":[{"duration":"1ms","type":"tick"}],"node_count":2},"version":1,"name":"n"}'
    made = format_json(cluster)
    assert made.index('"node_count"') < made.index('"steps"')
    assert '{ "type": "tick", "duration": "1ms" }' in made
