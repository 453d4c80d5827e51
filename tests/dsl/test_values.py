"""`${name}`: values that refer to the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.core.events import Ask, Event
from fozzy.dsl.values import as_text, references

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]


def put(key: str, value: Any) -> Json:
    return {"type": "set_kv", "key": key, "value": value}


def say(value: Any) -> Json:
    return {"type": "trace_event", "name": "e", "fields": {"v": value}}


def said(played: Any) -> list[Any]:
    """The values of the events a run wrote."""
    return [record.fields["v"] for record in played.records if isinstance(record, Event)]


VALUES = [0, -7, 2**70, True, None, 1.5, "", "ü", [], [1, [None]], {}, {"a": {"b": False}}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_alone_it_keeps_the_type(play: Play, value: Any) -> None:
    """`${name}` alone is the value itself, from the store and from vars."""
    played = play([put("k", value), say("${k}"), say("${v}")], vars={"v": value})
    assert [(type(each), each) for each in said(played)] == [(type(value), value)] * 2


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_inside_a_text_it_is_text(play: Play, value: Any) -> None:
    """Inside a text a text stands as it is and everything else as JSON."""
    shown = value if isinstance(value, str) else as_text(value)
    assert said(play([put("k", value), say("<${k}|${k}>")])) == [f"<{shown}|{shown}>"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("$${k}", "${k}"),
        ("$${", "${"),
        ("a$${k}b${k}", "a${k}b1"),
        ("$$${k}", "$${k}"),
        ("$", "$"),
        ("$$", "$$"),
        ("$k {k}", "$k {k}"),
        ("}${k}{", "}1{"),
    ],
)
def test_a_literal_reference(play: Play, written: str, meant: str) -> None:
    """`$${` is a literal `${`; a dollar sign alone is a dollar sign."""
    assert said(play([put("k", 1), say(written)])) == [meant]


def test_what_a_value_holds_is_not_looked_at_again(play: Play) -> None:
    """A value that looks like a reference is text; it is resolved once."""
    assert said(play([put("k", "$${seed}"), say("${k}"), say("x${k}")])) == ["${seed}", "x${seed}"]


def test_it_is_found_at_any_depth(play: Play) -> None:
    """References are replaced in lists, objects and keys, however deep; the rest stays as it is."""
    value = {"a": ["${k}", {"${k}x": "${k}", "n": [1, None, {"d": "-${k}-"}]}], "same": {"b": 2}}
    wanted = {"a": [1, {"1x": 1, "n": [1, None, {"d": "-1-"}]}], "same": {"b": 2}}
    assert said(play([put("k", 1), say(value)])) == [wanted]


def test_headers_and_bodies_and_arguments(play: Play) -> None:
    """References work in every field: headers, paths, bodies, arguments, keys, messages, durations, nested structs."""
    steps = [
        put("n", 5),
        {"type": "sleep", "duration": "${n}ms"},
        {"type": "http_when", "method": "GET", "path": "/${n}", "status": 200, "headers": {"X-${n}": "v${n}"},
         "body": "b${n}", "delay": "${n}ms"},
        {"type": "http_request", "method": "GET", "path": "/5", "expect_headers": {"x-5": "v${n}"},
         "expect_body": "b5"},
        {"type": "proc_when", "cmd": "c${n}", "args": ["${n}"], "exit_code": "${n}"},
        {"type": "proc_spawn", "cmd": "c5", "args": ["5"], "expect_exit": "${n}"},
        {"type": "proc_when", "cmd": "d", "exit_code": 0},
        {"type": "proc_start", "name": "p${n}", "cmd": "d", "ready": {"tcp": "h:${n}", "within": "${n}s"}},
        {"type": "proc_stop", "name": "p5"},
        put("key${n}", 1),
        {"type": "get_kv_assert", "key": "key5", "equals": 1},
        {"type": "memory_alloc", "bytes": "${n}", "key": "m"},
        {"type": "memory_assert_in_use_bytes", "equals": "${n}"},
        {"type": "memory_free", "alloc_id": "${m}"},
        {"type": "assert_eventually_kv", "key": "n", "equals": "${n}", "within": "${n}ms", "poll": "${n}ms"},
        {"type": "group", "name": "g${n}", "steps": [{"type": "assert_eq_int", "a": "${n}", "b": 5}]},
        {"type": "net_set_drop_rate", "rate": "${r}"},
        {"type": "net_set_reorder", "enabled": "${f}"},
        {"type": "assert_ok", "value": "${f}"},
    ]  # fmt: skip
    played = play(steps, vars={"r": 0.5, "f": True})
    assert (played.status, played.findings) == ("pass", [])
    assert played.ended.now_ns == 10 * 10**6


def test_the_run_itself(play: Play) -> None:
    """`seed` is the run's seed and `now_ms` the scenario's clock in whole milliseconds."""
    steps = [{"type": "sleep", "duration": "2999us"}, say("${seed}"), say("${now_ms}")]
    assert said(play(steps, seed=42)) == [42, 2]


def test_the_store_comes_before_vars(play: Play) -> None:
    """A key of the store hides a variable of the same name from when it is set."""
    assert said(play([say("${x}"), put("x", "kept"), say("${x}")], vars={"x": "var"})) == ["var", "kept"]


def test_the_environment_is_asked_and_recorded(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listed variable is asked for each time, so that its value is in the trace."""
    monkeypatch.setenv("FOZZY_T_A", "value")
    played = play([say("${env.FOZZY_T_A}"), say("x${env.FOZZY_T_A}")], env=["FOZZY_T_A"])
    assert said(played) == ["value", "xvalue"]
    asks = [record for record in played.records if isinstance(record, Ask)]
    assert [(ask.label, ask.answer["value"]) for ask in asks] == [("env.read", "value")] * 2


