"""`fozzy fuzz`: campaigns from the command line, in processes of their own where it matters."""

from __future__ import annotations

import json
import os
import py_compile
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECONDS_MAX = 60

MODULE = '''\
import os
import time


def parse(data: bytes) -> None:
    """Breaks on one byte pair."""
    for index, byte in enumerate(data):
        if byte == 0x7B:
            if data[index + 1 : index + 2] == b"!":
                raise ValueError("a brace and a mark")


def pay(amount: int, currency: str) -> None:
    """Breaks above a bound, and without a currency."""
    if not currency:
        raise LookupError("no currency")
    if amount > 5_000:
        raise OverflowError("too much")


def magic(data: bytes) -> None:
    """Breaks on a word that stands in no code."""
    if data.startswith(bytes(byte ^ 0x20 for byte in b"xYZZY")):
        raise ValueError("magic")


def leave(n: int) -> None:
    """Exits."""
    if n > 1_000:
        os._exit(3)


def wait(n: int) -> None:
    """Hangs."""
    if n > 1_000:
        time.sleep(1_000)


def idle(n: int) -> None:
    """Does nothing wrong."""
'''
PROGRAM = "#!/bin/sh\nread x\ncase $x in *[5-9A-D]*) kill -SEGV $$;; *a*) echo a;; esac\n"
BOUND = [
    {"type": "rand_int", "key": "n", "min": 1, "max": 1000},
    {"type": "rand_int", "key": "m", "min": 1, "max": 1000},
    {"type": "if", "that": "${n}", "greater": 500, "then": [{"type": "set_kv", "key": "a", "value": "${m}"}]},
    {"type": "assert", "that": "${m}", "less": 990},
]
FAIL = {"type": "fail", "message": "no"}
TARGETS = {
    "bytes": ("py:parsing:parse", 6_000),
    "typed": ("py:parsing:pay", 1_500),
    "program": ("cmd:./program", 200),
    "scenario": ("scenario:bound.fozzy.json", 2_000),
}


@pytest.fixture
def place(project: Path, scenario: Callable[..., Path]) -> Path:
    """A project with something of each kind that can be fuzzed."""
    (project / "parsing.py").write_text(MODULE)
    (project / "program").write_text(PROGRAM)
    (project / "program").chmod(0o755)
    scenario("bound", BOUND)
    return project


Process = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def process(place: Path, fz_env: dict[str, str]) -> Process:
    """`fozzy …` as a process of its own."""

    def run(*words: object, **env: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "fozzy", *map(str, words)]
        return subprocess.run(
            command, cwd=place, env={**fz_env, **env}, capture_output=True, timeout=SECONDS_MAX, check=False
        )

    return run


def body(out: bytes | str) -> str:
    """What a campaign says of itself, without times and the name of its run."""
    document = json.loads(out)
    fuzz = {key: value for key, value in document["fuzz"].items() if key not in ("durationMs", "runsPerSecond")}
    return re.sub(r"runs/[0-9a-f]{8}", "runs/", json.dumps([document["status"], document["findings"], fuzz]))


def crashes(out: bytes | str) -> list[dict[str, Any]]:
    """The crashes it found."""
    found: list[dict[str, Any]] = json.loads(out)["fuzz"]["crashes"]
    return found


def run_part(trace: str | Path) -> bytes:
    """Header and records, without what a real program's answer cannot have twice: its time and its memory."""
    part = b"".join(Path(trace).read_bytes().splitlines(keepends=True)[:-1])
    return re.sub(rb'"(took|t|peak_bytes)":\d+', rb'"\1":0', part)


@pytest.mark.parametrize("name", TARGETS)
def test_the_same_campaign_in_two_processes(name: str, process: Process) -> None:
    """Whatever the jobs and the hash seed are: the same body, and the same traces, which replay SAME alone."""
    target, runs = TARGETS[name]
    words = ("fuzz", target, "--runs", runs, "--seed", 7, "--json")
    one = process(*words, "--jobs", 1, PYTHONHASHSEED="1")
    other = process(*words, "--jobs", 2, PYTHONHASHSEED="2")
    assert one.returncode in (1, 4) and one.stderr == b"", one.stdout
    assert body(one.stdout) == body(other.stdout)
    traces = [[crash["tracePath"] for crash in crashes(done.stdout)] for done in (one, other)]
    assert traces[0] and None not in traces[0]
    if name != "program":  # what a program answered stands there with the time it took
        assert list(map(run_part, traces[0])) == list(map(run_part, traces[1]))
    replayed = process("replay", traces[0][0], "--allow-code", "--json")
    assert json.loads(replayed.stdout)["replay"]["verdict"] == "SAME"


