"""`fozzy shrink`: the smallest run that fails for the same reason, from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

NOISE = {"type": "trace_event", "name": "noise"}
DRAW = {"type": "rand_int", "key": "n", "min": 1, "max": 90}
LIMIT = {"type": "assert", "that": "${n}", "less": 40}
SECONDS_MAX = 60


@pytest.fixture
def limit(scenario: Callable[..., Path], fz: Callable[..., Any]) -> str:
    """The trace of a failing run of some steps, of which two matter."""
    path = scenario("limit", [NOISE, DRAW, NOISE, LIMIT, NOISE])
    Path("fozzy.toml").write_text("det = true\n")
    assert fz("run", path, "--seed", "9", "--record", "limit.fozzy").code == 1
    return "limit.fozzy"


def types(trace: str | Path) -> list[str]:
    """The steps of the scenario a trace carries."""
    header = json.loads(Path(trace).read_bytes().splitlines()[0])
    return [step["type"] for step in json.loads(header["scenario"]["text"])["steps"]]


def run_part(trace: str | Path) -> bytes:
    """Header and records."""
    return b"".join(Path(trace).read_bytes().splitlines(keepends=True)[:-1])


def test_a_trace_becomes_a_smaller_one(limit: str, fz: Callable[..., Any]) -> None:
    """It ends with 0, keeps the trace in the store, says what is left and what to do, and replays SAME by its run id."""
    ran = fz("shrink", limit)
    assert (ran.code, ran.err) == (0, "")
    for said in ("keeping   limit: assert failed", "5 steps, 1 choice, 0 faults  ->  2 steps, 1 choice", "converged",
                 "the same failure", "if it were 1, the run passes", "it is what fails"):  # fmt: skip
        assert said in ran.out, said
    words = next(each for each in ran.out.splitlines() if "next " in each).split()
    replayed = fz(*words[2:])
    assert replayed.code == 1 and "  SAME  " in replayed.out
    assert types(next(Path(".fozzy/runs").glob("*/min.fozzy"))) == ["rand_int", "assert"]


def test_a_scenario_is_run_first(scenario: Callable[..., Path], fz: Callable[..., Any]) -> None:
    """With its seed and the options of a run; the run itself is in the store too."""
    path = scenario("limit", [NOISE, DRAW, LIMIT], matrix={"of": [1, 2]})
    document = fz("shrink", path, "--seed", "9", "--det", "--case", "of=2", "--json").document()
    assert document["shrink"]["steps"] == 2
    assert document["identity"]["seed"] == 9
    assert len(list(Path(".fozzy/runs").glob("*/trace.fozzy"))) == 1
    assert fz("shrink", path, "--seed", "9", "--det").code == 2
    assert fz("shrink", path, "--seed", "3", "--det", "--case", "of=2").code == 2


def test_toml_includes_and_secrets(project: Path, fz: Callable[..., Any]) -> None:
    """Whatever the scenario was written in and made of, the result stands alone, and holds no secret."""
    login = {"version": 1, "name": "l", "steps": [NOISE, {"type": "set_kv", "key": "password", "value": "hunter22"}]}
    Path("login.fozzy.json").write_text(json.dumps(login))
    Path("a.fozzy.toml").write_text(
        'version = 1\nname = "a"\n[[steps]]\ntype = "include"\nfile = "login.fozzy.json"\n'
        '[[steps]]\ntype = "trace_event"\nname = "e"\n'
        '[[steps]]\ntype = "get_kv_assert"\nkey = "password"\nequals = "another"\n'
    )
    assert fz("run", "a.fozzy.toml", "--det", "--record", "a.fozzy").code == 1
    ran = fz("shrink", "a.fozzy", "--out", "small.fozzy")
    assert ran.code == 0, ran.said
    Path("a.fozzy.toml").unlink()
    Path("login.fozzy.json").unlink()
    assert fz("replay", "small.fozzy").code == 1
    for path in [Path("small.fozzy"), *Path(".fozzy").rglob("min.fozzy")]:
        assert b"hunter22" not in path.read_bytes()
    assert "hunter22" not in ran.said


@pytest.mark.parametrize(
    ("target", "words", "code", "error"),
    [
        ("passed.fozzy", [], 2, "shrink.nothing_failed"),
        ("cut.fozzy", [], 6, "trace.unsealed"),
        ("rest.fozzy", [], 2, "shrink.nothing_failed"),
        ("altered.fozzy", [], 6, "trace.seal_broken"),
        ("limit.fozzy", ["--timeout", "1s"], 2, "shrink.trace_is_run"),
        ("limit.fozzy", ["--no-det"], 2, "shrink.trace_is_run"),
        ("limit.fozzy", ["--case", "a=1"], 2, "shrink.trace_is_run"),
        ("limit.fozzy", ["--budget", "0s"], 2, "usage.bad_value"),
        ("limit.fozzy", ["--keep", "limit.fozzy"], 2, "store.unwritable"),
        ("limit.fozzy", ["--out", "."], 2, "trace.is_a_folder"),
        ("@last-pas", [], 2, "store.unknown_run"),
    ],
)
def test_what_cannot_be_shrunk(
    target: str, words: list[str], code: int, error: str, limit: str, scenario: Any, fz: Callable[..., Any]
) -> None:
    """It is said before any work, by its own code, and nothing is left in the store."""
    fz("run", scenario("p", [NOISE]), "--record", "passed.fozzy")
    whole = Path(limit).read_bytes()
    Path("cut.fozzy").write_bytes(b"".join(whole.splitlines(keepends=True)[:-2]))
    fz("trace", "recover", "cut.fozzy", "--out", "rest.fozzy")
    Path("altered.fozzy").write_bytes(whole.replace(b'"seed":9', b'"seed":8', 1))
    before = sorted(Path(".fozzy/runs").iterdir())
    ran = fz("shrink", target, *words, "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (code, error), ran.out
    assert sorted(Path(".fozzy/runs").iterdir()) == before


def test_the_smaller_trace_goes_where_it_is_told(limit: str, fz: Callable[..., Any]) -> None:
    """By every policy; the trace says itself where it lies, and all of them are the same run."""
    for policy, name in [("append", "o.fozzy"), ("append", "o.1.fozzy"), ("overwrite", "o.fozzy")]:
        document = fz("shrink", limit, "--out", "o.fozzy", "--record-collision", policy, "--json").document()
        assert document["shrink"]["tracePaths"][1] == name
        assert json.loads(Path(name).read_bytes().splitlines()[-1])["summary"]["identity"]["tracePath"] == name
    taken = fz("shrink", limit, "--out", "o.fozzy", "--record-collision", "error", "--json")
    assert (taken.code, taken.document()["error"]["code"]) == (2, "trace.exists")
    assert run_part("o.fozzy") == run_part("o.1.fozzy")
    assert not list(Path().glob("*.partial"))


def test_a_failure_is_kept_once(limit: str, scenario: Any, fz: Callable[..., Any]) -> None:
    """The same again is the same file; another failure of the scenario gets another name; both are tests that fail."""
    for _ in range(2):
        document = fz("shrink", limit, "--keep", "kept", "--json").document()
        assert document["shrink"]["tracePaths"][1] == "kept/limit.fozzy"
    path = scenario("limit", [NOISE, {"type": "fail", "message": "no"}])
    assert fz("shrink", path, "--keep", "kept", "--json").document()["shrink"]["tracePaths"][1] == "kept/limit.1.fozzy"
    assert sorted(path.name for path in Path("kept").iterdir()) == ["limit.1.fozzy", "limit.fozzy"]
    ran = fz("test", "kept", "-j1")
    assert ran.code == 1
    assert ran.out.count(" SAME") == 2


def test_only_what_is_named_is_made_smaller(limit: str, fz: Callable[..., Any]) -> None:
    """--minimize schedule leaves steps and values of this run as they are."""
    document = fz("shrink", limit, "--minimize", "schedule", "--json").document()
    assert (document["shrink"]["steps"], document["shrink"]["choicesNotBoring"]) == (5, 1)
    assert fz("shrink", limit, "--minimize", "input", "--json").document()["shrink"]["steps"] == 2


def test_a_tiny_budget_is_a_result(limit: str, fz: Callable[..., Any]) -> None:
    """It says that the budget is over, ends with 0, and what is written replays."""
    ran = fz("shrink", limit, "--budget", "1ns", "--out", "o.fozzy")
    assert ran.code == 0
    assert "stopped: the budget is over" in ran.out
    assert types("o.fozzy") == types(limit)
    assert fz("replay", "o.fozzy").code == 1


def test_quiet_is_one_line(limit: str, fz: Callable[..., Any]) -> None:
    """Sizes and where it is."""
    ran = fz("shrink", limit, "-q")
    assert ran.out.startswith("2 steps, 1 choice  .fozzy/runs/")
    assert (ran.out.count("\n"), ran.err) == (1, "")


def test_as_a_scenario_it_fails_by_itself(limit: str, fz: Callable[..., Any]) -> None:
    """stdout is the scenario and nothing else; run alone, it fails with the same title."""
    ran = fz("shrink", limit, "--as-scenario")
    assert ran.code == 0
    assert "keeping" in ran.err and "converged" in ran.err
    Path("own.fozzy.json").write_text(ran.out)
    assert fz("fmt", "--check", "own.fozzy.json").code == 0
    document = fz("run", "own.fozzy.json", "--json").document()
    assert [finding["title"] for finding in document["findings"]] == ["assert"]


def test_what_needs_its_tape_is_said(scenario: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """No scenario can be printed; the trace is there all the same."""
    from fozzy.cli.commands import shrink

    monkeypatch.setattr(shrink, "as_scenario", lambda failing, best: None)
    path = scenario("a", [{"type": "fail", "message": "no"}])
    ran = fz("shrink", path, "--as-scenario")
    assert ran.code == 2
    assert "shrink.needs_its_tape" in ran.err and ran.out == ""
    assert len(list(Path(".fozzy/runs").glob("*/min.fozzy"))) == 1


@pytest.mark.parametrize("place", [["--cwd", "sub"], ["--config", "sub/fozzy.toml"]])
def test_it_works_from_another_folder(place: list[str], project: Path, fz: Callable[..., Any]) -> None:
    """The fresh process works where this one does, and commands to paste say where that is."""
    Path("sub").mkdir()
    Path("sub/fozzy.toml").write_text("det = true\n")
    fail = {"version": 1, "name": "a", "steps": [NOISE, {"type": "fail", "message": "no"}]}
    Path("sub/a.fozzy.json").write_text(json.dumps(fail))
    ran = fz("shrink", "a.fozzy.json" if place[0] == "--cwd" else "sub/a.fozzy.json", *place)
    os.chdir(project)
    assert ran.code == 0, ran.said
    assert f"fozzy replay {ran.out.split('fozzy replay ')[1].split()[0]} {' '.join(place)}" in ran.out


class Server(BaseHTTPRequestHandler):
    """Answers /token and /order, and counts."""

    asked = 0

    def do_GET(self) -> None:
        """Answer."""
        type(self).asked += 1
        body = json.dumps({"id": 42, "of": self.path}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A real HTTP server."""
    made = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_the_world_is_never_asked(server: HTTPServer, scenario: Any, fz: Callable[..., Any]) -> None:
    """Of a run against a real server and real programs: what was answered is used where the question is the same, what
    was not is no candidate, and nobody is asked again, server gone or not."""
    url = f"http://127.0.0.1:{server.server_address[1]}"
    mark = {"type": "proc_spawn", "cmd": "sh", "args": ["-c", "echo x >> asked.txt"]}
    steps = [
        mark,
        {"type": "http_request", "method": "GET", "path": "/noise"},
        {"type": "http_request", "method": "GET", "path": "/order?long=query", "save": {"id": "$.id"}},
        mark,
        {"type": "assert", "that": "${id}", "less": 40},
    ]
    path = scenario("a", steps, http_base_url=url, backends={"http": "host", "proc": "host"})
    assert fz("run", path, "--det", "--record", "a.fozzy").code == 1
    asked, marks = Server.asked, Path("asked.txt").read_text()
    assert (asked > 0, marks) == (True, "x\nx\n")
    document = fz("shrink", "a.fozzy", "--out", "small.fozzy", "--json").document()
    assert document["shrink"]["end"] == "converged"
    assert types("small.fozzy") == ["http_request", "assert"]
    assert "/order?long=query" in Path("small.fozzy").read_text()
    left = {each["name"]: each["why"] for each in document["shrink"]["left"]}
    assert set(left) == {"http_request", "assert"}
    assert (Server.asked, Path("asked.txt").read_text()) == (asked, marks)
    assert fz("replay", "small.fozzy").code == 1


