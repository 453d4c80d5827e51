"""TLS at both sides, over real sockets."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from fozzy.chaos.http.tls import listener_context, upstream_context
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.errors import InputError
from tests.chaos import upstream as servers
from tests.chaos.http.harness import running

CERTIFICATE = Path(__file__).parents[2] / "world" / "http" / "self_signed.pem"  # for 127.0.0.1, with its key
SECURE = Listening(tls_cert=str(CERTIFICATE))
BODY = bytes(range(256)) * 5000


def server() -> ssl.SSLContext:
    """What a server of ours presents."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting() -> ssl.SSLContext:
    """A client's belief in it."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def test_tls_at_the_listener() -> None:
    """Clients speak TLS to the proxy: small and large bodies, one connection."""
    with servers.Upstream() as upstream, running({}, upstream.url, listening=SECURE) as run:
        upstream.on("/large", servers.plain(200, [], BODY))
        with httpx.Client(verify=trusting(), base_url=f"https://127.0.0.1:{run.port}") as client:
            assert client.get("/").status_code == 200
            assert client.get("/large").content == BODY
            assert client.post("/", content=BODY).status_code == 200
        assert run.proxy.connections_peak == 1 and upstream.requests[2].body == BODY


def test_tls_to_upstream() -> None:
    """Upstream speaks TLS: its certificate is checked, by a name or an address, and connections are kept."""
    with servers.Upstream(tls=server()) as upstream:
        upstream.on("/large", servers.plain(200, [], BODY))
        to = Upstream(url=f"https://127.0.0.1:{upstream.port}", ca=str(CERTIFICATE))
        with running({}, to=to) as run, httpx.Client(base_url=run.url) as client:
            assert client.get("/").status_code == 200
            assert client.get("/large").content == BODY
            assert client.post("/", content=BODY).status_code == 200
            assert upstream.opened == 1


def test_a_certificate_that_nobody_vouches_for() -> None:
    """502 that says why; without `verify` it is taken."""
    with servers.Upstream(tls=server()) as upstream:
        url = f"https://127.0.0.1:{upstream.port}"
        with running({}, to=Upstream(url=url)) as run:
            response = httpx.get(run.url)
            assert response.status_code == 502 and response.json()["error"]["code"] == "upstream_tls"
            assert "self-signed" in response.json()["error"]["message"] and run.only().reason == "upstream_tls"
        with running({}, to=Upstream(url=url, verify=False)) as run:
            assert httpx.get(run.url).status_code == 200


def test_an_upstream_without_tls() -> None:
    """https to a port that speaks something else: 502."""

    def babble(server: socket.socket) -> None:
        sock, _ = server.accept()
        sock.sendall(b"220 mail.example\r\n")
        sock.recv(65536)
        sock.close()

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        told = pool.submit(babble, server)
        with running({}, f"https://127.0.0.1:{server.getsockname()[1]}") as run:
            assert httpx.get(run.url).json()["error"]["code"] == "upstream_tls"
        told.result()


def test_a_client_without_tls() -> None:
    """Plain bytes at a secure listener end the connection; nothing is recorded and nothing is left."""
    with running({}, listening=SECURE) as run, run.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            while sock.recv(65536):
                pass
        except ConnectionResetError:
            pass
        assert run.exchanges == []


def test_a_handshake_that_does_not_come() -> None:
    """A silent client of a secure listener is closed after the time for a head."""
    with running({}, listening=SECURE, wire=Wire(header_timeout_s=0.2)) as run, run.connect() as sock:
        assert sock.recv(1) == b""
        assert run.exchanges == []


def asked(sock: socket.socket, data: bytes) -> tuple[bytes, str]:
    """What comes back over TLS, and how it ended; Python's own TLS sockets do not tell a reset from an end."""
    came, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(came, out, server_hostname="127.0.0.1")
    steps = [tls.do_handshake, lambda: tls.write(data)]
    got = b""
    try:
        while True:
            try:
                if steps:
                    steps[0]()
                    steps.pop(0)
                elif piece := tls.read(65536):
                    got += piece
                else:
                    return got, "fin"
            except ssl.SSLWantReadError:
                if due := out.read():  # to send nothing would tell of a reset before what came is read
                    sock.sendall(due)
                more = sock.recv(65536)
                came.write(more) if more else came.write_eof()
    except ConnectionResetError:
        return got, "rst"


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_cuts_under_tls(how: str) -> None:
    """A cut under TLS is a short read, by FIN or by RST."""
    plan = {"faults": {"disconnect": {"after_bytes": 3, "how": how}}}
    with servers.Upstream() as upstream, running(plan, upstream.url, listening=SECURE) as run, run.connect() as sock:
        got, end = asked(sock, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert got.partition(b"\r\n\r\n")[2] == b'{"m' and end == how


def test_a_client_that_leaves_in_a_delay() -> None:
    """The end of a secure connection is seen while a delay passes."""
    with running({"latency": {"fixed": "20s"}, "routes": [{"path": "*", "answer": {}}]}, listening=SECURE) as run:
        with trusting().wrap_socket(run.connect(), server_hostname="127.0.0.1") as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert run.only().reason == "client_gone"


def test_files_that_are_no_certificates(tmp_path: Path) -> None:
    """A missing or broken file is an error that names it, before anything listens."""
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    for path in (broken, tmp_path / "missing.pem"):
        for make in (
            lambda path=path: listener_context(Listening(tls_cert=str(path))),
            lambda path=path: upstream_context(Upstream(ca=str(path))),
        ):
            with pytest.raises(InputError) as caught:
                make()
            assert caught.value.code == "chaos.tls" and str(path) in caught.value.message


def test_no_certificate_no_tls() -> None:
    """Without one a listener speaks plain."""
    assert listener_context(Listening()) is None


def test_a_closed_end_is_closed_once() -> None:
    """An end can be closed twice."""
    from fozzy.chaos.http.tls import SecureEnd

    one, other = socket.socketpair()
    end = SecureEnd(one, server())
    end.close()
    end.close(at_once=True)
    assert one.fileno() == -1 and other.recv(1) == b""
    other.close()
