"""Included files: found beside the one that includes them, run with their own names, kept whole in the trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import fozzy
from fozzy.dsl.load import INCLUDES_MAX
from fozzy.dsl.load import load as load_file
from fozzy.errors import InputError, Problem

if TYPE_CHECKING:
    from tests.conftest import Fz

Json = dict[str, Any]
FAIL = {"type": "fail", "message": "x"}


def say(name: str, **fields: Any) -> Json:
    return {"type": "trace_event", "name": name, "fields": fields}


def keep(key: str, value: Any) -> Json:
    return {"type": "set_kv", "key": key, "value": value}


def need(that: Any, wanted: Any) -> Json:
    return {"type": "assert", "that": that, "equals": wanted}


def include(file: str, **given: Any) -> Json:
    return {"type": "include", "file": file, **({"with": given} if given else {})}


def write(path: str, steps: list[Json], **more: Any) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"version": 1, "name": path, **more, "steps": steps}, indent=1), encoding="utf-8")
    return target


def run(path: str) -> fozzy.Result:
    return fozzy.run(path, seed=1)


def invalid(path: str) -> list[Problem]:
    with pytest.raises(InputError) as error:
        load_file(Path(path))
    return error.value.problems


@pytest.fixture(autouse=True)
def _here(project: Path) -> None:
    """Everything happens in an empty folder."""


def test_a_file_is_found_beside_the_one_that_includes_it() -> None:
    """Paths are relative to the including file, at every level, wherever the working directory is."""
    write("a/main.fozzy.json", [include("sub/one.fozzy.json"), need("${k}", [1, 2])])
    write("a/sub/one.fozzy.json", [keep("one", 1), include("../../b/two.fozzy.json")])
    write("b/two.fozzy.json", [keep("two", 2), include("./deep.fozzy.toml")])
    Path("b/deep.fozzy.toml").write_text(
        'version = 1\nname = "d"\nvars = {one = 0, two = 0}\n'
        '[[steps]]\ntype = "set_kv"\nkey = "k"\nvalue = ["${one}", "${two}"]\n'
    )
    assert run("a/main.fozzy.json").status == "pass"


def test_a_file_may_be_included_again_and_again() -> None:
    """The same file runs each time it is included, in blocks, in setup and in teardown, each time with its own values."""
    write("part.fozzy.json", [say("${n}")], vars={"n": 0})
    steps = [
        include("part.fozzy.json"),
        {"type": "repeat", "times": 2, "as": "i", "steps": [include("part.fozzy.json", n="${i}0")]},
        {"type": "parallel", "branches": {"a": [include("part.fozzy.json", n=7)]}},
        {"type": "if", "that": 1, "equals": 2, "then": [FAIL], "else": [include("part.fozzy.json", n=8)]},
    ]
    write("main.fozzy.json", steps, setup=[include("part.fozzy.json", n=5)], teardown=[include("part.fozzy.json", n=9)])
    result = fozzy.run("main.fozzy.json", seed=1, record="t.fozzy")
    assert result.status == "pass" and result.trace is not None
    events = [json.loads(line) for line in result.trace.read_text().splitlines()[1:-1]]
    assert [event["name"] for event in events if event["kind"] == "event"] == ["5", "0", "00", "10", "7", "8", "9"]


def test_given_values_win_over_variables() -> None:
    """`with` replaces a variable, keeps its type, and may refer to the names of the outside; the rest stays."""
    write(
        "part.fozzy.json",
        [need(["${a}", "${b}", "${c}"], [{"k": [1]}, "b", 'b and {"k":[1]}'])],
        vars={"a": 1, "b": "b", "c": "${b} and ${a}"},
    )
    write("main.fozzy.json", [keep("x", {"k": [1]}), include("part.fozzy.json", a="${x}")])
    assert run("main.fozzy.json").status == "pass", run("main.fozzy.json").findings


def test_given_values_refer_to_the_outside_alone() -> None:
    """The same name may stand on both sides: inside it is the file's own, in `with` it is the outside's."""
    write("part.fozzy.json", [need(["${a}", "${b}"], ["outer b", "outer a"])], vars={"a": "inner a", "b": "inner b"})
    write("main.fozzy.json", [include("part.fozzy.json", a="${b}", b="${a}")], vars={"a": "outer a", "b": "outer b"})
    assert run("main.fozzy.json").status == "pass", run("main.fozzy.json").findings


def test_variables_of_the_outside_are_not_seen() -> None:
    """An included file knows its own variables, never those of the outside, not even where any name may turn up."""
    write("part.fozzy.json", [say("${mine}")])
    write("main.fozzy.json", [include("part.fozzy.json")], vars={"mine": 1})
    (problem,) = invalid("main.fozzy.json")
    assert (problem.message, problem.where and problem.where.file) == ('nothing keeps "mine"', "part.fozzy.json")
    write("part.fozzy.json", [keep("${seed}", 1), need("${mine}", 1)])
    finding = run("main.fozzy.json").findings[0]
    assert finding.message == "that has no value"
    write("part.fozzy.json", [keep("${seed}", 1), say("${mine}")])
    finding = run("main.fozzy.json").findings[0]
    assert (finding.title, finding.message) == ("unknown_name", "${mine} has no value")


def test_a_matrix_of_the_outside_is_not_seen(fz: Fz) -> None:
    """The matrix belongs to the scenario that has it; its values are given on with `with`."""
    write("part.fozzy.json", [keep("${seed}", 1), say("${size}")])
    write("main.fozzy.json", [include("part.fozzy.json")], matrix={"size": [1]})
    assert "${size} has no value" in fz("run", "main.fozzy.json").said
    write("part.fozzy.json", [say("${size}")], vars={"size": 0})
    write("main.fozzy.json", [include("part.fozzy.json", size="${size}")], matrix={"size": [1, 2]})
    assert fz("test", "main.fozzy.json").code == 0


def test_the_store_is_one() -> None:
    """What is kept is seen on both sides: names the included steps keep are known outside, in files they include too."""
    write("inner.fozzy.json", [{"type": "rand_int", "key": "dice", "min": 6, "max": 6}])
    write("part.fozzy.json", [keep("token", "${seen}"), include("inner.fozzy.json")], vars={"seen": "nothing"})
    write("main.fozzy.json", [keep("seen", "outside"), include("part.fozzy.json"), need("${token}${dice}", "outside6")])
    assert run("main.fozzy.json").status == "pass", run("main.fozzy.json").findings
    write("main.fozzy.json", [include("part.fozzy.json"), say("${tokem}")])
    (problem,) = invalid("main.fozzy.json")
    assert (problem.message, problem.hint) == ('nothing keeps "tokem"', 'did you mean "token"?')


def test_an_included_file_reads_the_environment_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names under `env` of an included file are its own permission."""
    monkeypatch.setenv("FOZZY_TEST_COLOR", "red")
    write("part.fozzy.json", [keep("color", "${env.FOZZY_TEST_COLOR}")], env=["FOZZY_TEST_COLOR"])
    write("main.fozzy.json", [include("part.fozzy.json"), need("${color}", "red")])
    assert run("main.fozzy.json").status == "pass", run("main.fozzy.json").findings


