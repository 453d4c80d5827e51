"""Frames between fozzy and the interpreter that runs user code: four bytes of length, then JSON.

Read on both sides, so it imports nothing but the standard library.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

HEAD = struct.Struct("<I")
FRAME_BYTES_MAX = (1 << 32) - 1
_CHUNK_BYTES = 1 << 20

Message = dict[str, Any]


def pack(message: Message) -> bytes:
    """A message as a frame. *Errors*: `ValueError` when it is larger than a frame can be."""
    return packed(json.dumps(message, allow_nan=False).encode())


def packed(body: bytes) -> bytes:
    """A body as a frame. *Errors*: `ValueError` when it is larger than a frame can be."""
    if len(body) > FRAME_BYTES_MAX:
        raise ValueError(f"a message of {len(body)} bytes")
    return HEAD.pack(len(body)) + body


def receive(line: socket.socket) -> Message | None:
    """The next message, none when the other side has gone. Waits as long as it takes."""
    head = exactly(line, HEAD.size)
    body = None if head is None else exactly(line, HEAD.unpack(head)[0])
    return None if body is None else json.loads(body)


def exactly(line: socket.socket, count: int) -> bytes | None:
    """So many bytes, none when the other side has gone before."""
    got = bytearray()
    while len(got) < count:
        try:
            chunk = line.recv(min(count - len(got), _CHUNK_BYTES))
        except OSError:  # reset, or closed under our hands
            return None
        if not chunk:
            return None
        got += chunk
    return bytes(got)
