"""A private Redis: clean when told, and with a memory where it is told."""

from __future__ import annotations

import signal

import pytest
import redis

from fozzy.chaos.services.redis_client import RedisRefusal
from fozzy.chaos.services.redis_server import RedisServer


def test_its_own_client_speaks_to_it(redis_server: RedisServer) -> None:
    """redis-py writes, and what it wrote is seen without it."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("orders", "é 7")
    assert redis_server.get("orders") == "é 7"
    assert redis_server.get("nothing") is None


def test_clear_takes_everything_away(redis_server: RedisServer) -> None:
    """Data, settings, users and connections of others go; a server that was killed comes back."""
    before = redis_server.ask("CONFIG", "GET", "timeout")
    with redis_server.direct() as stranger:
        for words in (["SET", "a", 1], ["CONFIG", "SET", "timeout", 77], ["ACL", "SETUSER", "bob", "on"]):
            assert stranger.ask(*words) == b"OK"
        redis_server.clear()
        with pytest.raises(OSError):
            stranger.ask("PING")
    assert redis_server.ask("DBSIZE") == 0
    assert redis_server.ask("CONFIG", "GET", "timeout") == before
    assert redis_server.ask("ACL", "USERS") == [b"default"]
    redis_server.kill()
    redis_server.clear()
    assert redis_server.ask("PING") == b"PONG"


def test_it_forgets_unless_it_is_persistent(redis_server: RedisServer) -> None:
    """A kill loses all; where every write is kept it loses nothing that was acknowledged, and later all again."""
    redis_server.ask("SET", "orders", 1)
    redis_server.restart(signal.SIGKILL)
    assert redis_server.get("orders") is None
    with redis_server.persistent():
        redis_server.ask("SET", "orders", 2)
        with redis_server.killed():
            pass
        assert redis_server.get("orders") == "2"
    redis_server.restart(signal.SIGKILL)
    assert redis_server.get("orders") is None


def test_a_stranger_at_its_port_is_not_taken_for_it(redis_server: RedisServer) -> None:
    """Another Redis that answers at the port is none of ours."""
    other = RedisServer()
    other._kept.number = redis_server.port
    other._process = type("Stranger", (), {"pid": 1})()
    assert not other.answers()
    assert redis_server.answers()


def test_a_full_server_says_so(redis_server: RedisServer) -> None:
    """Its limit is as it was afterwards."""
    before = redis_server.ask("CONFIG", "GET", "maxclients")
    with redis_server.exhausted(), pytest.raises((RedisRefusal, OSError), match="max number of clients|closed|reset"):
        redis_server.ask("PING")
    assert redis_server.ask("CONFIG", "GET", "maxclients") == before