def cycle() -> None:
    write("main.fozzy.json", [say("a"), include("b.fozzy.json")])
    write("b.fozzy.json", [include("./sub/../main.fozzy.json")])


def itself() -> None:
    write("main.fozzy.json", [say("a"), include("main.fozzy.json")])


def missing() -> None:
    write("main.fozzy.json", [say("a"), include("gone.fozzy.json")])


def folder() -> None:
    Path("folder.fozzy.json").mkdir()
    write("main.fozzy.json", [say("a"), include("folder.fozzy.json")])


def unnameable() -> None:
    write("main.fozzy.json", [say("a"), include("a\0b.fozzy.json")])


def unknown() -> None:
    write("part.fozzy.json", [say("a")], vars={"name": 1})
    write("main.fozzy.json", [say("a"), include("part.fozzy.json", nme=1)])


def distributed() -> None:
    Path("d.fozzy.json").write_text(
        '{"version":1,"name":"d","distributed":{"node_count":1,"steps":[{"type":"tick","duration":"1s"}]}}'
    )
    write("main.fozzy.json", [say("a"), include("d.fozzy.json")])


def has_setup() -> None:
    write("part.fozzy.json", [say("a")], setup=[say("s")])
    write("main.fozzy.json", [say("a"), include("part.fozzy.json")])


