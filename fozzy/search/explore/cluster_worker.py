"""Executes a cluster for an explorer, in the interpreter of the user's code: many executions, of each only what it came to.

`live` is a program of the fork server, as `engine/cluster/worker.live` is. Where a program keeps state from one execution
to the next, each is done in a fork of its own (`alone`), which has seen none before.
"""

from __future__ import annotations

import os
import socket
from typing import Any, NoReturn

import msgspec

from fozzy import wall
from fozzy.core.choice import Source
from fozzy.core.log import Log
from fozzy.engine.cluster.wire import Script
from fozzy.engine.cluster.worker import Worker, begin, receive_body
from fozzy.engine.run import Ended
from fozzy.search.explore.execution import executed
from fozzy.search.explore.plan import Done, Order
from fozzy.world.code.child import BROKEN
from fozzy.world.code.places import Places
from fozzy.world.code.wire import packed

PROGRAM = f"{__name__}:live"


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Executions that are wanted. *Units*: nanoseconds of host time."""

    script: Script
    orders: list[Order]
    hang_ns: int
    records_max: int
    end_ns: int | None = None
    alone: bool = False


encode = msgspec.msgpack.Encoder().encode
decode_done: Any = msgspec.msgpack.Decoder(Done | None).decode
_decode_batch: Any = msgspec.msgpack.Decoder(Batch).decode


def live(line: socket.socket, places: Places, failed: dict[str, Any]) -> NoReturn:
    """Execute what an explorer asks until it has gone; nothing ends a batch that time has cut off."""
    worker = begin(line, places, failed)
    while (body := receive_body(line)) is not None:
        batch: Batch = _decode_batch(body)
        for order in batch.orders:
            if batch.end_ns is not None and wall.elapsed_ns() > batch.end_ns:
                line.sendall(packed(encode(None)))
                break
            if batch.alone:
                _alone(worker, batch, order, line)
            else:
                line.sendall(packed(encode(execute(worker, batch, order))))
    os._exit(0)


def _alone(worker: Worker, batch: Batch, order: Order, line: socket.socket) -> None:
    """Execute in a fork, which answers. One that dies answers nothing, and so do we then."""
    worker.prepare_forks(batch.script)
    answer = os.dup(line.fileno())  # a fork of user code does not have the line itself
    pid = os.fork()
    if pid == 0:
        try:
            _write(answer, packed(encode(execute(worker, batch, order))))
            os._exit(0)
        finally:
            os._exit(BROKEN)
    os.close(answer)
    _, status = os.waitpid(pid, 0)
    if status:
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def execute(worker: Worker, batch: Batch, order: Order) -> Done:
    """One execution."""

    def perform(source: Source, log: Log, ended: Ended) -> None:
        worker.perform(batch.script, source, log, ended, batch.hang_ns)

    return executed(order, batch.records_max, perform)
