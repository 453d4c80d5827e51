"""The live view on a real terminal: keys do what they say, and the terminal is left as it was found."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.upstream import Upstream, hangs

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")
SOON_S = 30.0
ROOT = Path(__file__).parent.parent.parent.parent


class Seat:
    """A person at a terminal of 80 columns and 24 rows, in front of a proxy."""

    def __init__(self, folder: Path, *words: str) -> None:
        import fcntl
        import struct

        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.theirs)
        env = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fozzy", "proxy", "http", "--listen", ":0", *words],
            cwd=folder,
            env={**env, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "PYTHONUTF8": "1"},
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.said = ""
        self.url = "http://" + self.sees(r"(127\.0\.0\.1:\d+) ->")[1]

    def sees(self, pattern: str) -> re.Match[str]:
        """Wait until something is on the screen; what was there before is forgotten."""
        end_s = time.monotonic() + SOON_S
        while time.monotonic() < end_s:
            found = re.search(pattern, self.said)
            if found:
                self.said = self.said[found.start() :] if found.start() else self.said
                return found
            self._read(0.05)
        raise AssertionError(f"no {pattern!r} in {self.said!r}")

    def types(self, keys: str) -> None:
        """Press keys; from now on only what is painted then counts."""
        self._read(0.02)
        self.said = ""
        os.write(self.ours, keys.encode())

    def asks(self, path: str) -> None:
        """A request through the proxy."""
        httpx.get(self.url + path, trust_env=False)

    def ends(self) -> int:
        """Its status, after all it says."""
        end_s = time.monotonic() + SOON_S
        while self.process.poll() is None and time.monotonic() < end_s:
            self._read(0.05)
        self._read(0.05)
        return self.process.wait(1)

    def hides_keys(self) -> None:
        """Wait until what is typed is not shown any more."""
        end_s = time.monotonic() + SOON_S
        while termios.tcgetattr(self.theirs)[3] & termios.ECHO:
            assert time.monotonic() < end_s
            time.sleep(0.01)

    def is_as_before(self) -> bool:
        """Whether the terminal is as it was found."""
        return bool(termios.tcgetattr(self.theirs) == self.before)

    def close(self) -> None:
        """Leave."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def _read(self, seconds: float) -> None:
        ready, _, _ = select.select([self.ours], [], [], seconds)
        if ready:
            data = os.read(self.ours, 65536).decode("utf-8", "replace")
            self.said += re.sub(r"\x1b\[[0-9;]*m", "", data)


@pytest.fixture
def sit(project: Path) -> Iterator[Callable[..., Seat]]:
    """Starts a proxy on a terminal; everything is gone at the end."""
    seats: list[Seat] = []

    def start(*words: str) -> Seat:
        seats.append(Seat(project, *words))
        return seats[-1]

    yield start
    for seat in seats:
        seat.close()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """The service behind the proxy."""
    with Upstream() as upstream:
        yield upstream


def test_a_session_at_a_terminal(sit: Callable[..., Seat], upstream: Upstream, project: Path) -> None:
    """Exchanges appear; one is looked at, sent again, filtered; a scenario is started; q stops and seals."""
    seat = sit("--upstream", upstream.url, "--status", "503@0.5", "--seed", "7", "--record", "a.fozzy")
    seat.sees(r"nothing yet")
    seat.hides_keys()
    seat.asks("/orders/1")
    seat.sees(r">\s+1\s+\d+\.\d{3}\s+GET\s+/orders/1\s+(200|503)")
    seat.types("\r")
    seat.sees(r"#1  GET /orders/1")
    seat.sees(r"status: (hit|miss), 0\.\d{4} of at least 0\.5000, from server")
    seat.types("\r")
    seat.sees(r"/orders/1 ")
    before = upstream.count
    seat.types("r")
    seat.sees(r"sent #1 again")
    seat.sees(r"2 exchanges")
    assert upstream.count in (before, before + 1)
    seat.types("/nothing\r")
    seat.sees(r"nothing yet that has 'nothing'")
    seat.types("/\x1b")
    seat.sees(r"/orders/1 ")
    seat.types("f\x1b[B\r")
    seat.sees(r"faults   scenario service_instability")
    seat.sees(r"> on service_instability")
    seat.types("f ")
    seat.sees(r"paused")
    seat.types("q")
    assert seat.ends() == 0
    assert "sealed a.fozzy (2 exchanges)" in seat.said
    assert re.search(r"2 exchanges .* in \S+   seed 7\b", seat.said)
    assert seat.is_as_before()
    assert (project / "a.fozzy").is_file()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was(
    sent: signal.Signals, sit: Callable[..., Seat], upstream: Upstream
) -> None:
    """The view is taken away, the last lines stay."""
    seat = sit("--upstream", upstream.url)
    seat.sees("nothing yet")
    seat.process.send_signal(sent)
    assert seat.ends() == 0
    assert re.search(r"\x1b\[J\s+0 exchanges", seat.said), seat.said[-300:]
    assert seat.is_as_before()


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(sit: Callable[..., Seat], upstream: Upstream) -> None:
    """Stopped, the terminal is as it was; going on, single keys work again."""
    seat = sit("--upstream", upstream.url)
    seat.sees("nothing yet")
    seat.hides_keys()
    seat.process.send_signal(signal.SIGTSTP)
    end_s = time.monotonic() + SOON_S
    while not seat.is_as_before() and time.monotonic() < end_s:
        time.sleep(0.01)
    assert seat.is_as_before()
    seat.process.send_signal(signal.SIGCONT)
    seat.said = ""
    seat.sees("nothing yet")
    seat.types("q")
    assert seat.ends() == 0
    assert seat.is_as_before()


def test_no_view_where_a_document_is_wanted(sit: Callable[..., Seat]) -> None:
    """`--json` stays what it is on a terminal."""
    seat = sit("--json")
    seat.process.send_signal(signal.SIGINT)
    assert seat.ends() == 0
    assert "nothing yet" not in seat.said and '"proxy"' in seat.said


def test_a_view_that_is_stopped_says_what_it_waits_for(sit: Callable[..., Seat]) -> None:
    """In the place of the view, once; the second Ctrl-C ends it, and the seed is still to be read."""
    with Upstream() as upstream:
        upstream.on("/hang", hangs())
        seat = sit("--upstream", upstream.url)
        seat.sees("nothing yet")
        seat.hides_keys()
        asking = threading.Thread(target=lambda: _gives_up(seat.url + "/hang"), daemon=True)
        asking.start()
        _until(lambda: upstream.count == 1)
        seat.process.send_signal(signal.SIGINT)
        seat.sees("waiting for 1 request in flight")
        seat.process.send_signal(signal.SIGINT)
        assert seat.ends() == 0
        asking.join(SOON_S)
    assert re.search(r"1 exchange .* in \S+   seed \d+", seat.said)
    assert seat.is_as_before()


def _gives_up(url: str) -> None:
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(url, trust_env=False, timeout=SOON_S)


def _until(what: Callable[[], bool]) -> None:
    end_s = time.monotonic() + SOON_S
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.01)
