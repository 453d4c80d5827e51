"""What a statement is about: its text in one line, without comments, and without the values that stand in it.

Rule 1: a literal in quotes is `'?'`: values may be secrets (`PASSWORD '…'`), and what a statement is about is recorded.
"""

from __future__ import annotations

import re

from fozzy.faults.tcp.frames.base import shown

STATEMENT_BYTES_MAX = 1024  # of a statement are looked at
_TOKEN = re.compile(
    rb"""(?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<value> [eE]'(?:[^'\\]|''|\\.)*(?:'|\\?\Z) | '(?:[^']|'')*(?:'|\Z) | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z) )
    | "(?:[^"]|"")*(?:"|\Z) | \w+""",
    re.VERBOSE | re.DOTALL,
)
_ENDING = re.compile(r"(?:COMMIT|END)\b(?!\s+PREPARED)", re.IGNORECASE)
_ROLLBACK = re.compile(r"(?:ROLLBACK|ABORT)\b", re.IGNORECASE)
_COMMIT = re.compile(r"(?:\A|;)\s*(?:COMMIT|END)\b", re.IGNORECASE)


def about(text: bytes) -> str:
    """Of a statement, or of its beginning."""
    return shown(_TOKEN.sub(_told, text[:STATEMENT_BYTES_MAX])).rstrip("; ")


def is_commit(told: str) -> bool:
    """Whether what is told of a statement, or of several, says that it ends a transaction by keeping it."""
    return _COMMIT.search(told) is not None


def ends_transaction(told: str) -> bool:
    """Whether what is told of a statement begins with a COMMIT: when that fails, there is no transaction any more."""
    return _ENDING.match(told) is not None


def is_rollback(told: str) -> bool:
    """Whether it begins by giving up a transaction, or a part of one, which a server never refuses."""
    return _ROLLBACK.match(told) is not None


def _told(token: re.Match[bytes]) -> bytes:
    if token["comment"] is not None:
        return b" "
    return token[0] if token["value"] is None else b"'?'"
