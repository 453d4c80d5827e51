"""The guardian: what fozzy leaves behind when it is killed, and what it never touches."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio

from fozzy.world.proc import guardian
from fozzy.world.proc.guardian import Guardian
from tests.leftovers import SOON_S, children

PIPE = 1  # the inode of no pipe

pytestmark = pytest.mark.usefixtures("bounded")


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts `sh -c SCRIPT` as the leader of a session, in `tmp_path`."""
    made: list[subprocess.Popen[bytes]] = []

    def start(script: str) -> subprocess.Popen[bytes]:
        made.append(subprocess.Popen(["sh", "-c", script], cwd=tmp_path, start_new_session=True))
        return made[-1]

    yield start
    for each in made:
        each.kill()
        each.wait()


def guarded(work: Callable[[Guardian], Awaitable[None]]) -> None:
    """Run `work` with a guardian, which ends with it."""

    async def run() -> None:
        made = Guardian()
        await made.begin()
        try:
            await work(made)
        finally:
            await made.aclose()

    trio.run(run)


def pids(path: Path, count: int) -> list[int]:
    for _ in range(2000):
        words = path.read_text().split() if path.exists() else []
        if len(words) == count:
            return [int(word) for word in words]
        time.sleep(0.01)
    raise AssertionError("they did not start")


Family = Callable[[str], "subprocess.Popen[bytes]"]


def test_what_is_listed_is_killed(family: Family) -> None:
    """When the pipe closes, a group that is listed is killed, however stubborn."""
    child = family("trap '' TERM HUP INT; while :; do sleep 0.05; done")

    async def work(made: Guardian) -> None:
        made.add(child.pid, PIPE)

    guarded(work)
    assert child.wait(SOON_S) == -9


def test_what_was_taken_off_lives(family: Family) -> None:
    """A group that was taken off the list is left alone, also among others and whatever its digits share."""
    children = [family("sleep 60") for _ in range(5)]

    async def work(made: Guardian) -> None:
        for child in children:
            made.add(child.pid, PIPE)
        for child in children[::2]:
            made.remove(child.pid)
        made.remove(1)

    guarded(work)
    assert [child.wait(SOON_S) for child in children[1::2]] == [-9, -9]
    time.sleep(0.1)
    assert [child.poll() for child in children[::2]] == [None, None, None]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="strays are found by /proc")
def test_strays_are_killed(family: Family, tmp_path: Path, gone: Callable[[int], bool]) -> None:
    """A process that left the group, and one that left the session while its parent lives, are killed too."""
    child = family("set -m; (echo $$ >> pid; exec sleep 60) & setsid sh -c 'echo $$ >> pid; sleep 60' & sleep 60")
    found = pids(tmp_path / "pid", 2)

    async def work(made: Guardian) -> None:
        made.add(child.pid, PIPE)

    guarded(work)
    assert child.wait(SOON_S) == -9
    assert all(gone(pid) for pid in found if pid != child.pid)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="writers are found by /proc")
def test_who_writes_to_an_expected_pipe_is_killed(tmp_path: Path, gone: Callable[[int], bool]) -> None:
    """A process that started just before fozzy was killed, so that nobody listed it, is killed with what it started,
    and one that holds a pipe that was forgotten lives."""
    script = "trap '' TERM; (echo $$ >> pid; exec >/dev/null 2>&1; exec sleep 60) & echo $$ >> pid; sleep 60"
    ends = [os.pipe(), os.pipe()]
    started = [
        subprocess.Popen(["sh", "-c", script], cwd=tmp_path, stdout=writer, start_new_session=True)
        for _, writer in ends
    ]
    try:
        pids(tmp_path / "pid", 4)

        async def work(made: Guardian) -> None:
            for reader, _ in ends:
                made.expect(os.fstat(reader).st_ino)
            made.forget(os.fstat(ends[1][0]).st_ino)

        guarded(work)
        assert started[0].wait(SOON_S) == -9
        os.close(ends[0][1])
        os.set_blocking(ends[0][0], True)
        assert os.read(ends[0][0], 1) == b""  # and nobody writes any more
        assert started[1].poll() is None
    finally:
        for each in started:
            with suppress(ProcessLookupError):
                os.killpg(each.pid, 9)
            each.wait()
        for end in (ends[0][0], *ends[1]):
            os.close(end)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="starts are told by /proc")
def test_a_number_that_is_somebody_elses_is_not_touched(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number whose process began at another time than the one that was listed lives."""
    child = family("sleep 60")
    monkeypatch.setattr(guardian, "started_at", lambda _pid: 12345)

    async def work(made: Guardian) -> None:
        made.add(child.pid, PIPE)

    guarded(work)
    time.sleep(0.1)
    assert child.poll() is None


def test_it_ends_with_the_run_and_is_collected() -> None:
    """After it was closed no process is left to collect, and it may be closed and begun again."""

    async def run() -> None:
        made = Guardian()
        for _ in range(2):
            await made.begin()
            await made.begin()
            assert children() > before
            made.add(os.getpid(), PIPE)
            made.remove(os.getpid())
            await made.aclose()
        await made.aclose()

    before = children()
    trio.run(run)
    assert children() == before


def test_without_a_shell_nobody_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no `sh` nothing is started, and all calls do nothing."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(os, "defpath", "/nonexistent")

    async def work(made: Guardian) -> None:
        assert made._shell is None
        made.add(os.getpid(), PIPE)
        made.remove(os.getpid())

    guarded(work)


def test_a_guardian_that_is_gone_is_given_up(family: Family) -> None:
    """When somebody killed the guardian, the run goes on without it."""
    child = family("sleep 60")

    async def work(made: Guardian) -> None:
        shell: Any = made._shell
        shell.kill()
        await shell.wait()
        made.add(child.pid, PIPE)
        made.add(child.pid + 1, PIPE)
        made.remove(child.pid)

    guarded(work)
    assert child.poll() is None


def test_it_costs_little() -> None:
    """Beginning and ending it takes no work that a run would feel."""

    async def work(_made: Guardian) -> None:
        pass

    began = time.process_time()
    for _ in range(5):
        guarded(work)
    assert time.process_time() - began < 1
