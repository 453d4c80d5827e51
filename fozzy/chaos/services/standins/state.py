"""What a stand-in is to say, and what it was asked: two files in its folder, so both outlive it.

Rule 1: whoever tests it writes what it says, and it reads that anew for every request.
Rule 2: it writes a line when a request has come, and one when its answer is out or is given up.
Rule 3: who clears it begins anew: of requests that had come before, nothing is written any more.
"""

from __future__ import annotations

import threading
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

SAID = "said.json"
ASKED = "asked.jsonl"
WHOLE = "whole"
BROKEN = "broken"
DEPTH = 200
_SECRET = ("authorization", "x-api-key", "api-key")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `body` is the document in it, or text; `ended` is `whole`, or `broken` where the client went away."""

    number: int
    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: Any = None
    ended: str = ""  # nothing while it is answered, or where the stand-in was killed then


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the answer to one."""

    number: int
    ended: str


class Begun(NamedTuple):
    """A request that is being answered. `clears` is how often the files had been cleared before it came."""

    number: int
    clears: int


class State:
    """The files of one stand-in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        known = self.asked()
        self._count = len(known)
        self._clears = 0
        self._lives = {-each.connection: each.connection for each in known}  # those of an earlier life, and ours

    def said(self) -> dict[str, Any]:
        """What it is to say."""
        path = self._folder / SAID
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
        return found

    def say(self, **words: Any) -> None:
        """Have it say something else from now on, beside what it was told before."""
        new = self._folder / f"{SAID}.new"
        new.write_bytes(msgspec.json.encode({**self.said(), **words}))
        new.replace(self._folder / SAID)

    def asked(self) -> list[Asked]:
        """All requests so far, in the order in which they came."""
        found: dict[int, Asked] = {}
        path = self._folder / ASKED
        for line in path.read_bytes().splitlines() if path.exists() else ():
            if b'"method"' in line[:200]:
                asked = msgspec.json.decode(line, type=Asked)
                found[asked.number] = asked
            elif line.endswith(b"}"):
                over = msgspec.json.decode(line, type=Ended)
                found[over.number] = msgspec.structs.replace(found[over.number], ended=over.ended)
        return list(found.values())

    def clear(self) -> None:
        """As new."""
        for name in (SAID, ASKED):
            (self._folder / name).unlink(missing_ok=True)

    def begin(self, connection: int, method: str, target: str, headers: dict[str, str], body: bytes) -> Begun:
        """A request has come. Connections are counted as they first ask something."""
        shown = {name: "<redacted>" if name in _SECRET else value for name, value in headers.items()}
        with self._lock, self._lines() as lines:
            self._count += 1
            asked = Asked(
                number=self._count,
                connection=self._lives.setdefault(connection, len(self._lives) + 1),
                method=method,
                target=target,
                headers=shown,
                body=_document(body),
            )
            lines.write(msgspec.json.encode(asked) + b"\n")
            return Begun(self._count, self._clears)

    def end(self, begun: Begun, ended: str) -> None:
        """Its answer is out, or given up."""
        with self._lock, self._lines() as lines:
            if begun.clears == self._clears:
                lines.write(msgspec.json.encode(Ended(number=begun.number, ended=ended)) + b"\n")

    def _lines(self) -> BinaryIO:
        """Where lines are added."""
        path = self._folder / ASKED
        try:
            lines = path.open("r+b")  # never made here: whoever clears it just now has not cleared a new one
        except FileNotFoundError:
            self._count = 0
            self._lives.clear()
            self._clears += 1
            return path.open("ab")
        lines.seek(0, SEEK_END)
        return lines


def _document(body: bytes) -> Any:
    if not body:
        return None
    try:
        found = msgspec.json.decode(body)
        if body.count(b"[") + body.count(b"{") > DEPTH:  # whoever reads it has less room left for it than there is here
            msgspec.json.decode(b"[" * DEPTH + body + b"]" * DEPTH)
        return found
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
