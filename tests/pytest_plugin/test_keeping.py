"""The trace of a failing test is one like any other: it verifies, it is decided again, and it says which test it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fozzy
from fozzy.errors import UsageError
from fozzy.pytest_plugin.keeping import keep, read
from fozzy.pytest_plugin.state import Failure


def test_a_trace_is_whole(redis_proxy: Any, _chaos_test: Any, chaos: Any, tmp_path: Path) -> None:
    """Its seed, its failure and its decisions are read back; `fozzy` verifies and replays it."""
    with redis_proxy.toxic("resp_error", code="OOM", first=1):
        answer = spoken(redis_proxy.port, b"SET a 1\r\n")
    assert answer.startswith(b"-OOM")
    chaos.transition("orders", "open")
    _chaos_test.failure = Failure("call", "AssertionError", "no", "tests/x.py", 3, "backoff.no_pause")
    path = keep(_chaos_test, tmp_path / "deep" / "t.fozzy", is_strict=True)
    kept = read(path)
    assert (kept.seed, kept.failure, kept.about.nodeid) == (chaos.seed, _chaos_test.failure, _chaos_test.wanted.nodeid)
    assert b"".join(kept.decisions) == chaos.decisions()
    assert kept.decisions
    assert fozzy.verify(path).trusted
    assert fozzy.replay(path).verdict == "SAME"
    _chaos_test.failure = None


def test_a_trace_of_a_proxy_is_refused(redis_server: Any, tmp_path: Path) -> None:
    """It is of no test."""
    path = tmp_path / "t.fozzy"
    with fozzy.chaos.tcp(redis_server.address, protocol="redis", record=path) as proxy:
        spoken(proxy.port, b"PING\r\n")
    with pytest.raises(UsageError, match="of no test"):
        read(path)


def spoken(port: int, words: bytes) -> bytes:
    """What a server answers to words."""
    import socket

    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(words)
        return sock.recv(100)
