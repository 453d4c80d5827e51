"""The steps that run programs, against scripted answers; a few against real ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.core.events import Ask
from fozzy.dsl.steps.proc import SIGNALS
from fozzy.engine.prepare import Options

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]
HOST = {"proc": "host"}
LAX = Options(det=True, strict=False)


def when(cmd: str = "a", exit_code: Any = 0, **more: Any) -> Json:
    return {"type": "proc_when", "cmd": cmd, "exit_code": exit_code, **more}


def spawn(cmd: str = "a", **more: Any) -> Json:
    return {"type": "proc_spawn", "cmd": cmd, **more}


def python(code: str, **more: Any) -> Json:
    return spawn(sys.executable, args=["-c", code], **more)


def test_the_first_match_with_uses_left_wins(play: Play) -> None:
    """Rules are tried in the order of declaration; one without uses left is passed over."""
    rules = [when(exit_code=1, times=1), when(exit_code=2, times=2), when(exit_code=3)]
    assert play([*rules, *(spawn(expect_exit=code) for code in (1, 2, 2, 3, 3))]).status == "pass"


@pytest.mark.parametrize(
    ("rule", "asked", "answered"),
    [
        ({}, {"args": ["x"]}, True),
        ({"args": []}, {}, True),
        ({"args": []}, {"args": ["x"]}, False),
        ({"args": ["x", "y"]}, {"args": ["x", "y"]}, True),
        ({"args": ["x", "y"]}, {"args": ["y", "x"]}, False),
        ({"args": ["x y"]}, {"args": ["x", "y"]}, False),
    ],
)
def test_a_rule_speaks_for_its_arguments(play: Play, rule: Json, asked: Json, answered: bool) -> None:
    """A rule without args answers any; with args exactly these, in order."""
    assert (play([when(**rule), spawn(**asked)]).status == "pass") is answered


def test_without_an_expectation_any_exit_passes(play: Play) -> None:
    """A program that ends with any code holds when nothing is expected; the note tells the end."""
    played = play([when(exit_code=3), spawn(args=["b"])])
    assert played.status == "pass" and played.notes[-1] == "a b  exit 3"


@pytest.mark.parametrize(
    ("rule", "expected", "message", "pointed_at"),
    [
        (when(exit_code=3), {"expect_exit": 0}, "a ended with exit 3, wanted exit 0", "0"),
        (when(stdout="x\n"), {"expect_stdout": "x"}, 'stdout is "x\\n", wanted "x"', '"x"'),
        (when(), {"expect_stderr": "e"}, 'stderr is "", wanted "e"', '"e"'),
    ],
)
def test_an_expectation_that_does_not_hold(
    play: Play, rule: Json, expected: Json, message: str, pointed_at: str
) -> None:
    """Each expectation fails as an assertion of the spawn, pointing at that expectation."""
    played = play([rule, spawn(**expected)])
    finding = played.finding
    assert (played.status, finding.kind, finding.title, finding.message) == ("fail", "assertion", "proc_spawn", message)
    assert played.pointed_at == pointed_at


def test_stdout_is_saved(play: Play) -> None:
    """`save_stdout_as` keeps the text under a key."""
    saved = {"type": "get_kv_assert", "key": "o", "equals": "ü\n"}
    assert play([when(stdout="ü\n"), spawn(save_stdout_as="o"), saved]).status == "pass"


PASTED: dict[str, Json] = {
    "plain": spawn(),
    "arguments": spawn(args=["x", "y z", ""]),
    "expectations": spawn(expect_exit=3, expect_stdout="o", expect_stderr="e"),
    "a literal reference": spawn(args=["$${seed}", "${seed}"], expect_stdout="$${"),
    "background": {"type": "proc_start", "name": "p", "cmd": "a", "args": ["x"]},
    "a pattern": spawn(expect_stdout_matches="^v\\d+\\.\\d+$"),
    "checks": spawn(expect=[{"at": "exit", "greater": 2}, {"at": "stderr", "contains": "no"}]),
    "checks of what it prints": spawn(expect=[{"at": "$.n", "equals": 5}], save={"id": "$.items[0].id"}),
}


@pytest.mark.parametrize("what", PASTED)
def test_the_pasted_rule_makes_the_scenario_pass(play: Play, what: str) -> None:
    """An unmatched program is a finding with a ready proc_when that, pasted before it, makes the scenario pass."""
    played = play([PASTED[what]])
    assert (played.status, played.finding.title, played.finding.kind) == ("fail", "proc_unscripted", "assertion")
    assert played.finding.location is not None
    again = play([played.finding.location.details["paste"], PASTED[what]])
    assert (again.status, again.findings) == ("pass", [])


def start(name: str, **more: Any) -> Json:
    return {"type": "proc_start", "name": name, "cmd": "a", **more}


def stop(name: str, **more: Any) -> Json:
    return {"type": "proc_stop", "name": name, **more}


def test_a_background_process_ends_as_its_rule_says(play: Play) -> None:
    """A scripted background process is ready at once and ends with the exit of its rule when it is stopped."""
    ready = {"tcp": "127.0.0.1:1", "within": "1ms"}
    assert play([when(exit_code=7), start("p", ready=ready), stop("p", expect_exit=7), start("p")]).status == "pass"
    assert play([when(exit_code=7), start("p"), stop("p", expect_exit=0)]).finding.title == "proc_stop"


@pytest.mark.parametrize(
    ("steps", "title"),
    [
        ([when(), start("p"), start("p")], "proc_name_taken"),
        ([stop("p")], "proc_not_running"),
        ([when(), start("p"), stop("p"), stop("p")], "proc_not_running"),
        ([start("p")], "proc_unscripted"),
    ],
)
def test_names_of_background_processes(play: Play, steps: list[Json], title: str) -> None:
    """A name is taken once, and only what runs can be stopped."""
    assert play(steps).finding.title == title


def test_free_ports_differ(play: Play) -> None:
    """`free_port` keeps another number each time."""
    steps = [{"type": "free_port", "key": "a"}, {"type": "free_port", "key": "b"}]
    assert play([*steps, {"type": "assert_ne_int", "a": "${a}", "b": "${b}"}]).status == "pass"


def test_a_real_program_is_held_to_its_expectations(play: Play, tmp_path: Path) -> None:
    """With the host backend the real exit and output are what is checked."""
    code = "import sys; print('o'); print('e', file=sys.stderr); sys.exit(3)"
    step = python(code, expect_exit=3, expect_stdout="o\n", expect_stderr="e\n")
    assert play([step], backends=HOST, root=tmp_path).status == "pass"
    assert play([{**step, "expect_exit": 0}], backends=HOST, root=tmp_path).status == "fail"


def test_a_real_program_is_held_to_its_rule(play: Play, tmp_path: Path) -> None:
    """With the host backend a proc_when asserts what it says, and nothing about what it leaves out."""
    step = python("print('o')")
    rule = when(sys.executable, stdout="o\n")
    assert play([when(sys.executable), step], backends=HOST, root=tmp_path).status == "pass"
    assert play([rule, step], backends=HOST, root=tmp_path).status == "pass"
    assert play([{**rule, "exit_code": 1}, step], backends=HOST, root=tmp_path).finding.title == "proc_when"
    assert play([{**rule, "stdout": "x"}, step], backends=HOST, root=tmp_path).status == "fail"


def test_a_rule_that_nothing_meets_asserts_nothing(play: Play, tmp_path: Path) -> None:
    """With the host backend a proc_when of what nobody runs fails a strict run; a program in the background meets its
    own, and uses it up as when it is scripted."""
    asleep = {"name": "p", "cmd": sys.executable, "args": ["-c", "import time; time.sleep(60)"]}
    started = {"type": "proc_start", **asleep}
    played = play([when("gone"), python("1")], backends=HOST, root=tmp_path)
    assert (played.status, played.finding.title) == ("fail", "proc_when_unmet")
    assert "gone" in played.finding.message and played.pointed_at == "{"
    assert play([when("gone"), python("1")], backends=HOST, root=tmp_path, options=LAX).status == "pass"
    assert play([when(sys.executable, exit_code=9), started], backends=HOST, root=tmp_path).findings == []
    rules = [when(sys.executable, exit_code=9, times=1), when(sys.executable)]
    assert play([*rules, started, python("1")], backends=HOST, root=tmp_path).findings == []


def test_a_signal_is_a_crash(play: Play, tmp_path: Path) -> None:
    """A program that a signal ends is a crash, unless the signal was expected, as -9 or as a shell says it."""
    code = "import os; os.kill(os.getpid(), 9)"
    played = play([python(code)], backends=HOST, root=tmp_path)
    assert (played.status, played.finding.title, played.finding.kind) == ("crash", "proc_signal", "panic")
    assert play([python(code, expect_exit=0)], backends=HOST, root=tmp_path).status == "crash"
    for wanted in (-9, 137):
        assert play([python(code, expect_exit=wanted)], backends=HOST, root=tmp_path).status == "pass"


def test_background_processes_end_in_reverse_order(play: Play, tmp_path: Path) -> None:
    """What still runs at the end is ended, the youngest first, teardown being over."""
    code = "import time; time.sleep(60)"
    steps = [
        {"type": "proc_start", "name": name, "cmd": sys.executable, "args": ["-c", code]} for name in ("one", "two")
    ]
    played = play(steps, backends=HOST, root=tmp_path, teardown=[{"type": "trace_event", "name": "torn"}])
    assert played.status == "pass"
    stops = [
        (record.at, record.request["name"])
        for record in played.records
        if isinstance(record, Ask) and record.label.endswith("stop")
    ]
    assert stops == [("end", "two"), ("end", "one")]


@pytest.mark.parametrize("signal", [*SIGNALS, *(f"SIG{name}" for name in SIGNALS)])
def test_signals_are_known_by_both_names(problems: Problems, signal: str) -> None:
    """A signal may be written with and without SIG."""
    assert problems({"version": 1, "name": "n", "steps": [stop("p", signal=signal)]}) == []


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (spawn(""), "bad_value"),
        (spawn(args="x"), "bad_value"),
        (spawn(args=[1]), "bad_value"),
        (spawn(expect_exit="0"), "bad_value"),
        (stop("p", signal="TREM"), "bad_value"),
        (when(times=0), "bad_value"),
        (start("p", ready={}), "missing_field"),
        (start("p", ready={"tcp": "h:1", "http": "http://h"}), "exclusive"),
        (start("p", ready={"stdout_matches": "("}), "bad_value"),
        (start("p", ready={"tcp": "h:1", "within": "soon"}), "bad_value"),
        (start("p", ready={"tpc": "h:1"}), "unknown_field"),
        (start("p", env={"A": 1}), "bad_value"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_is_refused(problems: Problems, step: Json, code: str) -> None:
    """Commands, arguments, signals and readiness are checked before anything runs."""
    found = problems({"version": 1, "name": "n", "steps": [step, {"type": "unfreeze"}]})
    assert f"scenario.{code}" in [problem.code for problem in found]


def host(play: Play, root: Path, *steps: Json, **more: Any) -> Any:
    return play(list(steps), backends=HOST, root=root, **more)


def test_a_real_program_has_input_environment_and_folder(play: Play, tmp_path: Path) -> None:
    """`stdin`, `env` and `cwd` reach a real program, and may refer to the run."""
    (tmp_path / "sub").mkdir()
    code = "import os, sys; print(sys.stdin.read(), os.environ['FOZZY_TEST_A'], os.path.basename(os.getcwd()))"
    step = python(code, stdin="in ${n}", env={"FOZZY_TEST_A": "${n}"}, cwd="${where}", expect_stdout="in 5 5 sub\n")
    assert host(play, tmp_path, step, vars={"n": 5, "where": "sub"}).status == "pass"
    played = host(play, tmp_path, python("1", cwd="../x"))
    assert played.finding.title == "proc_denied"


def test_a_real_program_has_its_own_timeout(play: Play, tmp_path: Path) -> None:
    """A program that takes longer than its `timeout` is a hang of it, not of the run, and can be caught."""
    step = python("import time; print('on', flush=True); time.sleep(60)", timeout="400ms")
    played = host(play, tmp_path, step, timeout="50s")
    assert (played.status, played.finding.title, played.finding.kind) == ("fail", "proc_timeout", "hang")
    assert 400 * 10**6 <= played.ended.now_ns < 20 * 10**9
    throws = {"type": "assert_throws", "steps": [python("import time; time.sleep(60)", timeout="100ms")]}
    assert host(play, tmp_path, throws).status == "pass"


def test_a_scripted_program_takes_what_is_given(play: Play) -> None:
    """Input, environment, folder and time make no difference to a scripted end."""
    assert (
        play([when(), spawn(stdin="x", env={"A": "b"}, cwd="anywhere", timeout="1ns", expect_exit=0)]).status == "pass"
    )


@pytest.mark.parametrize(
    ("wanted", "passes"), [("^a", True), ("(?m)^b$", True), ("c", False), ("^b", False), ("\\Aa\\nb\\n\\Z", True)]
)
def test_stdout_may_match(play: Play, wanted: str, passes: bool) -> None:
    """`expect_stdout_matches` is found anywhere in the output; a finding points at it."""
    played = play([when(stdout="a\nb\n"), spawn(expect_stdout_matches=wanted)])
    assert (played.status == "pass") is passes
    if not passes:
        assert "wanted something matching" in played.finding.message
        assert played.finding.location is not None and '"expect_stdout_matches"' in played.finding.location.text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"expect_stdout_matches": "("}, "this is not a regular expression"),
        ({"timeout": "5"}, '"timeout" must be a whole number and a unit'),
        ({"env": {"A": 5}}, '"A" must be text'),
        ({"stdin": None}, ""),
        ({"cwd": 5}, '"cwd" must be text'),
        ({"expect": [{"at": "exit"}]}, "a comparison must be given"),
    ],
)
def test_new_fields_are_checked(problems: Problems, fields: Json, message: str) -> None:
    """What is wrong with input, environment, folder, time and checks is a problem; null input is none."""
    found = problems({"version": 1, "name": "n", "steps": [spawn(**fields)]})
    assert [message in each.message for each in found] == ([True] if message else [])


def test_a_probe_that_is_no_pattern(problems: Problems) -> None:
    """`ready.stdout_matches` is a regular expression that can be read."""
    for pattern in ("(", "a{99999999999999999999}"):
        step = {"type": "proc_start", "name": "s", "cmd": "a", "ready": {"stdout_matches": pattern}}
        (problem,) = problems({"version": 1, "name": "n", "steps": [step]})
        assert "this is not a regular expression" in problem.message and '"stdout_matches"' in problem.text
