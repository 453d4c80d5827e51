"""Real HTTP."""

from __future__ import annotations

import gzip
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.http.base import HttpAnswer, HttpBurst, HttpRequest
from fozzy.world.http.host import HostHttp

pytestmark = pytest.mark.usefixtures("bounded")
ROOT = Path(__file__).parents[3]
EXPIRED = Path(__file__).with_name("expired.pem")  # the same, valid until 2001
CERTIFICATE = Path(__file__).with_name("self_signed.pem")  # for 127.0.0.1, valid until 2125, with its key

Handler = Callable[[socket.socket], None]


@pytest.fixture
def http(twice: Callable[..., Any], limits: Limits) -> Any:
    return twice(lambda choices, loop, _root: HostHttp(choices, loop, limits))


@pytest.fixture
def hasty(twice: Callable[..., Any], limits: Limits) -> Any:
    """HTTP with a second and a half for a call."""
    return twice(lambda choices, loop, _root: HostHttp(choices, loop, limits), call_ms=HASTY_MS)


HASTY_MS = 1500  # time enough to say something, on a busy machine
LONG_S = 20.0


def stand(connection: socket.socket, seconds: float) -> None:
    """Do nothing for so long, or until the other side has gone."""
    gone = select.poll()
    gone.register(connection, select.POLLRDHUP)
    gone.poll(seconds * 1000)


class Wire:
    """A handler that keeps what it was sent and answers with bytes, waiting at numbers of seconds."""

    def __init__(self, *answer: bytes | float) -> None:
        self.heard: list[bytes] = []
        self._answer = answer

    def __call__(self, connection: socket.socket) -> None:
        self.heard.append(_request(connection))
        for part in self._answer:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                stand(connection, part)

    def lines(self) -> list[str]:
        return self.heard[0].decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and (chunk := connection.recv(65536)):
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]) and (chunk := connection.recv(65536)):
        body += chunk
    return head + b"\r\n\r\n" + body


def get(port: int, **more: Any) -> HttpRequest:
    return HttpRequest(**{"method": "GET", "url": f"http://127.0.0.1:{port}/x?y=1", **more})


