"""Side files of real runs: what they hold, where they stand, and that the trace does not change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.events import Event
from fozzy.core.log import Log
from fozzy.engine.prepare import Watch
from fozzy.engine.watch import NO_WATCHING, TimedLog, Watching
from fozzy.trace.reader import open_trace
from fozzy.trace.side import CoverageFile, ProfileFile, read_side

SHOP = """\
def price(item):
    if item > 10:
        return 0
    return item


def crash():
    import os
    os._exit(3)
"""
CALL = {"type": "call", "function": "shop:price", "args": [1], "expect": 1}
STEPS = [{"type": "rand_u64", "key": "r"}, {"type": "sleep", "duration": "5ms"}, CALL]


@pytest.fixture
def runs(project: Path) -> Path:
    """A project with code; where its runs are."""
    (project / "shop.py").write_text(SHOP, encoding="utf-8")
    return project / ".fozzy" / "runs"


def latest(runs: Path) -> Path:
    """The folder of the run that was made last."""
    return runs / (runs / "latest").read_text()


def test_watching_changes_no_byte_of_the_trace(fz: Any, scenario: Any, runs: Path) -> None:
    """Header and records are the same with and without every flag; only the footer, which has the time, differs."""
    path = scenario("a", STEPS)
    flags = ("--seed", "1", "--det", "--allow-code")
    fz("run", path, *flags, "--record", "plain.fozzy")
    fz("run", path, *flags, "--record", "watched.fozzy", "--profile-memory", "--coverage")
    plain, watched = (Path(name).read_bytes().splitlines() for name in ("plain.fozzy", "watched.fozzy"))
    assert len(plain) == 8 and plain[:-1] == watched[:-1]


def test_side_files_belong_to_their_trace(fz: Any, scenario: Any, runs: Path) -> None:
    """They carry the trace's seal, one time for each record, one entry for each call, and stand in the run's folder
    also when the trace went elsewhere."""
    fz("run", scenario("a", STEPS), "--det", "--allow-code", "--record", "t.fozzy", "--profile", "--coverage")
    folder = latest(runs)
    assert sorted(each.name for each in folder.iterdir()) == [
        "summary.json",
        "trace.coverage.json",
        "trace.fozzy",
        "trace.profile.json",
    ]
    profile = read_side(folder / "trace.profile.json", ProfileFile)
    coverage = read_side(folder / "trace.coverage.json", CoverageFile)
    assert profile is not None and coverage is not None
    with open_trace(Path("t.fozzy")) as trace:
        records, seal = list(trace.records()), Path("t.fozzy").read_bytes()[-67:-3].decode()
    assert profile.trace_digest == coverage.trace_digest == seal
    assert len(profile.record_ns) == len(records) == 6
    assert min(profile.record_ns) >= 0 and profile.end_ns > 0
    assert [(call.function, call.functions[0].name) for call in profile.calls] == [("shop:price", "price")]
    assert not profile.memory and profile.calls[0].sites == []
    assert coverage.files == {"shop.py": [1, 2, 4, 7]} and coverage.scenario == "a.fozzy.json"


def test_without_flags_there_are_none(fz: Any, scenario: Any, runs: Path) -> None:
    """A run that is not watched leaves its trace and its summary."""
    fz("run", scenario("a", STEPS), "--det", "--allow-code")
    assert sorted(each.name for each in latest(runs).iterdir()) == ["summary.json", "trace.fozzy"]


def test_a_call_that_dies_leaves_what_was_known_before(fz: Any, scenario: Any, runs: Path) -> None:
    """Lines of the import and of earlier calls stay; of the dead call there is an entry without functions."""
    path = scenario("a", [CALL, {"type": "call", "function": "shop:crash"}])
    fz("run", path, "--det", "--allow-code", "--profile", "--coverage")
    folder = latest(runs)
    coverage = read_side(folder / "trace.coverage.json", CoverageFile)
    profile = read_side(folder / "trace.profile.json", ProfileFile)
    assert coverage is not None and coverage.files == {"shop.py": [1, 2, 4, 7]}
    assert profile is not None and [len(call.functions) for call in profile.calls] == [1, 0]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_suite_writes_coverage_for_every_member(fz: Any, scenario: Any, runs: Path, jobs: str) -> None:
    """Also a member that passes has its file, with its scenario's path and no seal, since its trace is not kept."""
    scenario("s/a", STEPS)
    scenario("s/b", [CALL, {"type": "fail", "message": "no"}])
    scenario("s/c", [{"type": "sleep", "duration": "1ms"}])
    fz("test", "s", "--det", "--allow-code", "--coverage", "--jobs", jobs)
    folder = latest(runs)
    found = [read_side(folder / f"{number}.coverage.json", CoverageFile) for number in (1, 2, 3)]
    assert [(each.scenario, bool(each.trace_digest), sorted(each.files)) for each in found if each] == [
        ("s/a.fozzy.json", False, ["shop.py"]),
        ("s/b.fozzy.json", True, ["shop.py"]),
        ("s/c.fozzy.json", False, []),
    ]
    assert [each.name for each in sorted(folder.glob("*.fozzy"))] == ["2.fozzy"]


