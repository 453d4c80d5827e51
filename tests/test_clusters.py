"""Clusters through the commands: what cannot be simulated is refused in place, what is stopped goes on, what is found
replays in another process and becomes smaller."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.world.code.host import POOL

if TYPE_CHECKING:
    from tests.conftest import Fz

SECONDS_MAX = 60

PROGRAMS = """
import asyncio, os, random

async def blocking_socket(node):
    import socket
    socket.create_connection(("example.org", 80))

async def http_client(node):
    import urllib.request
    urllib.request.urlopen("http://example.org")

async def child(node):
    import subprocess
    try:
        subprocess.run(["true"])
    except Exception:
        pass  # no fence is swallowed

async def async_child(node):
    await asyncio.create_subprocess_exec("true")

async def thread(node):
    import threading
    threading.Thread(target=print).start()

async def fork(node):
    os.fork()

async def loop_in_c(node):
    import uvloop
    uvloop.install()

async def locks(node):
    one, other = asyncio.Lock(), asyncio.Lock()
    async def take(first, second):
        async with first:
            await asyncio.sleep(1)
            async with second:
                pass
    await asyncio.gather(take(one, other), take(other, one))

async def spins(node):
    while True:
        await asyncio.sleep(0)

async def unended(node):
    print("no end of line", end="")

async def dice(node):
    await asyncio.sleep(random.random())
    if random.random() < 0.02:
        raise ValueError("unlucky")
