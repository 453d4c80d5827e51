"""The events of a session, served as a stream: a program of its own, `stream_server.py PORT [--forgetful]`.

Each event follows from the one before it, so what was made is kept in a file before it is sent, and a server that is started
again goes on where it was. A client says by `Last-Event-ID` which event it has. `GET /seen` is the access log.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEPT = Path("events.jsonl")
SEEN = Path("seen.jsonl")
WORDS = ("lamp", "Stühle", "漢字", "🦉 and\nhis friend")
FORGETFUL = "--forgetful" in sys.argv  # a broken twin: keeps nothing


class Events:
    """What was made so far."""

    def __init__(self) -> None:
        self.made: dict[int, dict[str, Any]] = {}
        if KEPT.exists() and not FORGETFUL:
            self.made = {event["n"]: event for event in map(json.loads, KEPT.read_text("utf-8").splitlines())}

    def get(self, number: int) -> dict[str, Any]:
        """One of them; made where it is not there."""
        if number not in self.made:
            self.made[number] = after(self.made.get(number - 1), number)
            with KEPT.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self.made[number]) + "\n")
        return self.made[number]


def after(before: dict[str, Any] | None, number: int) -> dict[str, Any]:
    """An event, made from the one before."""
    total = 0 if before is None else before["total"]
    return {"n": number, "total": total + number * number, "text": WORDS[number % len(WORDS)]}


def written(number: int, event: dict[str, Any], words: dict[str, str]) -> str:
    """An event on the wire: its JSON over several lines where that is wanted."""
    text = json.dumps(event, ensure_ascii=False, indent=1 if "lines" in words else None)
    lines = [f"id: {number}", *(f"data: {line}" for line in text.split("\n")), "", ""]
    return ("\r\n" if "crlf" in words else "\n").join(lines)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """What is asked for by its path."""
        parts = urlsplit(self.path)
        words = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == "/events":
            self._stream(words)
        elif parts.path == "/seen":
            self._json([json.loads(line) for line in SEEN.read_text().splitlines()] if SEEN.exists() else [])
        elif parts.path == "/forget":
            for path in (KEPT, SEEN):
                path.unlink(missing_ok=True)
            EVENTS.made.clear()
            self._json({})
        else:
            self._json({"ok": True})

    def log_message(self, format: str, *args: Any) -> None:
        """The log is a file."""

    def _stream(self, words: dict[str, str]) -> None:
        """Events up to `upto`, then one that says that this was the last. All at once, as there is no reason to wait."""
        last = self.headers.get("Last-Event-ID", "")
        with SEEN.open("a") as file:
            file.write(json.dumps({"last": last}) + "\n")
        numbers = range(int(last or 0) + 1, int(words["upto"]) + 1)
        made = [written(number, EVENTS.get(number), words).encode() for number in numbers]
        made.append(b"event: end\ndata: %b\n\n" % words["upto"].encode())
        self.wfile.write(
            b"".join([self._head(words), *(self._framed(each, words) for each in made), self._last(words)])
        )
        self.close_connection = True

    def _head(self, words: dict[str, str]) -> bytes:
        how = "Transfer-Encoding: chunked\r\n" if "chunked" in words else ""
        return f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{how}Connection: close\r\n\r\n".encode()

    def _framed(self, data: bytes, words: dict[str, str]) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if "chunked" in words else data

    def _last(self, words: dict[str, str]) -> bytes:
        return b"0\r\n\r\n" if "chunked" in words else b""

    def _json(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Many connections at once."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who leaves is no error."""


if __name__ == "__main__":
    EVENTS = Events()
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