def test_a_profiled_suite_keeps_every_trace(fz: Any, scenario: Any, runs: Path) -> None:
    """A profile is read together with its trace, so that stays for members that pass, too; a matrix says its case."""
    scenario("s/a", [{"type": "sleep", "duration": "${d}"}], matrix={"d": ["1ms", "2ms"]})
    fz("test", "s", "--det", "--profile", "--jobs", "1")
    folder = latest(runs)
    assert [each.name for each in sorted(folder.glob("*.fozzy"))] == ["1.fozzy", "2.fozzy"]
    cases = [read_side(folder / f"{number}.profile.json", ProfileFile) for number in (1, 2)]
    assert [each.case for each in cases if each] == ["d=1ms", "d=2ms"]


def test_the_plain_log_is_plain() -> None:
    """Who does not ask for a profile gets the log whose append is the list's own."""
    assert type(NO_WATCHING.log([])) is Log
    assert type(Watching(Watch(coverage=True)).log([])) is Log
    log = Watching(Watch(profile=True)).log([])
    assert type(log) is TimedLog


def test_a_timed_log_hands_on_what_it_is_given() -> None:
    """The records that come out are those that went in, and there is a time for each."""
    out: list[Any] = []
    log = TimedLog([out.extend])
    records = [Event(number, "steps[0]", "x") for number in range(5)]
    for record in records:
        log.append(record)
    assert log.buffer == records and log.count == 5
    log.flush()
    assert out == records and log.buffer == []
    times = log.between_ns()
    assert len(times) == 5 and min(times) >= 0
    assert msgspec.json.decode(msgspec.json.encode(times)) == times


NODE = """\
import asyncio


async def main(node):
    await asyncio.sleep(1)
    if node.index:
        print("never")
    print("always")


def unused():
    return 1
"""


def test_a_cluster_of_programs_is_watched(runs: Path, project: Path, fz: Any) -> None:
    """The lines that ran on any node, real times in order, and the same records as without; memory is refused."""
    (project / "node.py").write_text(NODE, encoding="utf-8")
    path = project / "c.fozzy.json"
    path.write_text('{"version": 1, "name": "c", "distributed": {"node_count": 1, "program": "node:main"}}')
    plain = fz("run", path, "--allow-code", "--seed", "3", "--record", "plain.fozzy")
    watched = fz(
        *("run", path, "--allow-code", "--seed", "3", "--record", "watched.fozzy", "--coverage", "--profile"),
    )
    assert (plain.code, watched.code) == (0, 0), plain.said + watched.said
    with open_trace(project / "plain.fozzy") as a, open_trace(project / "watched.fozzy") as b:
        assert list(a.records()) == list(b.records())
    folder = latest(runs)
    coverage = read_side(folder / "trace.coverage.json", CoverageFile)
    profile = read_side(folder / "trace.profile.json", ProfileFile)
    assert coverage is not None and profile is not None
    assert coverage.files == {"node.py": [1, 4, 5, 6, 8, 11]}
    assert len(profile.record_ns) > 3 and all(each >= 0 for each in profile.record_ns)
    refused = fz("run", path, "--allow-code", "--profile-memory")
    assert refused.code == 2 and "profile.cluster" in refused.said
