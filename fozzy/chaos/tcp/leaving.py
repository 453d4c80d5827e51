"""How a socket leaves when its connection is over: with the end it is to hear, FIN or RST, behind all that was sent to it.

Rule 1: to close a socket with something unread in it sends RST. Who is to hear FIN is read until it ends too, for a while.
Rule 2: a reset takes back what has not left yet, so that goes first, for a while.
Rule 3: a socket leaves at once where nothing is left to do, or where the run ends, else in a task of its own. It is
closed whatever happens.
"""

from __future__ import annotations

import contextlib
import socket

import trio
from trio.lowlevel import wait_readable, wait_writable

from fozzy.chaos.tcp.loop import Loop
from fozzy.chaos.tcp.side import Side
from fozzy.faults.tcp.message import How

FLUSH_S = 5.0  # for what still waits to be sent
LINGER_S = 1.0  # for what still comes from who was told FIN
LOOK_S, LOOK_S_MAX = 0.001, 0.05  # whether all has left
DISCARDED_BYTES = 65536  # of one read


def leave(side: Side, how: How, loop: Loop) -> None:
    """Give it this end and close it."""
    loop.watch.drop(side)
    if side.is_deaf or loop.is_over:
        side.close(at_once=how == "rst")
    elif how == "rst":
        if side.waiting or side.unsent_bytes():
            loop.spawn(_reset, side)
        else:
            side.close(at_once=True)
    elif side.waiting or side.heard is None:
        if not side.waiting and side.given is None:
            side.end_half()
        loop.spawn(_finish, side)
    else:
        side.close()


async def _reset(side: Side) -> None:
    try:
        with trio.move_on_after(FLUSH_S):
            await _flush(side)
            wait_s = LOOK_S
            while side.unsent_bytes():
                await trio.sleep(wait_s)
                wait_s = min(2 * wait_s, LOOK_S_MAX)
    finally:
        side.close(at_once=True)


async def _finish(side: Side) -> None:
    try:
        with trio.move_on_after(FLUSH_S):
            await _flush(side)
        if side.given is None:
            side.end_half()
        with trio.move_on_after(LINGER_S), contextlib.suppress(OSError):
            await _ended(side.socket)
    finally:
        side.close()


async def _flush(side: Side) -> None:
    while side.waiting:
        await wait_writable(side.socket)
        side.flush_waiting()


async def _ended(sock: socket.socket) -> None:
    while True:
        await wait_readable(sock)
        with contextlib.suppress(BlockingIOError):
            if not sock.recv(DISCARDED_BYTES):
                return
