"""The shop: a small HTTP service in a process of its own, as its users would write it. Nothing in it is about tests.

It remembers each request and how it ended (`GET /seen`), as an access log does, and says the same on its output.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PIECE_BYTES = 65536
NAMES = ("lamp", "chair", "table", "clock", "shelf")
STAMP_PB = b"\x0a\x11chair, 2 in stock"  # a google.protobuf.StringValue


class Entry:
    """One request in the access log."""

    def __init__(self, connection: int, method: str, path: str, key: str) -> None:
        self.connection, self.method, self.path, self.key = connection, method, path, key
        self.ended = "open"


class Book:
    """What the shop knows: orders by their key, and its access log."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.log: list[Entry] = []
        self.stock = 1
        self._lock = threading.Lock()

    def enter(self, entry: Entry) -> None:
        """A request came."""
        with self._lock:
            self.log.append(entry)

    def order(self, key: str) -> int:
        """The number of an order; one with a key that is known is the same order."""
        with self._lock:
            if not key or key not in self.orders:
                self.orders.append(key)
            return self.orders.index(key) + 1 if key else len(self.orders)

    def sell(self) -> int:
        """How many versions of the price list there were."""
        with self._lock:
            self.stock += 1
            return self.stock

    def forget(self) -> None:
        """As new."""
        with self._lock:
            self.orders, self.log, self.stock = [], [], 1


BOOK = Book()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = PIECE_BYTES  # head and body leave together: who has gone in between would be seen by chance

    def do_GET(self) -> None:
        """What is asked for by its path."""
        parts = urlsplit(self.path)
        words = dict(parse_qsl(parts.query))
        name = parts.path.strip("/").partition("/")[0]
        if name in ("seen", "forget", "health"):
            getattr(self, f"_{name}")(words)
            return
        self._logged(getattr(self, f"_{name}", self._unknown), words)

    def do_POST(self) -> None:
        """An order."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._logged(self._order, {})

    def log_message(self, format: str, *args: Any) -> None:
        """The book is the log."""

    # the shop

    def _items(self, words: dict[str, str]) -> None:
        number = int(urlsplit(self.path).path.rpartition("/")[2])
        self._json({"id": number, "name": NAMES[number % len(NAMES)], "note": "well made " * 100})

    def _prices(self, words: dict[str, str]) -> None:
        """The price list; caches may keep it for a while, and serve it for a day when the shop is down."""
        control = words.get("cache", "max-age=60, stale-if-error=86400")
        self._json({"version": BOOK.stock}, headers={"Cache-Control": control})

    def _stamp(self, words: dict[str, str]) -> None:
        self._answer(200, STAMP_PB, "application/x-protobuf")

    def _export(self, words: dict[str, str]) -> None:
        """So many bytes, made as they go."""
        size = int(words["bytes"])
        self._head(200, "application/octet-stream", size)
        piece = bytes(range(256)) * (PIECE_BYTES // 256)
        while size > 0:
            self.wfile.write(piece[:size])
            size -= PIECE_BYTES

    def _report(self, words: dict[str, str]) -> None:
        """A report that is put together in memory."""
        try:
            made = bytearray(b"r") * (int(words["mb"]) << 20)
        except MemoryError:
            sys.stderr.write("out of memory\n")
            sys.stderr.flush()
            os._exit(70)
        self._json({"bytes": len(made)})

    def _sum(self, words: dict[str, str]) -> None:
        """Something that takes a processor."""
        began = time.process_time()
        while time.process_time() - began < float(words["cpu_s"]):
            sum(range(1000))
        self._json({"done": True})

    def _hold(self, words: dict[str, str]) -> None:
        """Work that does not end by itself."""
        threading.Event().wait(600)

    def _order(self, words: dict[str, str]) -> None:
        BOOK.sell()
        self._json({"order": BOOK.order(self.headers.get("Idempotency-Key", ""))}, 201)

    def _unknown(self, words: dict[str, str]) -> None:
        self._json({"error": "there is no such thing"}, 404)

    # what whoever runs it asks

    def _health(self, words: dict[str, str]) -> None:
        self._json({"ok": True})

    def _seen(self, words: dict[str, str]) -> None:
        self._json({"orders": BOOK.orders, "log": [vars(entry) for entry in BOOK.log]})

    def _forget(self, words: dict[str, str]) -> None:
        BOOK.forget()
        self._json({})

    # inside

    def _logged(self, answer: Any, words: dict[str, str]) -> None:
        entry = Entry(self.client_address[1], self.command, self.path, self.headers.get("Idempotency-Key", ""))
        BOOK.enter(entry)
        sys.stdout.write(f"{entry.method} {entry.path}\n")
        sys.stdout.flush()
        try:
            answer(words)
            self.wfile.flush()
            entry.ended = "sent"
        except OSError:
            entry.ended = "aborted"
            self.close_connection = True

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._answer(status, json.dumps(value).encode(), "application/json", headers)

    def _answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self._head(status, kind, len(body), headers)
        self.wfile.write(body)

    def _head(self, status: int, kind: str, size: int, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(size), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    """Many connections at once."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who leaves is no error."""


if __name__ == "__main__":
    threading.stack_size(256 * 1024)
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
