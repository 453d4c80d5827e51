"""The request reached the server, and its answer is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.wires import Spoken
from fozzy.errors import InputError
from fozzy.faults.tcp.frames.resp import request_of
from tests.faults.tcp.wiring import MS, Wire, merged, toxic

INCR = request_of("INCR", "orders")
GET = request_of("GET", "orders")


def redis(*toxics: dict[str, Any], **said: Any) -> Wire:
    """A connection to Redis."""
    return Wire(*toxics, protocol="redis", **said)


@pytest.mark.parametrize(("end", "cut"), [("rst", "cut rst fin"), ("fin", "cut fin fin"), ("hang", None)])
def test_the_reply_to_a_matching_command_is_lost(end: str, cut: str | None) -> None:
    """The command goes on to the server; replies before it come, nothing behind it does."""
    wire = redis(toxic("drop_reply", match="INCR", first=1, end=end))
    wire.send("upstream", GET + INCR + GET)
    assert wire.bytes_of("upstream") == GET + INCR + GET
    wire.send("downstream", b"$1\r\n1\r\n:2\r\n$1\r\n2\r\n", MS)
    wire.send("downstream", b"+more\r\n", 2 * MS)
    wire.end("downstream", 3 * MS)
    assert wire.bytes_of("downstream") == b"$1\r\n1\r\n"
    ends = [what for _, _, what in wire.all() if isinstance(what, str)]
    assert ends == ([] if cut is None else [cut])
    wire.close()
    tally = wire.tally()
    assert (tally.matched, tally.hit, tally.applied, tally.bypassed) == (1, 1, 1, 0)


def test_the_connection_ends_when_all_of_the_reply_has_come() -> None:
    """Then the server is done with the request; a reply that never ends is cut with what comes behind it."""
    wire = redis(toxic("drop_reply"))
    wire.send("upstream", GET)
    wire.send("downstream", b"$3\r\na")
    assert [each for each in wire.got if each[1] == "downstream"] == []
    wire.send("downstream", b"bc\r\n", MS)
    assert wire.got[-1] == (MS, "downstream", "cut rst fin")
    wire = redis(toxic("drop_reply"))
    wire.send("upstream", GET)
    wire.send("downstream", b"$3\r\na")
    wire.end("downstream", MS)
    assert wire.got[-1] == (MS, "downstream", "cut rst fin")


def test_what_the_server_says_first_is_no_reply() -> None:
    """Of raw bytes: a greeting passes, and what the client's first turn is answered with does not."""
    wire = Wire(toxic("drop_reply", first=1))
    wire.send("downstream", b"hello")
    wire.send("upstream", b"ask", MS)
    assert wire.bytes_of("downstream") == b"hello"
    wire.send("downstream", b"answer", 2 * MS)
    assert wire.got[-1] == (2 * MS, "downstream", "cut rst fin")
    assert wire.tally().matched == 1


def test_a_push_is_no_reply() -> None:
    """It is neither counted nor lost."""
    wire = redis(toxic("drop_reply", after=1))
    wire.send("upstream", request_of("HELLO", "3"))
    wire.send("downstream", b">2\r\n$3\r\nfoo\r\n$3\r\nbar\r\n+OK\r\n")
    assert wire.bytes_of("downstream").endswith(b"+OK\r\n")
    assert wire.tally().matched == 1


def test_a_connection_can_be_struck() -> None:
    """Then its first reply is lost, whichever it is."""
    wire = redis(toxic("drop_reply", on="connection", every=2))
    wire.send("upstream", GET)
    wire.send("downstream", b"+a\r\n")
    assert wire.bytes_of("downstream") == b"+a\r\n"
    wire.connect()
    wire.send("upstream", GET)
    wire.send("downstream", b"+a\r\n")
    assert wire.got[-1][2] == "cut rst fin"


def test_other_toxics_hold_the_end_up_with_the_bytes() -> None:
    """What came before the reply comes first."""
    wire = redis(toxic("drop_reply", after=1), toxic("latency", latency=100))
    wire.send("upstream", GET + GET)
    wire.send("downstream", b"+a\r\n+b\r\n")
    assert [each for each in wire.all() if each[1] == "downstream"] == [
        (100 * MS, "downstream", b"+a\r\n"),
        (100 * MS, "downstream", "cut rst fin"),
    ]


def test_a_second_reply_behind_a_lost_one_is_bypassed() -> None:
    """Only one was lost by this toxic; the other could not come any more."""
    wire = redis(toxic("drop_reply", end="hang"))
    wire.send("upstream", GET + GET)
    wire.send("downstream", b"+a\r\n+b\r\n")
    wire.close()
    struck = [each.struck[0] for each in wire.records if isinstance(each, Spoken) and each.struck]
    assert [(each.applied, each.reason) for each in struck] == [(True, ""), (False, "already")]


@pytest.mark.parametrize("end", ["rst", "hang"])
def test_taking_it_away_ends_a_connection_with_a_gap(end: str) -> None:
    """A client must never get the rest of a reply, or another one in its place; others go on."""
    wire = redis(toxic("drop_reply", match="GET", end=end))
    wire.send("upstream", GET)
    wire.send("downstream", b"$3\r\na")
    wire.change(at_ns=MS, protocol="redis")
    assert wire.got[-1] == (MS, "downstream", "cut rst fin")
    wire.connect(2 * MS)
    wire.change(toxic("drop_reply", match="GET", end=end), at_ns=3 * MS, protocol="redis")
    wire.change(at_ns=4 * MS, protocol="redis")
    wire.send("upstream", GET, 5 * MS)
    wire.send("downstream", b"+a\r\n", 5 * MS)
    assert wire.bytes_of("downstream") == b"+a\r\n"


def test_only_the_server_replies() -> None:
    """The other direction has none that could be lost."""
    with pytest.raises(InputError, match="downstream"):
        redis(toxic("drop_reply", stream="upstream"))


@settings(max_examples=60)
@given(st.lists(st.integers(1, 20), max_size=20), st.sampled_from(["rst", "fin", "hang"]), st.integers(1, 4))
def test_reads_change_nothing(sizes: list[int], end: str, at: int) -> None:
    """The same reply is lost, however bytes are cut."""
    up, down = GET + INCR + GET + INCR, b"$1\r\n1\r\n:2\r\n$1\r\n2\r\n:3\r\n"
    found = []
    for cut in (sizes, []):
        wire = redis(toxic("drop_reply", every=at, end=end))
        wire.send("upstream", up, 0, cut)
        wire.send("downstream", down, MS, cut)
        wire.close()
        found.append((merged(wire.all()), wire.records))
    assert found[0] == found[1]
