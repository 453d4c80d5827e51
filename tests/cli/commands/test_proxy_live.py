"""The live view on a real terminal: keys do what they say, and the terminal is left as it was found."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.upstream import Upstream, hangs
from tests.cli.seat import SOON_S, Seat

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")


LATE = {"type": "latency", "attributes": {"latency": 5}}


class Echo(socketserver.BaseRequestHandler):
    """Says what it hears."""

    def handle(self) -> None:
        """Until its client has said all."""
        while data := self.request.recv(100):
            self.request.sendall(data)


class Proxied(Seat):
    """A person in front of a proxy."""

    def __init__(self, folder: Path, *words: str) -> None:
        super().__init__(folder, "proxy", "http", "--listen", ":0", *words)
        self.url = "http://" + self.sees(r"(127\.0\.0\.1:\d+) ->")[1]

    def asks(self, path: str) -> None:
        """A request through the proxy."""
        httpx.get(self.url + path, trust_env=False)


@pytest.fixture
def sit(project: Path) -> Iterator[Callable[..., Proxied]]:
    """Starts a proxy on a terminal; everything is gone at the end."""
    seats: list[Proxied] = []

    def start(*words: str) -> Proxied:
        seats.append(Proxied(project, *words))
        return seats[-1]

    yield start
    for seat in seats:
        seat.close()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """The service behind the proxy."""
    with Upstream() as upstream:
        yield upstream


def test_a_session_at_a_terminal(sit: Callable[..., Proxied], upstream: Upstream, project: Path) -> None:
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
    sent: signal.Signals, sit: Callable[..., Proxied], upstream: Upstream
) -> None:
    """The view is taken away, the last lines stay."""
    seat = sit("--upstream", upstream.url)
    seat.sees("nothing yet")
    seat.process.send_signal(sent)
    assert seat.ends() == 0
    assert re.search(r"\x1b\[J\s+0 exchanges", seat.said), seat.said[-300:]
    assert seat.is_as_before()


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(sit: Callable[..., Proxied], upstream: Upstream) -> None:
    """Stopped, the terminal is as it was; going on, single keys work again."""
    seat = sit("--upstream", upstream.url)
    seat.sees("nothing yet")
    seat.hides_keys()
    seat.process.send_signal(signal.SIGTSTP)
    seat.stops()
    seat.process.send_signal(signal.SIGCONT)
    seat.said = ""
    seat.sees("nothing yet")
    seat.types("q")
    assert seat.ends() == 0
    assert seat.is_as_before()


def test_toxics_at_a_terminal(project: Path) -> None:
    """A TCP proxy before a real server: what was struck appears, a toxic is turned off, q stops and seals."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        upstream = f"127.0.0.1:{server.server_address[1]}"
        plan = {"proxies": [{"name": "echo", "listen": "127.0.0.1:0", "upstream": upstream, "toxics": [LATE]}]}
        (project / "chaos.json").write_text(json.dumps(plan))
        seat = Seat(project, "proxy", "tcp", "--chaos", "chaos.json", "--seed", "7", "--record", "a.fozzy")
        try:
            host, port = seat.sees(r"(127\.0\.0\.1):(\d+) ->").groups()
            seat.sees("nothing yet")
            seat.hides_keys()
            with socket.create_connection((host, int(port)), timeout=SOON_S) as client:
                client.sendall(b"hello")
                assert client.recv(5) == b"hello"
                seat.sees(r"1 open")
            seat.sees(r"echo#1\s+< turn\s+5B\s+\d+ms\s+latency \+5ms")
            seat.sees(r">\s+1\s+\d+\.\d{3}\s+echo#1\s+closed by client\s+5B\s+5B")
            seat.types("\r")
            seat.sees(r"upstream    5 bytes came, 5 bytes passed on, ended by its sender with FIN")
            seat.types("\rf\x1b[B ")
            seat.sees(r"off latency 5")
            seat.sees(r"toxic deleted proxy=echo toxic=latency_downstream")
            seat.types("fq")
            assert seat.ends() == 0
            assert "sealed a.fozzy" in seat.said
            assert re.search(r"1 connection .* in \S+   seed 7\b", seat.said)
            assert seat.is_as_before()
        finally:
            seat.close()
            server.shutdown()


def test_no_view_where_a_document_is_wanted(sit: Callable[..., Proxied]) -> None:
    """`--json` stays what it is on a terminal."""
    seat = sit("--json")
    seat.process.send_signal(signal.SIGINT)
    assert seat.ends() == 0
    assert "nothing yet" not in seat.said and '"proxy"' in seat.said


def test_a_view_that_is_stopped_says_what_it_waits_for(sit: Callable[..., Proxied]) -> None:
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
