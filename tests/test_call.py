"""Calls of user code through the commands: who may, what a replay makes of them, what is pasted back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import fozzy

if TYPE_CHECKING:
    from tests.conftest import Fz, WriteScenario

SECONDS_MAX = 30
CALL = {"type": "call", "function": "m:f", "args": [1]}


def module(text: str) -> None:
    Path("m.py").write_text(text, encoding="utf-8")


def codes(document: Any) -> list[str]:
    return [each["code"] for each in document["problems"]]


@pytest.mark.parametrize("command", ["run", "test"])
@pytest.mark.parametrize("how", ["nothing", "flag", "file", "environment"])
def test_a_scenario_file_calls_when_somebody_allowed_it(
    fz: Fz, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch, command: str, how: str
) -> None:
    """By the flag, the configuration or its variable; otherwise nothing of it runs."""
    module("open('ran', 'w').close()\ndef f(x): return x")
    path = scenario("a", [CALL])
    if how == "file":
        Path("fozzy.toml").write_text("allow_code = true\n")
    if how == "environment":
        monkeypatch.setenv("FOZZY_ALLOW_CODE", "true")
    ran = fz(
        command, path, "--json", "--jobs=1" if command == "test" else "--det", *(["--allow-code"] * (how == "flag"))
    )
    document = ran.document()
    assert ran.code == (2 if how == "nothing" else 0), ran.said
    assert Path("ran").exists() == (how != "nothing")
    if how == "nothing":
        assert codes(document) == ["code.not_allowed"]
        assert document["error"]["where"]["file"] == "a.fozzy.json"
        assert not Path(".fozzy/runs").exists() or not list(Path(".fozzy/runs").glob("*/*.fozzy"))


def test_test_tells_of_every_call_and_of_all_else_before_anything_runs(fz: Fz, scenario: WriteScenario) -> None:
    """One list of problems: calls, a file that is invalid, a kept trace; nothing runs."""
    module("def f(x): return x")
    scenario("s/a", [CALL])
    scenario("s/b", [{"type": "group", "name": "g", "steps": [CALL]}], matrix={"x": [1, 2]})
    scenario("s/c", [{"type": "assert_ok", "value": True}])
    scenario("s/d", [{"type": "nonsense"}])
    assert fz("run", "s/a.fozzy.json", "--allow-code", "--record", "s/t.fozzy").code == 0
    ran = fz("test", "s", "--json")
    assert (ran.code, sorted(codes(ran.document()))) == (2, [*["code.not_allowed"] * 3, "scenario.unknown_step"])


def test_for_a_trace_only_the_flag_counts(fz: Fz, scenario: WriteScenario) -> None:
    """Replay and a kept trace under `test` are refused whatever the configuration says."""
    module("def f(x): return x")
    Path("fozzy.toml").write_text("allow_code = true\n")
    assert fz("run", scenario("a", [CALL]), "--record", "t.fozzy").code == 0
    for words in (["replay", "t.fozzy"], ["test", "t.fozzy"], ["replay", "t.fozzy", "--scenario", "a.fozzy.json"]):
        refused = fz(*words, "--json")
        assert (refused.code, codes(refused.document())) == (2, ["code.not_allowed"]), words
        assert fz(*words, "--allow-code", "--json").code == 0


def test_the_library_wants_to_be_told_too(project: Path, scenario: WriteScenario) -> None:
    """`run` and `replay` take `allow_code`, and refuse without."""
    module("def f(x): return x")
    path = scenario("a", [CALL])
    with pytest.raises(fozzy.FozzyError, match="permission"):
        fozzy.run(path, record="t.fozzy")
    assert not Path("t.fozzy").exists()
    assert fozzy.run(path, record="t.fozzy", allow_code=True).status == "pass"
    with pytest.raises(fozzy.FozzyError, match="permission"):
        fozzy.replay("t.fozzy")
    assert fozzy.replay("t.fozzy", allow_code=True).verdict == "SAME"


def test_a_call_of_a_trace_says_whose_it_is(fz: Fz, scenario: WriteScenario) -> None:
    """Validation needs no permission, and neither does showing a trace."""
    module("def f(x): return x")
    path = scenario("a", [CALL])
    assert fz("validate", path).code == 0
    fz("run", path, "--allow-code", "--record", "t.fozzy")
    assert fz("trace", "verify", "t.fozzy").code == 0
    assert '"result":1' in fz("trace", "show", "t.fozzy", "--json").out or "m:f" in fz("trace", "show", "t.fozzy").out


FAILS = "def f(x): raise ValueError('no')"


@pytest.mark.parametrize(
    ("recorded", "now", "verdict", "code"),
    [
        ("def f(x): return x", "def f(x): return x  # other text", "SAME", 0),
        ("def f(x): return x", "def f(x): return 2", "DRIFT", 6),
        ("def f(x): return x", FAILS, "DRIFT", 6),
        (FAILS, FAILS, "SAME", 1),
        (FAILS, "def f(x): return x", "FIXED", 0),
        (FAILS, "def f(x): raise ValueError('another')", "CHANGED", 1),
        (FAILS, "def f(x): raise KeyError('no')", "CHANGED", 1),
        ("import os\ndef f(x): os._exit(3)", "import os\ndef f(x): os._exit(3)", "SAME", 4),
        ("import os\ndef f(x): os._exit(3)", "def f(x): return x", "FIXED", 0),
        ("while True: pass", "while True: pass", "SAME", 3),
    ],
)
def test_a_replay_calls_again_and_compares(
    fz: Fz, scenario: WriteScenario, recorded: str, now: str, verdict: str, code: int
) -> None:
    """What the function answers now is held against what it answered then."""
    module(recorded)
    fz("run", scenario("a", [CALL], limits={"call_ms_max": 1000}), "--det", "--allow-code", "--record", "t.fozzy")
    module(now)
    replayed = fz("replay", "t.fozzy", "--allow-code", "--json")
    assert (replayed.document()["replay"]["verdict"], replayed.code) == (verdict, code), replayed.said
    if verdict == "DRIFT":
        assert "the user's code answered differently" in replayed.document()["replay"]["cause"]


def test_a_kept_trace_is_a_test_of_user_code(fz: Fz, scenario: WriteScenario) -> None:
    """Still failing, then mended."""
    module(FAILS)
    fz("run", scenario("a", [CALL]), "--det", "--allow-code", "--record", "kept/t.fozzy")
    assert fz("test", "kept", "--allow-code").code == 1
    module("def f(x): return x")
    assert fz("test", "kept", "--allow-code").code == 0


@pytest.mark.parametrize("where", ["flag", "config"])
def test_what_is_pasted_back_works(fz: Fz, scenario: WriteScenario, where: str) -> None:
    """Each command a failing run prints ends as the run did, the permission included where it is needed."""
    module(FAILS)
    flags = ["--allow-code"] if where == "flag" else []
    if where == "config":
        Path("fozzy.toml").write_text("allow_code = true\n")
    path = scenario("scenarios/a", [CALL])
    for words in (["run", path], ["test", path]):
        said = fz(*words, "--det", *flags).said
        commands = [
            line[line.index("fozzy ") :].split("   ")[0]
            for line in said.splitlines()
            if " fozzy re" in line or " fozzy run " in line
        ]
        assert len(commands) == 2, said
        for command in commands:
            assert fz(*command.split()[1:]).code == 1, command


def test_the_scenarios_folder_comes_before_the_project(fz: Fz, scenario: WriteScenario) -> None:
    """A module beside the scenario wins; also when the trace is replayed from another folder of the project."""
    module("def f(x): return 'project'")
    path = scenario("deep/a", [{**CALL, "expect": "beside"}])
    Path("deep/m.py").write_text("def f(x): return 'beside'")
    assert fz("run", path, "--allow-code", "--record", "t.fozzy").code == 0
    assert fz("replay", "t.fozzy", "--allow-code").code == 0


def test_two_workers_call(fz: Fz, scenario: WriteScenario, project: Path, fz_env: dict[str, str]) -> None:
    """Workers have interpreters of their own, and everything ends with the suite."""
    module("n = 0\ndef f(x):\n  global n\n  n += x\n  return n")
    for index in range(6):
        scenario(f"scenarios/s{index}", [{**CALL, "expect": 1}, {**CALL, "expect": 2}])
    words = [sys.executable, "-m", "fozzy", "test", "--det", "--allow-code", "--jobs", "2", "--json"]
    done = subprocess.run(words, cwd=project, env=fz_env, capture_output=True, timeout=SECONDS_MAX)
    assert json.loads(done.stdout)["tests"] == {"passed": 6, "failed": 0, "skipped": 0}
    assert done.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_in_the_middle_of_a_call(
    project: Path, scenario: WriteScenario, fz_env: dict[str, str], number: int, code: int
) -> None:
    """Ctrl-C ends the call and the run; what there is is sealed, and how to replay it is said."""
    module("import time\ndef f(x):\n  open('began', 'w').close()\n  time.sleep(600)")
    path = scenario("a", [{"type": "assert_ok", "value": True}, CALL])
    words = [sys.executable, "-m", "fozzy", "run", str(path), "--det", "--allow-code", "--json"]
    with subprocess.Popen(words, cwd=project, env=fz_env, stdout=-1, stderr=-1, start_new_session=True) as going:
        end_s = time.monotonic() + SECONDS_MAX
        while not Path("began").exists() and time.monotonic() < end_s:
            time.sleep(0.01)
        os.killpg(going.pid, number)
        out, _ = going.communicate(timeout=SECONDS_MAX)
    document = json.loads(out)
    assert (going.returncode, document["error"]["code"]) == (code, "run.interrupted")
    assert "--allow-code" in document["error"]["hint"]
