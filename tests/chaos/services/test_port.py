"""A port is kept for a service while nobody listens at it."""

from __future__ import annotations

import socket

import pytest

from fozzy.chaos.services.port import KeptPort


def test_nobody_else_takes_it_and_who_comes_is_refused() -> None:
    """Held it is the same port every time; let go it is free; another one is found when that is asked for."""
    kept = KeptPort()
    kept.find()
    first = kept.number
    try:
        kept.hold()
        assert kept.number == first
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", first))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", first))
        kept.let_go()
        with socket.create_server(("127.0.0.1", first)):
            kept.find()
            assert kept.number not in (0, first)
    finally:
        kept.let_go()
