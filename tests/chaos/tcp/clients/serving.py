"""What the clients' tests share: a process of proxies with Toxiproxy's API, a server behind them, and every toxic once.

A new type of toxic has its line in `SAMPLES`; a test says where one is missing.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx

ROOT = str(Path(__file__).parents[4])
CONTROL = re.compile(r"control 127\.0\.0\.1:(\d+)")
SOON_S = 30.0  # for what must come, on a machine that is busy with other things


class Sample(NamedTuple):
    """A toxic as a client writes it: its attributes, what an update changes of them, the protocol it needs."""

    attributes: dict[str, Any]
    update: dict[str, Any]
    protocol: str = "raw"
    toxicity: float = 0.5


SAMPLES: dict[str, Sample] = {
    "latency": Sample({"latency": 100, "jitter": 10}, {"jitter": 20}),
    "bandwidth": Sample({"rate": 1000}, {"rate": 2000}),
    "slow_close": Sample({"delay": 5}, {"delay": 6}),
    "timeout": Sample({"timeout": 1000}, {"timeout": 0}),
    "reset_peer": Sample({"timeout": 2000}, {"after_bytes": 3000}),
    "slicer": Sample({"average_size": 8, "size_variation": 2, "delay": 10}, {"average_size": 9}),
    "limit_data": Sample({"bytes": 1000}, {"bytes": 2000}),
    "limit_time": Sample({"time": 1000}, {"time": 2000}),
    "down": Sample({}, {}, toxicity=1.0),  # there is one port for all
    "refuse": Sample({"how": "silent"}, {"how": "rst"}, toxicity=1.0),
    "corrupt": Sample({"bits": 3}, {"bits": 4, "offset": 1}),
    "packet_loss": Sample({"loss_rate": 0.5}, {"correlation": 0.25}),
    "half_close": Sample({}, {}),
    "partition": Sample({}, {}),
    "drop_reply": Sample({"end": "fin"}, {"end": "hang"}, "redis"),
    "resp_error": Sample({"code": "LOADING"}, {"code": "OOM", "message": "no memory"}, "redis"),
    "resp_match": Sample({"reply": "PONG"}, {"reply": 3}, "redis"),
    "pg_error": Sample({"sqlstate": "40001"}, {"sqlstate": "53300"}, "postgres"),
    "pg_drop_commit_reply": Sample({}, {}, "postgres"),
    "http_status": Sample({"status": 500}, {"status": 503, "body": "later"}, "http"),
    "http_rate_limit": Sample({"retry_after": 1}, {"retry_after": 2}, "http"),
    "http_malformed": Sample({"how": "truncate"}, {"how": "bit-flip"}, "http"),
    "http_truncate": Sample({"bytes": 3}, {"end": "rst"}, "http"),
    "http_slow_headers": Sample({"delay": 3}, {"piece": "byte"}, "http"),
    "sse_cut": Sample({"after_events": 3}, {"end": "rst"}, "http"),
    "sse_stall": Sample({"after_events": 3}, {"for": 100}, "http"),
    "sse_drop_event": Sample({}, {}, "http"),
    "sse_partial_event": Sample({"end": "rst"}, {"end": "fin"}, "http"),
    "sse_bad_json": Sample({}, {}, "http"),
}


class Upper(socketserver.BaseRequestHandler):
    """Answers with what came, in capitals."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data.upper())


class Upstream(socketserver.ThreadingTCPServer):
    """Takes its time to nobody, and ends with the test."""

    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def upstream() -> Iterator[str]:
    """A server; gives its address."""
    with Upstream(("127.0.0.1", 0), Upper) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class Api:
    """Where the API of the process listens, and requests to it as anybody can write them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(base_url=self.url, timeout=SOON_S, trust_env=False)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Its answer."""
        return self._client.request(method, path, json=body, headers=headers)

    def made(self, path: str, body: Any) -> Any:
        """What is answered to a POST that must succeed."""
        answer = self.ask("POST", path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def clear(self) -> None:
        """No proxy is left."""
        for name in self.ask("GET", "/proxies").json():
            assert self.ask("DELETE", f"/proxies/{name}").status_code == 204

    def close(self) -> None:
        """Its connection ends."""
        self._client.close()


@contextlib.contextmanager
def serving() -> Iterator[Api]:
    """`fozzy proxy tcp` with its controls and no proxy; at the end it is stopped, and must have had no trouble."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fozzy", "proxy", "tcp", "--control", "127.0.0.1:0", "--seed", "7"],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("FOZZY_")},
            "PYTHONPATH": ROOT,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    begun = threading.Event()
    reader = threading.Thread(target=_read, args=(process, lines, begun))
    reader.start()
    api = None
    try:
        assert begun.wait(SOON_S), lines
        found = [match for line in lines if (match := CONTROL.search(line))]
        assert found, lines
        api = Api(int(found[0][1]))
        yield api
    finally:
        if api is not None:
            api.close()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(SOON_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(SOON_S)
    assert process.returncode == 0, lines
    assert not [line for line in lines if "Traceback" in line], lines


def _read(process: subprocess.Popen[str], lines: list[str], begun: threading.Event) -> None:
    """Every line to the last; `begun` when it says where its controls are, or ends."""
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.append(line)
            if CONTROL.search(line):
                begun.set()
    begun.set()


def place(address: str) -> tuple[str, int]:
    """An address as sockets take it."""
    host, _, port = address.rpartition(":")
    return host, int(port)


def said(address: str, data: bytes = b"ping") -> bytes:
    """What comes back through a proxy on a connection of its own. *Errors*: `OSError`."""
    with socket.create_connection(place(address), timeout=SOON_S) as sock:
        sock.sendall(data)
        return received(sock, len(data))


def received(sock: socket.socket, size: int) -> bytes:
    """So many bytes, fewer where the connection ends. *Errors*: `OSError`."""
    data = b""
    while len(data) < size and (piece := sock.recv(65536)):
        data += piece
    return data


def is_refused(address: str) -> bool:
    """Whether nobody listens there."""
    try:
        socket.create_connection(place(address), timeout=SOON_S).close()
    except ConnectionRefusedError:
        return True
    return False
