"""Floods, over the command line: bounded memory, measured from outside, and a finding that says what to do."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PEAK_BYTES_MAX = 120 * 1024 * 1024
GIB = 1024**3
CHUNK = b"x" * 65536
BOMB = gzip.compress(b"\0" * 50_000_000)

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


class Watched(NamedTuple):
    """A command that ended, and the most memory it had."""

    code: int
    finding: dict[str, Any]
    peak_bytes: int


def watch(folder: Path, env: dict[str, str], step: dict[str, Any]) -> Watched:
    """Run one step and look at the peak of fozzy's memory until it ends."""
    scenario = {"version": 1, "name": "n", "backends": {"proc": "host", "http": "host"}, "steps": [step]}
    (folder / "a.fozzy.json").write_text(json.dumps(scenario))
    words = [sys.executable, "-m", "fozzy", "run", "a.fozzy.json", "--json", "--seed", "1"]
    with open(folder / "out", "w+b") as out:
        running = subprocess.Popen(words, cwd=folder, env=env, stdout=out, stderr=subprocess.DEVNULL)
        peak_bytes = 0
        while running.poll() is None:
            peak_bytes = max(peak_bytes, peak(running.pid))
            time.sleep(0.005)
        out.seek(0)
        return Watched(running.returncode, json.loads(out.read())["findings"][0], peak_bytes)


def peak(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


SCRIPTS = {
    "yes": "yes",
    "both": "yes out & yes err >&2",
    "bytes": "cat /dev/zero",
}


@pytest.mark.parametrize("flood", SCRIPTS)
def test_output_is_bounded(tmp_path: Path, fz_env: dict[str, str], flood: str) -> None:
    """Endless output is cut: the finding says how much was seen, the limit, and how to raise it."""
    watched = watch(tmp_path, fz_env, {"type": "proc_spawn", "cmd": "sh", "args": ["-c", SCRIPTS[flood]]})
    assert (watched.code, watched.finding["kind"], watched.finding["title"]) == (1, "limit", "proc_limit")
    assert_says_what_to_do(watched.finding["message"], "output_bytes_max")
    assert 0 < watched.peak_bytes < PEAK_BYTES_MAX


def large(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * GIB))
    for _ in range(2 * GIB // len(CHUNK)):
        connection.sendall(CHUNK)


def bomb(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    for _ in range(100):
        connection.sendall(BOMB)


def headers(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\n"
    )


def header(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000_000 + b"\r\n\r\n")


@pytest.mark.parametrize("flood", [large, bomb, headers, header])
def test_answers_are_bounded(
    tmp_path: Path, fz_env: dict[str, str], serve: Callable[..., int], flood: Callable[[socket.socket], None]
) -> None:
    """Two gigabytes, a gzip bomb, a hundred thousand headers and one of ten megabytes are cut, with a finding."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        flood(connection)

    path = f"http://127.0.0.1:{serve(handle)}/"
    watched = watch(tmp_path, fz_env, {"type": "http_request", "method": "GET", "path": path})
    assert (watched.code, watched.finding["kind"], watched.finding["title"]) == (1, "limit", "http_limit")
    if flood in (large, bomb):
        assert_says_what_to_do(watched.finding["message"], "body_bytes_max")
    else:
        assert "larger than 102400 bytes" in watched.finding["message"]
    assert 0 < watched.peak_bytes < PEAK_BYTES_MAX


def assert_says_what_to_do(message: str, limit: str) -> None:
    for said in (f"{limit}, 4194304 bytes", "were seen", f"limits.{limit} in the scenario", "[limits] in fozzy.toml"):
        assert said in message
