"""The body of a reply is damaged, and arrives whole by its framing."""

from __future__ import annotations

import json

import pytest

from fozzy.faults.http.bodies import CUT_BYTES, JUNK
from tests.faults.tcp.kinds.speaking import (
    GET,
    JSON,
    asked,
    body_of,
    chunked,
    cuts,
    open_ended,
    records,
    reply,
    sized,
    streams,
    wire,
)
from tests.faults.tcp.wiring import Wire

HOW = ["invalid-json", "truncate", "bit-flip", "random-bytes"]
REPLIES = [sized(JSON), chunked(JSON), chunked(JSON[:9], JSON[9:]), open_ended(JSON)]
LONG = b"[" + b"1, " * 40_000 + b"1]"


def reasons(talk: Wire) -> list[str]:
    """Why nothing came of it."""
    return [struck.get("reason", "") for each in records(talk) if each["of"] == "reply" for struck in each["struck"]]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("sent", REPLIES)
def test_it_cannot_be_read_and_is_framed_right(sent: bytes, how: str) -> None:
    """A parser sees a whole reply; its body is another one, of the length that the way of damage says."""
    talk = cuts("http_malformed", sent, how=how)
    answer = reply(talk)
    assert answer.body != JSON
    assert answer.is_whole or b"Content-Type: application/json\r\n\r\n" in sent
    assert answer.headers["content-type"] == "application/json"
    if how in ("bit-flip", "random-bytes"):
        assert len(answer.body) == len(JSON)
    else:
        with pytest.raises(ValueError, match=r"."):
            json.loads(answer.body)
    assert talk.tally().applied == 1


def test_the_damage_is_drawn_for_each_reply() -> None:
    """The same seed does the same, whoever else is there; another one something else."""
    found = {}
    for seed in (1, 2):
        for framed in (sized(JSON), chunked(JSON[:9], JSON[9:])):
            talk = asked(Wire({"type": "http_malformed"}, seed=seed, protocol="http"), framed)
            found[seed, framed] = reply(talk).body
    assert found[1, sized(JSON)] == found[1, chunked(JSON[:9], JSON[9:])]
    assert found[1, sized(JSON)] != found[2, sized(JSON)]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("sent", [sized(LONG), chunked(LONG), chunked(LONG[:70_000], LONG[70_000:]), open_ended(LONG)])
def test_of_a_long_body_the_beginning_is_damaged(sent: bytes, how: str) -> None:
    """What is behind it stays where the length does, else it is left out; the framing is right either way."""
    found = []
    for sizes in ([], [4096] * 40, [30_011] * 4):
        talk = asked(wire("http_malformed", how=how), sent, sizes)
        answer = reply(talk)
        assert answer.is_whole or b"Content-Type: application/json\r\n\r\n" in sent
        found.append(answer.body)
    assert found[0] == found[1] == found[2]
    if how in ("bit-flip", "random-bytes"):
        assert len(found[0]) == len(LONG)
        assert found[0][CUT_BYTES:] == LONG[CUT_BYTES:]
    else:
        assert len(found[0]) <= CUT_BYTES + len(JUNK)
    assert not LONG.startswith(found[0]) or how == "truncate"


def test_the_reply_after_a_damaged_one_is_as_it_was() -> None:
    """Nothing of the first is left in the connection."""
    for sent in REPLIES[:3]:
        talk = asked(wire("http_malformed", first=1), sent)
        before = talk.bytes_of("downstream")
        asked(talk, sent)
        assert talk.bytes_of("downstream") == before + sent


@pytest.mark.parametrize("sent", [b"HTTP/1.1 204 No Content\r\n\r\n", sized(b""), chunked()])
def test_what_has_no_body_is_not_damaged(sent: bytes) -> None:
    """It says so."""
    talk = cuts("http_malformed", sent, how="bit-flip")
    assert talk.bytes_of("downstream") == sent
    assert reasons(talk) == ["no_body"]


@pytest.mark.parametrize("sent", [sized(b""), chunked(), open_ended(b"")])
def test_an_empty_body_can_be_made_no_json(sent: bytes) -> None:
    """It gets one."""
    assert reply(cuts("http_malformed", sent)).body == JUNK


def test_a_reply_that_breaks_off_is_left_alone() -> None:
    """What came of it arrives, and the fault is not said to be the toxic's."""
    for sent in REPLIES[:3]:
        talk = asked(wire("http_malformed"), sent[:-8])
        assert talk.bytes_of("downstream") == b""
        talk.end("downstream")
        talk.close()
        assert talk.bytes_of("downstream") == sent[:-8]
        assert reasons(talk) == ["upstream_failed"]


def test_streams_of_events_are_not_its_business() -> None:
    """They are not counted."""
    for sent in streams():
        talk = cuts("http_malformed", sent)
        assert talk.bytes_of("downstream") == sent
        assert talk.tally().matched == 0


def test_taken_away_it_gives_what_it_holds() -> None:
    """In the middle of a body."""
    talk = asked(wire("http_malformed"), sized(JSON)[:-3])
    assert talk.bytes_of("downstream") == b""
    talk.change(at_ns=0, protocol="http")
    talk.send("downstream", JSON[-3:])
    assert talk.bytes_of("downstream") == sized(JSON)


def test_the_reply_to_head_has_no_body_to_damage() -> None:
    """Whatever length it says."""
    head = sized(JSON).removesuffix(JSON)
    talk = cuts("http_malformed", head, GET.replace(b"GET", b"HEAD"))
    assert talk.bytes_of("downstream") == head
    assert body_of(head) == b""