def test_a_function_is_called_again_only_with_permission(place: Path, fz: Callable[..., Any]) -> None:
    """Its trace needs the flag; what the screen tells to paste has it, and finds the crash again."""
    ran = fz("fuzz", "py:parsing:pay", "--runs", "500", "--seed", "1")
    commands = [shlex.split(each) for each in re.findall(r"fozzy (.*?)   (?:see it|find it) again", ran.out)]
    assert [words[0] for words in commands] == ["replay", "fuzz"]
    assert fz(*commands[0]).code == 1
    assert fz(*commands[0][:2]).code == 2
    again = fz(*commands[1], "--json")
    assert again.document()["fuzz"]["crashes"][0]["title"] == "call_raised"


def test_crashes_are_kept_as_tests(place: Path, fz: Callable[..., Any]) -> None:
    """Each once, also when it is found again; they fail until the function is mended, and then pass."""
    words = ("fuzz", "py:parsing:pay", "--runs", "500", "--seed", "1", "--keep", "kept")
    first = fz(*words, "--json").document()["fuzz"]["crashes"]
    assert sorted(crash["keptPath"] for crash in first) == sorted(map(str, Path("kept").iterdir()))
    assert fz(*words).code == 1
    assert len(list(Path("kept").iterdir())) == len(first) == 2
    assert fz("test", "kept", "--allow-code").code == 1
    Path("parsing.py").write_text(MODULE.replace("5_000", "10**30").replace("not currency", "False"))
    mended = fz("test", "kept", "--allow-code")
    assert mended.code == 0 and "FIXED" in mended.out


@pytest.mark.parametrize(
    ("policy", "code", "names"),
    [
        ("append", 1, ["a.1.fozzy", "a.fozzy"]),
        ("overwrite", 1, ["a.fozzy"]),
        ("error", 2, ["a.fozzy"]),
    ],
)
def test_the_earliest_crash_is_recorded_by_its_policy(
    policy: str, code: int, names: list[str], place: Path, fz: Callable[..., Any]
) -> None:
    """Into the file that was named, the next free one, or nowhere; what stood there is whole."""
    words = ("fuzz", "scenario:bound.fozzy.json", "--runs", "600", "--seed", "7", "--record", "a.fozzy")
    document = fz(*words, "--json").document()
    assert document["identity"]["tracePath"] == "a.fozzy"
    before = run_part("a.fozzy")
    assert fz(*words, "--record-collision", policy).code == code
    assert sorted(path.name for path in Path().glob("*.fozzy*") if path.suffix == ".fozzy") == names
    assert not list(Path().glob("*.partial"))
    assert {run_part(name) for name in names} == {before}


def test_nothing_crashed(place: Path, fz: Callable[..., Any]) -> None:
    """It ends with 0, says that no trace was written, and none is."""
    ran = fz("fuzz", "py:parsing:idle", "--runs", "300", "--record", "a.fozzy")
    assert ran.code == 0
    assert "nothing crashed: no trace was written" in ran.out
    assert not Path("a.fozzy").exists()
    assert fz("fuzz", "py:parsing:idle", "--runs", "30", "-q").out.startswith("0 crashes in 30 runs")


