"""Validation: every problem of a file at once, each at its place, by the same rules at every depth and in both forms."""

from __future__ import annotations

import copy
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.core.limits import DEPTH_MAX
from fozzy.dsl.locate import line_at
from fozzy.dsl.validate import HINTS_MAX
from fozzy.errors import Problem

if TYPE_CHECKING:
    from tests.conftest import Fz, Problems

Json = dict[str, Any]
OK = {"type": "assert_ok", "value": True}
BOUND_S = 20.0  # "within seconds", on a machine that is busy with other things


def scenario(*steps: Any, **more: Any) -> Json:
    return {"version": 1, "name": "n", **more, "steps": list(steps)}


def nested(steps: list[Any], depth: int, block: str = "group") -> list[Any]:
    for _ in range(depth):
        name = {"name": "g"} if block == "group" else {}
        steps = [{"type": block, **name, "steps": steps}]
    return steps


def pointed_at(problem: Problem) -> str:
    assert problem.where is not None
    return problem.text[problem.where.col - 1 : problem.where.col - 1 + problem.length]


# A step with one mistake: its code, the text under the caret, the hint.
MISTAKES: list[tuple[Json, str, str, str]] = [
    ({"type": "slep", "duration": "1ms"}, "unknown_step", '"slep"', 'did you mean "sleep"?'),
    ({"type": "sleep", "duration": "1ms", "durations": 1}, "unknown_field", '"durations"', 'did you mean "duration"?'),
    ({"type": "sleep"}, "missing_field", "{", ""),
    ({"duration": "1ms"}, "missing_field", "{", ""),
    ({"typ": "sleep", "duration": "1ms"}, "missing_field", "{", 'did you mean "type"?'),
    ({"type": 5}, "unknown_step", "5", ""),
    ({"type": "sleep", "duration": "-5ms"}, "bad_value", '"-5ms"', ""),
    ({"type": "http_request", "method": "get", "path": "/"}, "bad_value", '"get"', 'did you mean "GET"?'),
    ({"type": "http_request", "method": "GET", "path": "a"}, "bad_value", '"a"', 'write "/a"'),
    ({"type": "memory_free", "key": "k", "alloc_id": 1}, "exclusive", '"k"', "drop one of them"),
    ({"type": "get_kv_assert", "key": "k", "equals": 1, "is_null": True}, "exclusive", "true", "drop one of them"),
    ({"type": "net_set_drop_rate", "rate": 1.5}, "bad_value", "1.5", ""),
    ({"type": "fail", "message": "${k}"}, "unknown_name", '"${k}"', "keep it with a step"),
    ({"type": "fail", "message": "${"}, "bad_reference", '"${"', "write $${"),
    ({"type": "group", "name": "g", "steps": []}, "empty", "[", ""),
    ({"type": "group", "name": "g", "steps": [{"type": "proc_when", "cmd": "a", "exit_code": 0}]}, "only_declares",
     "[", "add a step"),
    ({"type": "proc_spawn", "cmd": "a", "args": ["b", 1]}, "bad_value", "1", ""),
]  # fmt: skip


@pytest.mark.parametrize(("step", "code", "under", "hint"), MISTAKES, ids=lambda value: str(value)[:36])
@pytest.mark.parametrize("depth", [0, 1, 2, 5])
@pytest.mark.parametrize("block", ["group", "assert_throws"])
def test_the_same_rules_at_every_depth(
    problems: Problems, step: Json, code: str, under: str, hint: str, depth: int, block: str
) -> None:
    """A mistake is one problem with the same code, caret and hint wherever it is nested, in any part of the file."""
    for part in ("setup", "steps", "teardown"):
        document = {"version": 1, "name": "n", "steps": [OK], part: nested([OK, step], depth, block)}
        found = problems(document)
        assert [problem.code for problem in found] == [f"scenario.{code}"]
        assert pointed_at(found[0]) == under if under != "{" else pointed_at(found[0])[0] == "{"
        assert found[0].hint.startswith(hint)


