"""Whether a scenario may call user code: found without running it, allowed by whom, refused with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.config import Settings
from fozzy.dsl.load import document, load, parse
from fozzy.engine.code import NO_CODE, Allowance, allowance_of, calls_of, refused, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready
from fozzy.errors import Exit, NotAllowedError

OK = {"type": "assert_ok", "value": True}
CALL = {"type": "call", "function": "m:f"}

NESTED = [
    {"setup": [CALL], "steps": [OK]},
    {"steps": [OK, CALL]},
    {"steps": [OK], "teardown": [CALL]},
    {"steps": [{"type": "group", "name": "g", "steps": [{"type": "repeat", "times": 2, "steps": [CALL]}]}]},
    {"steps": [{"type": "if", "that": 1, "equals": 1, "then": [OK], "else": [CALL]}]},
    {"steps": [{"type": "parallel", "branches": {"a": [OK], "b": [CALL]}}]},
    {"steps": [{"type": "assert_throws", "steps": [CALL]}]},
]


def loaded(**fields: Any) -> Any:
    text = json.dumps({"version": 1, "name": "n", **fields}, indent=1)
    return parse(document(text.encode(), "dir/n.fozzy.json", "shown/n.fozzy.json", "json"))


def made(scenario: Any) -> Ready:
    header, redactor = header_of(scenario, Options(), 1, "run")
    return ready(header, scenario, redactor)


@pytest.mark.parametrize("fields", NESTED)
def test_a_call_is_found_wherever_it_stands(fields: dict[str, Any]) -> None:
    """In each part, in each block; and refused there, by its function's place."""
    scenario = loaded(**fields)
    assert [each.function for each in calls_of(scenario)] == ["m:f"]
    with pytest.raises(NotAllowedError) as error:
        with_code(made(scenario), scenario, NO_CODE)
    (problem,) = error.value.problems
    assert (problem.code, error.value.exit_status) == ("code.not_allowed", Exit.USAGE)
    assert problem.where is not None and problem.where.file == "shown/n.fozzy.json"
    assert problem.text[problem.where.col - 1 :].startswith('"m:f"')
    assert refused(scenario, NO_CODE) == [problem]


def test_a_call_written_with_escapes_is_found() -> None:
    """What the text does not say plainly is looked for all the same."""
    text = '{"version": 1, "name": "n", "steps": [{"type": "c\\u0061ll", "function": "m:f"}]}'
    assert len(list(calls_of(parse(document(text.encode(), "n", "n", "json"))))) == 1


def test_a_call_of_an_included_file_is_found(tmp_path: Path) -> None:
    """The problem points into that file."""
    for name, steps in (("a", [{"type": "include", "file": "b.fozzy.json"}]), ("b", [OK, CALL])):
        (tmp_path / f"{name}.fozzy.json").write_text(json.dumps({"version": 1, "name": name, "steps": steps}))
    scenario = load(tmp_path / "a.fozzy.json")
    (problem,) = refused(scenario, NO_CODE)
    assert problem.where is not None and problem.where.file.endswith("b.fozzy.json")


def test_a_scenario_without_a_call_needs_nothing() -> None:
    """It stays as it is."""
    scenario = loaded(steps=[OK])
    run = made(scenario)
    assert with_code(run, scenario, NO_CODE) is run
    assert refused(scenario, NO_CODE) == []


@pytest.mark.parametrize(
    ("flag", "configured", "allowed"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_the_flag_or_the_configuration_allows(flag: bool, configured: bool, allowed: bool) -> None:
    """For a scenario file, either."""
    options = Options(allow_code=flag, settings=Settings(allow_code=configured, proc_env=["A"]))
    assert allowance_of(options, Path("p")) == Allowance(allowed, Path("p"), ["A"])


def test_what_may_call_knows_where_its_code_is(tmp_path: Path) -> None:
    """The scenario's folder comes first, then the project's; modules in the order the scenario names them."""
    names = ["b.c:f", "a:f", "b.c:g"]
    scenario = loaded(steps=[{**CALL, "function": name} for name in names], env=["HOME_OF_A"])
    project = with_code(made(scenario), scenario, Allowance(True, tmp_path, ["B"])).setting.project
    assert project is not None
    assert project.folders == (str(tmp_path / "dir"), str(tmp_path))
    assert project.modules == ("b.c", "a")
    assert project.env == {"HOME_OF_A", "B"}
    assert refused(scenario, Allowance(True)) == []


def test_a_trace_is_told_only_of_the_flag() -> None:
    """Its hint does not name the configuration, which would not help."""
    scenario = loaded(steps=[CALL, CALL])
    (of_file,), (of_trace,) = refused(scenario, NO_CODE), refused(scenario, NO_CODE._replace(is_trace=True))
    assert "allow_code = true" in of_file.hint and "allow_code = true" not in of_trace.hint
    assert "--allow-code" in of_file.hint and "--allow-code" in of_trace.hint
    assert "and 1 more" in of_file.message
    assert msgspec.to_builtins(of_file)["code"] == "code.not_allowed"
