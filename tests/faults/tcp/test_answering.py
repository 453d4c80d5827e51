"""Requests that a toxic answers: none of their bytes is lost, whatever happens meanwhile."""

from __future__ import annotations

import pytest

from fozzy.core.wires import Spoken
from fozzy.faults.tcp.answering import ANSWERED_BYTES_MAX
from fozzy.faults.tcp.frames.resp import request_of
from tests.faults.tcp.wiring import MS, Wire, toxic

SET = request_of("SET", "a", "b" * 100)
OOM = toxic("resp_error", code="OOM", message="no")


def reasons(wire: Wire) -> list[tuple[bool, str]]:
    """What became of each strike."""
    wire.close()
    return [(one.applied, one.reason) for each in wire.records if isinstance(each, Spoken) for one in each.struck]


def test_a_request_is_answered_when_it_is_whole() -> None:
    """Not before; its first half stays here."""
    wire = Wire(OOM, protocol="redis")
    wire.send("upstream", SET[:50])
    assert wire.got == []
    wire.send("upstream", SET[50:], MS)
    assert wire.got == [(MS, "downstream", b"-OOM no\r\n")]
    assert reasons(wire) == [(True, "")]


def test_a_toxic_that_goes_gives_the_request_back() -> None:
    """What was collected goes on, and the rest behind it."""
    wire = Wire(OOM, protocol="redis")
    wire.send("upstream", SET[:50])
    wire.change(at_ns=MS, protocol="redis")
    wire.send("upstream", SET[50:], 2 * MS)
    assert wire.bytes_of("upstream") == SET
    assert [applied for applied, _ in reasons(wire)] == [False]


def test_half_a_request_goes_on_with_the_end() -> None:
    """Its client left."""
    wire = Wire(OOM, protocol="redis")
    wire.send("upstream", SET[:50])
    wire.end("upstream", MS)
    assert wire.got == [(MS, "upstream", SET[:50]), (MS, "upstream", "fin")]
    assert reasons(wire) == [(False, "no_end")]


def test_a_request_that_is_too_long_goes_on() -> None:
    """Whole and in order."""
    wire = Wire(OOM, protocol="redis")
    long = request_of("SET", "a", "b" * (ANSWERED_BYTES_MAX + 10))
    wire.send("upstream", long + SET, 0, [100000] * 11)
    assert wire.bytes_of("upstream") == long
    wire.send("downstream", b"+OK\r\n")
    assert wire.bytes_of("downstream") == b"+OK\r\n-OOM no\r\n"
    assert reasons(wire) == [(False, "too_long"), (True, "")]


@pytest.mark.parametrize("turned", [False, True])
def test_one_toxic_answers(turned: bool) -> None:
    """The first; the others are bypassed."""
    toxics = [OOM, toxic("resp_match", reply="x")]
    wire = Wire(*(reversed(toxics) if turned else toxics), protocol="redis")
    wire.send("upstream", SET)
    assert wire.bytes_of("downstream") == (b"$1\r\nx\r\n" if turned else b"-OOM no\r\n")
    assert sorted(reasons(wire)) == [(False, "answered"), (True, "")]


def test_a_struck_connection_is_answered_throughout() -> None:
    """Every command that a server would refuse so, and no other; other connections are left alone."""
    wire = Wire(toxic("resp_error", code="OOM", message="no", on="connection", first=1), protocol="redis")
    for _ in range(2):
        wire.send("upstream", request_of("HELLO", "3"))
        wire.send("downstream", b"+OK\r\n")
        wire.send("upstream", SET)
    assert wire.bytes_of("downstream") == b"+OK\r\n-OOM no\r\n" * 2
    wire.close()
    assert (wire.tally().hit, wire.tally().applied) == (1, 1)
    wire.connect()
    wire.send("upstream", SET)
    assert wire.bytes_of("upstream") == SET