def as_toml(document: Json) -> str:
    """The document in TOML: values inline, which hold everything JSON does but null."""

    def value(item: Any) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f"{json.dumps(key)} = {value(each)}" for key, each in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(map(value, item)) + "]"
        return json.dumps(item)

    return "".join(f"{key} = {value(item)}\n" for key, item in document.items())


@pytest.mark.parametrize(("step", "code", "under", "hint"), MISTAKES, ids=lambda value: str(value)[:36])
def test_toml_is_held_to_the_same_rules(problems: Problems, step: Json, code: str, under: str, hint: str) -> None:
    """The same mistake in TOML is the same problem: code, message, hint, and the text under the caret."""
    document = scenario(OK, *nested([OK, step], 2))
    in_json, in_toml = problems(document), problems(as_toml(document), "toml")
    assert [(each.code, each.message, each.hint) for each in in_toml] == [
        (each.code, each.message, each.hint) for each in in_json
    ]
    assert pointed_at(in_toml[0]).startswith(under)


@pytest.mark.parametrize(
    ("steps", "under"),
    [("\n  - type:sleep\n", "type:sleep"), ("\n  -type: sleep\n", "-type"), ("\n  -type:sleep\n", "-type:sleep")],
)
def test_yaml_says_where_it_misses_a_space(problems: Problems, steps: str, under: str) -> None:
    """What was meant as a step is a text or a key, which alone would puzzle whoever wrote it."""
    (found,) = problems(f"version: 1\nname: x\nsteps:{steps}", "yaml")
    assert (found.hint, pointed_at(found)) == ('YAML wants a space behind ":" and "-"', under)
    (found,) = problems('version: 1\nname: x\nsteps: "not a list"\n', "yaml")
    assert found.hint == ""


@pytest.mark.parametrize(("step", "code", "under", "hint"), MISTAKES, ids=lambda value: str(value)[:36])
def test_yaml_is_held_to_the_same_rules(problems: Problems, step: Json, code: str, under: str, hint: str) -> None:
    """The same mistake in YAML is the same problem at the same value: code, message, hint, and what the caret is under."""
    document = scenario(OK, *nested([OK, step], 2))
    in_json = problems(document)
    for flow in (False, True):
        in_yaml = problems(yaml.safe_dump(document, sort_keys=False, default_flow_style=flow, width=10_000), "yaml")
        assert [(each.code, each.message, each.hint) for each in in_yaml] == [
            (each.code, each.message, each.hint) for each in in_json
        ]
        if under[:1] not in "{[":
            assert pointed_at(in_yaml[0]).strip("'\"") == under.strip('"')


def test_all_problems_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    """Twelve mistakes of all sorts in one file are twelve problems, sorted by line and column, none hiding another."""
    text = """{
  "version": 2,
  "nmae": "n",
  "tags": ["ok", ""],
  "vars": { "seed": 1 },
  "timeout": "soon",
  "steps": [
    { "type": "slep" },
    { "type": "http_request", "method": "get", "path": "x", "expect_statuss": 1 },
    { "type": "group", "name": "g", "steps": [ { "type": "sleep", "duration": "-1s" }, { "type": "sleep" } ] },
    { "type": "fail", "message": "${nope}" },
    { "type": "sleep", "duration": "1ms", "duration": "2ms" }
  ]
}"""
    found = problems(text)
    places = [(each.where.line, each.code.removeprefix("scenario.")) for each in found if each.where]
    assert places == [
        (1, "missing_field"),
        (2, "bad_value"),
        (3, "unknown_field"),
        (4, "bad_value"),
        (5, "bad_value"),
        (6, "bad_value"),
        (8, "unknown_step"),
        (9, "bad_value"),
        (9, "bad_value"),
        (9, "unknown_field"),
        (10, "bad_value"),
        (10, "missing_field"),
        (11, "unknown_name"),
        (12, "duplicate_key"),
    ]
    columns = [(each.where.line, each.where.col) for each in found if each.where]
    assert columns == sorted(columns)
    assert [pointed_at(each) for each in found if each.where and each.where.line == 9] == [
        '"get"',
        '"x"',
        '"expect_statuss"',
    ]