def slow(project: Path, fz_env: dict[str, str]) -> None:
    """A trace whose candidates take long, and of which there are many."""
    inside = [DRAW, {"type": "assert", "that": "${i}", "less": 59_990}]  # it fails late, and is not changed
    steps = [NOISE, {"type": "repeat", "times": 60_000, "as": "i", "steps": inside}]
    Path("slow.fozzy.json").write_text(json.dumps({"version": 1, "name": "slow", "steps": steps}))
    words = [sys.executable, "-m", "fozzy", "run", "slow.fozzy.json", "--det", "--record", "slow.fozzy", "-q"]
    assert subprocess.run(words, env=fz_env, stdout=subprocess.DEVNULL, check=False).returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_best_so_far(
    number: signal.Signals, code: int, project: Path, fz_env: dict[str, str], fz: Callable[..., Any]
) -> None:
    """Sent to a real process at work: it says that it stopped early, and what it wrote replays."""
    slow(project, fz_env)
    words = [sys.executable, "-u", "-m", "fozzy", "shrink", "slow.fozzy", "--budget", "10m", "--out", "o.fozzy"]
    child = subprocess.Popen(words, env=fz_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert "keeping" in child.stdout.readline()
    time.sleep(0.5)  # into the passes; wherever it is then, it must stop
    child.send_signal(number)
    out, err = child.communicate(timeout=SECONDS_MAX)
    assert (child.returncode, err) == (code, "")
    assert "stopped early" in out and "o.fozzy" in out
    replayed = fz("replay", "o.fozzy")
    assert replayed.code == 1 and "  SAME  " in replayed.out


def test_two_processes_come_to_the_same(limit: str, process: Callable[..., Any]) -> None:
    """Whatever their hash seed is: header and records are equal, byte by byte, and so is what is said of the passes."""
    said = []
    for seed in ("1", "77"):
        ran = process("shrink", limit, "--out", f"o{seed}.fozzy", "--json", env={"PYTHONHASHSEED": seed})
        body = json.loads(ran.out)["shrink"]
        said.append({name: body[name] for name in ("passes", "left", "slips", "runs", "end")})
    assert said[0] == said[1]
    assert run_part("o1.fozzy") == run_part("o77.fozzy")


def test_forty_columns_are_enough(limit: str, on_terminal: Callable[..., tuple[int, str]]) -> None:
    """A narrow terminal gets all of it, and the live line is gone at the end."""
    code, shown = on_terminal("shrink", limit, COLUMNS="40")
    assert code == 0
    assert "converged" in shown and "Traceback" not in shown


def test_completion_offers_runs_and_traces(limit: str, process: Callable[..., Any]) -> None:
    """As for replay, besides what the command itself takes."""
    offered = [process("__complete", "bash", "--", command, "").out.split() for command in ("replay", "shrink")]
    assert offered[0] == offered[1]
    assert "@last-fail" in offered[1] and "limit.fozzy" in offered[1]
    assert "--minimize" in process("__complete", "bash", "--", "shrink", "--m").out
    assert process("__complete", "bash", "--", "shrink", "--minimize", "f").out.split() == ["faults"]
