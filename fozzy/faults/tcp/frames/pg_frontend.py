"""What a PostgreSQL client sends, protocol 3: the heads of its messages, and the names and statements in them.

Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from fozzy.faults.tcp.frames import pg_statement
from fozzy.faults.tcp.frames.base import KNOWN_BYTES_MAX, Lost, shown

TLS_HANDSHAKE = 0x16
STARTUP_BYTES_MAX = 10000  # what PostgreSQL itself allows
MESSAGE_BYTES_MAX = 1 << 30
LOOKED_AT_BYTES = KNOWN_BYTES_MAX + pg_statement.STATEMENT_BYTES_MAX + 16  # of a message, for a name and a statement
NAMES_MAX = 10000  # of prepared statements and portals that are remembered
FRONTEND = frozenset("QPBDECSHFXdcfp")
_ENCRYPTIONS = {80877103: "SSLRequest", 80877104: "GSSENCRequest"}
_CANCEL = 80877102


class Opening(NamedTuple):
    """The first message of a connection, or one before it."""

    kind: Literal["encryption", "cancel", "startup"]
    size: int
    about: str


class Frame(NamedTuple):
    """A message: its letter, and how many bytes it has with its head."""

    letter: str
    size: int


def opening(data: bytes, at: int) -> Opening | None:
    """What comes before a session; none while too little is there. *Errors*: `Lost`."""
    if data[at] == TLS_HANDSHAKE:
        raise Lost("encrypted")
    if len(data) - at < 8:
        if data[at] != 0:
            raise Lost("not_postgres: a connection does not begin as one")
        return None
    size, code = int.from_bytes(data[at : at + 4], "big"), int.from_bytes(data[at + 4 : at + 8], "big")
    if not 8 <= size <= STARTUP_BYTES_MAX:
        raise Lost("not_postgres: a connection does not begin as one")
    if code in _ENCRYPTIONS:
        return Opening("encryption", size, _ENCRYPTIONS[code])
    if code == _CANCEL:
        return Opening("cancel", size, "CancelRequest")
    if code >> 16 != 3:
        raise Lost(f"not_postgres: version {code >> 16} of the protocol")
    if len(data) - at < size:
        return None
    return Opening("startup", size, _startup(data[at + 8 : at + size]))


def frame(data: bytes, at: int, letters: frozenset[str]) -> Frame | None:
    """The head of a message; none while it is not there. *Errors*: `Lost`."""
    letter = chr(data[at])
    if letter not in letters:
        raise Lost(f"not_postgres: a message begins with {data[at : at + 1]!r}")
    if len(data) - at < 5:
        return None
    size = int.from_bytes(data[at + 1 : at + 5], "big")
    if not 4 <= size <= MESSAGE_BYTES_MAX:
        raise Lost(f"not_postgres: a message of {size} bytes")
    return Frame(letter, size + 1)


class Names:
    """The statements behind the names of prepared statements and of portals."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], str] = {}

    def about(self, data: bytes, at: int, head: Frame) -> str | None:
        """What a message is about, and keep the names it gives; none while too little of it is there."""
        body = data[at + 5 : at + min(head.size, LOOKED_AT_BYTES)]
        is_whole = len(data) - at >= head.size
        if head.letter == "Q":
            return self._text(body, 0, is_whole)
        if head.letter == "P":
            return self._prepared(body, is_whole)
        if head.letter == "B":
            return self._bound(body, is_whole)
        if head.letter in "DCE":
            return self._looked_up(head.letter, body, is_whole)
        return ""

    def _text(self, body: bytes, start: int, is_whole: bool) -> str | None:
        end = body.find(b"\0", start)
        if end < 0 and not is_whole and len(body) - start < pg_statement.STATEMENT_BYTES_MAX:
            return None
        return pg_statement.about(body[start : end if end >= 0 else len(body)])

    def _prepared(self, body: bytes, is_whole: bool) -> str | None:
        end = body.find(b"\0")
        if end < 0:
            return "" if is_whole or len(body) > KNOWN_BYTES_MAX else None
        told = self._text(body, end + 1, is_whole)
        if told is not None:
            self._keep("S", body[:end], told)
        return told

    def _bound(self, body: bytes, is_whole: bool) -> str | None:
        end = body.find(b"\0")
        second = body.find(b"\0", end + 1) if end >= 0 else -1
        if second < 0:
            return "" if is_whole or len(body) > KNOWN_BYTES_MAX else None
        told = self._known.get(("S", body[end + 1 : second]), "")
        self._keep("P", body[:end], told)
        return told

    def _looked_up(self, letter: str, body: bytes, is_whole: bool) -> str | None:
        start = 0 if letter == "E" else 1
        end = body.find(b"\0", start)
        if end < 0:
            return "" if is_whole or len(body) > KNOWN_BYTES_MAX else None
        return self._known.get(("P" if letter == "E" else chr(body[0]), body[start:end]), "")

    def _keep(self, family: str, name: bytes, told: str) -> None:
        self._known.pop((family, name), None)
        if len(self._known) >= NAMES_MAX:
            del self._known[next(iter(self._known))]
        self._known[family, name] = told


def is_prepared_only(data: bytes, at: int) -> bool | None:
    """Whether what begins here is only prepared or described, and not run; none while what follows is not there.

    A server that gets these messages alone says nothing, so they may wait. One that is very long counts as run.
    """
    start = at
    while True:
        if at >= len(data):
            return None
        head = frame(data, at, FRONTEND)
        if head is None:
            return None
        if head.letter not in "PD":
            return head.letter in "SHQXp"
        at += head.size
        if at - start > KNOWN_BYTES_MAX:
            return False


def _startup(body: bytes) -> str:
    words = body.split(b"\0")
    said = dict(zip(words[::2], words[1::2], strict=False))
    user = said.get(b"user", b"")
    return " ".join(["startup", shown(said.get(b"database") or user), shown(user)]).strip()