@pytest.mark.parametrize(
    ("text", "again", "first"),
    [
        ('{"version": 1, "name": "a",\n "name": "b",\n "steps": [{"type": "fail", "message": ""}]}', (2, 2), (1, 16)),
        ('{"version": 1, "name": "a", "steps": [{"type": "fail",\n "type": "fail", "message": ""}]}', (2, 2), (1, 40)),
        (
            '{"version": 1, "name": "a", "vars": {"x": {"y": 1,\n"y": 2}}, "steps": [{"type": "unfreeze"}]}',
            (2, 1),
            (1, 44),
        ),
    ],
)
def test_a_duplicate_key_shows_both_places(
    problems: Problems, text: str, again: tuple[int, int], first: tuple[int, int]
) -> None:
    """A key given twice is an error at its second place that also names its first."""
    (found,) = problems(text)
    assert found.code == "scenario.duplicate_key" and found.where and found.first
    assert ((found.where.line, found.where.col), (found.first.line, found.first.col)) == (again, first)


def test_a_duplicate_key_in_toml(problems: Problems) -> None:
    """A key given twice in TOML is the same error."""
    (found,) = problems('version = 1\nname = "a"\nname = "b"\n', "toml")
    assert (found.code, found.where and found.where.line, pointed_at(found)) == ("scenario.duplicate_key", 3, "name")


def test_what_lies_inside_is_said(problems: Problems) -> None:
    """A problem inside a block names the block around it."""
    (found,) = problems(scenario(*nested([{"type": "advance", "duration": "-5ms"}], 1, "assert_throws")))
    assert found.message == (
        'inside assert_throws: "duration" must be a whole number and a unit such as "250ms", got text "-5ms"'
    )


