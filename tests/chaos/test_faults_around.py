"""Whatever clients and upstreams do: a definite outcome for the client, a record, and nothing that is left of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.site import QUICK, Site, memory_mb, rest, until
from tests.chaos.started import Started
from tests.chaos.upstream import (
    Handler,
    Line,
    Request,
    Upstream,
    chunked,
    dies,
    hangs,
    head_of,
    plain,
    slow,
    websocket_echo,
)

HEADER_BYTES = 65536
REQUEST_BYTES = 1_000_000
PLAN = """
[[routes]]
path = "/slow-lane/*"
latency = { fixed = "20s" }
"""
DYING = Path(__file__).parent / "programs" / "dying_upstream.py"
RESET = struct.pack("ii", 1, 0)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "plan.toml").write_text(PLAN)
    limits = ["--request-bytes", str(REQUEST_BYTES), "--idle-timeout", "1s", "--chaos", "plan.toml"]
    with (
        Upstream() as upstream,
        Started("--upstream", upstream.url, "--unsafe", *QUICK, *limits, cwd=folder) as proxy,
    ):
        yield Site(proxy, upstream)
        assert proxy.stop() == 0, proxy.lines
        assert not any("fault of fozzy" in line for line in proxy.lines), proxy.lines


@pytest.fixture
def site(started: Site) -> Iterator[Site]:
    yield started
    started.settle()


def request(method: str, path: str, *rows: str, body: bytes = b"") -> bytes:
    head = "".join(f"{row}\r\n" for row in (f"{method} {path} HTTP/1.1", "Host: a", *rows))
    return f"{head}\r\n".encode() + body


def code_of(answer: bytes) -> tuple[int, str]:
    """Status and error code of an answer of the proxy's own."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_an_upstream_that_is_killed_or_frozen(sent: signal.Signals, tmp_path: Path) -> None:
    """A real process that dies, or stands still, in the middle of a body: the client gets a short read, never silence."""
    child = subprocess.Popen([sys.executable, str(DYING)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        url = f"http://127.0.0.1:{int(child.stdout.readline())}"
        with Upstream() as unused, Started("--upstream", url, "--unsafe", *QUICK, cwd=tmp_path) as proxy:
            site = Site(proxy, unused)
            with site.connect() as sock:
                sock.sendall(request("GET", "/body"))
                got = sock.recv(65536)
                assert got.startswith(b"HTTP/1.1 200")
                child.send_signal(sent)
                got += rest(sock)
            assert got == b"reset" or len(got) < 1_000_000
            entry = site.entry("/body")
            assert entry["reason"] == ("upstream_short" if sent == signal.SIGKILL else "upstream_stalled")
            assert entry["ended"] in ("fin", "rst") and 0 < entry["sent_bytes"] < 1_000_000
            # The kernel still accepts for one that is frozen; for one that is dead it refuses.
            status, code = code_of(site.get("/again"))
            assert (status, code) == (
                (502, "upstream_unreachable") if sent == signal.SIGKILL else (504, "upstream_timeout")
            )
            assert site.entry("/again")["reason"] == code
            site.settle()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_an_upstream_that_accepts_and_never_answers(site: Site) -> None:
    """504 with a code, one record, and the connection to upstream is let go."""
    left = threading.Event()

    def silent(request: Request, line: Line) -> bool:
        line.wait_closed(20)
        left.set()
        return False

    site.upstream.on("/let-go", silent)
    assert code_of(site.get("/let-go")) == (504, "upstream_timeout")
    entry = site.entry("/let-go")
    assert (entry["status"], entry["source"], entry["reason"]) == (504, "proxy", "upstream_timeout")
    assert left.wait(20), "upstream still waits for us"


@pytest.mark.parametrize(
    ("name", "handler", "reasons"),
    [
        ("half-a-body", dies(b"x" * 100, 1000), ["upstream_short"]),
        ("half-a-body-reset", dies(b"x" * 100, 1000, how="rst"), ["upstream_short"]),
        ("body-stops", hangs(20, head_of(200, [("Content-Length", "1000")]) + b"x" * 100), ["upstream_stalled"]),
        ("head-stops", hangs(20, b"HTTP/1.1 200 OK\r\nContent-"), ["upstream_timeout"]),
        ("no-last-chunk", chunked([b"x" * 100], terminated=False), ["upstream_short"]),
        ("huge-head", plain(200, [("X-Long", "x" * HEADER_BYTES)], b""), ["upstream_bad_answer"]),
    ],
)
def test_an_upstream_that_stops_in_between(site: Site, name: str, handler: Handler, reasons: list[str]) -> None:
    """What the client gets never looks whole, and the record says why."""
    site.upstream.on(f"/{name}", handler)
    got = site.get(f"/{name}")
    entry = site.entry(f"/{name}")
    assert entry["reason"] in reasons
    if entry["status"] == 200:
        assert got == b"reset" or (got.count(b"x") == 100 and not got.endswith(b"0\r\n\r\n"))
        assert entry["ended"] in ("fin", "rst")
    else:
        assert code_of(got)[1] == entry["reason"]


def test_a_client_that_ends_its_half_is_answered(site: Site) -> None:
    """To end one's half is no leaving: the answer that upstream takes its time for arrives whole."""
    site.upstream.on("/half", slow(0.2, plain(200, [], b"here it is")))
    with site.connect() as sock:
        sock.sendall(request("GET", "/half"))
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock).endswith(b"here it is")
    assert site.entry("/half")["ended"] == "whole"


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_client_that_leaves_in_a_delay(site: Site, how: str) -> None:
    """Upstream is not asked, and the record says that the client left, long before the delay is over."""
    asked = site.upstream.count
    with site.connect() as sock:
        sock.sendall(request("GET", f"/slow-lane/{how}"))
        until(lambda: site.proxy.controls("GET", "/fozzy/status")["load"]["requests"] == 1, "it is in flight")
        leave(sock, how)
    entry = site.entry(f"/slow-lane/{how}")
    assert (entry["status"], entry["ended"], entry["reason"]) == (0, "client_gone", "client_gone")
    assert 0 < entry["waited_ns"] < entry["delay_ns"]
    assert site.upstream.count == asked


def leave(sock: socket.socket, how: str) -> None:
    if how == "rst":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("size", [1000, 400_000], ids=["before-the-decision", "while-streaming"])
def test_a_client_that_leaves_in_its_upload(site: Site, how: str, size: int) -> None:
    """Half a body is never made to look whole for upstream, and there is a record."""
    path = f"/upload-{how}-{size}"
    with site.connect() as sock:
        sock.sendall(request("POST", path, f"Content-Length: {size}", body=b"x" * (size // 2)))
        time.sleep(0.1)
        leave(sock, how)
    entry = site.entry(path)
    assert (entry["status"], entry["ended"], entry["reason"]) == (0, "client_gone", "client_gone")
    assert entry["request"]["bytes"] <= size // 2
    assert not [each for each in site.upstream.requests if each.target == path], "upstream took it for whole"


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_client_that_leaves_in_its_download(site: Site, how: str) -> None:
    """An endless answer ends when its client leaves: upstream is let go, and the record is not of a whole answer."""
    left = threading.Event()

    def endless(request: Request, line: Line) -> bool:
        line.send(head_of(200, [("Transfer-Encoding", "chunked")]))
        try:
            while True:
                line.send(b"5\r\ntick\n\r\n")
                time.sleep(0.02)
        finally:
            left.set()

    site.upstream.on(f"/endless-{how}", endless)
    with site.connect() as sock:
        sock.sendall(request("GET", f"/endless-{how}"))
        assert sock.recv(1000)
        leave(sock, how)
    entry = site.entry(f"/endless-{how}")
    assert (entry["status"], entry["ended"], entry["reason"]) == (200, "client_gone", "client_gone")
    assert left.wait(20), "upstream still sends"


def test_a_client_that_does_not_read(site: Site) -> None:
    """An answer nobody takes holds a bounded part of it and ends."""
    site.upstream.on("/unread", plain(200, [], b"x" * 50_000_000))
    before = memory_mb(site.proxy.pid)
    with site.connect() as sock:
        sock.sendall(request("GET", "/unread"))
        entry = site.entry("/unread")
        assert (entry["reason"], entry["ended"]) == ("client_stalled", "rst")
        assert entry["sent_bytes"] < 50_000_000
        assert memory_mb(site.proxy.pid) - before < 40
        with pytest.raises(ConnectionResetError):
            while sock.recv(1 << 20):
                pass


def drip(sock: socket.socket, data: bytes, every_s: float = 0.04) -> bytes:
    """Send bytes one by one until something comes back; all of that."""
    sock.settimeout(every_s)
    for byte in data:
        try:
            sock.sendall(bytes([byte]))
            got = sock.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return b"reset"
        sock.settimeout(20)
        return got + (rest(sock) if got else b"")
    raise AssertionError("nobody minds")


def test_a_head_that_drips(site: Site) -> None:
    """The time of a head counts from its first byte, whatever comes meanwhile: 408 and the end."""
    with site.connect() as sock:
        got = drip(sock, b"GET /drips HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"x" * 5000)
    assert code_of(got) == (408, "header_timeout")
    entry = site.entry("/drips")
    assert (entry["status"], entry["reason"], entry["ended"], entry["number"]) == (408, "header_timeout", "refused", 0)


def test_a_body_that_stops(site: Site) -> None:
    """A pause that is too long ends it: 408, upstream is not asked."""
    with site.connect() as sock:
        sock.sendall(request("POST", "/stops", "Content-Length: 100", body=b"x" * 50))
        got = rest(sock)
    assert code_of(got) == (408, "body_timeout")
    entry = site.entry("/stops")
    assert (entry["status"], entry["reason"], entry["ended"]) == (408, "body_timeout", "refused")


def test_a_body_that_drips_ends_with_its_connection(tmp_path: Path) -> None:
    """Who drips a body never pauses for long; the time a connection may last in all ends it."""
    with Upstream() as upstream:
        more = ["--connection-timeout", "1s"]
        with Started("--upstream", upstream.url, "--unsafe", *QUICK, *more, cwd=tmp_path) as proxy:
            site = Site(proxy, upstream)
            with site.connect() as sock:
                sock.sendall(request("POST", "/drips", "Content-Length: 5000"))
                got = drip(sock, b"x" * 5000)
            assert code_of(got) == (503, "connection_timeout")
            assert site.entry("/drips")["reason"] == "connection_timeout"
            assert not upstream.count
            site.settle()


def test_a_silent_connection_ends(site: Site) -> None:
    """Without a request there is nothing to answer or to record: the connection ends."""
    with site.connect() as sock:
        assert rest(sock) == b""


def test_heads_at_their_limit(site: Site) -> None:
    """64 KiB of headers pass, a byte more is 431; so is one header more than there may be."""
    bare = request("GET", "/large", "X-A: ", "Connection: close")
    fits = bare.replace(b"X-A: ", b"X-A: " + b"x" * (HEADER_BYTES - len(bare)))
    assert len(fits) == HEADER_BYTES
    assert site.ask(fits).startswith(b"HTTP/1.1 200")
    for path, data in {
        "/too-large": fits.replace(b"/large", b"/too-large"),
        "/much-too-large": request("GET", "/much-too-large", *["X-A: " + "x" * 1000] * 250),
        "/one-header": request("GET", "/one-header", "X-A: " + "x" * 300_000),
    }.items():
        assert code_of(site.ask(data)) == (431, "headers_too_large")
        entry = site.entry(path)
        assert (entry["status"], entry["reason"], entry["number"]) == (431, "headers_too_large", 0)
    assert code_of(site.ask(request("GET", "/many", *["X-A: b"] * 256))) == (431, "headers_too_many")
    site.entry("/many")


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_over_the_limit(site: Site, framing: str) -> None:
    """413 and the end of the connection, also for chunks that never end, and upstream never takes it for whole."""
    path, asked = f"/over-{framing}", site.upstream.count
    with site.connect() as sock:
        if framing == "length":
            sock.sendall(request("POST", path, f"Content-Length: {REQUEST_BYTES + 1}"))
            got = rest(sock)
        else:
            sock.sendall(request("POST", path, "Transfer-Encoding: chunked"))
            got = pour(sock)
    assert got == b"reset" or code_of(got) == (413, "body_too_large")
    entry = site.entry(path)
    assert (entry["status"], entry["reason"], entry["ended"]) == (413, "body_too_large", "refused")
    assert site.upstream.count == asked


def pour(sock: socket.socket) -> bytes:
    """Send chunks until nobody takes them; what comes back."""
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    with suppress(OSError):
        for _ in range(10_000):
            sock.sendall(chunk)
    return rest(sock)


def test_endless_uploads(tmp_path: Path) -> None:
    """Without a limit a body is relayed as long as upstream takes it, in bounded memory; then the client is told.

    A fault that answers in upstream's place waits for no end that never comes.
    """

    def takes_some(request: Request, line: Line) -> bool:
        taken = 0
        while taken < 60_000_000 and (data := line.some()):
            taken += len(data)
        return False

    with Upstream() as upstream, Started("--upstream", upstream.url, "--unsafe", *QUICK, cwd=tmp_path) as proxy:
        upstream.on("early:/endless", takes_some)
        site = Site(proxy, upstream)
        before = memory_mb(proxy.pid)
        for path, row, status in (("/endless", "X-A: b", 502), ("/dropped", "X-Fozzy-Chaos-Drop: 1", 500)):
            with site.connect() as sock:
                sock.sendall(request("POST", path, "Transfer-Encoding: chunked", row))
                got = pour(sock)
            assert got == b"reset" or code_of(got)[0] == status
            entry = site.entry(path)
            assert (entry["status"], entry["ended"]) == (status, "whole")
            assert 300_000_000 > entry["request"]["bytes"] > 60_000_000
        assert memory_mb(proxy.pid) - before < 20
        site.settle()


def test_an_upload_that_upstream_does_not_take(site: Site) -> None:
    """An upstream that reads nothing holds up the client, and that ends too."""
    site.upstream.on("early:/stuck", hangs_unread)
    with site.connect() as sock:
        sock.sendall(request("POST", "/stuck", f"Content-Length: {REQUEST_BYTES}"))
        with suppress(OSError):
            sock.sendall(b"x" * REQUEST_BYTES)
        got = rest(sock)
    assert got == b"reset" or code_of(got) == (504, "upstream_timeout")
    entry = site.entry("/stuck")
    assert (entry["status"], entry["reason"]) == (504, "upstream_timeout")


def hangs_unread(request: Request, line: Line) -> bool:
    """Nothing is read of what comes, for longer than anybody waits."""
    time.sleep(3)
    return False


def test_many_of_them_at_once(site: Site) -> None:
    """All kinds of trouble at the same time, and those who behave are all answered."""
    site.upstream.on("/silent", hangs(20))
    site.upstream.on("/dies", dies(b"x" * 100, 1000))
    bad = [
        lambda: site.get("/silent"),
        lambda: site.get("/dies"),
        lambda: site.ask(b"GET / HTTP/1.1\r\nHost"),
        lambda: site.ask(b"nonsense\r\n\r\n"),
        lambda: site.ask(request("POST", "/x", "Content-Length: 9", body=b"x")),
        lambda: site.ask(request("GET", "/y", "X-A: " + "x" * 70_000)),
    ]
    good: list[Any] = []
    threads = [threading.Thread(target=each) for each in bad * 8]
    threads += [threading.Thread(target=lambda: good.append(site.get("/fine"))) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(good) == 24 and all(each.startswith(b"HTTP/1.1 200") for each in good)
    assert os.path.exists(f"/proc/{site.proxy.pid}")


UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]


def tunnel(site: Site, path: str) -> socket.socket:
    """A connection that was upgraded, and through which bytes go both ways."""
    site.upstream.on(path, websocket_echo)
    sock = site.connect()
    sock.sendall(request("GET", path, *UPGRADE))
    assert sock.recv(65536).startswith(b"HTTP/1.1 101 ")
    sock.sendall(b"ping")
    assert sock.recv(100) == b"ping"
    return sock


@pytest.mark.parametrize("how", ["fin", "rst", "upstream"])
def test_a_tunnel_ends_with_either_side(site: Site, how: str) -> None:
    """An upgraded connection is given up as soon as one side is, and has its record."""
    path = f"/tunnel-{how}"
    with tunnel(site, path) as sock:
        if how == "upstream":  # the client says nothing to that, and is waited for only so long
            site.upstream.cut()
            assert rest(sock) in (b"", b"bye", b"reset")
        else:
            leave(sock, how)
        entry = site.entry(path)
    reasons = {"upstream": ["client_stalled"], "rst": ["client_gone"], "fin": ["", "client_gone"]}
    assert entry["status"] == 101 and entry["reason"] in reasons[how]


def test_pipelined_requests_are_answered_in_order(site: Site) -> None:
    """A hundred requests in one write, some slow: as many answers in their order; a cut ends what follows it."""
    site.upstream.on("/late", slow(0.05, plain(200, [], b"late")))
    paths = ["/late" if number % 20 == 0 else f"/p{number}" for number in range(100)]
    data = b"".join(request("GET", path) for path in paths[:-1]) + request("GET", paths[-1], "Connection: close")
    got = site.ask(data)
    assert got.count(b"HTTP/1.1 200") == 100
    places = [got.index(b'"target": "%b"' % path.encode()) for path in paths if path != "/late"]
    assert places == sorted(places)
    cut = request("GET", "/cut", "X-Fozzy-Chaos-Disconnect: 1")
    got = site.ask(request("GET", "/before") + cut + request("GET", "/after"))
    assert got.count(b"HTTP/1.1 200") == 1 and b"/before" in got
    assert site.entry("/cut")["applied"] == "disconnect"
    assert not site.proxy.controls("GET", "/fozzy/journal?path=/after")["entries"]


def test_a_flood_of_connections_that_want_nothing(site: Site) -> None:
    """Thousands of connections that are reset at once, or say nothing sensible, disturb nobody."""
    for number in range(1500):
        with site.connect() as sock:
            if number % 3 == 0:
                sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" if number % 2 else b"\r\n\r\n\0")
            leave(sock, "rst" if number % 2 else "fin")
    assert site.get("/fine").startswith(b"HTTP/1.1 200")


def test_many_that_do_not_read(site: Site) -> None:
    """What clients do not take is left with upstream: fifty stalled downloads hold little memory, and all of them end."""
    site.upstream.on("/unread-many", plain(200, [], b"x" * 8_000_000))
    before = memory_mb(site.proxy.pid)
    with ExitStack() as stack:
        for sock in [stack.enter_context(site.connect()) for _ in range(50)]:
            sock.sendall(request("GET", "/unread-many"))
        entries = site.entries("/unread-many", 50)
    assert "client_stalled" in {each["reason"] for each in entries} <= {"client_stalled", "upstream_timeout"}
    assert memory_mb(site.proxy.pid) - before < 60
