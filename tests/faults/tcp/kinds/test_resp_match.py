"""Redis commands that are answered with something else."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.wires import Spoken
from fozzy.errors import InputError
from fozzy.faults.tcp.frames.resp import request_of
from tests.faults.tcp.wiring import Wire, toxic

GET = request_of("GET", "a")


@pytest.mark.parametrize(
    ("reply", "sent"),
    [
        (None, b"$-1\r\n"),
        (7, b":7\r\n"),
        ("text", b"$4\r\ntext\r\n"),
        (["ä", 1, [None]], b"*3\r\n$2\r\n\xc3\xa4\r\n:1\r\n*1\r\n$-1\r\n"),
    ],
)
def test_matching_commands_get_this_answer(reply: Any, sent: bytes) -> None:
    """The server does not see them; others it does."""
    wire = Wire(toxic("resp_match", match="GET a*", reply=reply), protocol="redis")
    wire.send("upstream", GET + request_of("GET", "b"))
    assert wire.bytes_of("downstream") == sent
    assert wire.bytes_of("upstream") == request_of("GET", "b")


def test_null_is_said_in_the_version_that_is_spoken() -> None:
    """As HELLO asked for it."""
    wire = Wire(toxic("resp_match", match="GET"), protocol="redis")
    wire.send("upstream", request_of("HELLO", "3"))
    wire.send("downstream", b"%0\r\n")
    wire.send("upstream", GET)
    assert wire.bytes_of("downstream") == b"%0\r\n_\r\n"


def test_within_multi_it_is_bypassed() -> None:
    """There EXEC answers; the command goes on."""
    wire = Wire(toxic("resp_match", match="GET"), protocol="redis")
    wire.send("upstream", request_of("MULTI") + GET)
    assert wire.bytes_of("upstream") == request_of("MULTI") + GET
    wire.close()
    struck = [each.struck[0] for each in wire.records if isinstance(each, Spoken) and each.struck]
    assert [(each.applied, each.reason) for each in struck] == [(False, "no_answer")]


@pytest.mark.parametrize("reply", [True, 1.5, {"a": 1}, [[False]], 1 << 64])
def test_what_redis_would_not_answer_is_refused(reply: Any) -> None:
    """Null, whole numbers, texts and lists are all there is."""
    with pytest.raises(InputError):
        Wire(toxic("resp_match", reply=reply), protocol="redis")