"""


@pytest.fixture(autouse=True)
def programs(project: Path) -> Iterator[None]:
    """The module is there, and no interpreter waits for a next test."""
    (project / "programs.py").write_text(PROGRAMS)
    yield
    POOL.close()


def cluster(program: str, count: int = 1) -> str:
    """A file with nodes that run a program."""
    path = Path(f"{program}.fozzy.toml")
    path.write_text(
        f'version = 1\nname = "{program}"\n[distributed]\nnode_count = {count}\nprogram = "programs:{program}"\n'
    )
    return str(path)


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(PROGRAMS.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("program", "call", "text"),
    [
        ("blocking_socket", "socket.create_connection", "socket.create_connection("),
        ("http_client", "socket.create_connection", "urlopen("),
        ("child", "subprocess.Popen", "subprocess.run("),
        ("async_child", "asyncio.create_subprocess_exec", "create_subprocess_exec("),
        ("thread", "threading.Thread.start", "Thread(target=print)"),
        ("fork", "os.fork", "os.fork()"),
        ("loop_in_c", "uvloop.install", "uvloop.install()"),
    ],
)
def test_what_cannot_be_simulated_is_refused_where_it_is_called(fz: Fz, program: str, call: str, text: str) -> None:
    """The call, the file and the line, and never a hang."""
    ran = fz("run", cluster(program), "--allow-code", "--json")
    finding = ran.document()["findings"][0]
    assert (ran.code, finding["title"], finding["kind"]) == (1, "sim_fenced", "input_invalid")
    assert finding["message"].startswith(f"programs.py:{line_of(text)} on n0 calls {call}: ")
    assert finding["location"]["details"] == {"at": f"programs.py:{line_of(text)}", "call": call}


@pytest.mark.parametrize(("program", "title", "tasks"), [("locks", "deadlock", 3), ("spins", "livelock", 1)])
def test_a_standstill_is_told_with_the_stack_of_every_task(fz: Fz, program: str, title: str, tasks: int) -> None:
    """Who waits, and where, through coroutines that await others."""
    ran = fz("run", cluster(program), "--allow-code", "--json")
    finding = ran.document()["findings"][0]
    assert (ran.code, finding["title"], finding["kind"]) == (1, title, "hang")
    stacks = finding["location"]["details"]["stacks"]
    assert len(stacks) == tasks and all(each["node"] == "n0" and each["stack"] for each in stacks)
    assert any(f"programs.py:{line_of('async with second' if title == 'deadlock' else 'sleep(0)')}" in frame
               for each in stacks for frame in each["stack"])  # fmt: skip
    assert "programs.py" in fz("run", cluster(program), "--allow-code").out


def test_what_is_found_replays_elsewhere_and_becomes_smaller(fz: Fz, fz_env: dict[str, str]) -> None:
    """The earliest failing seed, whatever the number of processes; its trace alone makes it again in another process."""
    path = cluster("dice", 3)
    documents = [
        fz("explore", path, "--allow-code", "--seed=1", "--seeds=200", f"--jobs={jobs}", "--json").document()
        for jobs in (1, 3)
    ]
    first, again = (each["explore"]["failures"][0] for each in documents)
    assert (first["seed"], first["execution"]) == (again["seed"], again["execution"])
    words = ["replay", first["tracePath"], "--allow-code", "--json"]
    said = subprocess.run([sys.executable, "-m", "fozzy", *words], env=fz_env, capture_output=True, check=False)
    assert json.loads(said.stdout)["replay"]["verdict"] == "SAME" and said.returncode == 1
    shrunk = fz("shrink", first["tracePath"], "--allow-code", "--json").document()["shrink"]
    assert shrunk["choicesNotBoring"] <= 1 and shrunk["nodes"] == 1


def executions(document: Any) -> tuple[int, int]:
    return document["explore"]["executions"], document["explore"]["total"]


def stopped_after(words: list[str], env: dict[str, str]) -> Any:
    """What a search says that is stopped under way: later and later, until it has begun."""
    for tenths in (8, 16, 32, 64):
        process = subprocess.Popen(
            [sys.executable, "-m", "fozzy", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        time.sleep(tenths / 10)
        os.kill(process.pid, signal.SIGINT)
        said = process.communicate(timeout=SECONDS_MAX)[0]
        document = json.loads(said) if said else {}
        if document.get("explore", {}).get("executions"):
            return document
    raise AssertionError("it never began")


def test_a_stopped_search_goes_on_without_repeating_one(fz: Fz, fz_env: dict[str, str]) -> None:
    """What two searches did together is what one does."""
    path = cluster("dice", 2)
    words = ["explore", path, "--allow-code", "--seed=1", "--seeds=1500", "--jobs=2", "--all"]
    whole = fz(*words, "--json").document()["explore"]
    stopped = stopped_after([*words, "--json"], fz_env)
    before, total = executions(stopped)
    assert before == total
    rest = fz("explore", path, "--allow-code", "--resume", stopped["identity"]["runId"], "--all", "--json").document()
    done, total = executions(rest)
    assert (before + done, total) == (1500, 1500)
    names = ("failing", "schedules", "states")
    assert [rest["explore"][name] for name in names] == [whole[name] for name in names]


def test_a_kept_failure_of_changed_code_tells_how_it_came(fz: Fz, project: Path) -> None:
    """The same failure by another way is no other one; one that is gone because the run went elsewhere is doubted."""
    program = project / "programs.py"
    lucky = "async def late(node):\n    import asyncio\n    await asyncio.sleep(1)\n    raise ValueError('late')\n"
    program.write_text(lucky)
    assert fz("run", cluster("late"), "--allow-code", "--record", "t.fozzy").code == 1
    program.write_text(lucky.replace("await asyncio", "print('here')\n    await asyncio"))
    again = fz("replay", "t.fozzy", "--allow-code", "--json").document()["replay"]
    assert (again["verdict"], again["cause"]) == ("CHANGED", "the same failure as recorded, by another way")
    program.write_text("async def late(node):\n    pass\n")
    gone = fz("replay", "t.fozzy", "--allow-code")
    assert gone.code == 0 and "FIXED" in gone.out and "the code was changed, and from record #" in gone.out
    program.write_text(lucky.replace("    raise ValueError('late')\n", ""))
    assert "another way" in fz("replay", "t.fozzy", "--allow-code").out


@pytest.mark.parametrize("flag", [["--proc", "host"], ["--no-det"], ["--fail-on-leak"], ["--leak-budget", "5"]])
def test_a_flag_that_would_do_nothing_is_refused(fz: Fz, flag: list[str]) -> None:
    """A cluster has virtual time and a world of its own."""
    ran = fz("run", cluster("dice"), "--allow-code", *flag, "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (2, "usage.idle_flag")


def test_a_line_without_an_end_is_said_when_the_program_ends(fz: Fz) -> None:
    """Nothing a program wrote is lost."""
    assert "no end of line" in fz("run", cluster("unended"), "--allow-code", "-vv").out
