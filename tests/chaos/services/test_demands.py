"""Faults of one service within each other: each that ends leaves the service as the others want it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import permutations

import pytest

from fozzy.chaos.services.demands import Demand, State
from fozzy.chaos.services.faults import InForce
from fozzy.chaos.services.limits import TURN_S
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.services.service import Service
from fozzy.chaos.services.wire import Wire
from fozzy.errors import UsageError
from tests.chaos.services.test_processes import soon, state_of

ECHO = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        with listening.accept()[0] as each:
            each.sendall(b"here")
"""
KINDS = ("killed", "frozen", "limited")
WANTED = {"killed": State.DEAD, "frozen": State.STILL, "limited": State.THERE}


@pytest.fixture(scope="module")
def the_echo() -> Iterator[Service]:
    """A program that says the same to all who come."""
    with Service([sys.executable, "-S", "-c", ECHO, "{port}"], name="echo") as service:
        yield service


@pytest.fixture
def echo(the_echo: Service) -> Iterator[Service]:
    """It is well before and after."""
    the_echo.undo()
    yield the_echo
    assert the_echo.left() == []
    assert the_echo.demands == []
    assert is_there(the_echo)


def is_there(service: Service) -> bool:
    """Whether it answers."""
    with Wire(service.port) as wire:
        return wire.exactly(4) == b"here"


def is_in(service: Service, state: State) -> bool:
    """Whether it is so, and stays so for a moment where others might have it go on."""
    if state is State.DEAD:
        with pytest.raises(ConnectionRefusedError):
            Wire(service.port)
        return not service.is_alive
    return is_there(service) if state is State.THERE else soon([service.pid], "T")


def fault_of(service: Service, kind: str) -> InForce:
    """One of each kind."""
    return service.limited(cpu=0.5) if kind == "limited" else getattr(service, kind)()  # type: ignore[no-any-return]


@pytest.mark.parametrize("entered", list(permutations(KINDS)), ids="-".join)
def test_each_leaves_it_as_the_others_want_it(echo: Service, entered: tuple[str, ...]) -> None:
    """In whichever order they begin and end. What is dead already cannot be frozen or limited, and stays dead."""
    for left in permutations(KINDS):
        faults: dict[str, InForce] = {}
        for kind in entered:
            if "killed" in faults:
                with pytest.raises(UsageError, match="does not run") as caught:
                    fault_of(echo, kind).__enter__()
                assert caught.value.hint == "start it, or end the fault that killed it"
            else:
                faults[kind] = fault_of(echo, kind).__enter__()
            assert is_in(echo, max(WANTED[each] for each in faults))
        for kind in left:
            if kind in faults:
                faults.pop(kind).__exit__(None, None, None)
                assert is_in(echo, max((WANTED[each] for each in faults), default=State.THERE)), (kind, left)


def test_a_throttle_leaves_alone_what_is_frozen(echo: Service) -> None:
    """It has nobody go on who stands still for another reason, as long as that is so."""
    with echo.limited(cpu=0.5):
        with echo.frozen():
            assert soon([echo.pid], "T")
            end_s = time.monotonic() + 4 * TURN_S
            while time.monotonic() < end_s:
                assert state_of(echo.pid) == "T"
        assert is_there(echo)


def test_who_died_of_another_cause_is_back_and_stands_still(echo: Service) -> None:
    """One that a fault left dead within `frozen` is started for it, and then stands still as well."""
    with echo.frozen():
        first = echo.pid
        with echo.limited(cpu=0.5):
            echo.kill()
        assert is_in(echo, State.STILL)
        assert echo.pid != first


def test_what_is_full_need_not_answer(redis_server: RedisServer) -> None:
    """While its connections are taken, another fault that ends does not wait for an answer, and starts nothing anew."""
    first = redis_server.pid
    with redis_server.exhausted():
        with redis_server.limited(cpu=0.9):
            pass
        with redis_server.frozen():
            pass
        assert redis_server.pid == first
    assert redis_server.ask("PING") == b"PONG"


def test_what_is_over_strikes_no_more(echo: Service) -> None:
    """A request that would have struck comes too late when the block has ended."""
    demand = Demand(echo)
    demand.end(echo.start)
    for state in (State.STILL, State.DEAD):
        assert not demand.strike(state)
    assert is_there(echo)


def test_who_strikes_while_another_ends_has_it(echo: Service) -> None:
    """It is dead, although it was just being brought back."""
    first, second = Demand(echo), Demand(echo)

    def back() -> None:
        echo.start()
        assert second.strike(State.DEAD)
        echo.start()  # as who looks away

    assert first.strike(State.STILL)
    first.end(back)
    assert is_in(echo, State.DEAD)
    second.end(echo.start)


def test_all_faults_end_though_one_cannot(echo: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails at the end of one fault is told when the others have ended too."""
    faults = [echo.limited(cpu=0.5).__enter__(), echo.frozen().__enter__(), echo.killed().__enter__()]
    with monkeypatch.context() as patched, pytest.raises(UsageError):
        patched.setattr(echo, "command", lambda: ["/nonexistent/echo"])
        echo.undo()
    assert echo.in_force == echo.demands == []
    assert all(fault.applied for fault in faults)
    echo.start()
