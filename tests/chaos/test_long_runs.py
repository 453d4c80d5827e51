"""Many connections at once are all answered, and many requests of all kinds leave nothing behind in memory."""

from __future__ import annotations

import json
import resource
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.site import Site, descriptors, memory_mb, until
from tests.chaos.started import Started
from tests.chaos.upstream import Upstream, chunked, dies, ndjson, plain, sse

CONNECTIONS = 2000
ROUND = 4000  # requests between two looks at the memory
GROWTH_MB = 4.0  # in the last of three rounds; a kilobyte for each request would be more than chance makes
PLAN = """
[latency]
uniform = ["0us", "500us"]
probability = 0.1
[faults]
drop = 0.05
malformed = 0.05
disconnect = 0.02
status = { codes = [500, 503], probability = 0.05 }
partial = 0.03
connection_error = 0.02
[limits]
client = { rate = "1000000/s", burst = 1000000 }
[[routes]]
path = "/own/*"
answers = [{ text = "first" }, { text = "then" }]
[[routes]]
path = "/events"
faults.corrupt_event = 0.3
[tests.t1]
faults.drop = 0.3
"""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        upstream.on("/events", sse([json.dumps({"n": n}) for n in range(5)]))
        upstream.on("/lines", ndjson([1, 2, 3]))
        upstream.on("/chunks", chunked([b"x" * 3000] * 3))
        upstream.on("/blob", plain(200, [], bytes(100_000)))
        upstream.on("/dies", dies(b"x", 9))
        yield upstream


def asked(number: int) -> bytes:
    """The n-th request, of a dozen kinds. Each comes once in a round, so a round is all that tables of requests hold."""
    header, number = number, number % ROUND
    target = ("/events", "/lines", "/chunks", "/blob", "/dies", "/fine", "/own/x", "/fine", "/fine")[number % 9]
    body = b'{"n": %d, "text": "%b"}' % (number, b"word " * (number % 50)) if number % 2 else b""
    rows = [f"{'POST' if body else 'GET'} {target}?n={number} HTTP/1.1", "Host: a", f"X-Number: {header}"]
    if number % 7 == 0:
        rows.append(f"X-Test-Id: t{number % 5}")
    if number % 31 == 0:
        rows.append("X-Fozzy-Chaos-Latency: 1")
    if number % 101 == 0:
        rows.append("X-Fozzy-Chaos-Drop: nonsense")
    rows.append("Connection: close" if number % 13 == 0 else "X-Other: no")
    return "\r\n".join([*rows, f"Content-Length: {len(body)}"]).encode() + b"\r\n\r\n" + body


def work(site: Site, numbers: range, clients: int = 8) -> None:
    """So many requests by a few clients, each over connections that it keeps while they last."""

    def client(mine: range) -> None:
        sock: socket.socket | None = None
        for number in mine:
            sock = sock or site.connect()
            try:
                sock.sendall(asked(number))
                goes_on = number % 17 != 0 and _is_whole(sock)
            except OSError:
                goes_on = False
            if not goes_on:
                sock.close()
                sock = None
        if sock is not None:
            sock.close()

    threads = [threading.Thread(target=client, args=(numbers[n::clients],)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _is_whole(sock: socket.socket) -> bool:
    """Take an answer; whether the connection can go on."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := sock.recv(65536)):
            return False
        data += more
    head, _, body = data.lower().partition(b"\r\n\r\n")
    if b"content-length: " in head:
        size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < size:
            if not (more := sock.recv(65536)):
                return False
            body += more
    elif b"chunked" in head:
        while not body.endswith(b"0\r\n\r\n"):
            if not (more := sock.recv(65536)):
                return False
            body += more
    return b"connection: close" not in head


def test_memory_is_flat(upstream: Upstream, tmp_path: Path) -> None:
    """With chaos, journal and recording: after a first round that fills what is kept on purpose, thousands of requests of all kinds hold no more memory."""
    (tmp_path / "plan.toml").write_text(PLAN)
    words = ["--chaos", "plan.toml", "--journal-size", "200", "--record", "t.fozzy", "--unsafe"]
    with Started("--upstream", upstream.url, *words, cwd=tmp_path) as proxy:
        site = Site(proxy, upstream)
        held = [memory_mb(proxy.pid)]
        for turn in range(3):
            work(site, range(turn * ROUND, (turn + 1) * ROUND))
            site.settle()
            held.append(memory_mb(proxy.pid))
        stats = proxy.controls("GET", "/fozzy/stats")["summary"]
        assert stats["requests"] >= 3 * ROUND
        assert len(stats["by_action"]) > 6, stats["by_action"]
        assert held[3] - held[2] < GROWTH_MB, held
        assert descriptors(proxy.pid) <= site.descriptors
        assert proxy.stop() == 0
    assert not any("fault of fozzy" in line for line in proxy.lines), proxy.lines


def test_two_thousand_connections(upstream: Upstream, tmp_path: Path) -> None:
    """2,000 clients stay connected at once, each is answered more than once, and none is refused or forgotten."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard > 3 * CONNECTIONS, f"{hard} descriptors are too few, see ulimit -Hn"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CONNECTIONS), hard))
    request = b"GET /fine HTTP/1.1\r\nHost: a\r\n\r\n"
    with Started("--upstream", upstream.url, "--drop", "1", "--unsafe", cwd=tmp_path) as proxy, ExitStack() as stack:
        site = Site(proxy, upstream)
        socks = [stack.enter_context(site.connect()) for _ in range(CONNECTIONS)]
        until(lambda: proxy.controls("GET", "/fozzy/status")["load"]["connections"] == CONNECTIONS, "all connected")
        for _ in range(3):
            for sock in socks:
                sock.sendall(request)
            assert answers(socks) == CONNECTIONS
        assert proxy.controls("GET", "/fozzy/stats")["summary"]["by_status"] == {"500": 3 * CONNECTIONS}
        stack.close()
        site.settle()
        assert proxy.stop() == 0


def answers(socks: list[socket.socket]) -> int:
    """How many are answered with what the fault says; each has one answer to get."""
    poll = select.poll()
    waiting = {sock.fileno(): sock for sock in socks}
    for number in waiting:
        poll.register(number, select.POLLIN)
    good, end_s = 0, time.monotonic() + 60
    while waiting and time.monotonic() < end_s:
        for number, _ in poll.poll(1000):
            data = waiting.pop(number).recv(65536)
            poll.unregister(number)
            good += data.startswith(b"HTTP/1.1 500 ") and b"chaos_drop" in data
    return good
