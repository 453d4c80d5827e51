"""Doors open what a plan needs before it is in force, all or nothing, and close what it no longer has."""

from __future__ import annotations

import socket

import pytest
from msgspec.structs import replace

from fozzy.errors import UsageError
from fozzy.faults.tcp.plan import Proxy, TcpPlan
from tests.chaos.tcp.harness import Run, Server, exactly, how, pair, plan_of, run, until
from tests.ports import free_port


def connects(address: tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(address, timeout=2).close()
    except ConnectionRefusedError:
        return False
    return True


def with_proxies(found: Run, *proxies: Proxy) -> None:
    """Put these proxies in force."""
    found.change(replace(found.parts.engine.plan, proxies=list(proxies)))


def test_the_plan_in_force_has_true_addresses() -> None:
    """A port that nobody chose is known once it is open, and stays the same under changes that spell it either way."""
    with pair() as (found, client, server):
        first = found.address()
        (proxy,) = found.parts.engine.plan.proxies
        assert proxy.listen == f"127.0.0.1:{first[1]}" and first[1] > 0
        found.alter(lambda proxy: replace(proxy, listen="127.0.0.1:0"))
        assert found.address() == first
        found.alter(lambda proxy: replace(proxy, listen=f"127.0.0.1:{first[1]}"))
        assert found.address() == first
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"


def test_a_proxy_comes_and_goes() -> None:
    """A new one listens at once; one that is gone refuses, and its connections end."""
    with pair() as (found, client, server):
        (proxy,) = found.parts.engine.plan.proxies
        with_proxies(found, proxy, replace(proxy, name="q", listen="127.0.0.1:0"))
        address = found.address("q")
        with socket.create_connection(address, timeout=5) as other:
            until(lambda: len(found.parts.doors.listeners["q"].relays) == 1)
            with_proxies(found, proxy)
            assert how(other) == "fin"
        assert not connects(address)
        assert [record.at for record in found.wait()] == ["q"] and found.connected[0].by == "down"
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"


def test_a_proxy_that_is_disabled_refuses_and_keeps_its_port() -> None:
    """Its connections end; enabled again it listens where it did."""
    with pair() as (found, client, server):
        address = found.address()
        found.alter(lambda proxy: replace(proxy, enabled=False))
        assert how(client) == "fin" and how(server) == "fin" and not connects(address)
        found.alter(lambda proxy: replace(proxy, enabled=True))
        assert found.address() == address and connects(address)


def test_another_server_ends_connections_and_takes_the_next() -> None:
    """Who is connected to the server before is cut; new ones reach the other."""
    second = Server()
    with pair() as (found, client, server):
        address = found.address()
        found.alter(lambda proxy: replace(proxy, upstream=second.address))
        assert how(client) == "fin" and how(server) == "fin" and found.address() == address
        with found.connect() as other, second.accept() as there:
            other.sendall(b"x")
            assert exactly(there, 1) == b"x"
    second.close()


def test_another_port_ends_connections() -> None:
    """A proxy that moves is closed where it was."""
    with pair() as (found, client, server):
        before = found.address()
        port = free_port()
        found.alter(lambda proxy: replace(proxy, listen=f"127.0.0.1:{port}"))
        assert found.address() == ("127.0.0.1", port) and not connects(before)
        assert how(client) == "fin" and how(server) == "fin"


def test_two_proxies_change_their_ports() -> None:
    """Each gets the other's, which was never free for anybody else."""
    server = Server()
    plan = TcpPlan(proxies=[Proxy(name=name, upstream=server.address) for name in "ab"])
    with run(plan) as found:
        a, b = found.parts.engine.plan.proxies
        first, second = found.address("a"), found.address("b")
        with_proxies(found, replace(a, listen=b.listen), replace(b, listen=a.listen))
        assert (found.address("a"), found.address("b")) == (second, first)
        with socket.create_connection(first, timeout=5) as client, server.accept():
            until(lambda: len(found.parts.doors.listeners["b"].relays) == 1)
            client.close()
        with_proxies(found, replace(a, name="c"))
        assert found.address("c") == first and not connects(second)
    server.close()


def test_a_change_that_cannot_listen_changes_nothing() -> None:
    """A port that is taken is said, and neither the plan nor any port is other than before."""
    with pair() as (found, client, server), socket.create_server(("127.0.0.1", 0)) as other:
        before = found.parts.engine.plan
        (proxy,) = before.proxies
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        new = [replace(proxy, name="q", listen="127.0.0.1:0"), replace(proxy, name="r", listen=listen)]
        with pytest.raises(UsageError) as caught:
            with_proxies(found, replace(proxy, enabled=False), *new)
        assert caught.value.code == "chaos.listen" and found.parts.engine.plan == before
        assert list(found.parts.doors.listeners) == ["p"]
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"


def test_two_proxies_of_one_port_of_which_one_listens() -> None:
    """The one that is disabled waits; whoever is enabled gets the port, and both at once cannot be."""
    server = Server()
    with run(plan_of(server.address)) as found:
        (p,) = found.parts.engine.plan.proxies
        with_proxies(found, p, replace(p, name="q", enabled=False))
        with pytest.raises(UsageError):
            with_proxies(found, p, replace(p, name="q"))
        assert connects(found.address("p"))
    server.close()


def test_a_run_that_cannot_listen_leaves_nothing() -> None:
    """It says so, and ports that were opened before are closed."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        proxies = [Proxy(name="a", upstream="127.0.0.1:1"), Proxy(name="b", upstream="127.0.0.1:1", listen=listen)]
        found = Run(TcpPlan(proxies=proxies))
        with pytest.raises(UsageError) as caught:
            found.start()
        assert caught.value.code == "chaos.listen"
