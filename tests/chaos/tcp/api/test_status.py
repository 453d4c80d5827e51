"""How a session stands, what it remembers and its numbers, asked of the API."""

from __future__ import annotations

from fozzy.version import VERSION
from tests.chaos.tcp.api.asking import UPSTREAM, Asking, named


def test_status_tells_proxies_and_toxics() -> None:
    """Each proxy with its address, how it listens and its connections; each toxic with what became of it."""
    api = Asking(named(toxics=[{"type": "reset_peer"}]), named("pg", enabled=False))
    link = api.session.engine.connect("redis", "127.0.0.1:5", 0)
    said = api.get("/fozzy/status")
    assert (said["version"], said["door"], said["seed"]) == (VERSION, "tcp", 7)
    assert said["decisions"] == api.session.engine.number
    redis, pg = said["proxies"]
    assert redis == {
        "name": "redis",
        "listen": "127.0.0.1:40001",
        "upstream": UPSTREAM,
        "enabled": True,
        "mode": "open",
        "protocol": "raw",
        "connections": 1,
        "open": 1,
        "toxics": ["reset_peer_downstream"],
    }
    assert (pg["enabled"], pg["mode"], pg["connections"]) == (False, "down", 0)
    (toxic,) = said["toxics"]
    assert (toxic["place"], toxic["proxy"], toxic["connections"]) == ("redis/reset_peer_downstream", "redis", 1)
    link.close("client", 1)
    assert api.get("/fozzy/status")["proxies"][0]["open"] == 0
    assert api.get("/fozzy/health") == {"status": "ok", "version": VERSION}


def test_the_journal_has_connections_and_changes() -> None:
    """What ended and what was changed is there, a page at a time, until it is emptied."""
    api = Asking(named())
    api.session.engine.connect("redis", "127.0.0.1:5", 0).close("client", 1)
    page = api.get("/fozzy/journal?order=oldest")
    assert [entry["record"]["kind"] for entry in page["entries"]] == ["event", "connection"]
    assert page["entries"][0]["record"]["fields"]["what"] == "proxy added"
    only = api.get("/fozzy/journal?kind=connection&proxy=redis&limit=1")
    assert [entry["record"]["by"] for entry in only["entries"]] == ["client"]
    assert api.get("/fozzy/status")["journal_entries"] == 2
    said = api.ask("GET", "/fozzy/journal?limit=0")
    assert (said.status, said.body["field"]) == (400, "limit")
    assert said.body["error"].startswith('limit is "0": expected ')
    assert api.ask("DELETE", "/fozzy/journal").body == {"cleared": 2}
    assert api.get("/fozzy/journal")["entries"] == []


def test_metrics_are_told_at_both_paths() -> None:
    """Toxiproxy's path and ours give the same text."""
    api = Asking(named())
    told = api.ask("GET", "/metrics")
    assert told.answer.type.startswith("text/plain; version=0.0.4")
    assert b'fozzy_tcp_enabled{proxy="redis"} 1.0' in told.body
    assert api.get("/fozzy/metrics") == told.body
