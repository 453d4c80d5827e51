"""HTTP/1.1 is cut into the same messages whatever the reads, and no byte of it changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.wires import Spoken
from fozzy.faults.tcp.frames.base import KNOWN_BYTES_MAX
from fozzy.faults.tcp.frames.http import GO_ON, Http
from fozzy.faults.tcp.message import Body, Chunk, Message
from fozzy.faults.tcp.plan import Stream
from tests.faults.tcp.frames.framing import Listening
from tests.faults.tcp.wiring import Wire

END = st.sampled_from(["\r\n", "\n"])
SIZES = st.lists(st.integers(1, 40), max_size=80)
SSE = ["data: a", "data: \u20ac", ": ping", "id: 7", "", "", "event: e"]


def said(*lines: str, end: str = "\r\n") -> bytes:
    """A head."""
    return end.join([*lines, "", ""]).encode()


def coded(data: bytes, size: int) -> bytes:
    """In chunks of so many bytes."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@st.composite
def bodies(draw: st.DrawFn, content: bytes) -> tuple[list[str], bytes]:
    """The headers and the bytes of a body."""
    if draw(st.booleans()):
        return ["Transfer-Encoding: chunked"], coded(content, draw(st.integers(1, 30)))
    return [f"content-length: {len(content)}"], content


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """One request."""
    method = draw(st.sampled_from(["GET", "HEAD", "POST"]))
    lines, body = ([], b"") if method != "POST" else draw(st.binary(max_size=60).flatmap(bodies))
    blank = draw(st.sampled_from(["", "", "\r\n"]))
    return blank.encode() + said(f"{method} /a?b HTTP/1.1", "Host: x", *lines, end=draw(END)) + body


@st.composite
def streams_of_events(draw: st.DrawFn) -> bytes:
    """Lines of events."""
    lines = draw(st.lists(st.sampled_from(SSE), max_size=20))
    return "".join(line + draw(st.sampled_from(["\n", "\r\n", "\r"])) for line in lines).encode()


@st.composite
def replies(draw: st.DrawFn, is_head: bool) -> bytes:
    """One reply, perhaps behind an interim one, whose end is its own."""
    interim = draw(st.sampled_from([b"", b"", said("HTTP/1.1 103 Early Hints", "Link: x")]))
    status = draw(st.sampled_from(["200 OK", "200 OK", "404 Not Found", "204 No Content", "304 Not Modified"]))
    is_stream = draw(st.booleans())
    lines, body = draw((streams_of_events() if is_stream else st.binary(max_size=80)).flatmap(bodies))
    lines += ["Content-Type: text/event-stream"] if is_stream else []
    has_body = not is_head and status[:3] not in ("204", "304")
    return interim + said(f"HTTP/1.1 {status}", *lines, end=draw(END)) + (body if has_body else b"")


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """What both sides say."""
    asked = draw(st.lists(requests(), max_size=4))
    return asked, [draw(replies(b"HEAD" in each[:6])) for each in asked]


def heard(asked: bytes, answered: bytes, up: list[int], down: list[int]) -> Listening:
    """Both streams, cut into reads, the client's first."""
    listening = Listening(Http)
    assert listening.say("upstream", asked, up) + listening.finish("upstream") == asked
    assert listening.say("downstream", answered, down) + listening.finish("downstream") == answered
    return listening


@given(talks(), SIZES, SIZES)
def test_messages_do_not_depend_on_reads(talk: tuple[list[bytes], list[bytes]], up: list[int], down: list[int]) -> None:
    """Whole, byte by byte and in any other cut: the same messages, parts and bytes; and none is lost or changed."""
    asked, answered = (b"".join(each) for each in talk)
    whole = heard(asked, answered, [], [])
    for cut in (heard(asked, answered, up, down), heard(asked, answered, [1] * len(asked), [1] * len(answered))):
        assert cut.told() == whole.told()
        assert cut.shape() == whole.shape()
    own = [each for each in whole.told() if each.of in ("request", "reply")]
    assert [each.of for each in own].count("request") == len(talk[0])
    assert [each.answers for each in own if each.of == "reply"] == list(range(1, len(talk[1]) + 1))
    assert all(each.whole for each in whole.told())
    assert whole.framer.lost == ""