STRANGE: dict[str, bytes] = {
    "empty": b"",
    "space": b" \n\t ",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a text": b'"steps"',
    "an empty object": b"{}",
    "NUL": b"\0",
    "NUL in a text": b'{"name": "a\0b"}',
    "not UTF-8": b'{"name": "\xff"}',
    "half a character": b'{"name": "\xf0\x9f\x98"}',
    "a BOM": b"\xef\xbb\xbf" + json.dumps(scenario(OK)).encode(),
    "UTF-16": json.dumps(scenario(OK)).encode("utf-16"),
    "NaN": b'{"version": NaN}',
    "Infinity": b'{"version": -Infinity}',
    "a trailing comma": b'{"version": 1,}',
    "a comment": b'{"version": 1 // one\n}',
    "single quotes": b"{'version': 1}",
    "two documents": b"{}{}",
    "half a document": json.dumps(scenario(OK)).encode()[:-3],
    "huge integer": json.dumps(scenario({"type": "set_kv", "key": "k", "value": 1})).replace("1}", "9" * 5000).encode(),
    "long integer": json.dumps(scenario(OK, seed=0)).replace('"seed": 0', '"seed": ' + "9" * 5000).encode(),
    "large integer": json.dumps(scenario(OK, seed=10**300)).encode(),
    "huge float": json.dumps(scenario(OK)).replace("true", "1e999").encode(),
    "huge value": json.dumps(scenario(OK, vars={"a": [0]})).replace("[0]", "[-1e999]").encode(),
    "a lone surrogate": json.dumps(scenario({"type": "fail", "message": "\ud800"})).encode(),
    "a surrogate for a type": json.dumps(scenario({"type": "\ud800"})).encode(),
    "a surrogate for a field": json.dumps(scenario({"type": "unfreeze", "\udc00": 1})).encode(),
    "a surrogate for a version": json.dumps({**scenario(OK), "version": "\ud800"}).encode(),
    "a surrogate for a name": json.dumps(scenario({"type": "fail", "message": "${\ud800}"})).encode(),
    "a surrogate twice": b'{"\\ud800": 1, "\\ud800": 2}',
    "a surrogate key": json.dumps(scenario(OK, vars={"\udfff": 1})).encode(),
    "brackets 200": b"[" * 200 + b"]" * 200,
    "brackets 100000": b"[" * 100_000 + b"]" * 100_000,
    "open brackets 100000": b"[" * 100_000,
    "open braces 100000": b'{"a":' * 100_000,
    "value 200": json.dumps(scenario(OK, vars={"a": 0})).encode().replace(b"0", b"[" * 200 + b"]" * 200),
    "value 100000": json.dumps(scenario(OK, vars={"a": 0})).encode().replace(b"0", b"[" * 10**5 + b"]" * 10**5),
}
STRANGE_TOML: dict[str, bytes] = {
    "empty": b"",
    "NUL": b"\0",
    "not UTF-8": b'name = "\xff"',
    "a BOM": b"\xef\xbb\xbfversion = 1",
    "a carriage return": b'version = 1\rname = "n"',
    "a date": b'version = 1\nname = "n"\nvars = {a = 2020-01-01}\nsteps = [{type = "unfreeze"}]',
    "a time": b'version = 1\nname = "n"\nvars = {a = [10:00:00]}\nsteps = [{type = "unfreeze"}]',
    "a moment": b'version = 1\nname = "n"\nvars = {a = 2020-01-01T00:00:00Z}\nsteps = [{type = "unfreeze"}]',
    "nan": b'version = 1\nname = "n"\nvars = {a = nan}\nsteps = [{type = "unfreeze"}]',
    "inf": b'version = 1\nname = "n"\nvars = {a = -inf}\nsteps = [{type = "unfreeze"}]',
    "long integer": b"version = " + b"9" * 5000,
    "long hexadecimal": b'version = 1\nname = "n"\nvars = {a = 0x%s}\nsteps = [{type = "unfreeze"}]' % (b"f" * 5000),
    "a table twice": b"[vars]\n[vars]\n",
    "half a text": b'name = "n',
    "arrays 100000": b"vars = " + b"[" * 100_000 + b"]" * 100_000,
    "tables 100000": b"vars = " + b"{a=" * 100_000,
    "dotted 1000": b".".join([b"a"] * 1000) + b" = 1",
    "header 1000": b"[" + b".".join([b"a"] * 1000) + b"]",
}


def check_located(found: list[Problem], text: str) -> None:
    """Every problem has a place inside the text, a code and a message."""
    assert found
    lines = text.count("\n") + 1
    for problem in found:
        assert problem.code.startswith("scenario.") and problem.message
        assert problem.code != "scenario.invalid", problem  # the words of who does not know better
        assert problem.where is not None
        assert 1 <= problem.where.line <= lines
        assert 1 <= problem.where.col <= len(line_at(text, problem.where.line)) + 1
        assert problem.length >= 1
    places = [(problem.where.line, problem.where.col) for problem in found if problem.where]
    assert places == sorted(places)


@pytest.mark.parametrize("what", STRANGE)
def test_strange_json_is_a_located_problem(problems: Problems, what: str) -> None:
    """Whatever the bytes are, the answer is problems with places, soon, and never another exception."""
    started = time.monotonic()
    check_located(problems(STRANGE[what]), STRANGE[what].decode("utf-8", "replace"))
    assert time.monotonic() - started < BOUND_S


