"""The numbers of TCP proxies: what went through, open connections too; no counter goes back; labels are bounded."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fozzy.chaos.tcp import metrics
from fozzy.chaos.tcp.metrics import TcpMetrics
from fozzy.chaos.tcp.session import TcpSession
from fozzy.faults.tcp import control
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.plan import TcpPlan

LISTENER, UPSTREAM = "127.0.0.1:26379", "127.0.0.1:6379"
RECEIVED, SENT = "toxiproxy_proxy_received_bytes_total", "toxiproxy_proxy_sent_bytes_total"


def counted(*names: str) -> tuple[Engine, TcpMetrics]:
    """An engine with proxies of these names, and its numbers."""
    plan = TcpPlan()
    for name in names:
        plan = control.add_proxy(plan, {"name": name, "listen": LISTENER, "upstream": UPSTREAM})
    session = TcpSession(Engine(plan, 7))
    made = TcpMetrics(session)
    session.listeners.append(made.listen)
    return session.engine, made


def samples(made: TcpMetrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order of their names; each is there once."""
    found = [
        ((sample.name, *(value for _, value in sorted(sample.labels.items()))), sample.value)
        for family in text_string_to_metric_families(made.text().decode())
        for sample in family.samples
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_bytes_of_open_and_closed_connections() -> None:
    """Bytes are counted while a connection is open, and once when it is over."""
    engine, made = counted("redis")
    key = (LISTENER, "redis", UPSTREAM)
    assert samples(made)[RECEIVED, "upstream", *key] == 0
    link = engine.connect("redis", "127.0.0.1:9", 0)
    link.received("upstream", b"12345", 1)
    link.take("upstream", 1)
    link.received("downstream", b"123", 2)
    now = samples(made)
    assert (now[RECEIVED, "upstream", *key], now[SENT, "upstream", *key]) == (5, 5)
    assert (now[RECEIVED, "downstream", *key], now["fozzy_tcp_connections_open", "redis"]) == (3, 1)
    link.close("client", 3)
    after = samples(made)
    assert (after[RECEIVED, "upstream", *key], after["fozzy_tcp_connections_open", "redis"]) == (5, 0)
    assert after["fozzy_tcp_connections_total", "client", "redis"] == 1


def test_who_ended_connections() -> None:
    """Names of toxics are `toxic`; every other end is told as it is, a bug of ours too."""
    engine, made = counted("redis")
    for by in ("client", "bug", "stopped", "reset_peer_downstream", "mine"):
        engine.connect("redis", "127.0.0.1:9", 0).close(by, 1)
    ended = {key[1]: count for key, count in samples(made).items() if key[0] == "fozzy_tcp_connections_total"}
    assert ended == {"client": 1, "bug": 1, "stopped": 1, "toxic": 2}


def test_no_counter_goes_back_when_a_proxy_goes() -> None:
    """Of a proxy that was deleted the counts stay, also before its connections have ended."""
    engine, made = counted("redis")
    link = engine.connect("redis", "127.0.0.1:9", 0)
    link.received("upstream", b"12345", 1)
    key = (RECEIVED, "upstream", LISTENER, "redis", UPSTREAM)
    assert samples(made)[key] == 5
    engine.change(control.delete_proxy(engine.plan, "redis"), 2)
    assert samples(made)[key] == 5
    link.close("down", 3)
    after = samples(made)
    assert (after[key], after["fozzy_tcp_connections_total", "down", "redis"]) == (5, 1)
    assert ("fozzy_tcp_connections_open", "redis") not in after


def test_what_became_of_toxics() -> None:
    """What was applied counts by its type and proxy, what was planned and never came as bypassed."""
    engine, made = counted("redis")
    document = {"type": "latency", "attributes": {"latency": 1}, "on": "message"}
    engine.change(control.add_toxic(engine.plan, "redis", document), 0)
    late = {"type": "reset_peer", "attributes": {"timeout": 1000}, "on": "connection"}
    engine.change(control.add_toxic(engine.plan, "redis", late), 0)
    link = engine.connect("redis", "127.0.0.1:9", 0)
    link.received("downstream", b"x", 1)
    link.take("downstream", 10**9 // 2)
    link.close("client", 10**9 // 2)
    found = samples(made)
    assert found["fozzy_chaos_triggered_total", "latency", "redis"] == 1
    assert found["fozzy_chaos_triggered_total", "reset_peer", "redis"] == 0
    left = {key: value for key, value in found.items() if key[0] == "fozzy_chaos_bypassed_total"}
    assert left == {("fozzy_chaos_bypassed_total", "reset_peer", "never_came", "redis"): 1}
    engine.change(control.reset(engine.plan), 10**9)
    assert samples(made)["fozzy_chaos_triggered_total", "latency", "redis"] == 1, "also once they are gone"


def test_names_of_proxies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many names the rest is `other`, in one sample."""
    monkeypatch.setattr(metrics, "NAMES_MAX", 2)
    engine, made = counted("a", "b", "c", "d")
    for name in ("a", "c", "d"):
        engine.connect(name, "", 0).received("upstream", b"1", 0)
    found = samples(made)
    assert found["fozzy_tcp_connections_open", "other"] == 2
    assert found[RECEIVED, "upstream", "", "other", ""] == 2
    assert found["fozzy_tcp_enabled", "b"] == 1
    assert ("fozzy_tcp_enabled", "c") not in found


def test_a_name_with_a_slash_is_still_its_own() -> None:
    """A toxic counts for its proxy, whatever the two are called."""
    engine, made = counted("a/b")
    document = {"type": "reset_peer", "name": "x/y", "on": "connection"}
    engine.change(control.add_toxic(engine.plan, "a/b", document), 0)
    link = engine.connect("a/b", "", 0)
    link.take("downstream", 1)
    link.close("x/y", 2)
    found = samples(made)
    assert found["fozzy_chaos_triggered_total", "reset_peer", "a/b"] == 1
    assert found["fozzy_tcp_connections_total", "toxic", "a/b"] == 1
