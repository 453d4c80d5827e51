from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import StoreError
from fozzy.trace.finalize import check_target, numbered, partial_of, shown_path
from fozzy.trace.verify import verify

PASS = [{"type": "rand_u64"}]
FAIL = [{"type": "rand_u64"}, {"type": "fail", "message": "no"}]
WRITERS = 6


def footer_of(path: str | Path) -> dict[str, Any]:
    footer: dict[str, Any] = json.loads(Path(path).read_bytes().splitlines()[-1])
    return footer


def trace_path_in(path: str | Path) -> str:
    return str(footer_of(path)["summary"]["identity"]["tracePath"])


def leftovers() -> list[str]:
    return sorted(path.name for path in Path().rglob("*") if ".partial" in path.name)


@pytest.fixture
def record(fz: Any, scenario: Any) -> Any:
    """Runs and records: `record("t.fozzy", "append", seed=3)` gives the exit status and the summary's trace path."""
    scenario("a", FAIL)

    def call(target: str, policy: str | None = None, seed: int = 1) -> tuple[int, str | None]:
        words = ["--record-collision", policy] if policy else []
        done = fz("run", "a.fozzy.json", "--det", "--seed", str(seed), "--record", target, "--json", *words)
        identity = done.document().get("identity", {})
        return done.code, identity.get("tracePath")

    return call


def test_the_footer_names_the_file_it_stands_in(record: Any) -> None:
    """The embedded summary's `tracePath` is the file actually written, and so is the one that is printed."""
    assert record("t.fozzy") == (1, "t.fozzy")
    assert trace_path_in("t.fozzy") == "t.fozzy"
    assert verify(Path("t.fozzy")).trusted
    assert leftovers() == []


def test_append_takes_the_first_free_name(record: Any) -> None:
    """By default a taken name is left alone; `t.1.fozzy` is next, gaps are filled, and each footer knows its own name."""
    assert [record("t.fozzy", seed=seed)[1] for seed in (1, 2, 3)] == ["t.fozzy", "t.1.fozzy", "t.2.fozzy"]
    first = Path("t.fozzy").read_bytes()
    Path("t.1.fozzy").unlink()
    assert record("t.fozzy", "append", 4) == (1, "t.1.fozzy")
    assert Path("t.fozzy").read_bytes() == first
    for name in ("t.fozzy", "t.1.fozzy", "t.2.fozzy"):
        assert trace_path_in(name) == name
        assert verify(Path(name)).trusted
    assert leftovers() == []


def test_overwrite_replaces_in_one_step(record: Any) -> None:
    """The old trace goes, the new one has its name; the run's own copy in the store is not touched by that."""
    record("t.fozzy", seed=1)
    old_run = footer_of("t.fozzy")["runId"]
    assert record("t.fozzy", "overwrite", 2) == (1, "t.fozzy")
    assert trace_path_in("t.fozzy") == "t.fozzy"
    assert footer_of("t.fozzy")["runId"] != old_run
    assert verify(Path("t.fozzy")).trusted
    kept = Path(".fozzy/runs", old_run, "trace.fozzy")
    assert footer_of(kept)["runId"] == old_run
    assert verify(kept).trusted
    assert leftovers() == []


def test_error_refuses_before_anything_runs(fz: Any, scenario: Any, record: Any) -> None:
    """A taken name is said at once, with what to do; nothing was run and nothing written."""
    record("t.fozzy")
    before = Path("t.fozzy").read_bytes()
    touch = {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "open('ran', 'w')"]}
    scenario("b", [touch])
    done = fz("run", "b.fozzy.json", "--det", "--proc", "host", "--record", "t.fozzy", "--record-collision", "error")
    assert done.code == 2
    assert "error[trace.exists]: t.fozzy exists already" in done.err
    assert "append takes the next free name" in done.err
    assert not Path("ran").exists()
    assert Path("t.fozzy").read_bytes() == before
    assert leftovers() == []


def test_error_takes_a_free_name(record: Any) -> None:
    """The policy is about taken names only."""
    assert record("t.fozzy", "error") == (1, "t.fozzy")
    assert record("t.fozzy", "error") == (2, None)


@pytest.mark.parametrize("target", ["deep/er/t.fozzy", "./t.fozzy", "x/../t.fozzy", "t", "t.json", "sp ace ü.fozzy"])
def test_paths_are_relative_to_the_working_directory(record: Any, project: Path, target: str) -> None:
    """However the name is written: what is said is the plain relative path, and that file exists."""
    (project / "x").mkdir()
    wanted = os.path.normpath(target)
    assert record(target) == (1, wanted)
    assert trace_path_in(wanted) == wanted
    again = record(target)[1]
    assert again is not None
    assert again != wanted
    assert trace_path_in(again) == again