@pytest.mark.parametrize("what", STRANGE_TOML)
def test_strange_toml_is_a_located_problem(problems: Problems, what: str) -> None:
    """The same for TOML, with its dates, infinities and tables."""
    started = time.monotonic()
    check_located(problems(STRANGE_TOML[what], "toml"), STRANGE_TOML[what].decode("utf-8", "replace"))
    assert time.monotonic() - started < BOUND_S


@pytest.mark.parametrize("depth", [1, 20, DEPTH_MAX // 2 - 2, DEPTH_MAX // 2, 200, 50_000])
def test_groups_in_groups(problems: Problems, depth: int) -> None:
    """Groups nest as deep as the limit allows; beyond it the place of the first one too many is told."""
    text = '{"version": 1, "name": "n", "steps": ['
    text += '{"type": "group", "name": "g", "steps": [' * depth + '{"type": "unfreeze"}' + "]}" * depth + "]}"
    found = problems(text)
    if depth <= DEPTH_MAX // 2 - 2:
        assert found == []
    else:
        check_located(found, text)
        assert [problem.message for problem in found] == [f"nested deeper than {DEPTH_MAX} levels"]


@pytest.mark.parametrize("word", ["type", "field", "value", "key"])
def test_long_words_are_bounded_in_time(problems: Problems, word: str) -> None:
    """A megabyte where a name should be is a problem like any other, found soon."""
    long = "x" * 10**6
    step = {
        "type": {"type": long},
        "field": {"type": "unfreeze", long: 1},
        "value": {"type": "sleep", "duration": long},
        "key": {"type": "fail", "message": "${" + long + "}"},
    }[word]
    started = time.monotonic()
    found = problems(scenario(step))
    assert len(found) == 1 and time.monotonic() - started < BOUND_S


def test_a_hundred_thousand_steps(problems: Problems) -> None:
    """A scenario of 100,000 steps is valid; one mistake at its end is one problem, at its place."""
    steps: list[Json] = [{"type": "trace_event", "name": f"e{index}"} for index in range(100_000)]
    assert problems(scenario(*steps)) == []
    steps.append({"type": "slep", "duration": "1ms"})
    started = time.monotonic()
    (found,) = problems(scenario(*steps))
    assert (found.hint, pointed_at(found)) == ('did you mean "sleep"?', '"slep"')
    assert time.monotonic() - started < BOUND_S


@pytest.mark.parametrize("one_line", [True, False])
def test_many_mistakes_are_bounded(problems: Problems, one_line: bool) -> None:
    """Ten thousand mistakes are ten thousand problems, found soon also in one line; the first of them get hints."""
    steps = [{"type": "set_kv", "key": f"key{index}", "value": f"${{kez{index}}}"} for index in range(5000)]
    steps += [{"type": f"slep{index}", "duration": "1ms"} for index in range(5000)]
    started = time.monotonic()
    found = problems(json.dumps(scenario(*steps), indent=None if one_line else 1))
    assert len(found) == 10_000 and time.monotonic() - started < BOUND_S
    assert all(problem.hint for problem in found[:HINTS_MAX])


@pytest.mark.parametrize("what", STRANGE)
def test_strange_files_end_a_command_with_2(fz: Fz, what: str) -> None:
    """Whatever is in a file, a command says on both kinds of screen what is wrong with it and ends with 2."""
    from pathlib import Path

    Path("s.fozzy.json").write_bytes(STRANGE[what])
    for words in (["validate"], ["run", "--json"], ["test", "--json"], ["validate", "--reporter", "github"]):
        ran = fz(*words, "s.fozzy.json")
        assert ran.code == 2 and "Traceback" not in ran.said
        ran.out.encode(), ran.err.encode()  # noqa: B018 - nothing that no stream could write
        assert "--json" not in words or ran.document()["problems"]


WORDS = {
    "unknown step": scenario({"type": "slep"}),
    "only declares": scenario({"type": "proc_when", "cmd": "a", "exit_code": 0}),
    "bad duration": scenario({"type": "sleep", "duration": "x"}),
    "unknown name": scenario({"type": "fail", "message": "${x}"}),
    "late rule": scenario({"type": "memory_free"}),
    "not an object": [],
}


@pytest.mark.parametrize("what", WORDS)
def test_every_command_rejects_with_the_same_words(fz: Fz, what: str) -> None:
    """What validate rejects, run and test reject with the same code, message, hint and place, and exit 2."""
    from pathlib import Path

    Path("s.fozzy.json").write_text(json.dumps(WORDS[what], indent=1))
    ended = {command: fz(command, "s.fozzy.json", "--json") for command in ("validate", "run", "test")}
    assert {ran.code for ran in ended.values()} == {2}
    documents = {command: ran.document() for command, ran in ended.items()}
    assert documents["validate"]["problems"] == documents["run"]["problems"] == documents["test"]["problems"]
    assert documents["validate"]["error"] == documents["run"]["error"] == documents["test"]["error"]


VALID: list[Json] = [
    scenario(
        {"type": "set_kv", "key": "k", "value": {"a": [1, "${seed}"]}},
        {"type": "http_when", "method": "GET", "path": "/a", "status": 200, "json": {"x": 1}, "delay": "5ms"},
        {"type": "http_request", "method": "GET", "path": "/a", "headers": {"A": "b"}, "expect_status": 200},
        {"type": "group", "name": "g", "steps": [{"type": "assert_throws", "steps": [{"type": "fail", "message": "${k}"}]}]},
        {"type": "assert_eventually_kv", "key": "k", "equals": 1, "within": "5ms", "poll": "1ms"},
        seed=7,
        timeout="5s",
        vars={"v": [True, None, 1.5]},
        tags=["a"],
        teardown=[{"type": "memory_free", "alloc_id": 1}],
    ),
    {
        "version": 1,
        "name": "n",
        "distributed": {
            "nodes": ["a", "b"],
            "steps": [{"type": "partition", "a": "a", "b": "b"}, {"type": "tick", "duration": "5ms"}],
            "invariants": [{"type": "kv_all_equal", "key": "k"}],
        },
    },
    {
        "version": 1,
        "name": "n",
        "expect": {"status": "fail"},
        "distributed": {
            "nodes": {"a": {"program": "x:y", "port": 81}, "b": {"builtin": "kv", "args": {"merge": "newest"}}},
            "client": "x:C",
            "duration": "5s",
            "share": ["x.z"],
            "network": {"latency": {"uniform": ["1ms", "2ms"]}, "loss": 0.5, "links": [{"from": "a", "to": "b"}]},
            "faults": [
                {"kind": "partition", "between": [["a"], ["b"]], "at": {"within": ["0s", "1s"]}, "for": "1s"},
                {"kind": "crash", "node": {"any": ["a", "b"]}, "at": {"step": [0, 1]}},
                {"kind": "loss", "from": "a", "rate": 0.5, "at": "1s"},
            ],
            "steps": [
                {"type": "workload", "operations": [{"op": "put", "args": {"key": "k", "value": {"int": [0, 9]}}}]},
                {"type": "client", "node": "b", "op": "get", "args": ["k"], "expect": 1},
                {"type": "crash", "node": "a", "at": {"within": ["0s", "1s"]}},
            ],
            "invariants": [{"type": "always", "check": "x:y"}, {"type": "kv_node_equals", "node": "b", "key": "k", "equals": 1}],
        },
    },
    {"version": 1, "name": "n", "suites": {"smoke": ["a.fozzy.json"], "all": ["*.fozzy.toml"]}},
]  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, item in items for each in paths(item, (*path, key)))]


