"""A port is open, shut or silent, and stays ours."""

from __future__ import annotations

import socket

import pytest

from fozzy.chaos.files.values import Address
from fozzy.chaos.tcp.port import Port, place
from fozzy.errors import InputError, UsageError


def connects(port: Port, seconds: float = 2.0) -> str:
    """What becomes of a client."""
    try:
        socket.create_connection(tuple(port.address), timeout=seconds).close()
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "nothing"
    return "open"


@pytest.fixture
def port() -> Port:
    """A port of this machine."""
    return Port(Address("127.0.0.1", 0))


def test_a_port_that_is_shut_refuses_and_stays_ours(port: Port) -> None:
    """It refuses before it is opened and after it was shut, and nobody else gets it meanwhile."""
    assert connects(port) == "refused"
    port.open()
    assert connects(port) == "open"
    port.shut()
    assert connects(port) == "refused" and not port.is_open
    with pytest.raises(OSError), socket.socket() as other:
        other.bind(tuple(port.address))
    port.open()
    assert connects(port) == "open"
    port.close()
    port.close()


def test_clients_that_wait_are_refused_too(port: Port) -> None:
    """Who waits to be accepted when it is shut is reset."""
    port.open()
    with socket.create_connection(tuple(port.address), timeout=2) as client:
        port.shut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    port.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_silent_port_says_nothing(host: str) -> None:
    """Who connects hears neither yes nor no, until it speaks again."""
    port = Port(Address(host, 0))
    port.open()
    port.silence()
    assert connects(port, 0.1) == "nothing"
    port.unsilence()
    assert connects(port) == "open"
    ours = 0
    while True:
        try:
            sock, address = port.socket.accept()
        except BlockingIOError:
            break
        sock.close()
        ours += port.was_filler(address)
        assert not port.was_filler(address), "who comes from that port later is a client"
    assert ours >= 1
    port.close()


def test_an_address_that_is_taken_is_said() -> None:
    """The error names it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Address("127.0.0.1", other.getsockname()[1])
        with pytest.raises(UsageError) as caught:
            Port(taken).open()
        assert caught.value.code == "chaos.listen" and str(taken.port) in caught.value.message
    with pytest.raises(UsageError):
        Port(Address("192.0.2.1", 0))


def test_a_port_that_somebody_took_meanwhile(port: Port) -> None:
    """Where it cannot be opened again it says so, and nothing else."""
    port.open()
    address = port.address
    port.close()
    with socket.create_server(tuple(address)):
        with pytest.raises(UsageError):
            port.open()
        port.close()


@pytest.mark.parametrize(("text", "found"), [("127.0.0.1:1", ("127.0.0.1", 1)), ("[::1]:0", ("::1", 0))])
def test_addresses_are_read(text: str, found: tuple[str, int]) -> None:
    """As plans spell them."""
    assert place(text) == found


def test_what_is_no_address() -> None:
    """It is refused with what it may be."""
    with pytest.raises(InputError) as caught:
        place("nowhere")
    assert caught.value.code == "chaos.bad_value" and "HOST:PORT" in caught.value.message
