"""Disks that fill, signals, ports that are taken, descriptors that run out: what was promised is kept, the rest is said."""

from __future__ import annotations

import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from fozzy.chaos.cassette.batched import BATCH
from fozzy.core.exchange import Exchange
from fozzy.trace.reader import open_trace
from tests.chaos.decided import exchanges_of
from tests.chaos.site import Site, rest, until
from tests.chaos.started import ROOT, Started
from tests.chaos.upstream import Upstream, chunked, hangs, plain, slow
from tests.chaos.visitors import Ask, Visitor, serially

FILE_BYTES = 100_000
GET = b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n"


def fozzy(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "fozzy", *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=60)


def recovered(folder: Path) -> list[Exchange]:
    """What `fozzy trace recover` brings back of the one recording that was not finished."""
    (partial,) = folder.glob("t.fozzy.*.partial")
    done = fozzy("trace", "recover", partial.name, "--out", "back.fozzy", cwd=folder)
    assert done.returncode == 0, done
    with open_trace(folder / "back.fozzy") as trace:
        footer = trace.footer()
        assert footer is not None and footer.end == "incomplete", footer
    return exchanges_of(folder / "back.fozzy")


def test_a_disk_that_fills_while_recording(tmp_path: Path) -> None:
    """Traffic goes on as if nothing were; records say that they are not kept; the end says so, and what fits is there."""
    with Upstream() as upstream, Started(
        "--upstream", upstream.url, "--unsafe", "--record", "t.fozzy", cwd=tmp_path,
        limits={resource.RLIMIT_FSIZE: FILE_BYTES},
    ) as proxy:  # fmt: skip
        asks = [Ask("POST", f"/n/{number}", b"x" * 500) for number in range(300)]
        got = serially(proxy.port, asks)
        assert [each.status for each in got] == [200] * 300, "a full disk is nothing to traffic"
        site = Site(proxy, upstream)
        assert site.entry("/n/299")["not_recorded"] and not site.entry("/n/0")["not_recorded"]
        assert site.proxy.controls("GET", "/fozzy/status")["recording"]["problem"]
        status = proxy.stop()
        assert status == 2, proxy.lines
        assert any("chaos.not_recorded" in line for line in proxy.lines), proxy.lines
    assert not (tmp_path / "t.fozzy").exists(), "half a recording looks whole"
    back = recovered(tmp_path)
    assert 10 < len(back) < 300
    assert [each.request.target for each in back] == [f"/n/{number}" for number in range(len(back))]
    said = re.search(r"chaos.not_recorded\]: (\d+) exchanges are not", "\n".join(proxy.lines))
    assert said is not None and 0 <= int(said[1]) - (300 - len(back)) < BATCH, (len(back), said)


def test_a_proxy_that_is_killed(tmp_path: Path) -> None:
    """What had ended half a second before is in the recording, in order, whole, and can be recovered."""
    with Upstream() as upstream, Started(
        "--upstream", upstream.url, "--unsafe", "--record", "t.fozzy", "--malformed", "0.5", cwd=tmp_path
    ) as proxy:  # fmt: skip
        upstream.on("/hangs", hangs(20))
        serially(proxy.port, [Ask("GET", f"/n/{number}") for number in range(100)])
        partial = next(tmp_path.glob("*.partial*"))
        until(lambda: b"/n/99" in partial.read_bytes(), "the last one is in the file")
        with Site(proxy, upstream).connect() as sock:
            sock.sendall(GET % b"hangs")
            time.sleep(0.1)
            proxy.stop(signal.SIGKILL)
            assert rest(sock) in (b"", b"reset"), "a killed proxy leaves nobody waiting"
    back = recovered(tmp_path)
    assert [each.request.target for each in back] == [f"/n/{number}" for number in range(100)]
    assert all(each.answer is not None and each.answer.ended == "whole" for each in back)


def in_flight(site: Site, count: int) -> None:
    until(lambda: site.proxy.controls("GET", "/fozzy/status")["load"]["requests"] == count, f"{count} in flight")


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_proxy_that_is_stopped_with_requests_in_flight(tmp_path: Path, sent: signal.Signals) -> None:
    """Those in flight are answered, new ones are not taken, every one of them is in the recording, and it ends well."""
    with Upstream() as upstream, Started(
        "--upstream", upstream.url, "--unsafe", "--record", "t.fozzy", cwd=tmp_path
    ) as proxy, ThreadPoolExecutor(9) as pool:  # fmt: skip
        site = Site(proxy, upstream)
        go = threading.Event()
        upstream.on("/slow", slow(go, plain(200, [], b"late")))
        upstream.on("/stream", slow(go, chunked([b"tick"] * 8, gap_s=0.1)))
        idle = Visitor(proxy.port)
        assert idle.ask(Ask("GET", "/fine")).status == 200
        told = [pool.submit(site.get, path) for path in ["/slow"] * 5 + ["/stream"] * 3]
        in_flight(site, 8)
        threading.Timer(0.3, go.set).start()
        assert proxy.stop(sent) == 0, proxy.lines
        got = [each.result() for each in told]
        assert all(each.endswith((b"late", b"0\r\n\r\n")) for each in got), got
        with pytest.raises(ConnectionRefusedError):
            idle.close()
            idle.ask(Ask("GET", "/fine"))
    found = exchanges_of(tmp_path / "t.fozzy")
    assert len(found) == 9 and {each.sent.ended for each in found if each.sent} == {"whole"}


