"""The head of a message comes piece by piece, each a time after the one before."""

from __future__ import annotations

from tests.faults.tcp.kinds.speaking import GET, JSON, asked, body_of, cuts, records, sized, streams, wire
from tests.faults.tcp.wiring import MS


def test_each_line_comes_later() -> None:
    """The first at once, the body with the last."""
    talk = cuts("http_slow_headers", sized(JSON), delay=20)
    lines = sized(JSON).removesuffix(JSON).splitlines(keepends=True)
    got = [(at_ns, data) for at_ns, stream, data in talk.got if stream == "downstream"]
    assert [at_ns for at_ns, _ in got[: len(lines)]] == [at * 20 * MS for at in range(len(lines))]
    assert [data for _, data in got[: len(lines)]] == lines
    assert b"".join(data for _, data in got[len(lines) : -1]) == JSON
    assert records(talk)[1]["delay_ns"] == 20 * MS * (len(lines) - 1)


def test_each_byte_comes_later() -> None:
    """Of a head of so many bytes."""
    talk = cuts("http_slow_headers", sized(JSON), delay=5, piece="byte")
    head = sized(JSON).removesuffix(JSON)
    assert [data for _, stream, data in talk.got if stream == "downstream"][: len(head)] == [bytes([n]) for n in head]
    assert talk.got[-1][0] == 5 * MS * (len(head) - 1)


def test_a_client_can_be_slow_too() -> None:
    """Upstream, requests are struck."""
    talk = wire("http_slow_headers", stream="upstream", delay=10)
    talk.send("upstream", GET)
    assert talk.bytes_of("upstream") == b"GET /a HTTP/1.1\r\n"
    assert talk.all()[-1] == (20 * MS, "upstream", b"\r\n")
    assert talk.bytes_of("upstream") == GET


def test_the_next_head_begins_behind_the_one_before() -> None:
    """Pipelined replies do not overtake each other."""
    talk = wire("http_slow_headers", delay=1)
    talk.send("upstream", GET + GET)
    talk.send("downstream", sized(JSON) + sized(b"2"))
    talk.all()
    assert talk.bytes_of("downstream") == sized(JSON) + sized(b"2")
    assert talk.got[-1][0] == 6 * MS


def test_events_are_no_heads() -> None:
    """They come with the last line of the head of their stream."""
    for sent in streams():
        talk = asked(wire("http_slow_headers", delay=1, on="connection"), sent)
        talk.all()
        assert talk.bytes_of("downstream") == sent
        assert {at_ns for at_ns, _, data in talk.got if data in body_of(sent) and data != b"\r\n"} == {
            sent.index(b"\r\n\r\n") and (sent.removesuffix(body_of(sent)).count(b"\n") - 1) * MS
        }
