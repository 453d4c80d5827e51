"""Clients for tests: they send requests as told, one after the other or many at once, and say exactly what came back.

What came is status, headers, body and how it ended; a client that hides a short read or a reset would hide faults.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SOON_S = 60.0  # for an answer, on a machine that is busy with other things
HOST = "fozzy.test"  # the same whatever the port
PIECE_BYTES = 1000  # of a body that is sent in chunks


class Ask(NamedTuple):
    """A request."""

    method: str
    target: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False


class Got(NamedTuple):
    """What came back. `ended`: whole, short (an end before the end), reset; of a reset the bytes before it do not count."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    ended: str


NOTHING = Got(0, (), b"", "short")
RESET = Got(0, (), b"", "reset")


class Visitor:
    """One client, with a connection that it keeps while it may. *Closes*: `close`."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._line = http.client.HTTPConnection(host, port, timeout=SOON_S)

    def ask(self, ask: Ask) -> Got:
        """Send it, and take what comes."""
        try:
            return self._asked(ask)
        except http.client.RemoteDisconnected:
            self.close()
            return NOTHING
        except (ConnectionResetError, BrokenPipeError):
            self.close()
            return RESET

    def close(self) -> None:
        """Let go of the connection."""
        self._line.close()

    def _asked(self, ask: Ask) -> Got:
        body = ask.body
        pieces = (body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES)) if ask.chunked else body
        self._line.request(
            ask.method, ask.target, pieces or None, {"Host": HOST, **dict(ask.headers)}, encode_chunked=ask.chunked
        )
        with self._line.getresponse() as answer:
            headers = tuple(answer.getheaders())
            try:
                return Got(answer.status, headers, answer.read(), "whole")
            except http.client.IncompleteRead as short:
                self.close()
                return Got(answer.status, headers, short.partial, "short")


def serially(port: int, asks: Sequence[Ask]) -> list[Got]:
    """One after the other, by one client."""
    return _by(port, iter(enumerate(asks)), len(asks), 1)


def at_once(port: int, asks: Sequence[Ask], clients: int = 32) -> list[Got]:
    """So many clients at once, each with a connection of its own; they take the requests in turn."""
    return _by(port, iter(enumerate(asks)), len(asks), clients)


def _by(port: int, asks: Iterator[tuple[int, Ask]], count: int, clients: int) -> list[Got]:
    found: dict[int, Got] = {}
    lock, begin = threading.Lock(), threading.Barrier(clients)

    def work() -> None:
        visitor = Visitor(port)
        begin.wait(SOON_S)
        while True:
            with lock:
                number, ask = next(asks, (-1, None))
            if ask is None:
                return visitor.close()
            found[number] = visitor.ask(ask)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count, "a client failed"
    return [found[number] for number in range(count)]