def test_a_stop_waits_for_nobody_for_ever(tmp_path: Path) -> None:
    """Who is still in flight after a while is told that the proxy was stopped, and that is on record too."""
    with Upstream() as upstream, Started(
        "--upstream", upstream.url, "--unsafe", "--record", "t.fozzy", cwd=tmp_path
    ) as proxy, ThreadPoolExecutor(2) as pool:  # fmt: skip
        site = Site(proxy, upstream)
        upstream.on("/hangs", hangs(30))
        upstream.on("/half", hangs(30, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
        told = [pool.submit(site.get, path) for path in ("/hangs", "/half")]
        in_flight(site, 2)
        assert proxy.stop(signal.SIGTERM) == 0, proxy.lines
        first, second = (each.result() for each in told)
    assert first.startswith(b"HTTP/1.1 503") and b"proxy_stopped" in first
    assert second.endswith(b"half")
    found = {each.request.target: each for each in exchanges_of(tmp_path / "t.fozzy")}
    assert {each.reason for each in found.values()} == {"proxy_stopped"}
    half = found["/half"]
    assert half.answer is not None and half.answer.ended == "short"


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Whoever signals twice does not wait, and what was recorded is kept all the same."""
    with Upstream() as upstream, Started(
        "--upstream", upstream.url, "--unsafe", "--record", "t.fozzy", cwd=tmp_path
    ) as proxy, ThreadPoolExecutor(1) as pool:  # fmt: skip
        site = Site(proxy, upstream)
        upstream.on("/hangs", hangs(30))
        told = pool.submit(site.get, "/hangs")
        in_flight(site, 1)
        threading.Timer(0.5, proxy._process.send_signal, [signal.SIGTERM]).start()
        began = time.monotonic()
        proxy.stop(signal.SIGTERM)
        assert time.monotonic() - began < 4.5, "it waited for the drain"
        told.result()
    assert (tmp_path / "t.fozzy").exists()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """Usage error, the port named, nothing recorded and nothing left in the folder; the same of the control port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for words in (
            ["--listen", f"127.0.0.1:{port}"],
            ["--listen", "127.0.0.1:0", "--control", f"127.0.0.1:{port}"],
        ):
            more = ["--upstream", "http://127.0.0.1:9", "--record", "t.fozzy"]
            done = fozzy("proxy", "http", *words, *more, cwd=tmp_path)
            assert done.returncode == 2, done
            assert str(port) in done.stderr and "chaos.listen" in done.stderr
            assert not list(tmp_path.glob("t.fozzy*"))


def test_descriptors_that_run_out(tmp_path: Path) -> None:
    """Who comes too late is told or reset and never left waiting; controls answer; once others go all is well again."""
    with Upstream() as upstream, Started(
        "--upstream", upstream.url, "--unsafe", cwd=tmp_path, limits={resource.RLIMIT_NOFILE: 104}
    ) as proxy:  # fmt: skip
        upstream.on("/slow", slow(0.2))
        site = Site(proxy, upstream)
        with ExitStack() as stack:
            outcomes: list[str] = []
            for sock in [_connected(site, stack) for _ in range(150)]:
                outcomes.append("reset" if sock is None else _asked(sock))
            counted = {each: outcomes.count(each) for each in set(outcomes)}
            assert counted.get("200", 0) >= 10 and counted.get("503", 0) + counted.get("reset", 0) >= 100, counted
            assert sum(counted.get(each, 0) for each in ("200", "502", "503", "reset")) == 150, counted
            assert proxy.controls("GET", "/fozzy/health")
        site.settle()
        assert site.get("/fine").startswith(b"HTTP/1.1 200")
        assert site.entry("/fine")["status"] == 200
        assert proxy.stop() == 0, proxy.lines
        assert not any("fault of fozzy" in line for line in proxy.lines), proxy.lines


def _connected(site: Site, stack: ExitStack) -> socket.socket | None:
    """A connection; none where it is reset before anything is sent over it."""
    try:
        return stack.enter_context(site.connect())
    except ConnectionResetError:
        return None


def _asked(sock: socket.socket) -> str:
    """What comes of a request: its status, or a reset."""
    try:
        sock.sendall(GET % b"slow")
        got = sock.recv(65536)
    except (ConnectionResetError, BrokenPipeError):
        return "reset"
    return got.split()[1].decode() if got else "nothing"
