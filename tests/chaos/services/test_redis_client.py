"""Our small client of Redis reads every kind of reply that it can get."""

from __future__ import annotations

import pytest

from fozzy.chaos.services.redis_client import RedisRefusal
from fozzy.chaos.services.redis_server import RedisServer


def test_replies(redis_server: RedisServer) -> None:
    """Texts, numbers, lists, nothing and errors."""
    with redis_server.direct() as client:
        assert client.ask("SET", "orders", "é 7") == b"OK"
        assert client.ask("GET", "orders") == "é 7".encode()
        assert client.ask("GET", "nothing") is None
        assert client.ask("INCRBY", "count", 3) == 3
        assert client.ask("MGET", "count", "nothing") == [b"3", None]
        assert client.ask("BLPOP", "empty", 0.01) is None
        with pytest.raises(RedisRefusal, match="WRONGTYPE"):
            client.ask("LPUSH", "orders", 1)
        assert client.ask("PING") == b"PONG"