JUNK = st.sampled_from(
    [None, True, -1, 0, 1.5, 10**20, 10**1200, "", "x", "-5ms", "${", "${nope}", "\ud800", [], {}, [[]], {"type": "x"}]
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The text of a valid scenario with one to three things wrong."""
    document = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([each for each in paths(document) if each] or [()]))
        if not path:
            break
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        last = path[-1]
        how = draw(st.sampled_from(["drop", "misspell", "retype", "repeat"]))
        if how == "drop":
            del holder[last]
        elif how == "misspell" and isinstance(last, str):
            holder[last[:-1] + draw(st.sampled_from(["", "x", "é", "${"]))] = holder.pop(last)
        elif how == "repeat" and isinstance(holder, list):
            holder.append(holder[last])
        else:
            holder[last] = copy.deepcopy(draw(JUNK))
    return json.dumps(document, indent=draw(st.sampled_from([None, 1, 4])))


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Bytes that were a scenario: cut off, with bytes flipped, doubled or inserted."""
    make = draw(st.sampled_from([json.dumps, as_toml]))
    document = draw(st.sampled_from(VALID[1:] if make is as_toml else VALID))
    data = bytearray(make(document).encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["cut", "flip", "double", "insert", "drop"])):
            case "cut":
                del data[at:]
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case "drop":
                del data[at : at + draw(st.integers(1, 5))]
            case _:
                data[at:at] = draw(st.sampled_from([b"{", b"[", b'"', b"\0", b"\xff", b"\\", b",", b"9" * 30, b"e9"]))
    return bytes(data)


