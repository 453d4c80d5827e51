"""A relay: what one side says reaches the other, and every end as what it is."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time

import msgspec
import pytest

from fozzy.chaos.tcp.relay import Relay
from fozzy.chaos.tcp.watch import Watch
from fozzy.faults.tcp.message import Cut
from fozzy.faults.tcp.plan import Toxic
from tests.chaos.tcp.harness import Run, Server, everything, exactly, how, pair, plan_of, reset, run, until

SLOW = Toxic(type="latency", attributes={"latency": 30})
SLOW_UP = Toxic(type="latency", stream="upstream", attributes={"latency": 30})
NOTHING_MUCH = (
    Toxic(type="latency", name="a", stream="upstream", attributes={"latency": 1}),
    Toxic(type="latency", name="b", attributes={"latency": 1}),
)

WAYS = pytest.mark.parametrize("toxics", [(), NOTHING_MUCH], ids=["plain", "held"])


@WAYS
def test_bytes_go_both_ways(toxics: tuple[Toxic, ...]) -> None:
    """What is said arrives, and the record says how much."""
    with pair(*toxics) as (found, client, server):
        client.sendall(b"ping")
        assert exactly(server, 4) == b"ping"
        server.sendall(b"pong!")
        assert exactly(client, 5) == b"pong!"
        client.close()
        assert everything(server) == b""
        server.close()
        (record,) = found.wait()
    assert (record.upstream.bytes, record.upstream.sent, record.downstream.bytes) == (4, 4, 5)
    assert (record.by, record.upstream.ended, record.upstream.given, record.connection) == ("client", "fin", "fin", 1)


@WAYS
def test_a_half_that_ended_leaves_the_other_open(toxics: tuple[Toxic, ...]) -> None:
    """A client that ends its half still gets its answer, and the other way round."""
    with pair(*toxics) as (found, client, server):
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert everything(server) == b"question"
        server.sendall(b"answer")
        assert exactly(client, 6) == b"answer" and not found.connected
        server.close()
        assert everything(client) == b""
        assert found.wait()[0].by == "client"
    with pair(*toxics) as (found, client, server):
        server.shutdown(socket.SHUT_WR)
        assert everything(client) == b""
        client.sendall(b"more")
        assert exactly(server, 4) == b"more" and not found.connected
        client.close()
        assert everything(server) == b""
        assert found.wait()[0].by == "server"


@WAYS
def test_a_reset_arrives_as_a_reset(toxics: tuple[Toxic, ...]) -> None:
    """RST of either side is RST for the other, behind what was said before, and FIN is not."""
    with pair(*toxics) as (found, client, server):
        client.sendall(b"last words")
        assert exactly(server, 10) == b"last words"
        reset(client)
        assert how(server) == "rst"
        (record,) = found.wait()
    assert (record.by, record.upstream.ended, record.upstream.given) == ("client", "rst", "rst")
    with pair(*toxics) as (found, client, server):
        server.sendall(b"last words")
        assert exactly(client, 10) == b"last words"
        reset(server)
        assert how(client) == "rst"
        (record,) = found.wait()
    assert (record.by, record.downstream.ended, record.downstream.given) == ("server", "rst", "rst")


def test_a_client_that_closed_and_is_written_to_resets_the_server() -> None:
    """A client that is wholly gone is told of as such: the server's next words are answered with RST."""
    with pair() as (found, client, server):
        client.close()
        assert everything(server) == b""
        ends = []

        def speak() -> bool:
            try:
                server.sendall(b"are you there")
            except OSError as error:
                ends.append(type(error))
            return bool(ends)

        until(speak)
        assert ends[0] in (ConnectionResetError, BrokenPipeError)
        assert found.wait()[0].by == "client"


def test_a_blocked_receiver_stops_its_sender() -> None:
    """Who does not read is not written to, its sender waits, and nothing is lost when it reads again."""
    blob = random.Random(1).randbytes(32 << 20)
    for toxics in ((), NOTHING_MUCH):
        with pair(*toxics) as (found, client, server):
            sender = threading.Thread(target=client.sendall, args=(blob,))
            sender.start()
            until(lambda found=found: _is_held_up(found))
            assert sender.is_alive()
            assert hashlib.sha256(exactly(server, len(blob))).digest() == hashlib.sha256(blob).digest()
            sender.join()