def has_teardown() -> None:
    write("part.fozzy.json", [say("a")], teardown=[say("s")])
    write("main.fozzy.json", [say("a"), include("part.fozzy.json")])


def has_matrix() -> None:
    write("part.fozzy.json", [say("a")], matrix={"a": [1]})
    write("main.fozzy.json", [say("a"), include("part.fozzy.json")])


def has_expect() -> None:
    write("part.fozzy.json", [FAIL], expect={"status": "fail"})
    write("main.fozzy.json", [say("a"), include("part.fozzy.json")])


MISUSES = [
    (cycle, "scenario.include_cycle", "main.fozzy.json includes b.fozzy.json includes main.fozzy.json: a cycle"),
    (itself, "scenario.include_cycle", "main.fozzy.json includes main.fozzy.json: a cycle"),
    (missing, "scenario.unreadable", "cannot read gone.fozzy.json: No such file or directory"),
    (folder, "scenario.unreadable", "cannot read folder.fozzy.json: it is not a file"),
    (unnameable, "scenario.unreadable", "cannot read a\0b.fozzy.json: embedded null byte"),
    (unknown, "scenario.unknown_variable", '"part.fozzy.json" has no variable "nme"'),
    (distributed, "scenario.bad_include", '"d.fozzy.json" is no scenario of steps'),
    (has_setup, "scenario.bad_include", '"part.fozzy.json" has "setup", which an include would leave out'),
    (has_teardown, "scenario.bad_include", '"part.fozzy.json" has "teardown", which an include would leave out'),
    (has_matrix, "scenario.bad_include", '"part.fozzy.json" has "matrix", which an include would leave out'),
    (has_expect, "scenario.bad_include", '"part.fozzy.json" has "expect", which an include would leave out'),
]


@pytest.mark.parametrize(("make", "code", "message"), MISUSES, ids=[make.__name__ for make, _, _ in MISUSES])
def test_what_cannot_be_included(fz: Fz, make: Any, code: str, message: str) -> None:
    """Each is one problem at its place, the same for validate, run and test, and nothing runs."""
    make()
    (problem,) = invalid("main.fozzy.json")
    assert (problem.code, problem.message) == (code, message)
    where = problem.where
    assert where is not None and problem.text[where.col - 1] == '"'
    word = '"nme"' if make is unknown else '"file"'
    assert where.file == ("b.fozzy.json" if make is cycle else "main.fozzy.json")
    assert word in problem.text and where.line > 5
    ran = [fz(command, "main.fozzy.json", "--json") for command in ("validate", "run", "test")]
    assert [each.code for each in ran] == [2, 2, 2]
    problems = [each.document()["problems"] for each in ran]
    assert problems[0] == problems[1] == problems[2] and problems[0][0]["code"] == code


def test_includes_are_nested_so_deep() -> None:
    """A chain of as many files as allowed runs; one more is a problem, told in the last that is read."""

    def chain(length: int) -> str:
        for index in range(length):
            more = [include(f"f{index + 1}.fozzy.json")] if index + 1 < length else []
            write(f"f{index}.fozzy.json", [say(f"f{index}"), *more])
        return "f0.fozzy.json"

    assert run(chain(INCLUDES_MAX)).status == "pass"
    (problem,) = invalid(chain(INCLUDES_MAX + 1))
    assert problem.code == "scenario.include_too_deep"
    assert problem.where is not None and problem.where.file == f"f{INCLUDES_MAX - 1}.fozzy.json"


def test_an_invalid_included_file_tells_its_own_problems() -> None:
    """All problems of all files are told at once, each at its own place, each once."""
    write("part.fozzy.json", [say("${nobody}"), {"type": "sleep", "duration": "soon"}])
    write("other.fozzy.json", [{"type": "sey"}])
    steps = [
        include("part.fozzy.json"),
        include("other.fozzy.json"),
        include("part.fozzy.json"),
        include("gone.fozzy.json"),
        {"type": "rand_int", "key": "k", "min": 2, "max": 1},
    ]
    write("main.fozzy.json", steps)
    found = [(problem.where.file if problem.where else "", problem.code) for problem in invalid("main.fozzy.json")]
    assert sorted(found) == [
        ("main.fozzy.json", "scenario.bad_value"),
        ("main.fozzy.json", "scenario.unreadable"),
        ("other.fozzy.json", "scenario.unknown_step"),
        ("part.fozzy.json", "scenario.bad_value"),
        ("part.fozzy.json", "scenario.unknown_name"),
    ]


