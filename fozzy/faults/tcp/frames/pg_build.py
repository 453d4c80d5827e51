"""PostgreSQL messages of ours: an error, and what makes a server fail with one."""

from __future__ import annotations

from fozzy.faults.tcp.frames.pg_frontend import FRONTEND, frame

_QUOTE = "$fozzy$"


def message(letter: str, body: bytes = b"") -> bytes:
    """One message."""
    return letter.encode() + (len(body) + 4).to_bytes(4, "big") + body


def error(severity: str, sqlstate: str, text: str) -> bytes:
    """An ErrorResponse."""
    fields = [("S", severity), ("V", severity), ("C", sqlstate), ("M", text)]
    return message("E", b"".join(f"{name}{value}".encode() + b"\0" for name, value in fields) + b"\0")


def failing(request: bytes, sqlstate: str, text: str, *, ends: bool = False) -> bytes:
    """What the server gets instead of a request, so that it fails with this error: in the same place, of the same kind.

    With `ends` the transaction is rolled back before, as a COMMIT that fails leaves none behind.
    """
    raised = f"RAISE EXCEPTION USING ERRCODE = '{sqlstate}', MESSAGE = {_literal(text)};"
    statement = f"DO {_QUOTE}BEGIN {raised} END{_QUOTE}".encode() + b"\0"
    if request[:1] in (b"Q", b"F"):
        return message("Q", (b"ROLLBACK;" if ends else b"") + statement)
    return (_run(b"ROLLBACK\0") if ends else b"") + _run(statement) + _ends(request)


def _run(statement: bytes) -> bytes:
    """The messages of an extended query, up to its Execute."""
    bound = message("B", b"\0\0" + b"\0\0" * 3)
    return message("P", b"\0" + statement + b"\0\0") + bound + message("E", b"\0" + b"\0" * 4)


def _ends(request: bytes) -> bytes:
    """The Sync or Flush at the end of an extended request."""
    at, letter = 0, ""
    while at < len(request):
        head = frame(request, at, FRONTEND)
        if head is None:
            return b""
        letter = head.letter
        at += head.size
    return message(letter) if letter in ("S", "H") else b""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