def _relays(found: Run) -> list[Relay]:
    return list(found.parts.doors.listeners["p"].relays)


def _is_held_up(found: Run) -> bool:
    """Whether the server's side waits and takes no more, for a while."""

    def waiting() -> int:
        (relay,) = _relays(found)
        return 0 if relay.server is None else sum(map(len, relay.server.waiting))

    before = found.on_loop(waiting)
    time.sleep(0.02)
    return bool(before) and before == found.on_loop(waiting)


def test_a_reset_reaches_a_server_that_does_not_read() -> None:
    """A client that resets while its bytes are held up is not waited for."""
    with pair() as (found, client, server):
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.sendall(bytes(64 << 20))
        reset(client)
        (record,) = found.wait()
        assert (record.by, record.upstream.ended) == ("client", "rst")
        server.settimeout(10)
        assert how(server) == "rst"


def test_toxics_change_over_in_mid_stream() -> None:
    """Toxics come and go under a stream that flows, and every byte arrives once and in order."""
    blob = random.Random(2).randbytes(16 << 20)
    got = bytearray()
    with pair() as (found, client, server):
        sender = threading.Thread(target=client.sendall, args=(blob,))
        sender.start()
        for step in range(32):
            found.toxics(*([SLOW_UP] if step % 2 == 0 else []))
            got += exactly(server, len(blob) // 32)
        sender.join()
        found.toxics()
        assert got == blob
        client.sendall(b"?")
        assert exactly(server, 1) == b"?"
        (relay,) = _relays(found)
        assert relay.link.is_plain  # it is again what it was


def test_a_delay_is_kept_and_order_too() -> None:
    """Bytes and the end of the stream come in order, not before their time."""
    with pair(SLOW) as (found, client, server):
        began = time.monotonic()
        server.sendall(b"one")
        server.shutdown(socket.SHUT_WR)
        assert everything(client) == b"one"
        assert time.monotonic() - began >= 0.03
        client.close()
        found.wait()


def test_toxics_hold_on_connections_that_are_open() -> None:
    """A reset toxic strikes an open connection that says nothing, after all that was said before."""
    with pair() as (found, client, server):
        server.sendall(b"before")
        until(lambda: found.on_loop(lambda: _sent_down(found)) == 6)
        found.toxics(Toxic(type="reset_peer", on="connection", name="rst"))
        assert exactly(client, 6) == b"before"
        assert how(client) == "rst" and how(server) == "rst"
        assert found.wait()[0].by == "rst"


def _sent_down(found: Run) -> int:
    (relay,) = _relays(found)
    return relay.link.flows["downstream"].sent


@pytest.mark.parametrize("to_client", ["fin", "rst"])
@pytest.mark.parametrize("to_server", ["fin", "rst"])
def test_cuts_give_each_side_its_own_end(to_client: str, to_server: str) -> None:
    """A cut says FIN or RST to each side, also while unread bytes are under way."""
    with pair() as (found, client, server):
        client.sendall(b"unread by the proxy's user")
        exactly(server, 26)
        (relay,) = _relays(found)
        found.on_loop(lambda: relay._cut("upstream", Cut("t", to_server, to_client)))  # type: ignore[arg-type]
        client.settimeout(5)
        assert (how(client), how(server)) == (to_client, to_server)
        assert found.wait()[0].by == "t"


def test_bytes_before_a_cut_arrive_before_it() -> None:
    """What a slow receiver has not taken yet comes before its end, FIN or RST."""
    for ending in ("fin", "rst"):
        with pair() as (found, client, server):
            blob = bytes(8 << 20)
            server.setblocking(False)
            sent = 0
            deadline = time.monotonic() + 0.3
            while time.monotonic() < deadline:
                try:
                    sent += server.send(blob)
                except BlockingIOError:
                    time.sleep(0.002)
            (relay,) = _relays(found)
            passed = found.on_loop(lambda relay=relay, ending=ending: _cut(relay, ending))
            got = 0
            try:
                while data := client.recv(1 << 20):
                    got += len(data)
                end = "fin"
            except ConnectionResetError:
                end = "rst"
            assert (end, got) == (ending, passed)


def _cut(relay: Relay, ending: str) -> int:
    sent = relay.link.flows["downstream"].sent
    relay._cut("downstream", Cut("t", ending, ending))  # type: ignore[arg-type]
    return sent


def test_a_server_that_is_not_there() -> None:
    """The client is reset, and the record says why."""
    server = Server()
    address = server.address
    server.close()
    with run(plan_of(address)) as found, found.connect() as client:
        assert how(client) == "rst"
        (record,) = found.wait()
    assert record.by == "unreachable" and record.downstream.given == "rst"
    assert record.notes == [f"{address} cannot be reached: Connection refused"]


def test_the_end_of_a_run_ends_connections() -> None:
    """Who is connected when a run ends reads an end, and there is a record."""
    server = Server()
    found = Run(plan_of(server.address))
    found.start()
    with found.connect() as client, server.accept() as there:
        found.stop()
        assert how(client) == "fin" and how(there) == "fin"
    assert found.connected[0].by == "stopped"
    server.close()


def test_systems_without_edges() -> None:
    """Where tasks wait for each socket the same holds: bytes both ways, ends, backpressure."""
    server = Server()
    blob = random.Random(3).randbytes(8 << 20)
    with run(plan_of(server.address), watch=Watch()) as found:
        client, there = found.connect(), server.accept()
        for _ in range(20):
            client.sendall(b"ping")
            assert exactly(there, 4) == b"ping"
            there.sendall(b"pong")
            assert exactly(client, 4) == b"pong"
        sender = threading.Thread(target=client.sendall, args=(blob,))
        sender.start()
        time.sleep(0.05)
        assert exactly(there, len(blob)) == blob
        sender.join()
        reset(client)
        assert how(there) == "rst"
        assert found.wait()[0].by == "client"
        there.close()
    server.close()


def test_an_error_of_ours_ends_one_connection() -> None:
    """It is kept for whoever runs the proxies, and the others go on."""
    with pair() as (found, client, server):
        (relay,) = _relays(found)
        relay.link.passed = None  # type: ignore[assignment, method-assign]
        with found.connect() as second:
            client.sendall(b"x")
            assert how(client) == "rst" and found.wait()[0].by == "bug"
            second.sendall(b"y")
            second.shutdown(socket.SHUT_WR)
            until(
                lambda: found.on_loop(lambda: [relay.link.flows["upstream"].bytes for relay in _relays(found)]) == [1]
            )
        assert len(found.loop.bugs) == 1
        found.loop.bugs.clear()


def test_settings_can_be_copied() -> None:
    """A plan that was put in force can be put in force again."""
    with pair() as (found, client, server):
        plan = found.parts.engine.plan
        found.change(msgspec.structs.replace(plan))
        client.sendall(b"x")
        assert exactly(server, 1) == b"x"
        assert found.parts.engine.plan == plan


def test_nobody_waits_for_what_a_toxic_threw_away() -> None:
    """Where both sides ended and a toxic keeps the end for ever, the connection is over all the same."""
    with pair(Toxic(type="timeout", attributes={"timeout": 0})) as (found, client, server):
        server.sendall(b"lost")
        client.close()
        assert everything(server) == b""
        server.close()
        (record,) = found.wait()
    assert (record.by, record.downstream.bytes, record.downstream.sent) == ("client", 4, 0)


def test_an_answer_of_ours_that_is_held_comes_at_its_time() -> None:
    """A request is answered here while another toxic delays answers: nothing else has to happen for it to come."""
    refused = Toxic(type="resp_error", stream="upstream", attributes={"code": "LOADING"})
    with pair(refused, SLOW, protocol="redis") as (found, client, server):
        began = time.monotonic()
        client.sendall(b"*1\r\n$4\r\nPING\r\n")
        assert client.recv(100).startswith(b"-LOADING ")
        assert time.monotonic() - began >= 0.03
        client.close()
        assert everything(server) == b""
