"""What is known of requests by their protocol: which set a connection up, which change nothing, which are a transaction's.

Rule 1: what is not known to be harmless is taken for a write.
"""

from __future__ import annotations

import re
from typing import Literal

from fozzy.faults.tcp.frames.heads import KEYED
from fozzy.faults.tcp.frames.pg_statement import is_commit
from fozzy.insight.verdict.redis_reads import is_redis_harmless

IDEMPOTENCY = KEYED  # the header of an HTTP request that may come twice
Edge = Literal["", "begin", "commit", "rollback"]

_REDIS_SETUP = frozenset({"HELLO", "AUTH", "SELECT", "CLIENT", "READONLY", "READWRITE", "COMMAND"})
_POSTGRES_SETUP = frozenset({"startup", "encryption"})
_READS = re.compile(
    r"\s*(?:SELECT|SHOW|EXPLAIN|VALUES|TABLE|PREPARE|DESCRIBE|CLOSE|SET|RESET|DISCARD)\b", re.IGNORECASE
)
_LOCKS = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b|\bINTO\b|\bnextval\b", re.IGNORECASE)
_ON_CONFLICT = re.compile(r"\bON\s+CONFLICT\b", re.IGNORECASE)
_BEGIN = re.compile(r"\s*(?:BEGIN|START\s+TRANSACTION)\b", re.IGNORECASE)
_ROLLBACK = re.compile(r"\s*(?:ROLLBACK|ABORT)\b(?!\s+TO\b)", re.IGNORECASE)
_SAFE_METHODS = ("GET ", "HEAD ", "OPTIONS ", "TRACE ")


def is_setup(protocol: str, about: str, state: str) -> bool:
    """Whether a client library sends it by itself, to set a connection up."""
    if protocol == "redis":
        return about.split(" ", 1)[0].upper() in _REDIS_SETUP
    return protocol == "postgres" and state in _POSTGRES_SETUP


def is_harmless(protocol: str, about: str) -> bool:
    """Whether to carry it out again changes nothing: it reads, or says itself what to do where it was done before."""
    if protocol == "redis":
        return is_redis_harmless(about)
    if protocol == "postgres":
        is_read = _READS.match(about) is not None and _LOCKS.search(about) is None
        return is_read or _ON_CONFLICT.search(about) is not None
    return protocol == "http" and about.startswith(_SAFE_METHODS)


def edge(protocol: str, about: str) -> Edge:
    """Whether it begins or ends a transaction. A statement that does both is none."""
    if protocol == "redis":
        return {"MULTI": "begin", "EXEC": "commit", "DISCARD": "rollback"}.get(about.upper(), "")  # type: ignore[return-value]
    if protocol != "postgres":
        return ""
    if _BEGIN.match(about):
        return "" if is_commit(about) else "begin"
    if _ROLLBACK.match(about):
        return "rollback"
    return "commit" if is_commit(about) else ""