def test_a_name_is_not_missed_while_a_file_is(fz: Fz) -> None:
    """What an unreadable file may keep is not told to be unknown; once it can be read, it is."""
    write("main.fozzy.json", [include("gone.fozzy.json"), say("${token}")])
    assert [problem.code for problem in invalid("main.fozzy.json")] == ["scenario.unreadable"]
    write("gone.fozzy.json", [say("a")])
    assert [problem.code for problem in invalid("main.fozzy.json")] == ["scenario.unknown_name"]
    assert fz("validate", "main.fozzy.json").code == 2


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (include("${where}.fozzy.json"), "the file must be known before the run"),
        (include("part.json"), '"part.json" is not named as a scenario'),
        (include(""), '"file" must be text that is not empty'),
        ({"type": "include"}, '"include" needs "file"'),
        ({"type": "include", "file": "a.fozzy.json", "with": []}, '"with" must be an object'),
        ({"type": "include", "file": "a.fozzy.json", "vars": {}}, '"include" has no field "vars"'),
    ],
)
def test_what_is_wrongly_written(step: Json, message: str) -> None:
    """The file's name is written out and ends like a scenario's."""
    write("main.fozzy.json", [step], vars={"where": "x"})
    assert any(message in problem.message for problem in invalid("main.fozzy.json"))


def test_an_include_may_be_written_with_escapes() -> None:
    """How the words are spelled in JSON makes no difference."""
    write("part.fozzy.json", [say("a")])
    Path("main.fozzy.json").write_text(
        r'{"version":1,"name":"n","steps":[{"type":"\u0069nclude","file":"part.fozzy.json"}]}'
    )
    assert run("main.fozzy.json").status == "pass"


def test_a_dictionary_has_no_place_to_include_from() -> None:
    """Without a file there is nothing to be relative to."""
    with pytest.raises(InputError, match="an include needs a file to be relative to"):
        fozzy.load({"version": 1, "name": "n", "steps": [include("part.fozzy.json")]})


# findings


def test_a_failure_is_placed_in_its_own_file() -> None:
    """A finding in an included file has that file's name, line and text; its path leads through all files."""
    write("main.fozzy.json", [say("a"), {"type": "retry", "attempts": 2, "steps": [include("sub/one.fozzy.json")]}])
    write("sub/one.fozzy.json", [say("b"), include("two.fozzy.json")])
    write("sub/two.fozzy.json", [say("c"), {"type": "group", "name": "g", "steps": [need(1, 2)]}])
    (finding,) = run("main.fozzy.json").findings
    location = finding.location
    assert location is not None and finding.around == ["attempt 2 of 2"]
    assert location.path == "steps[1].retry.steps[0].include.steps[1].include.steps[1].group.steps[0]"
    text = Path("sub/two.fozzy.json").read_text().split("\n")
    assert (location.file, location.text) == ("sub/two.fozzy.json", text[location.line - 1])
    assert '"that"' in location.text and location.label == "is 1"


def test_a_failing_include_itself_is_placed_outside() -> None:
    """What is wrong with the values given is a finding of the include."""
    never = {"type": "if", "that": 1, "equals": 2, "then": [keep("x", 1)]}
    write("part.fozzy.json", [say("a")], vars={"n": 0})
    write("main.fozzy.json", [never, include("part.fozzy.json", n="${x}")])
    (finding,) = run("main.fozzy.json").findings
    assert finding.location is not None
    assert (finding.title, finding.location.file, finding.location.path) == (
        "unknown_name",
        "main.fozzy.json",
        "steps[1]",
    )


def test_a_timeout_is_placed_in_its_own_file() -> None:
    """A run that ends by its timeout inside an included file says so there."""
    write("part.fozzy.json", [say("a"), {"type": "sleep", "duration": "9s"}])
    write("main.fozzy.json", [include("part.fozzy.json")], timeout="1s")
    result = run("main.fozzy.json")
    location = result.findings[0].location
    assert result.status == "timeout" and location is not None
    assert (location.file, location.path) == ("part.fozzy.json", "steps[0].include.steps[1]")


# traces


