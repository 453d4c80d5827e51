"""Connections to others: whichever address answers, and what is said where none does."""

from __future__ import annotations

import socket

import pytest
import trio

from fozzy.chaos.dial import NoSuchHost, dial, said_of


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_connects(host: str) -> None:
    """By address and by name; the socket does not block, and sends small things at once."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        trio.run(dial, host, listener.getsockname()[1]) as sock,
        listener.accept()[0] as there,
    ):
        assert not sock.getblocking() and sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        sock.send(b"x")
        assert there.recv(1) == b"x"


def test_nobody_listens() -> None:
    """It is the system's own error, in its words."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError) as caught:
        trio.run(dial, "127.0.0.1", port)
    assert said_of(caught.value) == "Connection refused"


def test_a_name_that_nobody_knows() -> None:
    """It is told apart from a server that is down."""
    with pytest.raises(NoSuchHost) as caught:
        trio.run(dial, "a..b", 80)
    assert said_of(caught.value)


def test_who_gives_up_leaves_no_socket() -> None:
    """A connection that is being made is closed when its task is cancelled."""

    async def main() -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            with socket.create_connection(full.getsockname()), trio.move_on_after(0.05) as scope:
                await dial(*full.getsockname())
            assert scope.cancelled_caught

    trio.run(main)  # a socket that is left is an error of the test run