def whole(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def test_an_answer_comes_back_whole(http: Any, serve: Callable[[Handler], int]) -> None:
    """Status, headers as sent, in order and with repetitions, and body; one ask for one request."""
    answer = http.send(get(serve(Wire(whole(b"hello", "X-B: 1", "x-a: \xe9", "X-B: 2")))))
    assert answer == HttpAnswer(
        status=200,
        headers=[("Content-Length", "5"), ("X-B", "1"), ("x-a", "\xe9"), ("X-B", "2")],
        body=Blob(text="hello"),
    )
    assert [ask.label for ask in http.asks()] == ["http.send"]


def test_what_is_sent_is_fixed(http: Any, serve: Callable[[Handler], int]) -> None:
    """A request has the headers given and a fixed set of others, none of them made by a library version."""
    wire = Wire(whole(b""))
    port = serve(wire)
    http.send(get(port, headers=[("X-Mine", "1"), ("X-Mine", "2")]))
    assert sorted(wire.lines(), key=str.lower) == [
        "accept-encoding: identity",
        "accept: */*",
        "connection: close",
        "GET /x?y=1 HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "user-agent: fozzy",
        "X-Mine: 1",
        "X-Mine: 2",
    ]


def test_given_headers_win(http: Any, serve: Callable[[Handler], int]) -> None:
    """What the scenario says about a header we would add is what is sent."""
    wire = Wire(whole(b""))
    http.send(get(serve(wire), headers=[("User-Agent", "mine"), ("HOST", "other"), ("Accept", "a/b")]))
    assert {"User-Agent: mine", "HOST: other", "Accept: a/b"} <= set(wire.lines())
    assert not {"user-agent: fozzy", "accept: */*"} & set(wire.lines())


def test_a_body_is_sent(http: Any, serve: Callable[[Handler], int]) -> None:
    """Any method may have a body; its length is told."""
    wire = Wire(whole(b""))
    http.send(get(serve(wire), method="DELETE", body=Blob.of(b"\xff\x00")))
    assert wire.lines()[0] == "DELETE /x?y=1 HTTP/1.1" and "Content-Length: 2" in wire.lines()
    assert wire.heard[0].endswith(b"\r\n\r\n\xff\x00")


def test_redirects_are_answers(http: Any, serve: Callable[[Handler], int]) -> None:
    """A redirect is not followed."""
    answer = http.send(get(serve(Wire(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"))))
    assert (answer.status, answer.header("location"), answer.failure) == (302, "http://127.0.0.1:1/", None)


def test_proxies_of_the_environment_are_not_used(
    http: Any, serve: Callable[[Handler], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY and its like change nothing."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert http.send(get(serve(Wire(whole(b"direct"))))).body.text == "direct"


def test_every_request_has_its_own_connection(http: Any, serve: Callable[[Handler], int]) -> None:
    """No connection is kept, so no request fails because of an earlier one."""
    wire = Wire(whole(b""), 0.3)
    port = serve(wire)
    assert http.send(get(port)).status == http.send(get(port)).status == 200
    assert len(wire.heard) == 2


def test_a_chunked_body_is_joined(http: Any, serve: Callable[[Handler], int]) -> None:
    """Chunks are one body."""
    wire = Wire(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n", 0.02, b"1\r\nc\r\n0\r\n\r\n")
    assert http.send(get(serve(wire))).body.text == "abc"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda data: zlib.compress(data, wbits=-15)])
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_packed_body_is_unpacked(
    http: Any, serve: Callable[[Handler], int], pack: Callable[[bytes], bytes], step: int
) -> None:
    """gzip and both kinds of deflate are undone, in whatever pieces they come; the headers stay."""
    coding = "gzip" if pack is gzip.compress else "deflate"
    packed = pack(b"text " * 100) + (gzip.compress(b"more") if coding == "gzip" else b"")
    head, body = whole(packed, f"Content-Encoding: {coding}").split(b"\r\n\r\n", 1)
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    answer = http.send(get(serve(Wire(head + b"\r\n\r\n", *pieces))))
    assert answer.failure is None and answer.header("content-encoding") == coding
    assert answer.body.data() == b"text " * 100 + (b"more" if coding == "gzip" else b"")


def test_an_unknown_coding_stays(http: Any, serve: Callable[[Handler], int]) -> None:
    """A body in a coding we do not undo is kept as it came."""
    assert http.send(get(serve(Wire(whole(b"\x01\x02", "Content-Encoding: br"))))).body.data() == b"\x01\x02"


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"text", mtime=0)[:-3]], ids=["none", "cut"])
def test_a_broken_coding_is_told(http: Any, serve: Callable[[Handler], int], body: bytes) -> None:
    """A body that is not what its coding says is a protocol failure."""
    answer = http.send(get(serve(Wire(whole(body, "Content-Encoding: gzip")))))
    assert (answer.status, answer.failure.kind) == (200, "protocol")


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_is_bounded(http: Any, serve: Callable[[Handler], int], packed: bool) -> None:
    """At the limit of unpacked bytes the connection is cut; the first bytes are kept and the limit is named."""
    cut = threading.Event()

    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        coding = b"Content-Encoding: gzip\r\n" if packed else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + coding + b"\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(gzip.compress(b"x" * 10_000_000) if packed else b"x" * 65536)
        cut.set()

    answer = http.send(get(serve(endless)))
    assert answer.failure.kind == "limit" and "body_bytes_max, 1000 bytes" in answer.failure.message
    assert answer.status == 200 and answer.body.text == "x" * 1000
    assert cut.wait(5)


def test_a_body_up_to_the_limit_is_whole(http: Any, serve: Callable[[Handler], int]) -> None:
    """Exactly as much as the limit is no failure."""
    answer = http.send(get(serve(Wire(whole(b"x" * 1000)))))
    assert answer.failure is None and len(answer.body.text) == 1000


def test_a_hung_server_is_a_timeout(hasty: Any, serve: Callable[[Handler], int]) -> None:
    """A server that accepts and says nothing is a timeout that names it and the time."""
    port = serve(Wire(LONG_S))
    failure = hasty.send(get(port)).failure
    assert failure.kind == "timeout" and f"127.0.0.1:{port}" in failure.message and f"{HASTY_MS} ms" in failure.message


def test_a_slow_drip_is_a_timeout(hasty: Any, serve: Callable[[Handler], int]) -> None:
    """A body that never ends is cut in time; status, headers and what had come are kept."""
    answer = hasty.send(get(serve(Wire(b"HTTP/1.1 206 Some\r\nContent-Length: 99\r\n\r\n", *[b"a", 0.05] * 100))))
    assert answer.failure.kind == "timeout" and "206" in answer.failure.message
    assert answer.status == 206 and answer.headers == [("Content-Length", "99")]
    assert set(answer.body.text) == {"a"}


def test_nobody_listening_is_refused(http: Any) -> None:
    """A port nobody listens on refuses, by number and by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failure = http.send(get(port)).failure
    assert failure.kind == "refused" and f"127.0.0.1:{port}" in failure.message
    assert http.send(get(port, url=f"http://localhost:{port}/")).failure.kind == "refused"


def test_an_unknown_host_is_not_found(http: Any) -> None:
    """A name that does not resolve is a failure of its own (RFC 6761: `invalid` never does)."""
    failure = http.send(get(1, url="http://user:hidden@no-such-host.invalid/")).failure
    assert failure.kind == "dns" and "no-such-host.invalid" in failure.message
    assert "hidden" not in failure.message


def hang_up(connection: socket.socket) -> None:
    """Reset the connection instead of ending it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize(("ends", "in_the_body"), [(hang_up, "reset"), (socket.socket.close, "short_body")])
@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        (b"", 0, ""),
        (b"HTTP/1.1 200 O", 0, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 200, "abc"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 200, "abc"),
    ],
)
def test_a_short_answer_is_told(
    http: Any, serve: Callable[[Handler], int], ends: Handler, in_the_body: str, sent: bytes, status: int, body: str
) -> None:
    """A connection that is torn down is a reset, one that ends in the middle of the body a short body; what had
    come is kept."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(sent)
        time.sleep(0.05)
        ends(connection)

    answer = http.send(get(serve(handle)))
    assert (answer.status, answer.body.text, answer.failure.kind) == (status, body, in_the_body if status else "reset")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    ],
)
def test_nonsense_breaks_the_protocol(http: Any, serve: Callable[[Handler], int], nonsense: bytes) -> None:
    """What is not HTTP is a protocol failure."""
    assert http.send(get(serve(Wire(nonsense)))).failure.kind == "protocol"


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest(method="GET", url="/relative"),
        HttpRequest(method="GET", url="ftp://x/"),
        HttpRequest(method="GET", url="http://[x/"),
        HttpRequest(method="GET", url="http://127.0.0.1:99999/"),
        HttpRequest(method="G T", url="http://127.0.0.1:9/"),
        HttpRequest(method="GET", url="http://127.0.0.1:9/", headers=[("a b", "1")]),
        HttpRequest(method="GET", url="http://127.0.0.1:9/", headers=[("a", "1\r\nb: 2")]),
        HttpRequest(method="GET", url="http://" + "a" * 300 + "/"),
    ],
)
def test_an_impossible_request_is_told(http: Any, request_: HttpRequest) -> None:
    """A request that cannot be sent is a failure, not an exception, and is not sent."""
    assert http.send(request_).failure is not None


def secure(context: ssl.SSLContext, wire: Wire) -> Handler:
    def handle(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as inner:
            wire(inner)

    return handle


@pytest.fixture
def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def test_https_needs_a_known_certificate(
    http: Any, serve: Callable[[Handler], int], server_context: ssl.SSLContext
) -> None:
    """A certificate nobody vouches for is a failure of TLS that says why."""
    port = serve(secure(server_context, Wire(whole(b"secret"))))
    answer = http.send(get(port, url=f"https://127.0.0.1:{port}/"))
    assert answer.failure.kind == "tls" and "certificate is not trusted, it is self-signed" in answer.failure.message


def test_https_answers_like_http(
    http: Any, serve: Callable[[Handler], int], server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an authority named by SSL_CERT_FILE the answer comes."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    port = serve(secure(server_context, Wire(whole(b"secret"))))
    assert http.send(get(port, url=f"https://127.0.0.1:{port}/")).body.text == "secret"


def test_https_to_plain_http_is_told(http: Any, serve: Callable[[Handler], int]) -> None:
    """A server that does not speak TLS is a failure of TLS."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 no\r\n\r\n")

    port = serve(handle)
    failure = http.send(get(port, url=f"https://127.0.0.1:{port}/")).failure
    assert failure.kind == "tls" and "does not speak TLS" in failure.message


