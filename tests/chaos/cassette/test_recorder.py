from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from fozzy.chaos.cassette.batched import BATCH
from fozzy.chaos.cassette.header import begun_of
from fozzy.chaos.cassette.recorder import OPEN_MAX
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.faults.http.control import patch
from fozzy.faults.http.plan import Drop, Faults, Plan
from fozzy.trace.reader import open_trace
from fozzy.trace.recover import recover
from fozzy.trace.verify import verify
from tests.chaos.cassette.door import Door, answer, recorded, summary

PLAN = Plan(faults=Faults(drop=Drop(probability=0.5)))
SECRET = "s3cr3t-91c2f7"


def records(path: Path) -> list[Record]:
    """All records of a trace that holds what it says."""
    assert verify(path).trusted
    with open_trace(path) as trace:
        return list(trace.records())


def exchanges(path: Path) -> list[Exchange]:
    """All exchanges of a trace."""
    return [record for record in records(path) if isinstance(record, Exchange)]


def test_what_is_recorded_comes_back_as_it_was(tmp_path: Path) -> None:
    """A trace holds every exchange as it was told, in that order, and the plan with its seed in the header."""
    door = Door(PLAN)
    recorder = door.recorder(tmp_path / "t.fozzy")
    told = [door.ask(f"/{n % 3}", b'{"n": %d}' % n) for n in range(3 * BATCH + 1)]
    kept = recorder.finish(summary)
    assert kept.paths == [tmp_path / "t.fozzy"] and (kept.recorded, kept.lost) == (len(told), 0)
    assert kept.error is None
    assert exchanges(kept.paths[0]) == told
    with open_trace(kept.paths[0]) as trace:
        assert begun_of(trace.header(), "t").plan == PLAN
        footer = trace.footer()
    assert footer is not None and footer.summary is not None and footer.summary.identity.trace_path
    assert os.listdir(tmp_path) == ["t.fozzy"]


def test_a_change_is_recorded_in_its_place(tmp_path: Path) -> None:
    """What changed while it went stands between the requests before it and those after it."""

    def ask(door: Door) -> None:
        door.ask()
        door.session.change(patch(door.engine.state, {"faults": {"drop": 0}}, door.now), "patch")
        door.ask()

    kept = recorded(tmp_path / "t.fozzy", PLAN, ask)
    first, change, second = records(kept.paths[0])
    assert isinstance(change, Event) and change.name == "chaos.change"
    assert isinstance(first, Exchange) and isinstance(second, Exchange)
    assert [first.number, change.fields["number"], second.number] == [1, 2, 3]


def test_each_test_has_its_file(tmp_path: Path) -> None:
    """In a folder every test id has one stable file with all of its requests, and every file knows the changes."""

    def ask(door: Door) -> None:
        door.ask(test="a")
        door.session.change(patch(door.engine.state, {"faults": {"drop": 0}}, door.now), "patch")
        door.ask()
        door.ask(test="b/c")
        door.ask(test="a")

    kept = recorded(tmp_path / "tapes", PLAN, ask, is_folder=True)
    names = [path.name for path in kept.paths]
    assert names[:2] == ["default.fozzy", "a.fozzy"] and names[2].startswith("b_c-")
    assert [[each.test for each in exchanges(path)] for path in kept.paths] == [[""], ["a", "a"], ["b/c"]]
    assert all(sum(isinstance(record, Event) for record in records(path)) == 1 for path in kept.paths)
    assert sorted(names) == sorted(os.listdir(tmp_path / "tapes"))


def test_many_tests_need_few_open_files(tmp_path: Path) -> None:
    """Only so many files are open at once, however many tests there are and however they take turns."""

    def ask(door: Door) -> None:
        for turn in range(2):
            for n in range(OPEN_MAX * 2):
                door.ask(f"/{turn}", test=f"t{n}")

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + OPEN_MAX + 16, hard))
    try:
        kept = recorded(tmp_path / "tapes", Plan(), ask, is_folder=True)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert kept.error is None and len(kept.paths) == OPEN_MAX * 2
    assert all(len(exchanges(path)) == 2 for path in kept.paths)


def test_tests_that_differ_in_the_size_of_letters_have_two_files(tmp_path: Path) -> None:
    """Where a file system does not tell `T` from `t`, two tests do not write over one another."""
    kept = recorded(tmp_path, Plan(), lambda door: (door.ask(test="T"), door.ask(test="t"), None)[-1], is_folder=True)
    assert len({path.name.lower() for path in kept.paths}) == 2


def test_a_taken_name_is_kept(tmp_path: Path) -> None:
    """A second recording of the same name takes the next free one."""
    for name in ("t.fozzy", "t.1.fozzy"):
        kept = recorded(tmp_path / "t.fozzy", PLAN, lambda door: (door.ask(), None)[-1])
        assert kept.paths == [tmp_path / name]


def test_a_recording_goes_on(tmp_path: Path) -> None:
    """A file that is gone on with holds old and new entries, and time and order go on behind the old ones."""
    target = tmp_path / "t.fozzy"
    old = exchanges(recorded(target, PLAN, lambda door: (door.ask("/old"), None)[-1]).paths[0])
    kept = recorded(target, PLAN, lambda door: (door.ask("/new"), None)[-1], goes_on=True)
    assert kept.paths == [target] and kept.recorded == 1
    held = exchanges(target)
    assert [each.request.target for each in held] == ["/old", "/new"]
    assert held[0] == old[0]
    assert held[1].number == 2 and held[1].arrived > held[0].arrived
    third = recorded(target, PLAN, lambda _door: None, goes_on=True)
    assert third.paths == [] and exchanges(target) == held
    assert os.listdir(tmp_path) == ["t.fozzy"]


