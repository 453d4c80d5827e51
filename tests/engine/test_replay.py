from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fozzy import api
from fozzy.dsl.load import load
from fozzy.engine.replay import replay_file
from fozzy.errors import EvidenceError, InputError, StoreError

STEPS: list[dict[str, Any]] = [
    {"type": "rand_u64", "key": "r"},
    {"type": "trace_event", "name": "drawn", "fields": {"r": "${r}"}},
    {"type": "sleep", "duration": "20ms"},
    {"type": "set_kv", "key": "k", "value": "1"},
    {"type": "assert_eq_str", "a": "${k}", "b": "2"},
    {"type": "rand_u64", "key": "after"},
    {"type": "assert_eq_str", "a": "x", "b": "x"},
]
FAILING = 4


@pytest.fixture
def steps() -> list[dict[str, Any]]:
    """The recorded steps, to be edited."""
    return copy.deepcopy(STEPS)


@pytest.fixture
def recorded(fz: Any, scenario: Any) -> str:
    """A recording that failed at its fifth step; the scenario file is `a.fozzy.json`."""
    scenario("a", STEPS)
    assert fz("run", "a.fozzy.json", "--det", "--seed", "7", "--record", "t.fozzy", "--quiet").code == 1
    return "t.fozzy"


def test_a_recording_replays_the_same(fz: Any, recorded: str) -> None:
    """The same failure in the same place, the exit as recorded, every record compared."""
    done = fz("replay", recorded, "--json")
    document = done.document()
    assert done.code == 1
    assert document["replay"] == {"verdict": "SAME", "records": 9}
    assert (document["status"], document["mode"], document["failedStep"]) == ("fail", "replay", 5)
    original = json.loads(Path(recorded).read_bytes().splitlines()[-1])["summary"]
    assert document["findings"] == original["findings"]
    assert "SAME  7 steps, 9 records, same failure at step 5" in fz("replay", recorded).out
    assert fz("replay", recorded, "--quiet").out == f"SAME  {recorded}\n"


def test_an_edited_or_missing_scenario_file_changes_nothing(fz: Any, scenario: Any, recorded: str) -> None:
    """A trace carries its scenario: what was recorded is replayed, whatever became of the file."""
    scenario("a", [{"type": "panic", "message": "another"}])
    assert fz("replay", recorded, "--json").document()["replay"]["verdict"] == "SAME"
    Path("a.fozzy.json").write_text("no longer a scenario")
    assert fz("replay", recorded).code == 1
    Path("a.fozzy.json").unlink()
    assert fz("replay", recorded).code == 1


def test_a_recording_of_a_pass_ends_with_0(fz: Any, scenario: Any) -> None:
    """SAME ends as the run did."""
    scenario("p", STEPS[:4])
    fz("run", "p.fozzy.json", "--det", "--record", "p.fozzy")
    assert fz("replay", "p.fozzy").code == 0


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"timeout": "10ms"}, 3),
        ({"steps": [{"type": "proc_spawn", "cmd": "crasher"}], "proc": True}, 4),
        ({"steps": [{"type": "panic", "message": "no"}]}, 1),
    ],
)
def test_every_way_to_end_is_replayed(fz: Any, scenario: Any, more: dict[str, Any], code: int) -> None:
    """Timeouts, crashes and panics end the replay with the exit status of the run."""
    steps = more.pop("steps", STEPS[:4])
    if more.pop("proc", False):
        program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
        steps, more = (
            [{"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", program]}],
            {"backends": {"proc": "host"}},
        )
    scenario("e", steps, **more)
    assert fz("run", "e.fozzy.json", "--det", "--record", "e.fozzy").code == code
    done = fz("replay", "e.fozzy", "--json")
    assert done.code == code
    assert done.document()["replay"]["verdict"] == "SAME"


def edited(steps: list[dict[str, Any]]) -> tuple[int, str]:
    steps[3]["value"] = "3"
    return 6, "the step at steps[3] was changed since the recording"


