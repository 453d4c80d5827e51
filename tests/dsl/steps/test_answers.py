"""Checks on structured answers: paths into them, parts of them, what is kept of them, and how both fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps.answers import check_answers, select
from fozzy.dsl.steps.store import MISSING

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]
BODY = {"id": 42, "tags": ["a", "b"], "user": {"name": "Ada", "none": None}, "items": [{"n": 1}, {"n": 2}, {"n": 3}]}
NAMED = ("status", "headers")


def when(**more: Any) -> Json:
    headers = {"X-Trace": "t1", "Content-Type": "application/json"}
    return {"type": "http_when", "method": "GET", "path": "/", "status": 201, "headers": headers, "json": BODY, **more}


def ask(*expect: Json, **more: Any) -> Json:
    return {"type": "http_request", "method": "GET", "path": "/", "expect": list(expect), **more}


def at(path: str, **comparisons: Any) -> Json:
    return {"at": path, **comparisons}


def found(path: str, body: Any = BODY) -> Any:
    return select(path, {"status": lambda: 200}, lambda: body)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", BODY),
        ("$.id", 42),
        ("$['id']", 42),
        ("$.tags[1]", "b"),
        ("$.tags[-1]", "b"),
        ("$.user.none", None),
        ("$.user.missing", MISSING),
        ("$.tags[9]", MISSING),
        ("$.id.deeper", MISSING),
        ("$.items[*].n", [1, 2, 3]),
        ("$.items[1:].n", [2, 3]),
        ("$..n", [1, 2, 3]),
        ("$.items[?@.n > 1].n", [2, 3]),
        ("$.items[?@.n > 9]", []),
        ("$.none[*]", []),
        ("$['id','tags']", [42, ["a", "b"]]),
        ("$.tags[?match(@, '[a-b]')]", ["a", "b"]),
        ("$.tags[?search(@, '(')]", []),
    ],
)
def test_a_path_into_a_body(path: str, value: Any) -> None:
    """A path to one value gives it, or nothing; a path to many gives the list of all it finds, also none (RFC 9535)."""
    assert found(path) == value


@pytest.mark.parametrize("body", [None, True, 5, 1.5, "text", [], {}, 10**400])
def test_any_json_has_a_root(body: Any) -> None:
    """A body need not be an object: `$` is all of it, and nothing else is in what holds nothing."""
    assert found("$", body) == body
    assert found("$.a", body) is MISSING and found("$[0]", body) is MISSING
    assert found("$..*", body) == []


def test_checks_hold(play: Play) -> None:
    """Status, headers in any case, and every comparison at any path hold together."""
    checks = [
        at("status", **{"in": [200, 201]}),
        at("headers.x-trace", equals="t1"),
        at("headers.X-TRACE", matches="^t"),
        at("headers.gone", exists=False),
        at("$.id", greater=41, of_type="integer"),
        at("$.tags", length=2, contains="a"),
        at("$.user.none", equals=None),
        at("$.user.missing", exists=False),
        at("$..n", equals=[1, 2, 3]),
        at("$.items[?@.n > 9]", length=0, exists=True),
    ]
    assert play([when(), ask(*checks)]).status == "pass"


@pytest.mark.parametrize(
    ("check", "message", "pointed_at", "details"),
    [
        (at("status", equals=200), "status is 201, wanted 200", "200", {"expected": 200, "actual": 201}),
        (at("headers.x-trace", equals="T1"), 'headers.x-trace is "t1", wanted "T1"', '"T1"', {"actual": "t1"}),
        (at("headers.gone", equals="a"), "headers.gone has no value", '"a"', {"expected": "a", "actual": None}),
        (at("$.id", less=42), "$.id is 42, wanted less than 42", "42", {"comparison": "less", "actual": 42}),
        (at("$.gone", exists=True), "$.gone has no value, wanted a value", "true", {"actual": None}),
        (at("$.user.none", exists=False), "$.user.none is null, wanted no value", "false", {"actual": None}),
        (at("$..n", contains=4), "$..n is [1,2,3], wanted 4 in it", "4", {"at": "$..n", "actual": [1, 2, 3]}),
        (at("$.tags", **{"in": [1]}), '$.tags is ["a","b"], wanted one of [1]', "[", {"comparison": "in"}),
    ],
)
def test_a_check_that_does_not_hold(play: Play, check: Json, message: str, pointed_at: str, details: Json) -> None:
    """The finding names the path, points at the comparison in its own check, and carries wanted and actual."""
    played = play([when(), ask(at("$.id", equals=42), check)])
    assert (played.finding.title, played.finding.message) == ("http_request", message)
    assert played.pointed_at.startswith(pointed_at)
    assert played.finding.location is not None and played.finding.location.path == "steps[1]"
    assert played.finding.location.details | details == played.finding.location.details
    assert played.finding.location.details["at"] == check["at"]


def test_a_body_that_is_no_json(play: Play) -> None:
    """A path into what is no JSON is a finding that shows the body; status and headers do not read the body."""
    plain = {**when(body="<html>"), "headers": {"a": "b"}}
    del plain["json"]
    assert play([plain, ask(at("status", equals=201), at("headers.a", equals="b"))]).status == "pass"
    finding = play([plain, ask(at("$", exists=True))]).finding
    assert finding.message.startswith("it is not JSON: ") and finding.location is not None
    assert finding.location.details == {"body": '"<html>"'}
    assert play([plain, ask(save={"k": "$.a"})]).finding.message.startswith("it is not JSON: ")


def test_parts_are_kept(play: Play) -> None:
    """`save` keeps parts under keys with their types, many values as a list; later steps know the names."""
    save = {"code": "status", "trace": "headers.X-trace", "id": "$.id", "all": "$..n", "none": "$.user.none"}
    kept = {"type": "assert", "that": ["${code}", "${trace}", "${id}", "${all}", "${none}"]}
    assert play([when(), ask(save=save), {**kept, "equals": [201, "t1", 42, [1, 2, 3], None]}]).status == "pass"


def test_nothing_is_kept_of_nothing(play: Play) -> None:
    """A part that is not there cannot be kept: a finding, and no key; checks come before."""
    played = play([when(), ask(save={"k": "$.gone"})])
    assert (
        played.finding.message == "the answer has no $.gone to keep as k" and '"save"' in played.finding.location.text
    )  # type: ignore[union-attr]
    assert (
        play([when(), ask(at("status", equals=1), save={"k": "$.gone"})]).finding.message == "status is 201, wanted 1"
    )


def test_paths_may_refer_to_the_run(play: Play) -> None:
    """A path made at run time is checked there; one that is none is a finding."""
    assert play([when(), ask(at("$.${what}[0].n", equals=1))], vars={"what": "items"}).status == "pass"
    for what in ("[", "[?(]", "..", " "):
        played = play([when(), ask(at("${p}", exists=True))], vars={"p": f"$.{what}"})
        assert (played.status, played.finding.kind, played.finding.title) == ("fail", "input_invalid", "bad_value")
    literal = play([when(), ask(at("$.$${x}", exists=True))]).finding
    assert (literal.title, literal.kind) == ("bad_path", "input_invalid")
    for odd in ("headers", "headers.", "body"):
        assert play([when(), ask(at("${p}", exists=True))], vars={"p": odd}).finding.title == "bad_value"


BAD_PATHS = ["$[", "$..", "$.a b", "$[01]", "$[?@]x", "$[99999999999999999999]", "$['\\ud800']", "$[?count(1)]"]


@pytest.mark.parametrize("path", [*BAD_PATHS, "$[?" + "(" * 500 + "@" + ")" * 500 + "]"])
def test_a_path_that_is_none(problems: Problems, path: str) -> None:
    """What is no JSONPath is a problem at its own place, wherever the step stands, also under `save`."""
    step = ask(at("status", equals=1), at(path, exists=True), save={"k": path})
    group = {"type": "retry", "attempts": 2, "steps": [step]}
    found = problems({"version": 1, "name": "n", "steps": [group]})
    assert [each.code for each in found] == ["scenario.bad_value"] * 2
    assert '"at"' in found[0].text and '"k"' in found[1].text
    assert all(each.message.startswith("inside retry: ") and "is not a JSONPath" in each.message for each in found)


@pytest.mark.parametrize("path", ["headers", "headers.", "body", "Status", "exit", "stdout", "id", "", "header.a"])
def test_what_is_no_part_of_an_answer(problems: Problems, path: str) -> None:
    """Only the parts an HTTP answer has can be looked at; the hint names them."""
    found = problems({"version": 1, "name": "n", "steps": [ask(at(path, exists=True))]})
    assert len(found) == 1
    if path:
        assert found[0].message == f'"{path}" is not a part of an answer'
        assert found[0].hint == "status, headers.NAME, or a JSONPath such as $.items[0].id"


@pytest.mark.parametrize("path", ["status", "headers.a", "headers", "body"])
def test_a_program_has_other_parts(problems: Problems, path: str) -> None:
    """What an HTTP answer has, a program's end has not."""
    step = {"type": "proc_spawn", "cmd": "a", "expect": [at(path, exists=True)]}
    (problem,) = problems({"version": 1, "name": "n", "steps": [step]})
    assert problem.hint == "exit, stdout, stderr, peak_bytes, or a JSONPath such as $.items[0].id"


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({"at": "$.a"}, "a comparison must be given"),
        ({"equals": 1}, 'needs "at"'),
        ({"at": "$.a", "equal": 1}, 'has no field "equal"'),
        ({"at": "$.a", "matches": "("}, "this is not a regular expression"),
        ({"at": "$.a", "of_type": "text"}, '"of_type" must be one of'),
        ({"at": 5, "exists": True}, '"at" must be text'),
        ("status", "must be an object"),
    ],
)
def test_what_is_wrongly_written(problems: Problems, check: Any, message: str) -> None:
    """A check without a place, without a comparison or with an impossible one is a problem."""
    found = problems({"version": 1, "name": "n", "steps": [ask(at("status", equals=1), check)]})
    assert len(found) == 1 and message in found[0].message


