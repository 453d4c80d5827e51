"""Redis commands that are refused as a server in trouble refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.errors import InputError
from fozzy.faults.tcp.frames.resp import request_of
from fozzy.faults.tcp.kinds.resp_error import SLOTS, TEXTS, slot_of
from tests.faults.tcp.wiring import Wire, toxic

GET = request_of("GET", "a")
SET = request_of("SET", "a", "b")


def redis(**said: Any) -> Wire:
    """A connection to Redis whose commands are refused."""
    return Wire(toxic("resp_error", **said), protocol="redis")


def test_a_refused_command_does_not_reach_the_server() -> None:
    """Its client gets the error at once, and the next command goes on."""
    wire = redis(code="LOADING", first=3)
    for _ in range(3):
        wire.send("upstream", GET)
    assert wire.bytes_of("downstream") == b"-LOADING Redis is loading the dataset in memory\r\n" * 3
    assert wire.bytes_of("upstream") == b""
    wire.send("upstream", GET)
    wire.send("downstream", b"+b\r\n")
    assert (wire.bytes_of("upstream"), wire.bytes_of("downstream")[-4:]) == (GET, b"+b\r\n")
    wire.close()
    assert (wire.tally().hit, wire.tally().applied) == (3, 3)


def test_an_error_waits_for_its_turn() -> None:
    """Commands that were sent before it are answered first, also where their replies come in pieces."""
    wire = redis(code="OOM")
    wire.send("upstream", GET + SET + GET)
    assert (wire.bytes_of("upstream"), wire.bytes_of("downstream")) == (GET + GET, b"")
    wire.send("downstream", b"$3\r\na")
    assert wire.bytes_of("downstream") == b"$3\r\na"
    wire.send("downstream", b"bc\r\n+x\r\n")
    assert wire.bytes_of("downstream") == f"$3\r\nabc\r\n-OOM {TEXTS['OOM']}\r\n+x\r\n".encode()


def test_an_error_does_not_come_into_a_push() -> None:
    """It waits for the end of what is under way."""
    wire = redis(code="OOM")
    wire.send("downstream", b">2\r\n$3\r\nfoo\r\n$3\r\nb")
    wire.send("upstream", SET)
    assert b"OOM" not in wire.bytes_of("downstream")
    wire.send("downstream", b"ar\r\n")
    assert wire.bytes_of("downstream").endswith(b"bar\r\n-OOM " + TEXTS["OOM"].encode() + b"\r\n")


@pytest.mark.parametrize(
    ("code", "struck", "spared"),
    [
        ("LOADING", "PING GET SET EVAL", "HELLO AUTH CLIENT SELECT MULTI SUBSCRIBE INFO"),
        ("OOM", "SET INCRBY LPUSH", "GET DEL EXPIRE PING"),
        ("READONLY", "SET DEL INCRBY EXPIRE", "GET PING HGETALL"),
        ("BUSY", "GET SET PING", "AUTH SCRIPT SHUTDOWN"),
        ("MOVED", "GET SET", "PING INFO CLUSTER"),
        ("NOAUTH", "GET PING", "AUTH HELLO"),
        ("STRANGE", "GET PING AUTH", ""),
    ],
)
def test_those_are_struck_that_a_server_would_refuse(code: str, struck: str, spared: str) -> None:
    """Where no match says which."""
    for name in [*struck.split(), *spared.split()]:
        wire = redis(code=code, **({"to": "10.0.0.1:1"} if code == "MOVED" else {}))
        wire.send("upstream", request_of(name, "a", "b"))
        assert wire.tally().hit == (name in struck.split()), name


def test_a_match_strikes_what_it_says() -> None:
    """Also what a server would not refuse so."""
    wire = redis(code="OOM", match="GET a")
    wire.send("upstream", GET)
    assert wire.bytes_of("downstream").startswith(b"-OOM ")


def test_moved_says_the_slot_of_the_key() -> None:
    """As a cluster counts it: by the part in braces where there is one."""
    wire = redis(code="MOVED", to="10.0.0.1:7000")
    wire.send("upstream", request_of("GET", "foo"))
    assert wire.bytes_of("downstream") == b"-MOVED 12182 10.0.0.1:7000\r\n"
    assert slot_of(b"{user1000}.following") == slot_of(b"{user1000}.followers") == slot_of(b"user1000")
    assert slot_of(b"foo{}{bar}") != slot_of(b"bar")
    assert slot_of(b"foo{{bar}}zap") == slot_of(b"{bar")
    assert slot_of(b"123456789") == 0x31C3 % SLOTS


def test_a_command_within_multi_breaks_the_transaction() -> None:
    """The server is made to refuse in its place, so that EXEC fails there too; the client gets its own error."""
    wire = redis(code="OOM", first=1)
    wire.send("upstream", request_of("MULTI") + SET + GET + request_of("EXEC"))
    assert wire.bytes_of("upstream") == request_of("MULTI") + request_of("GET") + GET + request_of("EXEC")
    wire.send("downstream", b"+OK\r\n-ERR wrong number of arguments\r\n+QUEUED\r\n-EXECABORT no\r\n")
    assert wire.bytes_of("downstream") == f"+OK\r\n-OOM {TEXTS['OOM']}\r\n+QUEUED\r\n-EXECABORT no\r\n".encode()


def test_a_refused_exec_leaves_no_transaction_behind() -> None:
    """The server discards it, and the client hears that it was aborted."""
    wire = redis(code="READONLY", match="EXEC", message="no")
    wire.send("upstream", request_of("MULTI") + SET + request_of("EXEC"))
    assert wire.bytes_of("upstream") == request_of("MULTI") + SET + request_of("DISCARD")
    wire.send("downstream", b"+OK\r\n+QUEUED\r\n+OK\r\n")
    assert wire.bytes_of("downstream").endswith(
        b"+QUEUED\r\n-EXECABORT Transaction discarded because of: READONLY no\r\n"
    )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"code": "loading"},
        {"code": "OOM", "message": "two\r\nlines"},
        {"code": "MOVED"},
        {"code": "OOM", "to": "10.0.0.1:1"},
    ],
)
def test_what_no_server_says_is_refused(said: dict[str, Any]) -> None:
    """An error is one line and has a code; a redirection has an address, others have none."""
    with pytest.raises(InputError):
        redis(**said)
