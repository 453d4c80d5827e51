"""A small to-do service: the program under test in several scenarios.

Usage: python3 todo_service.py PORT. It listens on the loopback address and ends with 0 on SIGTERM.
TODO_ITEMS_MAX bounds how many items it keeps; the oldest are forgotten first.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

ITEMS_MAX = int(os.environ.get("TODO_ITEMS_MAX", "100"))

items: dict[int, str] = {}
numbers = count(1)


class Todo(BaseHTTPRequestHandler):
    """GET /health, GET and POST /items, GET and DELETE /items/ID."""

    def do_GET(self) -> None:
        if self.path == "/health":
            self.answer(200, {"ok": True})
        elif self.path == "/items":
            self.answer(200, [{"id": number, "title": title} for number, title in items.items()])
        elif (number := self.item()) is not None:
            self.answer(200, {"id": number, "title": items[number]})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/items":
            self.answer(404, {"error": "not found"})
            return
        number = next(numbers)
        items[number] = json.loads(text)["title"]
        while len(items) > ITEMS_MAX:
            del items[min(items)]
        self.answer(201, {"id": number, "title": items[number]}, {"Location": f"/items/{number}"})

    def do_DELETE(self) -> None:
        number = self.item()
        if number is None:
            self.answer(404, {"error": "not found"})
        else:
            del items[number]
            self.answer(204)

    def item(self) -> int | None:
        """The number of the item the path names, if there is one."""
        start, _, number = self.path.rpartition("/")
        return int(number) if start == "/items" and number.isdigit() and int(number) in items else None

    def answer(self, status: int, value: Any = None, headers: dict[str, str] | None = None) -> None:
        """Send a status, headers, and a value as JSON."""
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        if body:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent: what is printed is part of the recording."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Todo)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
