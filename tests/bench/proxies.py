"""Proxies side by side: `make bench-proxy`. fozzy and the published aimock, before one upstream, under one load.

Everything runs in one go on the same machine: the upstream, the load (`wrk`) and one proxy at a time, in turns, so that
what the machine does besides falls on all of them. Every request is another one, and no text of one stands in another
(aimock matches recorded requests by that), so that nobody answers from memory.
Needs `wrk` (a Debian package) and `npm`; aimock is installed below the folder for temporary files.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.decisions import decisions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AIMOCK = "@copilotkit/aimock"
PATH = "/v1/chat/completions"
CHAOS_FLAGS = ["--drop", "0.05", "--malformed", "0.05"]
AIMOCK_CHAOS = ["--chaos-drop", "0.05", "--chaos-malformed", "0.05"]
STARTUP_S = 20.0

LOAD = """
local n = 0
local id = 0
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function request()
  n = n + 1
  local said = string.format("hello %d %09d", id, n)
  local body = '{"model":"gpt-4o","messages":[{"role":"user","content":"' .. said .. '"}]}'
  return wrk.format("POST", nil, {["content-type"] = "application/json", ["authorization"] = "Bearer sk-abcdef"}, body)
end
"""


class Measured(NamedTuple):
    """One round of load."""

    per_s: float
    p50_us: float
    p99_us: float
    requests: int
    errors: int


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there. *Errors*: `RuntimeError`."""
    until = time.monotonic() + STARTUP_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens on {port}")


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that listens on a port. *Closes*: it is ended."""
    with log.open("ab") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def upstream_command(port: int) -> list[str]:
    """The upstream: one answer, as fast as Python gives it."""
    return [sys.executable, str(HERE / "programs" / "upstream.py"), str(port)]


def fozzy_command(port: int, upstream: int, *more: str) -> list[str]:
    """Our proxy, silent."""
    where = ["--listen", f"127.0.0.1:{port}", "--upstream", f"http://127.0.0.1:{upstream}"]
    return [sys.executable, "-m", "fozzy", "proxy", "http", *where, "--seed", "7", "--unsafe", "-q", *more]


def aimock_command(folder: Path, port: int, upstream: int, *more: str) -> list[str]:
    """aimock's proxy, silent; its fixtures are an empty folder."""
    fixtures = Path(tempfile.mkdtemp(dir=folder))
    (fixtures / "none.json").write_text('{"fixtures": []}')
    mode = [] if "--record" in more else ["--proxy-only"]
    base = [str(folder / "node_modules" / ".bin" / "llmock"), "-p", str(port), "--log-level", "silent", *mode]
    return [*base, "--provider-openai", f"http://127.0.0.1:{upstream}", "-f", str(fixtures), *more]


def load(port: int, seconds: int, connections: int, script: Path) -> Measured:
    """Send requests over so many connections for so long."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "20s", "--latency", "-s", str(script)]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{PATH}"], check=True, capture_output=True, text=True
    ).stdout
    per_s = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    requests = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    return Measured(
        per_s,
        _percentile(said, 50),
        _percentile(said, 99),
        requests,
        sum(int(each) for each in errors.groups()) if errors else 0,
    )


def _percentile(said: str, which: int) -> float:
    found = re.search(rf"{which}%\s+([\d.]+)(us|ms|s)", said)
    assert found is not None, said
    return float(found[1]) * {"us": 1, "ms": 1e3, "s": 1e6}[found[2]]


def rss_mb(pid: int) -> float:
    """What a process holds now, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def contestants(folder: Path, upstream: int) -> dict[str, tuple[list[str], int]]:
    """What is measured: a name, a command, a port."""
    made: dict[str, tuple[list[str], int]] = {}
    trace = folder / "bench.fozzy"
    idle = folder / "off.toml"
    idle.write_text("enabled = false\n[faults]\ndrop = 0.05\nmalformed = 0.05\n")
    for name, more in {
        "fozzy, no chaos configured": [],
        "fozzy, chaos off": ["--chaos", str(idle)],
        "fozzy, chaos on": CHAOS_FLAGS,
        "fozzy, chaos and trace on": [*CHAOS_FLAGS, "--record", str(trace), "--record-collision", "overwrite"],
        "fozzy, trace on": ["--record", str(trace), "--record-collision", "overwrite"],
    }.items():
        port = free_port()
        made[name] = fozzy_command(port, upstream, *more), port
    for name, more in {
        "aimock, chaos off": [],
        "aimock, chaos on": AIMOCK_CHAOS,
        "aimock, recording on": ["--record"],
    }.items():
        port = free_port()
        made[name] = aimock_command(folder, port, upstream, *more), port
    return made