QUICK = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(text=damaged())
def test_a_damaged_scenario_is_valid_or_explained(problems: Problems, text: str) -> None:
    """A valid scenario with something wrong is either still valid or has located problems; nothing else happens."""
    found = problems(text)
    if found:
        check_located(found, text)


@QUICK
@given(data=broken(), form=st.sampled_from(["json", "toml", "yaml"]))
def test_broken_bytes_are_explained(problems: Problems, data: bytes, form: str) -> None:
    """Whatever happened to the bytes of a file, in whichever form it is read, its problems have places."""
    found = problems(data, form)
    if found:
        check_located(found, data.decode("utf-8", "replace"))


@QUICK
@given(
    text=st.text(st.sampled_from('{}[]",:0e\\n\n\t #=.a'), max_size=30), form=st.sampled_from(["json", "toml", "yaml"])
)
def test_noise_is_explained(problems: Problems, text: str, form: str) -> None:
    """Noise of the characters that matter is never a scenario and always explained."""
    check_located(problems(text, form), text)


def test_names_one_chooses_are_looked_at(problems: Problems) -> None:
    """A branch or a list of values without a name is a problem at its key, not an error of fozzy."""
    steps = [{"type": "parallel", "branches": {"": [{"type": "panic", "message": "x"}]}}]
    found = problems({"version": 1, "name": "n", "matrix": {"": [1]}, "steps": steps})
    assert [(each.code, each.message) for each in found] == [
        ("scenario.bad_value", 'a name in "matrix" must be text that is not empty'),
        ("scenario.bad_value", 'inside parallel: a name in "branches" must be text that is not empty'),
    ]


@pytest.mark.parametrize(
    ("part", "tag", "label", "hint"),
    [
        ("steps", "tik", "not a step type", 'did you mean "tick"?'),
        ("invariants", "kv_al_equal", "not an invariant type", 'did you mean "kv_all_equal"?'),
        ("invariants", "zzz", "not an invariant type", "one of kv_all_equal, "),
    ],
)
def test_an_unknown_type_is_called_what_it_is(problems: Problems, part: str, tag: str, label: str, hint: str) -> None:
    """A type that is not there is told with the right article, and where there are few of them with those there are."""
    cluster: Json = {"node_count": 2, "steps": [{"type": "tick", "duration": "1ms"}], "invariants": []}
    cluster[part] = [*cluster[part], {"type": tag}]
    found = problems({"version": 1, "name": "n", "distributed": cluster})
    assert [(each.code, each.label) for each in found] == [("scenario.unknown_step", label)]
    assert found[0].hint.startswith(hint)
