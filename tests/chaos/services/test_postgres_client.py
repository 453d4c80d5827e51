"""Our small client of PostgreSQL reads rows, and what the server refuses."""

from __future__ import annotations

import pytest

from fozzy.chaos.services.postgres_client import PostgresClient, PostgresRefusal
from fozzy.chaos.services.postgres_server import PostgresServer


def test_rows(postgres_server: PostgresServer) -> None:
    """Numbers, truth, bytes, texts and nothing come as what they are; a statement without rows has none."""
    kinds = "SELECT 7, 1.5::float8, true, 'é', null, '\\x00ff'::bytea, 12345678901"
    with postgres_server.direct() as client:
        assert client.ask(kinds) == [(7, 1.5, True, "é", None, b"\x00\xff", 12345678901)]
        assert client.ask("CREATE TABLE orders (id int)") == []
        assert client.ask("INSERT INTO orders VALUES (1), (2) RETURNING id") == [(1,), (2,)]
        assert client.ask("SELECT id FROM orders WHERE false") == []


def test_refusals(postgres_server: PostgresServer) -> None:
    """An error has its state, and the session goes on; one who is not known does not get in."""
    with postgres_server.direct() as client:
        with pytest.raises(PostgresRefusal, match="nothing") as caught:
            client.ask("SELECT * FROM nothing")
        assert caught.value.state == "42P01"
        assert client.ask("SELECT 1") == [(1,)]
    with pytest.raises(PostgresRefusal) as caught:
        PostgresClient(postgres_server.port, "nobody", "postgres")
    assert caught.value.state == "28000"