def test_time_says_which_runs_do_all_of_it_again(place: Path, fz: Callable[..., Any]) -> None:
    """The command it prints finds every crash that was found, in the same run."""
    for tenths in (4, 16, 64):
        ran = fz("fuzz", "scenario:bound.fozzy.json", "--time", f"{tenths}00ms", "--seed", "7", "--jobs", "1")
        assert "stopped by the clock" in ran.out
        (words,) = re.findall(r"^ +fozzy (fuzz .* --runs .*?)$", ran.out, re.MULTILINE)[:1]
        found = re.findall(r"first seen in run ([\d,]+)", ran.out)
        if found:
            break
    assert found
    again = fz(*shlex.split(words))
    assert re.findall(r"first seen in run ([\d,]+)", again.out)[: len(found)] == found
    assert fz("fuzz", "py:parsing:idle", "--time", "100ms", "--json").document()["fuzz"]["endedBy"] == "time"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("target", "sign", "code"),
    [
        ("py:parsing:pay", signal.SIGINT, 130),
        ("py:parsing:pay", signal.SIGTERM, 143),
        ("scenario:bound.fozzy.json", signal.SIGTERM, 143),
        ("cmd:./program @@", signal.SIGINT, 130),
    ],
)
def test_who_stops_it_keeps_what_was_found(
    target: str, sign: signal.Signals, code: int, place: Path, fz_env: dict[str, str]
) -> None:
    """Crashes and inputs found so far are kept and told; no process and no temporary file is left."""
    scratch = place / "scratch"
    scratch.mkdir()
    (place / "program").write_text("#!/bin/sh\ncase $(cat $1) in *[0-9]*) kill -SEGV $$;; esac\n")
    command = [sys.executable, "-m", "fozzy", "fuzz", target, "--runs", "100000000", "--seed", "7", "--jobs", "2",
               "--corpus", "inputs", "--json"]  # fmt: skip
    running = subprocess.Popen(
        command, cwd=place, env={**fz_env, "TMPDIR": str(scratch)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for _ in range(200):  # until something is under way
        if list(scratch.iterdir()) or list(place.glob(".fozzy-fuzz-input*")) or target.startswith("scenario"):
            break
        time.sleep(0.1)
    time.sleep(3)
    running.send_signal(sign)
    out, err = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == code, err
    document = json.loads(out)
    assert document["fuzz"]["endedBy"] in ("interrupted", "terminated")
    assert document["fuzz"]["crashes"] and document["fuzz"]["runs"] > 0
    assert Path(document["fuzz"]["crashes"][0]["tracePath"]).is_file()
    assert len(list((place / "inputs").iterdir())) == document["fuzz"]["corpusAdded"] > 0
    assert list(scratch.iterdir()) == []
    assert [path.name for path in place.iterdir() if path.name.startswith((".fozzy-", "fozzy-"))] == []
    if Path("/proc").is_dir():
        here = [pid for pid in os.listdir("/proc") if pid.isdigit() and _works_in(pid, place)]
        assert here == [str(os.getpid())]


def _works_in(pid: str, folder: Path) -> bool:
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == folder
    except OSError:
        return False


def test_a_corpus_is_kept_and_begun_with(place: Path, fz: Callable[..., Any]) -> None:
    """Inputs that reach something are kept; the next campaign begins with them and adds none it has."""
    words = ("fuzz", "py:parsing:parse", "--seed", "1", "--corpus", "inputs", "--json")
    first = fz(*words, "--runs", "2000").document()["fuzz"]
    assert first["corpusAdded"] == len(list(Path("inputs").iterdir())) > 0
    second = fz(*words, "--runs", str(first["corpus"] + 1)).document()["fuzz"]
    assert second["features"] >= first["features"]
    assert second["corpusAdded"] == 0
    assert fz("fuzz", "py:parsing:parse", "--corpus", "py:parsing:parse", "--runs", "300").code in (0, 1)
    assert list(Path(".fozzy/corpus").iterdir())


def test_exceptions_that_are_meant_are_no_crash(place: Path, fz: Callable[..., Any]) -> None:
    """By name, also by that of a class they are of; others still are."""
    words = ("fuzz", "py:parsing:pay", "--runs", "500", "--seed", "1", "--json")
    causes = [crash["cause"][0] for crash in fz(*words).document()["fuzz"]["crashes"]]
    assert sorted(causes) == ["LookupError", "OverflowError"]
    left = fz(*words, "--expect-raises", "OverflowError").document()["fuzz"]["crashes"]
    assert [crash["cause"][0] for crash in left] == ["LookupError"]
    assert fz(*words, "--expect-raises", "ArithmeticError", "--expect-raises", "LookupError").code == 0


def test_a_dictionary_helps(place: Path, fz: Callable[..., Any]) -> None:
    """A word that stands in no code is found with it, and not without."""
    Path("words.txt").write_text('# magic\nxyzzy="Xyzzy"\n')
    words = ("fuzz", "py:parsing:magic", "--runs", "1500", "--seed", "1")
    assert fz(*words).code == 0
    assert fz(*words, "--dict", "words.txt").code == 1


def test_typed_parameters_by_hypothesis(process: Process) -> None:
    """A boundary is found and come down to; the same seed finds the same; nothing is left in the project."""
    words = ("fuzz", "py:parsing:pay", "--mode", "property", "--runs", 400, "--seed", 3, "--json")
    one, other = process(*words, PYTHONHASHSEED="1"), process(*words, PYTHONHASHSEED="2")
    assert body(one.stdout) == body(other.stdout)
    inputs = {crash["cause"][0]: json.loads(crash["input"]["text"]) for crash in crashes(one.stdout)}
    assert inputs["LookupError"] == [0, ""]
    assert inputs.get("OverflowError", [5_001])[0] == 5_001
    assert not Path(".hypothesis").exists()


@pytest.mark.parametrize(("name", "title", "code"), [("leave", "call_died", 4), ("wait", "call_hang", 3)])
def test_hypothesis_survives_what_ends_its_process(
    name: str, title: str, code: int, place: Path, fz: Callable[..., Any]
) -> None:
    """A target that exits or hangs is told as what it is, with the smallest input, and runs are counted."""
    words = ("fuzz", f"py:parsing:{name}", "--mode", "property", "--runs", "100", "--seed", "1", "--timeout", "500ms")
    ran = fz(*words, "--json")
    assert ran.code == code, ran.out
    (crash,) = ran.document()["fuzz"]["crashes"]
    assert crash["title"] == title
    assert ran.document()["fuzz"]["runs"] > 0
    assert not Path(".hypothesis").exists()


def test_blind_is_blind(place: Path, fz: Callable[..., Any]) -> None:
    """It reaches nothing, because it does not look, and keeps no input; a scenario's draws are still varied."""
    Path("program").write_text("#!/bin/sh\nexit 1\n")
    for target in ("py:parsing:parse", "cmd:./program"):
        blind = fz("fuzz", target, "--mode", "blind", "--runs", "50", "--corpus", "none", "--json").document()["fuzz"]
        assert (blind["features"], blind["corpusAdded"]) == (0, 0)
    found = fz("fuzz", "scenario:bound.fozzy.json", "--mode", "blind", "--runs", "2000", "--seed", "7")
    assert found.code == 1, "another draw than the seed's was made"


def test_an_edited_module_is_seen_edited(place: Path, fz: Callable[..., Any]) -> None:
    """Also in the same process, with the same size and time, and beside a compiled file that says otherwise."""
    module = Path("edited.py")
    text = "def f(n: int) -> None:\n    if n > 100:\n        raise {}('x')\n"
    module.write_text(text.format("KeyError  "))
    py_compile.compile(str(module), doraise=True)
    stamp = module.stat()
    words = ("fuzz", "py:edited:f", "--runs", "500", "--seed", "1", "--json")
    assert fz(*words).document()["fuzz"]["crashes"][0]["cause"][0] == "KeyError"
    module.write_text(text.format("ValueError"))
    os.utime(module, ns=(stamp.st_atime_ns, stamp.st_mtime_ns // 10**9 * 10**9 + 1))
    assert module.stat().st_size == stamp.st_size
    assert fz(*words).document()["fuzz"]["crashes"][0]["cause"][0] == "ValueError"


def test_scenarios_of_every_kind(place: Path, scenario: Callable[..., Path], fz: Callable[..., Any]) -> None:
    """One that expects to fail, one that always passes, one that fails at once, variables, a matrix, an include."""

    def found(name: str, steps: Any, *words: str, **more: Any) -> list[Any]:
        path = scenario(name, steps, **more)
        ran = fz("fuzz", f"scenario:{path}", "--runs", "800", "--seed", "1", "--json", *words)
        for each in crashes(ran.out):
            assert fz("replay", each["tracePath"]).code == 1
        return crashes(ran.out)

    assert found("expected", [FAIL], expect={"status": "fail", "title": "fail"}) == []
    other = found("other", BOUND, expect={"status": "fail", "title": "fail"})
    assert [each["title"] for each in other] == ["assert"]
    assert found("passes", [{"type": "set_kv", "key": "a", "value": "1"}]) == []
    (at_once,) = found("at-once", [{"type": "rand_int", "key": "n", "min": 1, "max": 9}, FAIL])
    assert at_once["run"] == 1
    below = {"type": "assert", "that": "${v}", "less": 1_000}
    (variable,) = found("variable", [below], vars={"v": 1})
    assert json.loads(variable["input"]["text"])["vars"] != {"v": 1}
    (row,) = found("matrix", [{"type": "assert_ne_int", "a": "${a}", "b": 2}], matrix={"a": [1, 2]})
    assert row["title"] == "assert_ne_int"
    scenario("part", BOUND)
    (inside,) = found("whole", [{"type": "include", "file": "part.fozzy.json"}])
    assert inside["title"] == "assert"


def test_a_scenario_that_calls(place: Path, scenario: Callable[..., Path], fz: Callable[..., Any]) -> None:
    """It needs permission, by the flag or the configuration; with it what is raised is found, with any jobs."""
    call = {"type": "call", "function": "parsing:pay", "args": ["${n}", "eur"]}
    path = scenario("calls", [{"type": "rand_int", "key": "n", "min": 1, "max": 5_010}, call])
    words = ("fuzz", f"scenario:{path}", "--runs", "300", "--seed", "1", "--json")
    assert fz(*words).document()["error"]["code"] == "code.not_allowed"
    one, other = (fz(*words, "--allow-code", "--jobs", jobs) for jobs in ("1", "2"))
    assert [crash["title"] for crash in one.document()["fuzz"]["crashes"]] == ["call_raised"]
    assert body(one.out) == body(other.out)
    Path("fozzy.toml").write_text("allow_code = true\n")
    assert fz(*words).code == 1


def test_a_narrow_terminal_and_a_pipe(process: Process) -> None:
    """In a pipe of forty columns nothing moves a cursor, and stdout has the answer."""
    done = process("fuzz", "py:parsing:pay", "--runs", 300, "--seed", 1, COLUMNS="40")
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr == b""
    assert b"different crashes" in done.stdout