def test_an_expired_certificate_is_told(
    http: Any, serve: Callable[[Handler], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is known and out of date is a failure of TLS that says so."""
    monkeypatch.setenv("SSL_CERT_FILE", str(EXPIRED))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(EXPIRED)
    port = serve(secure(context, Wire(whole(b"secret"))))
    failure = http.send(get(port, url=f"https://127.0.0.1:{port}/")).failure
    assert failure.kind == "tls" and "it has expired" in failure.message


def test_a_certificate_for_another_host_is_told(
    http: Any, serve: Callable[[Handler], int], server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is known and for another name is a failure of TLS that says so."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    port = serve(secure(server_context, Wire(whole(b"secret"))))
    failure = http.send(get(port, url=f"https://localhost:{port}/")).failure
    assert failure.kind == "tls" and "it is for another host" in failure.message


@pytest.mark.parametrize(("ends", "kind"), [(hang_up, "reset"), (socket.socket.close, "tls")])
def test_a_handshake_that_is_cut_is_told(http: Any, serve: Callable[[Handler], int], ends: Handler, kind: str) -> None:
    """A connection that ends before TLS is there is a failure of TLS, one that is torn down a reset."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        ends(connection)

    port = serve(handle)
    assert http.send(get(port, url=f"https://127.0.0.1:{port}/")).failure.kind == kind


def test_a_secure_body_that_is_cut_is_short(
    http: Any, serve: Callable[[Handler], int], server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also through TLS a body that ends too early is a short body, and what had come is kept."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    def handle(connection: socket.socket) -> None:
        with server_context.wrap_socket(connection, server_side=True) as inner:
            inner.recv(65536)
            inner.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
            inner.shutdown(socket.SHUT_WR)

    port = serve(handle)
    answer = http.send(get(port, url=f"https://127.0.0.1:{port}/"))
    assert (answer.status, answer.body.text, answer.failure.kind) == (200, "abc", "short_body")


def never_reads(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stand(connection, LONG_S)


def headers_only(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    stand(connection, LONG_S)


def drips_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    with suppress(OSError):
        for number in range(90):
            connection.sendall(b"X-%d: y\r\n" % number)
            time.sleep(0.05)


def continues(connection: socket.socket) -> None:
    connection.recv(65536)
    with suppress(OSError):
        for _ in range(90):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.05)


@pytest.mark.parametrize("handle", [never_reads, headers_only, drips_headers, continues])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_phase_is_inside_the_budget(
    hasty: Any, serve: Callable[[Handler], int], handle: Handler, scheme: str
) -> None:
    """Handshake, sending, waiting for the head and for the body all end when the call's time is over."""
    port = serve(handle)
    began = time.monotonic()
    body = Blob(text="x" * 8_000_000)
    answer = hasty.send(get(port, url=f"{scheme}://127.0.0.1:{port}/", method="POST", body=body))
    assert answer.failure.kind in ("timeout", "tls") if scheme == "https" else answer.failure.kind == "timeout"
    assert time.monotonic() - began < LONG_S


def test_a_connection_nobody_accepts_is_a_timeout(hasty: Any) -> None:
    """Also connecting is inside the budget: a full backlog answers nothing."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.05)
        assert hasty.send(get(listener.getsockname()[1])).failure.kind == "timeout"


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"X-%d: y\r\n" % number for number in range(100_000)),
        b"X: " + b"a" * 10_000_000,
        b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 1_000_000,
    ],
    ids=["many", "long", "chunk"],
)
def test_a_head_is_bounded(http: Any, serve: Callable[[Handler], int], head: bytes) -> None:
    """A hundred thousand headers, one of ten megabytes, a chunk's length without end: cut off, with the bound."""
    failure = http.send(get(serve(Wire(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")))).failure
    assert failure.kind in ("limit", "protocol") and failure.message
    if failure.kind == "limit":
        assert "larger than 102400 bytes" in failure.message


def test_a_limit_says_what_to_do(http: Any, serve: Callable[[Handler], int]) -> None:
    """The failure names the limit, how much was seen, and both places where it is raised."""
    message = http.send(get(serve(Wire(whole(b"x" * 1500))))).failure.message
    for said in ("body_bytes_max, 1000 bytes", "1500 were seen", "limits.body_bytes_max", "[limits] in fozzy.toml"):
        assert said in message


class Tickets:
    """A handler that serves so many connections and turns the rest away; it sees how many are there at once."""

    def __init__(self, count: int, wait_s: float = 0.05, body: bytes = b"yours") -> None:
        self.most = 0
        self._left = count
        self._here = 0
        self._lock = threading.Lock()
        self._wait_s = wait_s
        self._body = body

    def __call__(self, connection: socket.socket) -> None:
        with self._lock:
            self._here += 1
            self._left -= 1
            self.most = max(self.most, self._here)
            served = self._left >= 0
        _request(connection)
        time.sleep(self._wait_s if served else 0)
        connection.sendall(whole(self._body) if served else b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n")
        with self._lock:
            self._here -= 1


def burst(port: int, count: int = 10, concurrency: int = 5, **more: Any) -> HttpBurst:
    return HttpBurst(count=count, concurrency=concurrency, request=get(port, **more))


def test_a_burst_is_really_concurrent(http: Any, serve: Callable[[Handler], int]) -> None:
    """So many requests are on their way at once and no more; all answers are one ask, in the order of completion."""
    tickets = Tickets(8)
    answers = http.burst(burst(serve(tickets))).answers
    assert 2 <= tickets.most <= 5
    assert sorted(each.answer.status for each in answers) == [200] * 8 + [503] * 2
    assert sorted(each.index for each in answers) == list(range(10))
    assert [each.at_ns for each in answers] == sorted(each.at_ns for each in answers)
    assert all(0 < each.took_ns <= each.at_ns for each in answers)
    assert [ask.label for ask in http.asks()] == ["http.burst"]


def test_a_burst_has_one_budget(hasty: Any, serve: Callable[[Handler], int]) -> None:
    """When the time of the call is over, what is on its way and what was not sent are timeouts."""
    answers = hasty.burst(burst(serve(Wire(LONG_S)), count=4, concurrency=2)).answers
    assert [each.answer.failure.kind for each in answers] == ["timeout"] * 4
    unsent = sorted(each.index for each in answers if "could be sent" in each.answer.failure.message)
    assert unsent == [2, 3]


def test_a_request_of_a_burst_has_its_own_time(http: Any, serve: Callable[[Handler], int]) -> None:
    """A request's own timeout ends it, and the next is sent."""
    answers = http.burst(burst(serve(Wire(LONG_S)), count=3, concurrency=1, timeout_ms=100)).answers
    assert [each.answer.failure.kind for each in answers] == ["timeout"] * 3
    assert all("100 ms" in each.answer.failure.message for each in answers)


def test_the_bodies_of_a_burst_have_one_limit(http: Any, serve: Callable[[Handler], int]) -> None:
    """All answers together are bounded, heads too; what is over it is told."""
    answers = http.burst(burst(serve(Tickets(10, 0, b"x" * 400)))).answers
    assert sum(len(each.answer.body.text) for each in answers) <= 1000
    failures = [each.answer.failure for each in answers if each.answer.failure]
    assert len(failures) >= 7 and {failure.kind for failure in failures} == {"limit"}
    assert "answers of the burst" in failures[0].message


def test_a_burst_to_nobody_is_refused(http: Any) -> None:
    """Every request has its own failure."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert [each.answer.failure.kind for each in http.burst(burst(port)).answers] == ["refused"] * 10


@pytest.mark.parametrize("by", ["scheme", "header"])
def test_a_websocket_upgrade_is_its_handshake(http: Any, serve: Callable[[Handler], int], by: str) -> None:
    """An upgrade sends the missing handshake headers, always the same key, and is answered by status 101 alone."""
    wire = Wire(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\n\x81\x05hello", 0.1)
    port = serve(wire)
    scheme, headers = ("ws", []) if by == "scheme" else ("http", [("Upgrade", "websocket")])
    answer = http.send(get(port, url=f"{scheme}://127.0.0.1:{port}/chat", headers=headers))
    assert answer == HttpAnswer(status=101, headers=[("Upgrade", "websocket"), ("X-A", "1")])
    lines = {line.lower() for line in wire.lines()}
    assert {"upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"} <= lines
    assert "Sec-WebSocket-Key: Zm96enktZm96enktZm96eg==".lower() in lines
    assert wire.lines()[0] == "GET /chat HTTP/1.1"


def test_a_refused_upgrade_is_an_ordinary_answer(http: Any, serve: Callable[[Handler], int]) -> None:
    """A server that does not switch answers as usual, body and all."""
    port = serve(Wire(b"HTTP/1.1 426 no\r\nContent-Length: 2\r\n\r\nno"))
    answer = http.send(get(port, url=f"ws://127.0.0.1:{port}/"))
    assert (answer.status, answer.body.text) == (426, "no")


def test_an_interrupt_ends_the_request(http: Any, serve: Callable[[Handler], int]) -> None:
    """Ctrl-C during a request closes its connection before it is raised."""
    closed = threading.Event()

    main = threading.get_ident()

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        signal.pthread_kill(main, signal.SIGINT)
        connection.recv(65536)
        closed.set()

    port = serve(handle)
    with pytest.raises(KeyboardInterrupt):
        http.send(get(port))
    assert closed.wait(LONG_S)


def test_a_large_body_needs_little_memory(serve: Callable[[Handler], int]) -> None:
    """A gzip bomb of a quarter of a gigabyte is cut off in little memory."""
    one = zlib.compressobj(wbits=31)
    packed = b"".join([*(one.compress(b"\0" * 2**20) for _ in range(256)), one.flush()])
    port = serve(Wire(whole(packed, "Content-Encoding: gzip")))
    script = f"""
        from fozzy import wall
        from fozzy.core.choice import Choices
        from fozzy.core.clock import Clock
        from fozzy.core.limits import Limits
        from fozzy.core.log import Log
        from fozzy.core.redact import Redactor
        from fozzy.core.sources import Seeded
        from fozzy.world.host_loop import HostLoop
        from fozzy.world.http.base import HttpRequest
        from fozzy.world.http.host import HostHttp
        loop = HostLoop()
        http = HostHttp(Choices(Seeded(1), Clock(), Log(), Redactor(), 30 * 10**9), loop, Limits())
        answer = http.send(HttpRequest(method="GET", url="http://127.0.0.1:{port}/"))
        assert answer.failure.kind == "limit" and len(answer.body.data()) == Limits().body_bytes_max
        loop.close()
        print(wall.peak_rss_bytes())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, check=True, cwd=ROOT, text=True
    )
    assert int(done.stdout) < 120 * 1024 * 1024


@pytest.mark.parametrize("timeout_ms", [1_000, 60_000])
def test_a_request_may_have_a_time_of_its_own(hasty: Any, serve: Callable[[Handler], int], timeout_ms: int) -> None:
    """A request is cut off after its own time, or that of the call where that is shorter; what came is kept."""
    port = serve(Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nso", LONG_S))
    answer = hasty.send(get(port, timeout_ms=timeout_ms))
    assert answer.failure.kind == "timeout" and (answer.status, answer.body.text) == (200, "so")
    assert f"after {min(timeout_ms, HASTY_MS)} ms" in answer.failure.message


def test_the_next_request_has_its_time_again(http: Any, serve: Callable[[Handler], int]) -> None:
    """A request that was cut off takes nothing from the next; one without a time of its own has that of the call."""
    assert http.send(get(serve(Wire(LONG_S)), timeout_ms=50)).failure.kind == "timeout"
    port = serve(Wire(0.1, whole(b"late")))
    assert http.send(get(port, timeout_ms=4000)).body.text == "late"
    assert http.send(get(port)).body.text == "late"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "had not begun to answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", "had sent its headers, status 200, and nothing of the body"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "had sent status 200 and 3 bytes of the body"),
    ],
    ids=["never", "head", "drip"],
)
def test_a_timeout_tells_how_far_it_came(hasty: Any, serve: Callable[[Handler], int], sent: bytes, said: str) -> None:
    """A server that never answers, one that sends its headers only, and one that stalls in the body differ."""

    def stall(connection: Any) -> None:
        connection.recv(65536)
        connection.sendall(sent)
        connection.settimeout(5)
        connection.recv(1)  # until we are gone

    failure = hasty.send(get(serve(stall))).failure
    assert failure.kind == "timeout"
    assert said in failure.message
