"""A proxy started by its command line, as users start it: a process of its own, asked over real sockets.

with Started("--upstream", upstream.url, "--drop", "1") as proxy:
    assert proxy.ask("/orders/7").status_code == 500
"""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx

ROOT = Path(__file__).parent.parent.parent
SOON_S = 30.0  # for what must come, on a machine that is busy with other things
OPENED = re.compile(r"fozzy proxy +(\S+) -> (.+?)(?: {3}control (\S+))? {3}seed (\d+)")


class Taken(NamedTuple):
    """An answer, and how long it took; status 0 is a connection that ended without one."""

    status: int
    body: bytes
    seconds: float


def _limit(limits: dict[int, int]) -> None:
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))


class Started:
    """`fozzy proxy http`, or another `kind`, with these words, on free ports. *Closes*: leaving the context stops it and reads to its end."""

    def __init__(
        self,
        *words: str,
        cwd: Path | None = None,
        control: bool = True,
        kind: str = "http",
        limits: dict[int, int] | None = None,
        **env: str,
    ) -> None:
        """`limits` are the system's for this process (`resource.RLIMIT_…`), set before it begins."""
        listen = [] if "--listen" in words else ["--listen", "127.0.0.1:0"]
        controls = ["--control", "127.0.0.1:0"] if control else []
        command = [sys.executable, "-m", "fozzy", "proxy", kind, *words, *listen, *controls]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FOZZY_")}
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**kept, "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(_limit, limits) if limits else None,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        found = self._opening()
        self.url = f"http://{found[1]}"
        self.control = f"http://{found[3]}"
        self.seed = int(found[4])
        self._client = httpx.Client(base_url=self.url, timeout=SOON_S, trust_env=False)
        self._controls = httpx.Client(base_url=self.control, timeout=SOON_S, trust_env=False)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip())

    def _opening(self) -> re.Match[str]:
        end_s = time.monotonic() + SOON_S
        while time.monotonic() < end_s:
            found = OPENED.search("\n".join(self.lines))
            if found:
                return found
            if self._process.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(0.01)
        self._end(signal.SIGKILL)
        raise AssertionError(f"it did not begin: {self.lines}")

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, path: str = "/", method: str = "GET", **more: Any) -> httpx.Response:
        """A request through the proxy."""
        return self._client.request(method, path, **more)

    def take(self, path: str = "/", **more: Any) -> Taken:
        """The same, with the time it took and without an error where the connection ends."""
        began = time.monotonic()
        try:
            answer = self.ask(path, **more)
        except httpx.HTTPError:
            return Taken(0, b"", time.monotonic() - began)
        return Taken(answer.status_code, answer.content, time.monotonic() - began)

    def take_all(self, paths: Iterable[str], at_once: int = 1, **more: Any) -> list[Taken]:
        """Several, so many at once; in the order of the paths."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda path: self.take(path, **more), paths))

    def controls(self, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers, decoded. *Errors*: `AssertionError` for what is refused."""
        answer = self._controls.request(method, path, json=body)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def stop(self, sent: signal.Signals = signal.SIGINT) -> int:
        """Stop it. Returns its status."""
        if self._process.poll() is None or not self._process.stdout.closed:  # type: ignore[union-attr]
            self._client.close()
            self._controls.close()
            self._end(sent)
        return self._process.returncode

    def _end(self, sent: signal.Signals) -> None:
        self._process.send_signal(sent)
        try:
            self._process.wait(SOON_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(SOON_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