def test_an_environment_that_is_no_text(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable whose bytes are not UTF-8 is text all the same, with a mark where they are not."""
    monkeypatch.setenv("FOZZY_T_A", "a\udcff")
    assert said(play([say("${env.FOZZY_T_A}")], env=["FOZZY_T_A"])) == ["a\ufffd"]


def test_a_variable_that_is_not_set_is_a_finding(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listed variable that is not set fails the step that wanted it."""
    monkeypatch.delenv("FOZZY_T_A", raising=False)
    finding = play([say("${env.FOZZY_T_A}")], env=["FOZZY_T_A"]).finding
    assert (finding.title, finding.kind) == ("env_not_set", "input_invalid")


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("${kex}", "unknown_name", 'did you mean "key"?'),
        ("a ${key} ${nope}", "unknown_name", "keep it with a step"),
        ("${env.HOME}", "unknown_name", 'list "HOME" under "env"'),
        ("${}", "bad_reference", "write $${"),
        ("${a b}", "bad_reference", "write $${"),
        ("${1a}", "bad_reference", "write $${"),
        ("${key", "bad_reference", "write $${"),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_an_unknown_name_is_a_problem_of_the_file(
    problems: Problems, text: str, code: str, hint: str, depth: int
) -> None:
    """A name that nothing keeps is known before the run, in every depth and every field."""
    steps: list[Json] = [{"type": "fail", "message": text}]
    for _ in range(depth):
        steps = [{"type": "group", "name": "g", "steps": steps}]
    found = problems({"version": 1, "name": "n", "steps": [put("key", 1), *steps]})
    assert [problem.code for problem in found] == [f"scenario.{code}"]
    assert found[0].hint.startswith(hint)
    deep = {"version": 1, "name": "n", "steps": [put("key", [{"a": text}])]}
    assert [problem.code for problem in problems(deep)] == [f"scenario.{code}"]


@pytest.mark.parametrize("part", ["name", "description"])
def test_prose_is_not_looked_at(problems: Problems, part: str) -> None:
    """What is never resolved may say anything."""
    assert problems({"version": 1, "name": "n", part: "about ${x} and ${", "steps": [put("k", 1)]}) == []


@pytest.mark.parametrize(
    "keeper",
    [
        put("k", 1),
        {"type": "rand_u64", "key": "k"},
        {"type": "free_port", "key": "k"},
        {"type": "memory_alloc", "bytes": 1, "key": "k"},
        {"type": "http_request", "method": "GET", "path": "/", "save_body_as": "k"},
        {"type": "proc_spawn", "cmd": "a", "save_stdout_as": "k"},
    ],
    ids=lambda step: step["type"],
)
def test_every_step_that_keeps_a_value_is_known(problems: Problems, keeper: Json) -> None:
    """A name kept by any step that keeps one, in any block, is known everywhere in the file."""
    step = {"type": "fail", "message": "${k}"}
    block = {"type": "assert_throws", "steps": [keeper]}
    assert problems({"version": 1, "name": "n", "setup": [block], "steps": [step]}) == []


def test_a_key_made_at_run_time_may_have_any_name(problems: Problems) -> None:
    """Where a key itself refers to the run, names cannot be known before it; those of the environment still can."""
    steps = [put("k${seed}", 1), {"type": "fail", "message": "${k1}"}]
    assert problems({"version": 1, "name": "n", "steps": steps}) == []
    steps = [put("k${seed}", 1), {"type": "fail", "message": "${env.X}"}]
    assert len(problems({"version": 1, "name": "n", "steps": steps})) == 1


def test_a_name_without_a_value_is_a_finding(play: Play) -> None:
    """A known name whose step has not run yet fails the step that wanted it."""
    finding = play([say("${k}"), put("k", 1)]).finding
    assert (finding.title, finding.kind) == ("unknown_name", "input_invalid")


WRONG: list[tuple[Any, Json, str]] = [
    ("x", {"type": "assert_eq_int", "a": "${k}", "b": 1}, '"a" must be a whole number, got "x"'),
    (1.5, {"type": "assert_eq_int", "a": "${k}", "b": 1}, '"a" must be a whole number, got 1.5'),
    (True, {"type": "assert_eq_int", "a": "${k}", "b": 1}, '"a" must be a whole number, got true'),
    (None, {"type": "assert_eq_int", "a": "${k}", "b": 1}, '"a" must be a whole number, got null'),
    ("$${seed}", {"type": "assert_eq_int", "a": "${k}", "b": 1}, '"a" must be a whole number, got "${seed}"'),
    (1, {"type": "assert_ok", "value": "${k}"}, '"value" must be true or false, got 1'),
    (2, {"type": "net_set_drop_rate", "rate": "${k}"}, '"rate" must be a number from 0 to 1, got 2'),
    ("", {"type": "set_kv", "key": "${k}", "value": 1}, '"key" must be text that is not empty, got ""'),
    ("x", {"type": "sleep", "duration": "${k}ms"}, '"duration" must be a whole number and a unit such as "250ms"'),
    (-1, {"type": "freeze", "at_ms": "${k}"}, '"at_ms" must be a whole number of at least 0, got -1'),
    ([1], {"type": "memory_free", "alloc_id": "${k}"}, '"alloc_id" must be a whole number of at least 0, got [1]'),
]


@pytest.mark.parametrize(("value", "step", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_type_is_a_finding(play: Play, value: Any, step: Json, message: str) -> None:
    """A value of another type than its field is the finding bad_value in the user's words, pointing at the field."""
    played = play([put("k", value), step])
    finding = played.finding
    assert (played.status, finding.title, finding.kind) == ("fail", "bad_value", "input_invalid")
    assert finding.message.startswith(message)
    assert "${k}" in played.pointed_at


@pytest.mark.parametrize("value", [5, True, None, [1], {"a": 1}], ids=repr)
def test_a_text_field_takes_any_value_as_text(play: Play, value: Any) -> None:
    """Where text is wanted, a value of another type stands as JSON."""
    assert play([put("k", value), {"type": "fail", "message": "${k}"}]).finding.message == as_text(value)


@pytest.mark.parametrize("made", ["${k}${k}", ["${k}", "${k}"], {"a": "${k}", "b": "${k}"}, ["${k}"]], ids=str)
def test_values_do_not_grow_without_end(play: Play, made: Any) -> None:
    """A few steps that double or wrap a value end in a finding of kind limit, soon and in bounded memory."""
    played = play([put("k", "x" * 1000), *[put("k", made)] * 200])
    assert (played.status, played.finding.title, played.finding.kind) == ("fail", "value_too_large", "limit")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("${}ak. "), max_size=12))
def test_any_text_is_resolved_or_refused(play: Play, problems: Problems, text: str) -> None:
    """Every text with dollars and braces is either refused with a place or stands for exactly one value."""
    document = {"version": 1, "name": "n", "steps": [put("k", "V"), say(text)]}
    names = [name for name, _ in references(text)]
    found = problems(document)
    if all(name == "k" for name in names):
        assert found == []
        assert said(play(document)) == [text.replace("$${", "\0").replace("${k}", "V").replace("\0", "${")]
    else:
        assert len(found) >= 1 and all(problem.where and problem.where.line for problem in found)