def compare(folder: Path, rounds: int, seconds: int, connections: int) -> dict[str, list[Measured]]:
    """All contestants in turns, a round at a time."""
    script = folder / "load.lua"
    script.write_text(LOAD)
    upstream = free_port()
    found: dict[str, list[Measured]] = {}
    with running(upstream_command(upstream), upstream, folder / "upstream.log"):
        for _ in range(rounds):
            for name, (command, port) in contestants(folder, upstream).items():
                with running(command, port, folder / "said.log"):
                    load(port, 1, connections, script)  # warm
                    found.setdefault(name, []).append(load(port, seconds, connections, script))
    return found


def show(found: dict[str, list[Measured]]) -> None:
    """The table. Ratios are medians against aimock proxied with chaos off."""
    base = statistics.median(each.per_s for each in found["aimock, chaos off"])
    print(f"{'':30}{'requests/s':>12}{'ratio':>8}{'p50':>10}{'p99':>10}{'errors':>8}")
    for name, rounds in found.items():
        per_s = statistics.median(each.per_s for each in rounds)
        p50 = statistics.median(each.p50_us for each in rounds) / 1e3
        p99 = statistics.median(each.p99_us for each in rounds) / 1e3
        errors = sum(each.errors for each in rounds)
        print(f"{name:30}{per_s:>12,.0f}{per_s / base:>8.2f}{p50:>8.2f}ms{p99:>8.2f}ms{errors:>8}")


def memory(folder: Path, requests: int, connections: int) -> None:
    """What the proxy holds after every tenth of many requests, chaos and trace on."""
    script = folder / "load.lua"
    script.write_text(LOAD)
    upstream, port = free_port(), free_port()
    trace = ["--record", str(folder / "long.fozzy"), "--record-collision", "overwrite"]
    with (
        running(upstream_command(upstream), upstream, folder / "upstream.log"),
        running(fozzy_command(port, upstream, *CHAOS_FLAGS, *trace), port, folder / "said.log") as proxy,
    ):
        done = 0
        while done < requests:
            done += load(port, 10, connections, script).requests
            print(f"after {done:>9,} requests: {rss_mb(proxy.pid):.1f} MB", flush=True)


def held(folder: Path, connections: int) -> None:
    """So many connections at once, each answered again and again."""
    script = folder / "load.lua"
    script.write_text(LOAD)
    upstream, port = free_port(), free_port()
    with (
        running(upstream_command(upstream), upstream, folder / "upstream.log"),
        running(fozzy_command(port, upstream, *CHAOS_FLAGS), port, folder / "said.log") as proxy,
    ):
        measured = load(port, 8, connections, script)
        print(
            f"{connections:,} connections: {measured.per_s:,.0f}/s, {measured.errors} errors, {rss_mb(proxy.pid):.0f} MB"
        )


def main() -> None:
    """The command."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--seconds", type=int, default=5)
    words.add_argument("--connections", type=int, default=32)
    words.add_argument("--million", action="store_true", help="memory over a million requests, too")
    asked = words.parse_args()
    for tool in ("wrk", "npm"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing; Debian has a package of that name")
    folder = Path(tempfile.gettempdir()) / f"fozzy-bench-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    if not (folder / "node_modules" / ".bin" / "llmock").exists():
        install = [
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--prefix",
            str(folder),
        ]
        subprocess.run([*install, AIMOCK], check=True)
    show(compare(folder, asked.rounds, asked.seconds, asked.connections))
    print("microseconds per decision:", ", ".join(f"{name} {us:.1f}" for name, us in decisions().items()))
    held(folder, 2000)
    if asked.million:
        memory(folder, 1_000_000, asked.connections)


if __name__ == "__main__":
    main()
