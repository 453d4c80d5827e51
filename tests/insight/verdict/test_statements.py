"""What is known of requests by their protocol."""

from __future__ import annotations

import pytest

from fozzy.insight.verdict.statements import edge, is_harmless, is_setup


@pytest.mark.parametrize(
    ("protocol", "about", "harmless"),
    [
        ("redis", "GET a", True),
        ("redis", "INCRBY a", False),
        ("redis", "EVAL", False),
        ("redis", "FROBNICATE a", False),
        ("redis", "", False),
        ("postgres", "SELECT 1", True),
        ("postgres", "SELECT n FROM t FOR UPDATE", False),
        ("postgres", "INSERT INTO t VALUES ('?')", False),
        ("postgres", "INSERT INTO t VALUES ('?') on conflict (n) do nothing", True),
        ("http", "GET /a", True),
        ("http", "POST /a", False),
        ("raw", "", False),
    ],
)
def test_what_may_come_twice(protocol: str, about: str, harmless: bool) -> None:
    """Reads, and what says itself what to do the second time; whatever is not known is a write."""
    assert is_harmless(protocol, about) is harmless


@pytest.mark.parametrize(
    ("protocol", "about", "wanted"),
    [
        ("postgres", "BEGIN", "begin"),
        ("postgres", "START TRANSACTION READ ONLY", "begin"),
        ("postgres", "COMMIT", "commit"),
        ("postgres", "END", "commit"),
        ("postgres", "ROLLBACK", "rollback"),
        ("postgres", "ROLLBACK TO SAVEPOINT a", ""),
        ("postgres", "BEGIN; INSERT INTO t VALUES (1); COMMIT", ""),
        ("postgres", "INSERT INTO t VALUES (1)", ""),
        ("redis", "MULTI", "begin"),
        ("redis", "EXEC", "commit"),
        ("redis", "DISCARD", "rollback"),
        ("redis", "GET a", ""),
        ("http", "POST /commit", ""),
    ],
)
def test_edges_of_transactions(protocol: str, about: str, wanted: str) -> None:
    """What begins one and what ends it."""
    assert edge(protocol, about) == wanted


def test_what_sets_a_connection_up() -> None:
    """What client libraries send by themselves."""
    assert is_setup("redis", "HELLO 3", "resp3") and is_setup("postgres", "password", "startup")
    assert not is_setup("redis", "PING", "") and not is_setup("postgres", "SELECT 1", "")
    assert not is_setup("http", "GET /", "") and not is_setup("raw", "", "")
