"""A run of TCP proxies: what is wrong is found before a port is opened, what is opened is closed, signals stop it."""

from __future__ import annotations

import os
import signal
import socket

import pytest
import trio

from fozzy.chaos.tcp.parts import TcpParts, TcpRunning
from fozzy.chaos.tcp.running import run, running
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.core.events import Record
from fozzy.core.wires import Connected
from fozzy.errors import InputError
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic
from tests.chaos.tcp.harness import descriptors

NOWHERE = Proxy(name="p", upstream="127.0.0.1:1")


class Front:
    """Somebody to whom a run is shown, and who sends a signal at the second tick."""

    tick_s = 0.005

    def __init__(self) -> None:
        self.ticks = 0
        self.address: tuple[str, int] | None = None
        self.heard: list[Record] = []

    def begun(self, run: TcpRunning) -> None:
        """It listens."""
        self.address = run.address("p")
        socket.create_connection(self.address).close()

    def hear(self, record: Record) -> None:
        """Something is over."""
        self.heard.append(record)

    def tick(self) -> None:
        """Time to show."""
        self.ticks += 1
        if self.ticks == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    def __getattr__(self, name: str) -> object:
        """What else a front may be told."""
        return lambda *_: None


def test_it_listens_within_the_block_and_not_after() -> None:
    """Where it listens is known inside; outside nobody does, and nothing is open."""
    before = descriptors()

    async def main() -> tuple[str, int]:
        async with running(TcpSettings(plan=TcpPlan(proxies=[NOWHERE]), seed=1)) as found:
            address = found.address("p")
            await (await trio.open_tcp_stream(*address)).aclose()
            assert found.seed == 1 and address == found.address("p")
        return address

    address = trio.run(main)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    assert descriptors() <= before


def test_an_error_in_the_block_comes_out_as_it_is() -> None:
    """Not in a group, and everything is closed."""
    before = descriptors()

    async def main() -> None:
        async with running(TcpSettings(plan=TcpPlan(proxies=[NOWHERE]))):
            raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        trio.run(main)
    assert descriptors() <= before


def test_a_plan_that_cannot_be_is_refused_before_it_listens() -> None:
    """Already when it is put together."""
    with pytest.raises(InputError):
        TcpParts(TcpSettings(plan=TcpPlan(proxies=[Proxy(name="p", upstream="127.0.0.1:1", toxics=[Toxic(type="?")])])))


def test_a_signal_stops_it() -> None:
    """In good order: the front was told that it listens and of the connection."""
    front = Front()
    parts = TcpParts(TcpSettings(plan=TcpPlan(proxies=[NOWHERE]), seed=1))
    run(parts, front)
    assert parts.stopped.is_set() and front.ticks >= 2
    assert [record.by for record in front.heard if isinstance(record, Connected)] in (["unreachable"], ["stopped"])