@pytest.mark.parametrize("path", ["status", "exit"])
def test_a_body_path_is_kept_with_the_program_too(play: Play, path: str) -> None:
    """The end of a program is looked into like an HTTP answer: exit, streams, and JSON on stdout."""
    rule = {"type": "proc_when", "cmd": "a", "exit_code": 3, "stdout": '{"n": [1, 2]}', "stderr": "oops"}
    checks = [
        at("exit", equals=3),
        at("stdout", contains="n"),
        at("stderr", equals="oops"),
        at("$.n[*]", equals=[1, 2]),
    ]
    spawn = {"type": "proc_spawn", "cmd": "a", "expect": checks, "save": {"n": "$.n[1]", path + "_": "exit"}}
    assert play([rule, spawn, {"type": "assert", "that": "${n}", "equals": 2}]).status == "pass"
    wrong = play([rule, {**spawn, "expect": [at("exit", equals=0)]}])
    assert (wrong.finding.title, wrong.finding.message, wrong.pointed_at) == ("proc_spawn", "exit is 3, wanted 0", "0")


@settings(max_examples=150, deadline=None)
@given(path=st.text(st.sampled_from("$.@*?[](){}'\",:-0159abn <>=!&|\\u d8count()match"), max_size=12).map("$".__add__))
@example("$[" * 60)
@example("$" + "[?@" * 300 + "]" * 300)
def test_no_path_breaks_anything(path: str) -> None:
    """Whatever stands after the dollar sign: it is told to be no path, or can be followed into any body."""
    issues = list(check_answers([], {"k": path}, NAMED))
    if "${" in path:
        return
    for body in (BODY, [BODY], "x", None):
        try:
            found(path, body)
        except StepFailed as failure:
            assert issues or failure.title == "bad_path"
        else:
            assert not issues
