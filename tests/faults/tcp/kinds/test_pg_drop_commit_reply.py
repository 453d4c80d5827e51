"""The transaction was committed, and nobody told its client."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.frames.pg_build import message
from tests.faults.tcp.frames.test_postgres import BEGUN, DONE, RAN, READY, query, run
from tests.faults.tcp.wiring import Wire, toxic


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (query("COMMIT"), DONE + READY),
        (query("commit;"), DONE + READY),
        (query("insert into a values (1); END"), DONE + DONE + READY),
        (run("COMMIT") + message("S"), RAN + READY),
    ],
)
@pytest.mark.parametrize("sizes", [[], [1] * 100])
def test_the_reply_to_a_commit_is_lost(ask: bytes, said: bytes, sizes: list[int]) -> None:
    """Simple, extended or behind others; the server got it, and the connection ends when it is done."""
    wire = Wire(toxic("pg_drop_commit_reply"), protocol="postgres")
    for stream, data in [*BEGUN, ("upstream", query("BEGIN")), ("downstream", DONE + READY)]:
        wire.send(stream, data)  # type: ignore[arg-type]
    wire.got.clear()
    wire.send("upstream", ask, 0, sizes)
    assert wire.bytes_of("upstream") == ask
    wire.send("downstream", said[:-1], 0, sizes)
    assert wire.bytes_of("downstream") == b""
    assert not any(isinstance(what, str) for _, _, what in wire.got)
    wire.send("downstream", said[-1:])
    assert wire.got[-1] == (0, "downstream", "cut rst fin")
    assert (wire.tally().matched, wire.tally().applied) == (1, 1)