def recorded(fz: Fz, status: int = 0) -> str:
    assert fz("run", "main.fozzy.json", "--det", "--seed", "1", "--record", "t.fozzy").code == status
    return Path("t.fozzy").read_text()


def replayed(fz: Fz, *words: str) -> str:
    return str(fz("replay", "t.fozzy", "--json", *words).document()["replay"]["verdict"])


def test_a_trace_carries_what_was_included(fz: Fz) -> None:
    """A trace replays SAME with every scenario deleted, failures placed as before."""
    write("main.fozzy.json", [include("a.fozzy.json", n=1), include("sub/b.fozzy.json")])
    write("a.fozzy.json", [say("${n}")], vars={"n": 0})
    write(
        "sub/b.fozzy.json", [{"type": "rand_u64", "key": "r"}, include("../a.fozzy.json", n="${r}"), need("${r}", "x")]
    )
    header = json.loads(recorded(fz, 1).partition("\n")[0])["scenario"]
    assert [each["file"] for each in header["included"]] == ["a.fozzy.json", "sub/b.fozzy.json"]
    assert [each["path"] for each in header["included"]] == ["a.fozzy.json", "sub/b.fozzy.json"]
    assert header["included"][1]["included"][0]["path"] == "a.fozzy.json"
    for path in ("main.fozzy.json", "a.fozzy.json", "sub/b.fozzy.json"):
        Path(path).unlink()
    ran = fz("replay", "t.fozzy", "--json")
    assert (ran.code, ran.document()["replay"]["verdict"]) == (1, "SAME")
    assert ran.document()["findings"][0]["location"]["file"] == "sub/b.fozzy.json"


def test_a_changed_included_file_is_drift(fz: Fz) -> None:
    """Against the scenario as it is now, a change in an included file is seen at its step."""
    write("main.fozzy.json", [include("a.fozzy.json"), say("end")])
    write("a.fozzy.json", [say("a"), say("b")])
    recorded(fz)
    assert replayed(fz, "--scenario", "main.fozzy.json") == "SAME"
    write("a.fozzy.json", [say("a"), say("c")])
    assert replayed(fz, "--scenario", "main.fozzy.json") == "DRIFT"
    assert replayed(fz) == "SAME"


SECRET = "hunter2-hunter2"


def test_secrets_of_included_files_are_redacted(fz: Fz) -> None:
    """A secret of any file is gone from the whole trace and from the screen, wherever it turns up."""
    write("main.fozzy.json", [include("a.fozzy.json", password=SECRET + "1"), say(f"says {SECRET}2"), need("${k}", 1)])
    write(
        "a.fozzy.json", [keep("k", f"a {SECRET}3"), say("${password}"), include("b.fozzy.json")], vars={"password": "x"}
    )
    write(
        "b.fozzy.json",
        [
            {"type": "http_when", "method": "GET", "path": "/", "status": 200, "headers": {"Set-Cookie": SECRET + "2"}},
            say("b"),
        ],
        vars={"api_key": SECRET + "3"},
    )
    ran = fz("run", "main.fozzy.json", "--det", "--record", "t.fozzy", "-v")
    assert ran.code == 1
    assert SECRET not in ran.said and SECRET not in Path("t.fozzy").read_text()
    assert "<redacted>" in Path("t.fozzy").read_text()
    assert replayed(fz) == "SAME"
    assert SECRET not in fz("replay", "t.fozzy", "-vv").said


# host requests


def test_paths_without_a_base_are_found_in_every_file(fz: Fz) -> None:
    """A path that cannot be sent to a real host is a problem before the run, in blocks and in included files too."""
    ask = {"type": "http_request", "method": "GET", "path": "/a"}
    write("part.fozzy.json", [say("a"), {"type": "parallel", "branches": {"b": [ask]}}])
    steps = [
        {"type": "if", "that": 1, "equals": 1, "then": [ask], "else": [ask]},
        {"type": "retry", "attempts": 2, "steps": [ask]},
        include("part.fozzy.json"),
        include("part.fozzy.json"),
    ]
    write("main.fozzy.json", steps, backends={"http": "host"})
    problems = fz("run", "main.fozzy.json", "--json").document()["problems"]
    assert {problem["code"] for problem in problems} == {"scenario.no_base_url"}
    assert [problem["where"]["file"] for problem in problems] == ["main.fozzy.json"] * 3 + ["part.fozzy.json"]
