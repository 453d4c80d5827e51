"""toxiproxy-python from PyPI, as it is, against a process of ours: what it was written for works."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from fozzy.faults.tcp.kinds import KINDS
from tests.chaos.tcp.clients.serving import SAMPLES, SOON_S, Api, is_refused, place, received, said
from tests.ports import free_port

HOLDING = (("latency", {"latency": 60_000}), ("bandwidth", {"rate": 1}), ("slicer", {"delay": 100_000}))


@pytest.fixture
def client(api: Api) -> Iterator[Any]:
    """The client. Where it asks is a thing of its whole process."""
    made, before = toxiproxy.Toxiproxy(), (APIConsumer.host, APIConsumer.port)
    made.update_api_consumer("127.0.0.1", api.port)
    yield made
    made.update_api_consumer(*before)


def test_it_finds_a_toxiproxy(client: Any) -> None:
    """It sees that something runs, and a version of the API it speaks."""
    assert client.running()
    assert b'"version":"2.' in client.version()


def test_a_proxy_and_its_life(client: Any, server: str) -> None:
    """Created, found, turned off and on, taken down for a while, destroyed: traffic goes as it says."""
    proxy = client.create(upstream=server, name="redis")
    assert (proxy.upstream, proxy.enabled) == (server, True)
    assert place(proxy.listen)[1] != 0
    assert said(proxy.listen) == b"PING"
    assert client.get_proxy("redis").listen == proxy.listen
    assert client.get_proxy("pg") is None
    with proxy.down():
        assert is_refused(proxy.listen)
        assert not client.proxies()["redis"].enabled
    assert said(proxy.listen) == b"PING"
    assert client.destroy(proxy)
    assert client.proxies() == {}
    assert is_refused(proxy.listen)


def test_a_proxy_where_it_is_wanted(client: Any, server: str) -> None:
    """An address that is asked for is the one it has; one that is created disabled does not listen."""
    port = free_port()
    proxy = client.create(upstream=server, name="off", listen=f"127.0.0.1:{port}", enabled=False)
    assert (proxy.listen, proxy.enabled) == (f"127.0.0.1:{port}", False)
    assert is_refused(proxy.listen)
    proxy.enable()
    assert said(proxy.listen) == b"PING"


def test_every_toxic_is_created_updated_and_removed(client: Any, api: Api, server: str) -> None:
    """All types that there are, in the directions they can be in, by their default name and one of their own."""
    assert set(KINDS) <= set(SAMPLES), "each type has its line in SAMPLES"
    proxy = client.create(upstream=server, name="p")
    for type_ in KINDS:
        sample = SAMPLES[type_]
        api.made("/proxies/p", {"protocol": sample.protocol})
        for stream, name in (("downstream", f"{type_}_downstream"), (KINDS[type_].streams[0], "mine")):
            proxy.add_toxic(
                type=type_, stream=stream, name=name, toxicity=sample.toxicity, attributes=sample.attributes
            )
            toxic = proxy.get_toxic(name)
            assert (toxic.type, toxic.stream, toxic.toxicity) == (type_, stream, sample.toxicity)
            assert sample.attributes.items() <= toxic.attributes.items()
            APIConsumer.post(f"/proxies/p/toxics/{name}", json={"attributes": sample.update})
            changed = proxy.get_toxic(name)
            assert changed.attributes == {**toxic.attributes, **sample.update}, "what is not said stays"
            assert changed.toxicity == sample.toxicity
        assert list(proxy.toxics()) == [f"{type_}_downstream", "mine"]
        assert proxy.destroy_toxic("mine")
        assert proxy.destroy_toxic(f"{type_}_downstream")
        assert proxy.toxics() == {}


def test_defaults_are_toxiproxys(client: Any, server: str) -> None:
    """A toxic without a name, stream or toxicity has those that the client expects."""
    proxy = client.create(upstream=server, name="p")
    proxy.add_toxic(type="latency", attributes={"latency": 1})
    toxic = proxy.get_toxic("latency_downstream")
    assert (toxic.stream, toxic.toxicity, toxic.attributes) == ("downstream", 1.0, {"latency": 1, "jitter": 0})


def test_a_toxic_strikes_open_connections(client: Any, server: str) -> None:
    """A reset comes over connections that were there before it; a reset of the API brings all back."""
    proxy = client.create(upstream=server, name="p")
    with socket.create_connection(place(proxy.listen), timeout=SOON_S) as sock:
        sock.sendall(b"a")
        assert received(sock, 1) == b"A"
        proxy.add_toxic(type="reset_peer", attributes={"timeout": 0})
        with pytest.raises(ConnectionResetError):
            received(sock, 1)
    proxy.disable()
    assert client.reset()
    assert client.get_proxy("p").enabled
    assert proxy.toxics() == {}
    assert said(proxy.listen) == b"PING"


def test_populate_twice(client: Any, server: str) -> None:
    """The second time nothing is made anew; what stands elsewhere is."""
    wanted = [{"name": name, "upstream": server, "listen": "127.0.0.1:0"} for name in ("a", "b")]
    first = client.populate(wanted)
    assert [proxy.name for proxy in first] == ["a", "b"]
    there = [{"name": proxy.name, "upstream": server, "listen": proxy.listen} for proxy in first]
    assert client.populate(there) == []
    with socket.create_connection(place(first[0].listen), timeout=SOON_S) as sock:
        APIConsumer.post("/populate", json=there)
        sock.sendall(b"still")
        assert received(sock, 5) == b"STILL"
        APIConsumer.post("/populate", json=[{**there[0], "upstream": "127.0.0.1:1"}])
        with contextlib.suppress(ConnectionResetError):
            assert received(sock, 1) == b""
    client.destroy_all()
    assert client.proxies() == {}


def test_errors_are_its_own(client: Any, server: str) -> None:
    """What is there already, what is unknown and what is wrong are the three errors it has."""
    proxy = client.create(upstream=server, name="p")
    with pytest.raises(ProxyExists):
        client.create(upstream=server, name="p")
    with pytest.raises(ProxyExists, match="proxy already exists"):
        APIConsumer.post("/proxies", json={"name": "p", "upstream": server})
    with pytest.raises(NotFound, match="toxic not found"):
        proxy.destroy_toxic("x")
    with pytest.raises(InvalidToxic, match="invalid toxic type"):
        proxy.add_toxic(type="slow")
    with pytest.raises(InvalidToxic, match="stream was invalid, can be either upstream or downstream"):
        proxy.add_toxic(type="latency", stream="side")
    with pytest.raises(InvalidToxic, match="attributes.latency is -1"):
        proxy.add_toxic(type="latency", attributes={"latency": -1})
    with pytest.raises(InvalidToxic, match="missing required field: upstream"):
        APIConsumer.post("/proxies", json={"name": "q"})
    proxy.add_toxic(type="latency")
    with pytest.raises(ProxyExists, match="toxic already exists"):
        proxy.add_toxic(type="latency")
    proxy.destroy()
    for call in (proxy.destroy, proxy.disable, proxy.toxics):
        with pytest.raises(NotFound, match="proxy not found"):
            call()


def test_changes_under_load_never_hang(client: Any, server: str) -> None:
    """While connections carry all they can, toxics come, change and go, and nothing that was sent is lost."""
    proxy = client.create(upstream=server, name="p")
    stopped, trouble, rounds = threading.Event(), [], []

    def carry() -> None:
        try:
            with socket.create_connection(place(proxy.listen), timeout=SOON_S) as sock:
                count = 0
                while not stopped.is_set():
                    sock.sendall(b"abc" * 1000)
                    assert received(sock, 3000) == b"ABC" * 1000
                    count += 1
                rounds.append(count)
        except BaseException as error:
            trouble.append(error)

    carriers = [threading.Thread(target=carry) for _ in range(4)]
    for carrier in carriers:
        carrier.start()
    for at in range(30):
        for stream in ("upstream", "downstream"):
            type_, update = HOLDING[at % len(HOLDING)]
            proxy.add_toxic(type=type_, name=stream, stream=stream, attributes=SAMPLES[type_].attributes)
        APIConsumer.post("/proxies/p/toxics/upstream", json={"attributes": update})
        proxy.destroy_toxic("upstream")
        proxy.destroy_toxic("downstream")
    stopped.set()
    for carrier in carriers:
        carrier.join(SOON_S)
    assert trouble == []
    assert len(rounds) == 4
    assert all(rounds)
