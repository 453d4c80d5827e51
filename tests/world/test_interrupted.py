"""fozzy is interrupted or killed while it asks the host: its processes end, and what was recorded is not lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

STUBBORN = "trap '' TERM INT HUP; echo $$ >> pids; while :; do sleep 0.05; done"
SCENARIO = {
    "version": 1,
    "name": "interrupted",
    "backends": {"proc": "host", "http": "host"},
    "steps": [
        {"type": "set_kv", "key": "k", "value": "v"},
        {"type": "proc_start", "name": "svc", "cmd": "sh", "args": ["-c", STUBBORN]},
        {"type": "proc_start", "name": "shell", "cmd": "sh", "args": ["-c", f'set -m; (sh -c "{STUBBORN}") & wait']},
        {"type": "proc_spawn", "cmd": "echo", "args": ["recorded"]},
    ],
}
LAST: dict[str, dict[str, Any]] = {
    "proc": {"type": "proc_spawn", "cmd": "sh", "args": ["-c", STUBBORN]},
    "http": {"type": "http_request", "method": "GET", "path": "http://127.0.0.1:PORT/"},
}

Start = Callable[[str, int], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path, fz_env: dict[str, str]) -> Iterator[Start]:
    """Starts `fozzy run --record t.fozzy` of the scenario with a last call that never ends, and waits until it is in it."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(call: str, port: int) -> subprocess.Popen[bytes]:
        last = json.loads(json.dumps(LAST[call]).replace("PORT", str(port)))
        scenario = {**SCENARIO, "steps": [*SCENARIO["steps"], last]}  # type: ignore[misc]
        (tmp_path / "a.fozzy.json").write_text(json.dumps(scenario))
        words = [sys.executable, "-m", "fozzy", "run", "a.fozzy.json", "--record", "t.fozzy"]
        running.append(
            subprocess.Popen(words, cwd=tmp_path, env=fz_env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        )
        wait_until(lambda: len(pids(tmp_path)) == (3 if call == "proc" else 2))
        return running[-1]

    yield begin
    for each in running:
        each.kill()
        each.communicate()


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def pids(folder: Path) -> list[int]:
    path = folder / "pids"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def fozzy(folder: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "fozzy", *words], cwd=folder, env=env, capture_output=True, timeout=60)


@pytest.mark.parametrize("call", ["proc", "http"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_nothing_is_left_running_and_nothing_is_lost(
    start: Start,
    serve: Callable[..., int],
    gone: Callable[[int], bool],
    tmp_path: Path,
    fz_env: dict[str, str],
    call: str,
    number: int,
    code: int,
) -> None:
    """Whatever ends fozzy in a host call: every process ends, also the stubborn and those that left their group; the
    trace up to that call can be recovered and replayed."""
    heard: list[bytes] = []

    def silent(connection: Any) -> None:
        heard.append(connection.recv(4096))
        connection.recv(4096)

    running = start(call, serve(silent))
    if call == "http":
        wait_until(lambda: heard != [])
    running.send_signal(number)
    said = running.communicate(timeout=30)[0].decode()
    assert running.returncode == code, said
    assert all(gone(pid) for pid in pids(tmp_path)), said
    if number == signal.SIGKILL:  # else fozzy seals it itself
        (partial,) = [path.name for path in tmp_path.iterdir() if path.name.endswith(".partial")]
        recovered = fozzy(tmp_path, fz_env, "trace", "recover", partial, "--out", "t.fozzy")
        assert recovered.returncode == 0, recovered.stderr.decode()
    replayed = fozzy(tmp_path, fz_env, "replay", "t.fozzy", "--json")
    document = json.loads(replayed.stdout)
    assert (replayed.returncode, document["replay"]["verdict"]) == (6, "INCOMPLETE")
    asked = [json.loads(line) for line in (tmp_path / "t.fozzy").read_text().splitlines()]
    assert [line["label"] for line in asked if line.get("kind") == "ask"] == ["proc.start", "proc.start", "proc.spawn"]


KILLED_AT_A_START = """
import os, subprocess, time

init = subprocess.Popen.__init__

def started(self, args, *rest, **options):
    init(self, args, *rest, **options)
    if "pids" in str(args):
        while not os.path.exists("pids"):
            time.sleep(0.005)
        os.kill(os.getpid(), 9)

subprocess.Popen.__init__ = started
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="writers are found by /proc")
def test_killed_at_a_start_nothing_is_left_running(
    gone: Callable[[int], bool], tmp_path: Path, fz_env: dict[str, str]
) -> None:
    """A process that runs already when fozzy is killed, but of which fozzy has not heard yet, ends too."""
    (tmp_path / "sitecustomize.py").write_text(KILLED_AT_A_START)
    scenario = {**SCENARIO, "steps": [LAST["proc"]]}
    (tmp_path / "a.fozzy.json").write_text(json.dumps(scenario))
    found = fozzy(tmp_path, {**fz_env, "PYTHONPATH": str(tmp_path)}, "run", "a.fozzy.json")
    assert found.returncode == -signal.SIGKILL, found.stderr.decode()
    (pid,) = pids(tmp_path)
    assert gone(pid)