def test_what_a_recording_answered_is_not_in_it_twice(tmp_path: Path) -> None:
    """An exchange that was served from the recording is no new entry."""
    door = Door(Plan())
    recorder = door.recorder(tmp_path / "t.fozzy")
    recorder.is_known = lambda number: number == 1
    door.ask("/known")
    door.ask("/new")
    assert [each.request.target for each in exchanges(recorder.finish(summary).paths[0])] == ["/new"]


def test_no_secret_is_recorded(tmp_path: Path) -> None:
    """Neither by name nor by value, nor in what was written before anybody could know that it is one."""

    def ask(door: Door) -> None:
        door.ask(f"/early?x={SECRET}")
        for n in range(2 * BATCH):
            door.ask(f"/{n}")
        door.ask("/b", headers=[("x-api-key", SECRET)])
        door.ask("/c", SECRET.encode())

    kept = recorded(tmp_path / "t.fozzy", Plan(), ask)
    data = kept.paths[0].read_bytes()
    assert SECRET.encode() not in data
    assert b"/early?x=<redacted>" in data
    assert verify(kept.paths[0]).trusted


def test_a_late_secret_in_bytes_is_found(tmp_path: Path) -> None:
    """A body that is not UTF-8 was written before its secret was known, and loses it all the same."""

    def ask(door: Door) -> None:
        door.ask("/a", b"\xff" + SECRET.encode())
        for n in range(2 * BATCH):
            door.ask(f"/{n}")
        door.ask("/b", headers=[("x-api-key", SECRET)])

    kept = recorded(tmp_path / "t.fozzy", Plan(), ask)
    assert exchanges(kept.paths[0])[0].request.body.data() == b"\xff<redacted>"


def test_a_change_loses_its_secrets(tmp_path: Path) -> None:
    """A plan that is patched with a secret is recorded without it."""

    def ask(door: Door) -> None:
        change = {"routes": [{"path": "/a", "answer": {"json": {"token": SECRET}}}]}
        door.session.change(patch(door.engine.state, change, door.now), "patch")

    assert SECRET.encode() not in recorded(tmp_path / "t.fozzy", PLAN, ask).paths[0].read_bytes()


def test_a_target_that_is_taken_is_refused_at_once(tmp_path: Path) -> None:
    """With `error` nothing starts when the name is taken."""
    recorded(tmp_path / "t.fozzy", PLAN, lambda door: (door.ask(), None)[-1])
    with pytest.raises(Exception, match="exists already"):
        Door(PLAN).recorder(tmp_path / "t.fozzy", policy="error")


def test_a_full_disk_stops_the_recording_and_not_the_traffic(tmp_path: Path) -> None:
    """What comes after it is answered and says that it is not recorded; the end is an error; what was is recovered."""
    door = Door(Plan(), upstream=lambda _target: answer(b"x" * 2000))
    recorder = door.recorder(tmp_path / "t.fozzy")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * BATCH * 2000, hard))
    try:
        for n in range(8 * BATCH):
            door.ask(f"/{n}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    last = door.exchanges[-1]
    assert last.sent is not None and last.sent.status == 200
    assert door.exchanges[0].not_recorded == ""
    assert "cannot write" in door.session.not_recorded
    kept = recorder.finish(summary)
    assert kept.paths == [] and kept.recorded > 0 and kept.lost > 0
    assert kept.recorded + kept.lost == 8 * BATCH
    assert kept.error is not None and kept.error.code == "chaos.not_recorded"
    assert f"{kept.lost} exchanges" in kept.error.message and "fozzy trace recover" in kept.error.hint
    partial = next(tmp_path.glob("*.partial"))
    path, counts = recover(partial, None, "append")
    assert counts.records >= kept.recorded and len(exchanges(path)) == counts.records


def test_an_unwritable_folder_loses_only_its_own(tmp_path: Path) -> None:
    """A test whose file cannot be made is not recorded, the others are."""
    (tmp_path / "bad.fozzy").mkdir()
    door = Door(Plan())
    recorder = door.recorder(tmp_path, is_folder=True)
    door.ask(test="good")
    door.ask(test="bad")
    door.ask(test="good")
    kept = recorder.finish(summary)
    assert [path.name for path in kept.paths] == ["good.fozzy"]
    assert (kept.recorded, kept.lost) == (2, 1) and kept.error is not None


def test_what_was_told_is_on_the_disk_soon(tmp_path: Path) -> None:
    """Half a second later a single exchange is in the file, though nothing else comes."""

    async def run() -> None:
        door = Door(Plan())
        recorder = door.recorder(tmp_path / "t.fozzy")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(recorder.flushing)
            door.ask("/only")
            with trio.fail_after(30):
                while b"/only" not in next(tmp_path.glob("*.partial")).read_bytes():
                    await trio.sleep(0.05)
            nursery.cancel_scope.cancel()
        recorder.drop()

    trio.run(run)
    assert os.listdir(tmp_path) == []


def test_a_killed_proxy_keeps_what_it_recorded(tmp_path: Path) -> None:
    """After SIGKILL `trace recover` makes a trace of all that was flushed."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tests.chaos.cassette.door import Door, Plan\n"
        "door = Door(Plan())\n"
        "recorder = door.recorder(Path(sys.argv[1]))\n"
        "[door.ask(f'/{n}') for n in range(70)]\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "t.fozzy")], cwd=Path.cwd(), timeout=60)
    assert done.returncode == -signal.SIGKILL
    path, _ = recover(next(tmp_path.glob("*.partial")), None, "append")
    held = exchanges(path)
    assert path == tmp_path / "t.fozzy" and len(held) >= 2 * BATCH
    assert [each.request.target for each in held] == [f"/{n}" for n in range(len(held))]