def test_a_path_elsewhere_is_absolute(record: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Outside the working directory only the whole path says where it is."""
    target = str(tmp_path_factory.mktemp("elsewhere") / "t.fozzy")
    assert record(target) == (1, target)
    assert trace_path_in(target) == target


def test_several_scenarios_write_numbered_traces_in_discovery_order(fz: Any, scenario: Any) -> None:
    """`test --record t.fozzy` writes `t.1.fozzy`, `t.2.fozzy` …, each with its own path, passing ones too."""
    scenario("s/b", FAIL)
    scenario("s/a", PASS)
    scenario("s/c/d", PASS)
    for jobs in ("1", "2"):
        done = fz("test", "s", "--det", "--jobs", jobs, "--record", f"t{jobs}.fozzy", "--json")
        assert done.code == 1
        members = done.document()["scenarios"]
        assert [member["tracePath"] for member in members] == [f"t{jobs}.{number}.fozzy" for number in (1, 2, 3)]
        for member in members:
            footer = footer_of(member["tracePath"])
            assert footer["summary"]["identity"]["tracePath"] == member["tracePath"]
            header = json.loads(Path(member["tracePath"]).read_bytes().split(b"\n")[0])
            assert header["scenario"]["path"] == member["path"]
            assert verify(Path(member["tracePath"])).trusted
        assert [member["name"] for member in members] == ["s/a", "s/b", "s/c/d"]
    assert leftovers() == []


def test_one_scenario_alone_takes_the_plain_name(fz: Any, scenario: Any) -> None:
    """`test` of a single scenario records under the very name that was given."""
    scenario("a", PASS)
    done = fz("test", "a.fozzy.json", "--det", "--record", "t.fozzy", "--json")
    assert done.document()["scenarios"][0]["tracePath"] == "t.fozzy"
    assert done.document()["identity"]["tracePath"] == "t.fozzy"
    assert trace_path_in("t.fozzy") == "t.fozzy"


def test_numbered_traces_obey_the_policy(fz: Any, scenario: Any) -> None:
    """A taken `t.2.fozzy`: append takes the next name for it; error refuses the whole suite before anything runs."""
    scenario("s/a", PASS)
    scenario("s/b", PASS)
    Path("t.2.fozzy").write_bytes(b"mine")
    done = fz("test", "s", "--det", "--record", "t.fozzy", "--json")
    assert [member["tracePath"] for member in done.document()["scenarios"]] == ["t.1.fozzy", "t.2.1.fozzy"]
    assert trace_path_in("t.2.1.fozzy") == "t.2.1.fozzy"
    Path("t.1.fozzy").unlink()
    refused = fz("test", "s", "--det", "--record", "t.fozzy", "--record-collision", "error")
    assert refused.code == 2
    assert "t.2.fozzy exists already" in refused.err
    assert not Path("t.1.fozzy").exists()
    assert Path("t.2.fozzy").read_bytes() == b"mine"
    assert leftovers() == []
    assert fz("test", "s", "--det", "--record", "u.fozzy", "--record-collision", "error").code == 0


WRITER = """
import sys
import fozzy
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
scenario = {"version": 1, "name": "w", "steps": [{"type": "rand_u64"}] * 50}
try:
    done = fozzy.run(scenario, seed=int(sys.argv[1]), record="t.fozzy", record_collision=sys.argv[2])
    print(done.summary.identity.trace_path)
except fozzy.FozzyError as error:
    print(error.code, error.message)
"""


def write_at_once(policy: str, env: dict[str, str]) -> list[str]:
    """Several processes record to one name at the same moment; what each of them said."""
    words = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen([*words, str(seed), policy], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for seed in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    return [writer.communicate(timeout=60)[0].strip() for writer in writers]


def seed_in(path: str | Path) -> int:
    return int(json.loads(Path(path).read_bytes().split(b"\n")[0])["seed"])


def test_processes_that_append_to_one_name_lose_nothing(project: Path, fz_env: dict[str, str]) -> None:
    """Each of them has a whole trace of its own under a name of its own, which its footer knows."""
    said = write_at_once("append", fz_env)
    names = ["t.fozzy", *(f"t.{number}.fozzy" for number in range(1, WRITERS))]
    assert sorted(said) == sorted(names)
    assert sorted(path.name for path in project.glob("t*")) == sorted(names)
    assert {seed_in(name) for name in names} == set(range(WRITERS))
    for seed, name in enumerate(said):
        assert seed_in(name) == seed
        assert trace_path_in(name) == name
        assert verify(Path(name)).trusted


def test_processes_that_want_one_name_each_keep_what_they_have(project: Path, fz_env: dict[str, str]) -> None:
    """Under `error` one has the name; the trace of any that ran beside it is kept, sealed, and said where."""
    said = write_at_once("error", fz_env)
    assert said.count("t.fozzy") == 1
    assert seed_in("t.fozzy") == said.index("t.fozzy")
    kept = sorted(path.name for path in project.glob("*.partial"))
    losers = [line for line in said if line != "t.fozzy"]
    assert len(losers) == WRITERS - 1
    assert all(line.startswith("trace.exists t.fozzy exists already") for line in losers)
    assert sorted(line.rsplit(" ", 1)[1] for line in losers if ".partial" in line) == kept
    for name in ["t.fozzy", *kept]:
        assert verify(Path(name)).trusted
    assert len({seed_in(name) for name in ["t.fozzy", *kept]}) == 1 + len(kept)


def test_processes_that_overwrite_leave_one_whole_trace(project: Path, fz_env: dict[str, str]) -> None:
    """The last one wins, and never is the file a mixture."""
    assert write_at_once("overwrite", fz_env) == ["t.fozzy"] * WRITERS
    assert [path.name for path in project.glob("t*")] == ["t.fozzy"]
    assert verify(Path("t.fozzy")).trusted


def test_a_name_taken_while_it_ran_keeps_the_sealed_partial(
    fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under `error`, a name that was free at the start and is not at the end costs nothing: the trace is kept whole."""
    taken = {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "open('t.fozzy', 'w').write('mine')"]}
    scenario("a", [taken])
    done = fz("run", "a.fozzy.json", "--det", "--proc", "host", "--record", "t.fozzy", "--record-collision", "error")
    assert done.code == 2
    assert Path("t.fozzy").read_text() == "mine"
    (kept,) = leftovers()
    assert f"the trace is kept as {kept}" in done.err
    assert verify(Path(kept)).trusted
    assert fz("replay", kept).code == 0