def dropped(steps: list[dict[str, Any]]) -> tuple[int, str]:
    del steps[1]
    return 3, "the scenario was changed"


def added(steps: list[dict[str, Any]]) -> tuple[int, str]:
    steps.insert(2, {"type": "set_kv", "key": "n", "value": 1})
    return 5, "the order of steps changed: sleep was recorded at steps[2], set_kv runs at steps[2]"


def swapped(steps: list[dict[str, Any]]) -> tuple[int, str]:
    steps[2], steps[3] = steps[3], steps[2]
    return 5, "the order of steps changed: sleep was recorded at steps[2], set_kv runs at steps[2]"


def another_draw(steps: list[dict[str, Any]]) -> tuple[int, str]:
    steps[0]["key"] = "q"
    steps[1]["fields"] = {"r": "${q}"}
    return 0, "the run draws something else: the scenario was changed"


def another_event(steps: list[dict[str, Any]]) -> tuple[int, str]:
    steps[1]["fields"] = {"r": 1}
    return 3, "the scenario was changed"


@pytest.mark.parametrize("edit", [edited, dropped, added, swapped, another_draw, another_event])
def test_another_scenario_drifts_and_is_told_where_and_why(
    fz: Any, scenario: Any, recorded: str, steps: list[dict[str, Any]], edit: Any
) -> None:
    """Exit 6 with the record's number, both sides and the cause, on the screen and in the document."""
    record, cause = edit(steps)
    scenario("b", steps)
    done = fz("replay", recorded, "--scenario", "b.fozzy.json", "--json")
    assert done.code == 6
    replay = done.document()["replay"]
    assert done.document()["status"] == "error"
    assert (replay["verdict"], replay["record"]) == ("DRIFT", record)
    assert cause in replay["cause"]
    assert replay["recorded"]
    assert replay["now"]
    assert replay["recorded"] != replay["now"]
    lines = Path(recorded).read_bytes().splitlines()
    assert json.loads(lines[1 + replay["record"]])["at"] in replay["recorded"]
    screen = fz("replay", recorded, "--scenario", "b.fozzy.json")
    assert screen.code == 6
    for said in (f"record #{replay['record']}: ", f"recorded   {replay['recorded']}", f"now        {replay['now']}"):
        assert said in screen.out, screen.out
    assert "DRIFT" in screen.out
    assert f"fozzy replay {recorded}\n" in screen.out


def test_a_drift_can_be_undone_by_the_hint(fz: Any, scenario: Any, recorded: str, steps: list[dict[str, Any]]) -> None:
    """The commands a drift ends in are right: its own scenario is SAME, and a new recording too."""
    edited(steps)
    scenario("b", steps)
    said = fz("replay", recorded, "--scenario", "b.fozzy.json").out
    assert "fozzy run b.fozzy.json --seed 7 " in said
    assert fz("replay", recorded).code == 1


def test_a_mended_failing_step_is_fixed(fz: Any, scenario: Any, recorded: str, steps: list[dict[str, Any]]) -> None:
    """Everything up to the failure as recorded, the failure gone, the rest passing: exit 0."""
    steps[FAILING]["b"] = "1"
    scenario("b", steps)
    done = fz("replay", recorded, "--scenario", "b.fozzy.json", "--json")
    assert done.code == 0
    assert done.document()["replay"]["verdict"] == "FIXED"
    assert done.document()["status"] == "pass"
    assert "FIXED" in fz("replay", recorded, "--scenario", "b.fozzy.json").out


