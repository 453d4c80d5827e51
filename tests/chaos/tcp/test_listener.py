"""A listener keeps its port as the gate says, and hands every client to a relay."""

from __future__ import annotations

import contextlib
import errno
import socket

import pytest

from fozzy.chaos.tcp.listener import Listener
from fozzy.faults.tcp.engine import Gate
from fozzy.faults.tcp.message import NEVER_NS
from fozzy.faults.tcp.plan import Toxic
from tests.chaos.tcp.harness import Run, Server, exactly, how, pair, plan_of, reset, run, until


def gate(found: Run, mode: str, due_ns: int = NEVER_NS) -> Listener:
    """Have the gate say this from now on, and asked once."""
    listener = found.parts.doors.listeners["p"]
    found.parts.engine.gate = lambda *_: Gate(mode, due_ns)  # type: ignore[method-assign]
    found.on_loop(listener.ask)
    return listener


def connects(found: Run, seconds: float = 2.0) -> str:
    """What becomes of a client."""
    try:
        socket.create_connection(found.address(), timeout=seconds).close()
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "nothing"
    return "open"


def test_closed_refuses_and_leaves_connections() -> None:
    """A port that is closed lets those talk who are there; opened again it takes others."""
    with pair() as (found, client, server):
        gate(found, "closed")
        assert connects(found) == "refused"
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"
        gate(found, "open")
        assert connects(found) == "open"


def test_down_cuts_connections() -> None:
    """What is open ends for both sides, and the record says why."""
    with pair() as (found, client, server):
        gate(found, "down")
        assert how(client) == "fin" and how(server) == "fin"
        assert found.wait()[0].by == "down" and connects(found) == "refused"


def test_silent_says_nothing_and_speaks_again() -> None:
    """Who connects waits for ever; connections that are there stay, and after it the proxy is as before."""
    with pair() as (found, client, server):
        gate(found, "silent")
        assert connects(found, 0.1) == "nothing"
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"
        gate(found, "open")
        with contextlib.closing(found.connect()) as other:
            other.sendall(b"y")
            until(lambda: len(found.parts.doors.listeners["p"].relays) == 2)
        assert found.parts.engine.points["p"].connections == 2  # ours that filled the queue are no connections


def test_the_gate_is_asked_again_when_it_says_so() -> None:
    """At that time, with no connection in between."""
    with pair() as (found, client, server):
        due_ns = found.on_loop(found.parts.session.now_ns) + 20_000_000
        listener = gate(found, "closed", due_ns)
        found.parts.engine.gate = lambda *_: Gate("open", NEVER_NS)  # type: ignore[method-assign]
        until(lambda: listener.mode == "open")
        assert found.on_loop(found.parts.session.now_ns) >= due_ns
        client.close()
        server.close()


def test_a_gate_that_counts_connections_is_asked_after_each() -> None:
    """Where a toxic is about the listener."""
    server = Server()
    with run(plan_of(server.address)) as found:
        listener = found.parts.doors.listeners["p"]
        engine = found.parts.engine
        engine.gate = lambda *_: Gate(  # type: ignore[method-assign]
            "closed" if engine.points["p"].connections >= 2 else "open", NEVER_NS
        )
        listener.is_gated = True
        assert [connects(found), connects(found)] == ["open", "open"]
        until(lambda: listener.mode == "closed")
        assert connects(found) == "refused"
    server.close()


@pytest.mark.parametrize(
    ("toxic", "said"),
    [
        (Toxic(type="refuse"), "refused"),
        (Toxic(type="refuse", attributes={"how": "silent"}), "nothing"),
        (Toxic(type="down"), "refused"),
    ],
    ids=["refuse", "silent", "down"],
)
def test_toxics_of_the_listener(toxic: Toxic, said: str) -> None:
    """Put in force they close the port or silence it; `down` cuts what is open; taken away all is as before."""
    with pair() as (found, client, server):
        found.toxics(toxic)
        assert connects(found, 0.1) == said
        if toxic.type == "down":
            assert how(client) == "fin" and how(server) == "fin"
            (record,) = found.wait()
            assert (record.by, record.upstream.given, record.downstream.given) == ("down", "fin", "fin")
        else:
            client.sendall(b"x")
            assert exactly(server, 1) == b"x"
        found.toxics()
        assert connects(found) == "open"


def test_refused_after_so_many() -> None:
    """The port is closed from then on, and those that came before live on."""
    with pair(Toxic(type="refuse", after=2)) as (found, client, server):
        with found.connect() as second:
            until(lambda: found.parts.doors.listeners["p"].mode == "closed")
            assert connects(found) == "refused"
            second.sendall(b"y")
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"


def test_down_from_a_message_on() -> None:
    """The message that is struck cuts its connection, closes the port, and with it all others."""
    toxic = Toxic(type="down", stream="upstream", on="message", after=1)
    with pair(toxic) as (found, client, server), found.connect() as second:
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"
        server.sendall(b"y")
        assert exactly(client, 1) == b"y"
        client.sendall(b"z")
        assert how(client) == "rst" and how(second) == "fin"
        until(lambda: found.parts.doors.listeners["p"].mode == "down")
        assert connects(found) == "refused"
        assert [record.by for record in found.wait(2)] == ["down_upstream", "down"]


def test_a_port_that_somebody_took_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be opened while another has it; it says so and listens as soon as it can."""
    monkeypatch.setattr("fozzy.chaos.tcp.listener.TAKEN_NS", 10_000_000)
    with pair() as (found, client, server):
        gate(found, "closed")
        listener = found.parts.doors.listeners["p"]
        found.on_loop(listener.port.close)
        other = socket.create_server(found.address())
        gate(found, "open")
        assert listener.mode == "" and [each.code for each in found.parts.troubles()] == ["chaos.listen"]
        other.close()
        until(lambda: listener.mode == "open")
        assert connects(found) == "open" and not found.parts.troubles()


def test_a_client_for_whom_no_socket_is_left_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not left to wait, and later ones are served."""
    with pair() as (found, client, server):
        listener = found.parts.doors.listeners["p"]
        turned_away, none_left = [], [True]
        real = Listener.socket.fget  # type: ignore[attr-defined]

        class Exhausted:
            """A listening socket of a system that has no socket left, for a while."""

            def fileno(self) -> int:
                """As it is."""
                return int(real(listener).fileno())

            def accept(self) -> object:
                """No."""
                if none_left[0]:
                    raise OSError(errno.EMFILE, "Too many open files")
                return real(listener).accept()

        def turn_away(_: object) -> None:
            with contextlib.suppress(BlockingIOError):
                reset(real(listener).accept()[0])
                turned_away.append(1)

        monkeypatch.setattr(Listener, "socket", Exhausted())
        monkeypatch.setattr(listener.spare, "turn_away", turn_away)
        with contextlib.suppress(ConnectionResetError), found.connect() as other:  # it may hear that at once
            assert how(other) == "rst"
        until(lambda: turned_away == [1])
        none_left[0] = False
        with contextlib.closing(found.connect()) as other:
            until(lambda: len(listener.relays) == 2)
        client.close()
        server.close()
        until(lambda: len(found.connected) >= 1)
        found.stop()
        monkeypatch.undo()