def test_a_file_system_without_links_works_too(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files cannot be linked the name is reserved first; policies hold alike."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert [record("t.fozzy", "append")[1] for _ in range(3)] == ["t.fozzy", "t.1.fozzy", "t.2.fozzy"]
    assert record("t.fozzy", "error")[0] == 2
    for name in ("t.fozzy", "t.1.fozzy", "t.2.fozzy"):
        assert trace_path_in(name) == name
        assert verify(Path(name)).trusted
    assert leftovers() == []


def test_a_link_that_leads_nowhere_is_a_taken_name(record: Any) -> None:
    """A trace is never written through a link into some other place."""
    Path("t.fozzy").symlink_to("elsewhere.fozzy")
    assert record("t.fozzy", "append") == (1, "t.1.fozzy")
    assert record("t.fozzy", "error")[0] == 2
    assert not Path("elsewhere.fozzy").exists()
    assert record("t.fozzy", "overwrite") == (1, "t.fozzy")
    assert not Path("t.fozzy").is_symlink()


@pytest.mark.parametrize("target", ["file/t.fozzy", "n" * 300 + ".fozzy", "/dev/null/t.fozzy"])
def test_a_name_that_cannot_be_written_is_an_error(record: Any, target: str) -> None:
    """A folder that is none, a name that is too long: 2, never a bug of ours, and nothing is left behind."""
    Path("file").write_text("x")
    assert record(target) == (2, None)
    assert leftovers() == []


def test_a_folder_is_no_name(record: Any, fz: Any) -> None:
    """Under every policy, before anything runs."""
    Path("folder").mkdir()
    for policy in ("append", "overwrite", "error"):
        assert record("folder", policy)[0] == 2
    assert "is a folder" in fz("run", "a.fozzy.json", "--record", "folder").err
    assert leftovers() == []


def test_names_are_made_by_rule(project: Path) -> None:
    """`t.fozzy` is followed by `t.1.fozzy`, another ending by a number; partials carry the run's id."""
    assert numbered(Path("a/t.fozzy"), 3) == Path("a/t.3.fozzy")
    assert numbered(Path("t.x"), 3) == Path("t.x.3")
    assert partial_of(Path("a/t.fozzy"), "0badcafe") == Path("a/t.fozzy.0badcafe.partial")
    assert shown_path(project / "x" / "y") == "x/y"
    assert shown_path(project.parent / f"{project.name}-other") == f"{project}-other"
    Path("there.fozzy").touch()
    with pytest.raises(StoreError):
        check_target(Path("there.fozzy"), "error")
    check_target(Path("there.fozzy"), "append")


def test_a_name_that_was_reserved_in_vain_is_free_again(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without links a name is reserved by an empty file; when the trace cannot follow, nothing stands under it."""

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    assert record("t.fozzy")[0] == 2
    assert not Path("t.fozzy").exists()
