"""Framing: every combination of answer and client ends where it should, and what is short never looks whole."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.chaos.http.refusals import ClientGone
from fozzy.chaos.http.writer import Shown, Writer
from tests.chaos.http.memory import MemoryEnd, done
from tests.chaos.http.test_turn import Told


def asked(first: bytes = b"GET / HTTP/1.1", more: bytes = b"") -> Any:
    """The turn of a request, decided."""
    told = Told([first + b"\r\nHost: a\r\n" + more + b"\r\n"], {"enabled": False})
    told.turn.decide()
    return told.turn


def shown(length: int | None, *, says: bool = False, has_body: bool = True, status: int = 200) -> Shown:
    """An answer's head."""
    return Shown(status, "OK", f"Content-Length: {length}\r\n" if says else "", length, says, has_body)


async def write(writer: Writer, head: Shown, pieces: list[bytes]) -> None:
    """An answer piece by piece, to its end."""
    writer.begin(head)
    for piece in pieces:
        await writer.write(piece)
    await writer.end([("X-T", "u")])


def written(turn: Any, head: Shown, pieces: list[bytes], keeps: bool = True) -> tuple[bytes, Writer]:
    """The bytes of an answer."""
    end = MemoryEnd([])
    writer = Writer(end, turn, keeps)
    done(write(writer, head, pieces))
    return end.sent, writer


OLD, KEPT = b"GET / HTTP/1.0", b"Connection: keep-alive\r\n"


@pytest.mark.parametrize(
    ("turn", "head", "expected", "keeps"),
    [
        ((), shown(4, says=True), b"Content-Length: 4\r\n\r\nabcd", True),
        ((), shown(4), b"Content-Length: 4\r\n\r\nabcd", True),
        ((), shown(None), b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\nX-T: u\r\n\r\n", True),
        ((OLD, KEPT), shown(4), b"Content-Length: 4\r\nConnection: keep-alive\r\n\r\nabcd", True),
        ((OLD, KEPT), shown(None), b"Connection: close\r\n\r\nabcd", False),
        ((b"HEAD / HTTP/1.1",), shown(4), b"Content-Length: 4\r\n\r\n", True),
        ((b"HEAD / HTTP/1.1",), shown(None), b"\r\n", True),
        ((), shown(9, says=True, has_body=False, status=304), b"Content-Length: 9\r\n\r\n", True),
    ],
)
def test_framing(turn: tuple[bytes, ...], head: Shown, expected: bytes, keeps: bool) -> None:
    """A length where it is known, chunks where the client knows them, else the end of the connection."""
    data, writer = written(asked(*turn), head, [b"ab", b"cd"])
    assert data.partition(b" OK\r\n")[2] == expected and writer.keeps == keeps


def test_a_client_that_would_not_go_on() -> None:
    """Is told that the connection ends, and so is one whose body nobody has read to its end."""
    data, writer = written(asked(), shown(2), [b"ab"], keeps=False)
    assert b"Connection: close\r\n" in data and not writer.keeps
    turn = asked(b"POST / HTTP/1.1", b"Content-Length: 5\r\n")
    data, writer = written(turn, shown(2), [b"ab"])
    assert b"Connection: close\r\n" in data and not writer.keeps


def test_what_was_sent_is_counted() -> None:
    """The status once a head was made, bytes of the body without their framing."""
    turn = asked()
    written(turn, shown(None), [b"ab", b"cd"])
    assert (turn.sent_status, turn.sent_bytes) == (200, 4)


def test_a_whole_answer_is_one_write() -> None:
    """Head and body together."""
    end = MemoryEnd([])
    writer = Writer(end, asked(), True)
    done(writer.send_whole(shown(2), b"ab"))
    assert end.sent.endswith(b"\r\n\r\nab") and writer.has_begun


def test_interim_answers() -> None:
    """They go before the head, and not to HTTP/1.0."""
    for first, expected in ((b"GET / HTTP/1.1", b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n"), (OLD, b"")):
        end = MemoryEnd([])
        done(Writer(end, asked(first), True).interim(103, "Early", [("A", "b")]))
        assert end.sent == expected


def test_a_client_that_is_gone() -> None:
    """An end that takes nothing is a client that is gone."""

    class Dead(MemoryEnd):
        async def send(self, data: bytes) -> None:
            raise BrokenPipeError

    with pytest.raises(ClientGone):
        done(Writer(Dead([]), asked(), True).send_whole(shown(2), b"ab"))
