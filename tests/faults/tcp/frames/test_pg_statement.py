"""What a statement is about, without its values."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.frames.pg_statement import about, is_commit


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"select  1;\n", "select 1"),
        (b"/* trace=1 */ INSERT INTO a -- why\n VALUES ($1)", "INSERT INTO a VALUES ($1)"),
        (b"ALTER ROLE bob PASSWORD 'it''s secret'", "ALTER ROLE bob PASSWORD '?'"),
        (rb"select E'it\'s secret', 'c:\'", "select '?', '?'"),
        (b"do $x$ secret $y$ $x$ language plpgsql", "do '?' language plpgsql"),
        (b"select 'never ends", "select '?'"),
        (b"select $$never ends", "select '?'"),
        (rb"select E'never ends\ ".rstrip(), "select '?'"),
        (b'select "it\'s" /* never ends', 'select "it\'s"'),
        (b"select name'x'", "select name'?'"),
        (b"select '" + b"x" * 5000, "select '?'"),
        (b"select \xff\x1b[m", "select \\xff\\x1b[m"),
    ],
)
def test_a_statement_is_told_in_one_line(text: bytes, told: str) -> None:
    """Comments are gone, and so is what stands in quotes, whole or not."""
    assert about(text) == told


@pytest.mark.parametrize(
    ("told", "is_one"),
    [
        ("COMMIT", True), ("commit work", True), ("END", True), ("insert into a values (1); commit", True),
        ("COMMIT PREPARED '?'", True), ("ROLLBACK", False), ("select case when a then b END", False),
        ("PREPARE COMMIT", False), ("committed", False), ("", False),
    ],
)  # fmt: skip
def test_a_commit_is_told_from_what_looks_like_one(told: str, is_one: bool) -> None:
    """Also behind other statements, and not within one."""
    assert is_commit(told) is is_one
