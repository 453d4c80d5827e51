"""A struck request is answered with 429."""

from __future__ import annotations

import msgspec

from tests.faults.tcp.kinds.speaking import GET, reply, wire


def test_requests_beyond_the_first_are_limited() -> None:
    """Which ones the schedule says; how long to wait the answer."""
    talk = wire("http_rate_limit", retry_after=7, after=1)
    talk.send("upstream", GET)
    assert talk.bytes_of("upstream") == GET
    talk.send("downstream", b"HTTP/1.1 204 x\r\n\r\n")
    talk.got.clear()
    talk.send("upstream", GET)
    answer = reply(talk)
    assert (answer.status, answer.headers["retry-after"], talk.bytes_of("upstream")) == (429, "7", b"")
    assert msgspec.json.decode(answer.body)["error"]["code"] == "chaos_ratelimit"