def test_past_a_mended_failure_draws_go_on_from_the_seed(
    fz: Any, scenario: Any, recorded: str, steps: list[dict[str, Any]]
) -> None:
    """What follows is what a run of the mended scenario with that seed draws."""
    steps[FAILING]["b"] = "1"
    scenario("b", steps)
    dumped = fz("replay", recorded, "--scenario", "b.fozzy.json", "--dump-events")
    replayed = [json.loads(line) for line in dumped.out.splitlines()]
    fz("run", "b.fozzy.json", "--det", "--seed", "7", "--record", "fresh.fozzy")
    fresh = [json.loads(line) for line in Path("fresh.fozzy").read_bytes().splitlines()[1:-1]]
    assert replayed == fresh


@pytest.mark.parametrize(
    "mended",
    [
        {"type": "assert_eq_str", "a": "${k}", "b": "3"},
        {"type": "fail", "message": "no longer the same"},
        {"type": "http_request", "method": "GET", "path": "/nobody"},
    ],
)
def test_another_failure_in_the_failing_step_is_changed(
    fz: Any, scenario: Any, recorded: str, steps: list[dict[str, Any]], mended: dict[str, Any]
) -> None:
    """It still fails there, but otherwise: exit 1."""
    steps[FAILING] = mended
    scenario("b", steps)
    done = fz("replay", recorded, "--scenario", "b.fozzy.json", "--json")
    assert (done.code, done.document()["replay"]["verdict"]) == (1, "CHANGED")
    assert done.document()["findings"]


def test_a_failure_after_the_mended_one_is_no_pass(
    fz: Any, scenario: Any, recorded: str, steps: list[dict[str, Any]]
) -> None:
    """A mended step behind which the next one fails is not FIXED."""
    steps[FAILING]["b"] = "1"
    steps[-1]["b"] = "y"
    scenario("b", steps)
    assert fz("replay", recorded, "--scenario", "b.fozzy.json").code == 1


def test_the_same_scenario_again_is_the_same(fz: Any, recorded: str) -> None:
    """`--scenario` with the file as it was recorded drifts nowhere."""
    done = fz("replay", recorded, "--scenario", "a.fozzy.json", "--json")
    assert (done.code, done.document()["replay"]["verdict"]) == (1, "SAME")


def test_a_failure_inside_a_block_is_mended_inside_it(fz: Any, scenario: Any) -> None:
    """The innermost step is the failure; the block around it ends as it may."""
    inner = [{"type": "rand_u64"}, {"type": "assert_ok", "value": False}, {"type": "rand_u64"}]
    scenario("g", [{"type": "group", "name": "g", "steps": inner}, {"type": "rand_u64"}])
    fz("run", "g.fozzy.json", "--det", "--record", "g.fozzy")
    assert fz("replay", "g.fozzy").code == 1
    inner[1] = {"type": "assert_ok", "value": True}
    scenario("g", [{"type": "group", "name": "g", "steps": inner}, {"type": "rand_u64"}])
    done = fz("replay", "g.fozzy", "--scenario", "g.fozzy.json", "--json")
    assert (done.code, done.document()["replay"]["verdict"]) == (0, "FIXED")


HOST = "import pathlib, sys; pathlib.Path('made').write_text('x'); print('out', len(sys.argv))"


