"""A private PostgreSQL: clean when told, dead with all its children, back with its data."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from fozzy.chaos.services.postgres_client import PostgresRefusal
from fozzy.chaos.services.postgres_server import TOO_MANY, PostgresServer
from tests.chaos.services.test_processes import soon


def test_its_own_client_speaks_to_it(postgres_server: PostgresServer) -> None:
    """psycopg speaks to it, and it does not run as root."""
    with psycopg.connect(postgres_server.url) as client:
        row = client.execute("SELECT current_user, current_setting('fsync')").fetchone()
    assert row == ("fozzy", "off")
    assert Path(f"/proc/{postgres_server.pid}").stat().st_uid != 0 if Path("/proc").is_dir() else True


def test_clear_takes_everything_away(postgres_server: PostgresServer) -> None:
    """Tables, schemas, databases, roles, settings and sessions of others go."""
    with postgres_server.direct() as stranger:
        for statement in (
            "CREATE TABLE orders (id int)",
            "CREATE SCHEMA shop",
            "CREATE ROLE bob",
            "GRANT ALL ON SCHEMA public TO bob",
            "CREATE DATABASE more",
            "ALTER SYSTEM SET work_mem = '1MB'",
        ):
            assert stranger.ask(statement) == []
        postgres_server.clear()
        with pytest.raises((OSError, PostgresRefusal)):
            stranger.ask("SELECT 1")
    assert postgres_server.ask("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'shop')") == [(0,)]
    assert postgres_server.ask("SELECT count(*) FROM pg_roles WHERE rolname = 'bob'") == [(0,)]
    assert postgres_server.ask("SELECT datname FROM pg_database WHERE datname = 'more'") == []
    assert postgres_server.ask("SHOW work_mem") == [("4MB",)]
    assert postgres_server.ask("CREATE TABLE orders (id int)") == []


def test_a_kill_ends_every_session_and_keeps_what_was_committed(postgres_server: PostgresServer) -> None:
    """All its processes die at once; what was committed is there when it is back."""
    postgres_server.ask("CREATE TABLE orders (id int)")
    with postgres_server.direct() as client:
        client.ask("INSERT INTO orders VALUES (1)")
        client.ask("BEGIN; INSERT INTO orders VALUES (2)")
        family = postgres_server.pids[:-1]
        assert len(family) > 3
        with postgres_server.killed():
            assert soon(family, "-Z")
            with pytest.raises(OSError):
                client.ask("COMMIT")
    assert postgres_server.ask("SELECT id FROM orders") == [(1,)]


def test_a_frozen_one_freezes_its_sessions(postgres_server: PostgresServer) -> None:
    """A session that is open answers nothing, and does when the block is over."""
    with postgres_server.direct(within_s=1) as client:
        with postgres_server.frozen(), pytest.raises(TimeoutError):
            client.ask("SELECT 1")
        assert client._answer() == [(1,)]


def test_a_full_one_refuses(postgres_server: PostgresServer) -> None:
    """When all sessions are taken the next is refused; afterwards all are free."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    with postgres_server.exhausted(), pytest.raises(PostgresRefusal) as caught:
        postgres_server.ask("SELECT 1")
    assert caught.value.state == TOO_MANY
    with postgres_server.exhausted(3):
        assert postgres_server.ask(counted) == [(4,)]
    assert postgres_server.ask(counted) == [(1,)]


def test_without_memory_a_statement_fails_and_the_server_lives(postgres_server: PostgresServer) -> None:
    """A statement that needs more than there is gets an error; afterwards the same statement succeeds."""
    big = "SELECT length(string_agg(repeat('x', 1000000), '')) FROM generate_series(1, 80)"
    first = postgres_server.pid
    with postgres_server.limited(memory_mb=64):
        with pytest.raises(PostgresRefusal) as caught:
            postgres_server.ask(big)
        assert caught.value.state == "53200"
    assert postgres_server.ask(big) == [(80_000_000,)]
    assert postgres_server.pid == first
