"""Frames between fozzy and the interpreter of user code."""

from __future__ import annotations

import socket

import pytest

from fozzy.world.code.wire import HEAD, pack, receive


def test_a_message_comes_as_it_was_sent_however_it_is_cut() -> None:
    """Frames arrive one by one, also when their bytes come in pieces."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sent = [{"do": "a"}, {"text": "ä\udc80", "list": [1, None]}, {}]
        for byte in b"".join(map(pack, sent)):
            ours.send(bytes([byte]))
        assert [receive(theirs) for _ in sent] == sent


@pytest.mark.parametrize("data", [b"", b"\x05", HEAD.pack(5), HEAD.pack(5) + b"{}"])
def test_a_line_that_ends_early_says_nothing(data: bytes) -> None:
    """A frame that is not whole when the other side goes is none."""
    ours, theirs = socket.socketpair()
    with theirs:
        ours.sendall(data)
        ours.close()
        assert receive(theirs) is None