def test_a_replay_never_touches_the_outside_world(fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are not started, files not written, the environment not read, the host's loop not opened."""
    monkeypatch.setenv("WHERE", "there")
    steps = [
        {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", HOST], "save_stdout_as": "o"},
        {"type": "fs_write", "path": "written", "data": "${o}"},
        {"type": "fs_read_assert", "path": "written", "equals": "out 1\n"},
        {"type": "trace_event", "name": "${env.WHERE}"},
        {"type": "free_port", "key": "p"},
        {"type": "proc_start", "name": "s", "cmd": sys.executable, "args": ["-c", "input()"]},
        {"type": "proc_stop", "name": "s"},
        {"type": "http_request", "method": "GET", "path": "http://127.0.0.1:9/"},
    ]
    scenario("h", steps, backends={"proc": "host", "fs": "host", "http": "host"}, env=["WHERE"])
    assert fz("run", "h.fozzy.json", "--det", "--record", "h.fozzy").code == 1
    for name in ("made", "written"):
        Path(name).unlink()
    monkeypatch.delenv("WHERE")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the world was touched")

    monkeypatch.setattr("fozzy.world.host_loop.HostLoop.call", refuse)
    monkeypatch.setattr("fozzy.wall.pause_ns", refuse)
    done = fz("replay", "h.fozzy", "--json")
    assert (done.code, done.document()["replay"]["verdict"]) == (1, "SAME")
    assert not Path("made").exists()
    assert not Path("written").exists()


def test_a_question_nobody_recorded_ends_the_replay(fz: Any, scenario: Any) -> None:
    """Another program under `--scenario` is drift, and it is not started to find out."""
    spawn = {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "print(1)"]}
    scenario("h", [spawn], backends={"proc": "host"})
    fz("run", "h.fozzy.json", "--det", "--record", "h.fozzy")
    scenario("i", [{**spawn, "args": ["-c", HOST]}], backends={"proc": "host"})
    done = fz("replay", "h.fozzy", "--scenario", "i.fozzy.json")
    assert done.code == 6
    assert "the run asked something the trace has no answer for: the scenario was changed" in done.out
    assert not Path("made").exists()


def test_real_time_replays_in_no_time(fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without --det slept; its replay does not, and the clock moves alike."""
    scenario("r", [{"type": "sleep", "duration": "30ms"}, {"type": "fail", "message": "no"}])
    fz("run", "r.fozzy.json", "--no-det", "--record", "r.fozzy")

    def refuse(_duration_ns: int) -> None:
        raise AssertionError("slept")

    monkeypatch.setattr("fozzy.wall.pause_ns", refuse)
    done = fz("replay", "r.fozzy", "--json")
    assert (done.code, done.document()["durationNs"]) == (1, 30_000_000)


def test_until_stops_at_a_record_or_a_time(fz: Any, recorded: str) -> None:
    """Nothing after it is shown, and what came before was the same."""
    for words, last in ((["--until", "2"], 2), (["--until", "19ms"], 3), (["--until", "20ms"], 7)):
        done = fz("replay", recorded, *words, "--dump-events")
        numbers = [json.loads(line)["n"] for line in done.out.splitlines()]
        assert numbers[0] == 0
        assert numbers[-1] <= last + 1
        assert fz("replay", recorded, *words, "--json").document()["replay"]["verdict"] == "SAME"
    assert fz("replay", recorded, "--until", "soon").code == 2


def test_dumped_events_are_the_records_of_the_trace(fz: Any, recorded: str) -> None:
    """`--dump-events` prints what stands in the trace, line for line."""
    done = fz("replay", recorded, "--dump-events")
    assert done.out.encode().splitlines() == Path(recorded).read_bytes().splitlines()[1:-1]


def test_a_kept_trace_is_a_test(fz: Any, scenario: Any, recorded: str) -> None:
    """`test t.fozzy`: still failing fails, and says so with the verdict."""
    done = fz("test", recorded, "--json")
    assert done.code == 1
    (member,) = done.document()["scenarios"]
    assert (member["status"], member["replay"]["verdict"]) == ("fail", "SAME")


@pytest.mark.parametrize("form", ["suite", "invalid"])
def test_a_sealed_trace_of_what_cannot_run_is_damage(fz: Any, recorded: str, resealed: Any, form: str) -> None:
    """A trace whose scenario is a suite or no scenario: the evidence is at fault, not the user: 6."""
    texts = {
        "suite": {"version": 1, "name": "s", "suites": {"a": ["b"]}},
        "invalid": {"version": 1, "name": "i", "steps": []},
    }
    head, rest = Path(recorded).read_bytes().split(b"\n", 1)
    header = json.loads(head)
    header["scenario"]["text"] = json.dumps(texts[form])
    data = json.dumps(header, separators=(",", ":")).encode() + b"\n" + rest
    Path("m.fozzy").write_bytes(resealed(data))
    done = fz("replay", "m.fozzy")
    assert done.code == 6
    assert "trace.bad_scenario" in done.err


def test_the_library_replays_as_the_command_does(recorded: str, steps: list[dict[str, Any]], scenario: Any) -> None:
    """`api.replay` gives the verdict and raises what the command would show."""
    assert api.replay(recorded).verdict == "SAME"
    steps[FAILING]["b"] = "1"
    assert api.replay(recorded, scenario=scenario("b", steps)).verdict == "FIXED"
    edited(steps)
    assert api.replay(recorded, scenario=load(scenario("b", steps))).replay.record == 6
    Path("bad.fozzy.json").write_text("{}")
    with pytest.raises(InputError):
        api.replay(recorded, scenario="bad.fozzy.json")
    with pytest.raises(StoreError):
        replay_file(Path("none.fozzy"))
    Path("cut.fozzy").write_bytes(Path(recorded).read_bytes()[:-1])
    with pytest.raises(EvidenceError):
        api.replay("cut.fozzy")
    assert api.replay("cut.fozzy", unsafe=True).verdict in ("INCOMPLETE", "SAME")


def test_a_reporter_gives_the_replay_in_its_format(fz: Any, recorded: str) -> None:
    """A recorded run is shown in another format by replaying it."""
    done = fz("replay", recorded, "--reporter", "github")
    assert done.code == 1
    assert done.out.startswith("::error file=a.fozzy.json,line=")


def test_a_warning_is_no_failed_step(fz: Any, scenario: Any) -> None:
    """A run that passed with a warning replays as one: no step of it failed."""
    steps = [
        {"type": "http_when", "method": "GET", "path": "/", "status": 200},
        {"type": "fault", "on": "http", "kind": "drop", "probability": 1e-9},
        {"type": "http_request", "method": "GET", "path": "/"},
    ]
    scenario("w", steps)
    assert fz("run", "w.fozzy.json", "--det", "--record", "w.fozzy", "--quiet").code == 0
    replayed = replay_file(Path("w.fozzy"))
    assert (replayed.status, len(replayed.findings), replayed.failed_step) == ("pass", 1, 0)


def test_status_and_exit_say_the_same(fz: Any, scenario: Any) -> None:
    """What became another failure is a failure, also where that failure is a timeout; and so for `test`."""
    scenario("a", [{"type": "assert_ok", "value": False}, {"type": "sleep", "duration": "2s"}], timeout="1s")
    assert fz("run", "a.fozzy.json", "--det", "--record", "c.fozzy", "--quiet").code == 1
    scenario("a", [{"type": "assert_ok", "value": True}, {"type": "sleep", "duration": "2s"}], timeout="1s")
    done = fz("replay", "c.fozzy", "--scenario", "a.fozzy.json", "--json")
    assert (done.code, done.document()["status"], done.document()["replay"]["verdict"]) == (1, "fail", "CHANGED")


@pytest.mark.parametrize("other", [False, True])
def test_a_drift_of_user_code_names_the_other_python(
    fz: Any, scenario: Any, resealed: Any, monkeypatch: pytest.MonkeyPatch, other: bool
) -> None:
    """The same seed may run user code otherwise on another version; where that was, the cause says so."""
    Path("m.py").write_text("def f(): return 1")
    scenario("a", [{"type": "call", "function": "m:f"}, {"type": "fail", "message": "x"}])
    fz("run", "a.fozzy.json", "--det", "--record", "t.fozzy", "--allow-code", "--quiet")
    Path("m.py").write_text("def f(): return 2")
    if other:
        monkeypatch.setattr("fozzy.wall.python_version", lambda: "3.99.0")
    cause = fz("replay", "t.fozzy", "--allow-code", "--json").document()["replay"]["cause"]
    assert "answered differently" in cause
    assert ("and this is Python 3.99.0" in cause) is other
