"""The names a scenario refers to: what is known where, what is near, what goes in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.dsl.names import STORING, kept_names

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]


def say(name: str, **fields: Any) -> Json:
    return {"type": "trace_event", "name": name, "fields": fields}


def file(*steps: Json, **more: Any) -> Json:
    return {"version": 1, "name": "n", **more, "steps": list(steps)}


KEEPING: dict[str, tuple[Json, list[str]]] = {
    "set_kv": ({"type": "set_kv", "key": "k", "value": 1}, ["k"]),
    "rand_u64": ({"type": "rand_u64", "key": "k"}, ["k"]),
    "rand_int": ({"type": "rand_int", "key": "k", "min": 1, "max": 2}, ["k"]),
    "rand_choice": ({"type": "rand_choice", "key": "k", "of": [1]}, ["k"]),
    "rand_bytes": ({"type": "rand_bytes", "key": "k", "length": 1}, ["k"]),
    "rand_bool": ({"type": "rand_bool", "key": "k"}, ["k"]),
    "shuffle": ({"type": "shuffle", "key": "k", "of": [1]}, ["k"]),
    "free_port": ({"type": "free_port", "key": "k"}, ["k"]),
    "memory_alloc": ({"type": "memory_alloc", "bytes": 1, "key": "k"}, ["k"]),
    "repeat": ({"type": "repeat", "times": 1, "as": "k", "steps": [say("${k}")]}, ["k"]),
    "http_burst": (
        {
            "type": "http_burst",
            "count": 1,
            "concurrency": 1,
            "request": {"method": "GET", "path": "/"},
            "save": {"k": "statuses"},
        },
        ["k"],
    ),
    "http_request": (
        {"type": "http_request", "method": "GET", "path": "/", "save_body_as": "b", "save": {"k": "status"}},
        ["b", "k"],
    ),
    "call": ({"type": "call", "function": "m:f", "save_as": "k"}, ["k"]),
    "proc_spawn": ({"type": "proc_spawn", "cmd": "a", "save_stdout_as": "b", "save": {"k": "exit"}}, ["b", "k"]),
}


@pytest.mark.parametrize("kind", sorted(STORING))
def test_what_steps_keep_is_known(problems: Problems, kind: str) -> None:
    """Every name any step keeps a value under is known everywhere, inside blocks and before the step alike."""
    step, names = KEEPING[kind]
    assert kept_names(file(step)) == set(names)
    block = {"type": "parallel", "branches": {"a": [{"type": "if", "that": 1, "equals": 1, "then": [step]}]}}
    using = [say(" ".join(f"${{{name}}}" for name in names))]
    assert problems(file(*using, block, setup=using, teardown=using)) == []


def test_declared_names_are_known(problems: Problems) -> None:
    """Variables, the matrix, listed variables of the environment, `seed` and `now_ms`."""
    steps = [say("${v} ${m} ${env.HOME} ${seed} ${now_ms}", deep=[{"${v}": ["a ${m}"]}])]
    assert problems(file(*steps, vars={"v": 1}, matrix={"m": [1]}, env=["HOME"])) == []


@pytest.mark.parametrize(
    ("text", "code", "message", "hint"),
    [
        ("${tokn}", "unknown_name", 'nothing keeps "tokn"', 'did you mean "token"?'),
        ("a ${sed} b", "unknown_name", 'nothing keeps "sed"', 'did you mean "seed"?'),
        ("${zzz}", "unknown_name", 'nothing keeps "zzz"', "keep it with a step, or declare it under vars"),
        ("${env.HOM}", "unknown_name", 'nothing keeps "env.HOM"', 'list "HOM" under "env"'),
        ("${}", "bad_reference", "a reference is ${name}", "write $${ for a literal ${"),
        ("${a b}", "bad_reference", "a reference is ${name}", "write $${ for a literal ${"),
        ("${1}", "bad_reference", "a reference is ${name}", "write $${ for a literal ${"),
        ("${token", "bad_reference", "a reference is ${name}", "write $${ for a literal ${"),
    ],
)
@pytest.mark.parametrize("where", ["field", "deep", "key", "block", "else", "branch", "vars", "with"])
def test_what_nothing_keeps(problems: Problems, text: str, code: str, message: str, hint: str, where: str) -> None:
    """An unknown name, or a reference that is none, is one problem at its own place, wherever the text stands."""
    steps = {
        "field": [say(text)],
        "deep": [say("a", x=[{"y": [text]}])],
        "key": [say("a", **{text: 1})],
        "block": [{"type": "retry", "attempts": 2, "steps": [say(text)]}],
        "else": [{"type": "if", "that": 1, "equals": 1, "then": [say("a")], "else": [say(text)]}],
        "branch": [{"type": "parallel", "branches": {"a": [say(text)]}}],
        "vars": [say("a")],
        "with": [{"type": "assert", "that": 1, "in": [text]}],
    }[where]
    variables = {"token": 1, **({"v": [text]} if where == "vars" else {})}
    (problem,) = problems(file(*steps, vars=variables, env=["HOME"]))
    assert (problem.code, problem.message, problem.hint) == (f"scenario.{code}", message, hint)
    assert text in problem.text


def test_escaped_references_are_none(problems: Problems) -> None:
    """A doubled dollar sign, prose, and a reference spelled with escapes are what they say."""
    assert problems(file(say("$${nobody} $$${seed}"), description="${nobody}", tags=["${nobody}"])) == []
    text = r'{"version":1,"name":"n","steps":[{"type":"trace_event","name":"\u0024{nobody}"}]}'
    assert [problem.message for problem in problems(text)] == ['nothing keeps "nobody"']
    text = 'version = 1\nname = "n"\n[[steps]]\ntype = "trace_event"\nname = "\\U00000024{nobody}"\n'
    assert [problem.message for problem in problems(text, "toml")] == ['nothing keeps "nobody"']


def test_a_key_made_at_run_time_may_have_any_name(play: Play, problems: Problems) -> None:
    """Where a key depends on the run, an unknown name is looked for there; the environment is still to be listed."""
    steps = [{"type": "set_kv", "key": "k${seed}", "value": 1}, say("${k1}")]
    assert problems(file(*steps)) == []
    assert play(steps, seed=1).status == "pass"
    assert play(steps, seed=2).finding.title == "unknown_name"
    assert [each.message for each in problems(file(*steps, say("${env.X}")))] == ['nothing keeps "env.X"']


@pytest.mark.parametrize(
    ("variables", "circular"),
    [
        ({"a": "${a}"}, ["a"]),
        ({"a": "${b}", "b": "x ${a}"}, ["a", "b"]),
        ({"a": ["${b}"], "b": {"k": "${c}"}, "c": {"${a}": 1}}, ["a", "b", "c"]),
        ({"a": "${b}", "b": "${b}"}, ["b"]),
        ({"a": "${b}", "b": "${c}", "c": "${d}", "d": 1}, []),
        ({"a": "$${a}"}, []),
        ({"a": "${b} ${c}", "b": "${d}", "c": "${d}", "d": "${seed}"}, []),
    ],
)
def test_circles_of_variables(problems: Problems, variables: Json, circular: list[str]) -> None:
    """A variable that comes back to itself is a problem at that variable; those that only lead there are fine."""
    found = problems(file(say("a"), vars=variables))
    assert [each.message for each in found] == [f'variable "{name}" refers to itself' for name in circular]
    assert {each.code for each in found} <= {"scenario.circular_variable"}


def test_a_circle_spelled_with_escapes(problems: Problems) -> None:
    """How a reference is spelled makes no difference."""
    text = r'{"version":1,"name":"n","vars":{"a":"\u0024{a}"},"steps":[{"type":"unfreeze"}]}'
    assert [each.message for each in problems(text)] == ['variable "a" refers to itself']


def test_a_long_chain_is_no_circle(play: Play) -> None:
    """Variables may refer to variables, many in a row, to the environment and to the seed."""
    chain = {f"v{index}": f"${{v{index + 1}}}" for index in range(100)}
    assert (
        play([{"type": "assert", "that": "${v0}", "equals": 5}], vars={**chain, "v100": "${seed}"}, seed=5).status
        == "pass"
    )


def test_variables_may_refer_to_everything(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable may hold what the store, the environment, the clock and the seed give at that moment."""
    monkeypatch.setenv("FOZZY_TEST_X", "x")
    variables = {"all": "${env.FOZZY_TEST_X} ${seed} ${now_ms} ${kept} ${other}", "other": [1, "${seed}"]}
    steps = [
        {"type": "set_kv", "key": "kept", "value": True},
        {"type": "sleep", "duration": "2ms"},
        {"type": "assert", "that": "${all}", "equals": "x 3 2 true [1,3]"},
    ]
    assert play(steps, vars=variables, env=["FOZZY_TEST_X"], seed=3).status == "pass"


@pytest.mark.parametrize("name", ["seed", "now_ms"])
def test_names_with_a_meaning_are_taken(problems: Problems, name: str) -> None:
    """What fozzy itself keeps cannot be declared."""
    (problem,) = problems(file(say("a"), vars={name: 1}))
    assert problem.message == f'"{name}" has a meaning already' and f'"{name}"' in problem.text