@given(st.binary(max_size=200), st.sampled_from([b"", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"]), SIZES)
def test_anything_comes_out_as_it_came(data: bytes, before: bytes, sizes: list[int]) -> None:
    """Bytes that are no HTTP too, with the same messages for any cutting."""
    for stream in ("upstream", "downstream"):
        found = []
        for cut in ([], sizes, [1] * 300):
            listening = Listening(Http)
            assert listening.say(stream, before + data, cut) + listening.finish(stream) == before + data
            found.append((listening.told(), listening.framer.lost))
        assert found[0] == found[1] == found[2]


def test_a_reply_answers_the_request_it_is_to() -> None:
    """In order, with what the request is about; an interim reply is a push about it."""
    listening = Listening(Http)
    listening.say("upstream", said("POST /a?x=1 HTTP/1.1", "Content-Length: 2") + b"hi" + said("GET /b HTTP/1.1"))
    listening.say("downstream", said("HTTP/1.1 100 Continue") + said("HTTP/1.1 200 OK", "Content-Length: 1") + b"1")
    listening.say("downstream", said("HTTP/1.1 204 No Content"))
    assert [(each.of, each.about, each.answers) for each in listening.told()] == [
        ("request", "POST /a", 0),
        ("request", "GET /b", 0),
        ("push", "POST /a", 1),
        ("reply", "POST /a", 1),
        ("reply", "GET /b", 2),
    ]


def test_a_message_says_how_its_body_is_framed() -> None:
    """Of a reply when it begins, and of each event the reply's."""
    listening = Listening(Http)
    listening.say("upstream", said("GET / HTTP/1.1"))
    listening.say("downstream", said("HTTP/1.1 200 OK", "Content-Type: text/event-stream") + b"data: a\n\n")
    assert [each.body for each in listening.messages] == [Body("none"), *[Body("close", is_stream=True)] * 2]


def test_bytes_pass_as_they_come() -> None:
    """A head waits for its end, a body for nothing."""
    listening = Listening(Http)
    head = said("HTTP/1.1 200 OK", "Content-Length: 100")
    assert listening.say("downstream", head[:-1]) == b""
    assert listening.say("downstream", head[-1:] + b"abc") == head + b"abc"
    assert listening.say("downstream", b"d") == b"d"


def test_a_reply_to_the_end_ends_with_its_connection() -> None:
    """Its last chunk has nothing in it."""
    listening = Listening(Http)
    listening.say("upstream", said("GET / HTTP/1.0"))
    listening.say("downstream", said("HTTP/1.0 200 OK") + b"abc")
    assert not listening.told()[-1].whole
    listening.finish("downstream")
    assert listening.told()[-1].whole
    assert listening.chunks[-1].data == b""


def test_a_reply_cut_short_is_not_whole() -> None:
    """Neither one of known length nor one in chunks; what is held of an event is given."""
    for body in ("Content-Length: 9", "Transfer-Encoding: chunked"):
        listening = Listening(Http)
        listening.say("downstream", said("HTTP/1.1 200 OK", body, "Content-Type: text/event-stream") + b"8\r\ndata")
        listening.finish("downstream")
        assert not listening.told()[0].whole
        assert listening.told()[0].data.endswith(b"8\r\ndata")


def test_after_an_upgrade_all_is_opaque() -> None:
    """In both streams, from the end of the reply on; what the client asked before that is still a request."""
    listening = Listening(Http)
    listening.say("upstream", said("GET /ws HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"))
    listening.say("downstream", said("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket") + b"\x81\x01a")
    listening.say("upstream", b"\x81\x01b")
    listening.say("upstream", said("GET / HTTP/1.1"))
    assert [each.of for each in listening.told()] == ["request", "reply", "opaque", "opaque"]
    assert listening.told()[3].data == b"\x81\x01b" + said("GET / HTTP/1.1")
    assert listening.framer.lost == "another protocol was agreed on"


@pytest.mark.parametrize(("status", "of"), [("200 OK", "opaque"), ("407 Proxy Authentication Required", "request")])
def test_connect_makes_a_tunnel_where_it_is_granted(status: str, of: str) -> None:
    """Refused, the connection still speaks HTTP."""
    listening = Listening(Http)
    listening.say("upstream", said("CONNECT a:443 HTTP/1.1"))
    listening.say("downstream", said(f"HTTP/1.1 {status}", "Content-Length: 0"))
    listening.say("upstream", said("GET / HTTP/1.1"))
    assert listening.told()[-1].of == of


@pytest.mark.parametrize(
    ("stream", "data", "lost"),
    [
        ("upstream", b"\x16\x03\x01\x02\x00", "encrypted"),
        ("upstream", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not HTTP/1.1"),
        ("upstream", b"SET a b\r\n", "not HTTP/1.1"),
        ("downstream", b"+OK\r\n", "not HTTP/1.1"),
        ("upstream", b"POST / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n", "no length, or several"),
        ("upstream", b"GET / HTTP/1.1\r\nX: " + b"x" * KNOWN_BYTES_MAX, "its head is too long"),
        ("upstream", b"GET / HTTP/1.1\r\nX: " + b"x" * KNOWN_BYTES_MAX + b"\r\n\r\n", "its head is too long"),
    ],
)
def test_what_is_not_http_is_opaque(stream: Stream, data: bytes, lost: str) -> None:
    """From there on, with the reason, and as soon as that is known."""
    listening = Listening(Http)
    assert listening.say(stream, data) == data
    assert listening.say(stream, b"more") == b"more"
    assert [(each.of, each.data) for each in listening.told()] == [("opaque", data + b"more")]
    assert listening.framer.lost == lost


def test_a_chunk_that_is_none_leaves_all_that_follows_to_its_reply() -> None:
    """The reply never ends, wherever the reads were cut."""
    for kind in ("text/plain", "text/event-stream"):
        head = said("HTTP/1.1 200 OK", f"Content-Type: {kind}", "Transfer-Encoding: chunked")
        data = head + b"9\r\ndata: a\n\n\r\nzz\r\n" + said("HTTP/1.1 200 OK")
        for sizes in ([], [1] * len(data), [len(head) + 15]):
            listening = Listening(Http)
            assert listening.say("downstream", data, sizes) + listening.finish("downstream") == data
            told = [each for each in listening.told() if each.of != "event"]
            assert [(each.of, each.whole) for each in told] == [("reply", False)]
            assert listening.framer.lost == "no size of a chunk"


def test_a_reply_that_nobody_asked_for_answers_nothing() -> None:
    """A server says that it closes, and a request that comes then is still waited for."""
    listening = Listening(Http)
    listening.say("downstream", said("HTTP/1.1 408 Request Timeout", "Content-Length: 2"))
    listening.say("upstream", said("GET / HTTP/1.1"))
    listening.say("downstream", b"xy")
    assert [(each.of, each.answers, each.whole) for each in listening.told()] == [
        ("reply", 0, True),
        ("request", 0, True),
    ]
    assert len(listening.framer.waiting) == 1


def answered(listening: Listening, request: Message, data: bytes) -> bytes:
    """What the client gets at once."""
    listening.framer.answer(request, data)
    return listening.take(list(listening.framer.answers_due()))


def test_an_answer_of_ours_comes_in_its_turn() -> None:
    """Behind the replies to what was asked before, before those to what was asked after; in a head and a body."""
    listening = Listening(Http)
    listening.say("upstream", said("GET /1 HTTP/1.1") + said("GET /2 HTTP/1.1") + said("GET /3 HTTP/1.1"))
    ours = said("HTTP/1.1 503 x", "Content-Length: 2") + b"no"
    assert answered(listening, listening.messages[1], ours) == b""
    first, third = said("HTTP/1.1 200 OK", "Content-Length: 1") + b"1", said("HTTP/1.1 204 x")
    assert listening.say("downstream", first[:-1]) == first[:-1]
    assert listening.say("downstream", b"1" + third) == b"1" + ours + third
    assert [(each.about, each.answers) for each in listening.told()[3:]] == [
        ("GET /1", 1),
        ("GET /2", 2),
        ("GET /3", 3),
    ]
    assert [each.part for each in listening.chunks[-3:]] == ["head", "body", "head"]


def test_an_answer_does_not_come_amid_a_reply_that_nobody_asked_for() -> None:
    """It waits for its end."""
    listening = Listening(Http)
    listening.say("downstream", said("HTTP/1.1 200 OK", "Content-Length: 2") + b"x")
    listening.say("upstream", said("GET / HTTP/1.1"))
    ours = said("HTTP/1.1 503 x")
    assert answered(listening, listening.messages[-1], ours) == b""
    assert listening.say("downstream", b"y") == b"y" + ours


def test_a_request_that_waits_is_told_to_go_on() -> None:
    """Where it is answered here nobody else tells it; only in its turn, and only where it waits."""
    listening = Listening(Http)
    listening.say("upstream", said("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 2"))
    items = listening.framer.withheld(listening.messages[0])
    assert [item.data for item in items if isinstance(item, Chunk)] == [GO_ON]
    assert listening.messages[-1].of == "push"
    listening.say("upstream", b"hi" + said("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 2"))
    assert listening.framer.withheld(listening.messages[-1]) == []


@pytest.mark.parametrize(
    ("field", "said"), [(b"Idempotency-Key: a 1", "idempotency-key"), (b"Idempotency-Key:", ""), (b"A: 1", "")]
)
def test_a_request_with_a_key_says_that_it_may_come_twice(field: bytes, said: str) -> None:
    """The record of a request says whether it has an idempotency key, and never which."""
    wire = Wire(protocol="http")
    wire.send("upstream", b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + field + b"\r\n\r\n", 1)
    wire.link.close("client", 2)
    assert [record.said for record in wire.records if isinstance(record, Spoken)] == [said]
